"""The pages for people, as one Flask application; it sits behind the front of the gateway."""

import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import flask
import structlog
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from ticketgate.domain.errors import Refusal, TicketgateError
from ticketgate.operations.desks.abandon_desk import AbandonDesk
from ticketgate.operations.desks.console_desk import ConsoleDesk
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.operations.desks.evidence_desk import EvidenceDesk
from ticketgate.operations.desks.exception_desk import ExceptionDesk
from ticketgate.operations.desks.lane_desk import LaneDesk
from ticketgate.operations.desks.passkey_desk import PasskeyDesk
from ticketgate.operations.desks.provider_desk import ProviderDesk
from ticketgate.operations.desks.quarantine_desk import QuarantineDesk
from ticketgate.operations.desks.request_desk import RequestDesk
from ticketgate.operations.desks.restore_desk import RestoreDesk
from ticketgate.operations.desks.triage_desk import TriageDesk
from ticketgate.web.abandon import add_abandon
from ticketgate.web.api import add_description, guard_api
from ticketgate.web.api_lanes import add_api_lanes
from ticketgate.web.approve import add_approve
from ticketgate.web.console import add_console
from ticketgate.web.emergency import add_emergency
from ticketgate.web.exceptions import add_exceptions
from ticketgate.web.log_pages import add_log_pages
from ticketgate.web.navigation import Entry, Locked, Navigation
from ticketgate.web.passkeys import Signing, add_passkeys
from ticketgate.web.problems import status_of
from ticketgate.web.provider import add_provider
from ticketgate.web.quarantine import add_quarantine
from ticketgate.web.rendering import prepare_templates
from ticketgate.web.replies import refused
from ticketgate.web.requests import add_requests
from ticketgate.web.restore import add_pending, add_restore
from ticketgate.web.security import secure
from ticketgate.web.sign_in import add_sign_in, signed_in
from ticketgate.web.triage import add_triage

if TYPE_CHECKING:
    from ticketgate.operations.people.sayer import Sayer

_LOG: Final = structlog.get_logger("ticketgate.web")
_INTERNAL: Final = Refusal(
    "internal",
    "Something went wrong on our side; nothing was recorded.",
    "Try again in a minute. If it happens again, tell whoever runs this gateway.",
)
_OF_HTTP: Final = {
    404: Refusal("not_found", ""),
    405: Refusal("method_not_allowed", "This page does not answer that method."),
    413: Refusal("too_large", "That is more text than a form here can take.", "Make it shorter."),
}
_MALFORMED: Final = Refusal("malformed_request", "The request cannot be read.")
_CSRF: Final = Refusal(
    "csrf",
    "The form did not come from this browser session; nothing was recorded.",
    "Open the page again and send its form; cookies must be on.",
)
_SERVER_FAULT: Final = 500
_FRAMES_MAX: Final = 12


@dataclass(frozen=True, slots=True)
class SignInWays:
    """How people may sign in: by a code that is mailed, at an identity provider, or both."""

    mail_code: bool = True
    provider: ProviderDesk | None = None


BY_MAIL: Final = SignInWays()


def create_app(  # noqa: PLR0913 -- one for each desk that may be missing
    desk: Desk,
    *,
    public_url: str,
    session_key: bytes,
    new_secret: Callable[[], str],
    extra_blueprints: Iterable[flask.Blueprint] = (),
    restores: RestoreDesk | None = None,
    lanes: tuple[TriageDesk, QuarantineDesk, ExceptionDesk] | None = None,
    requests: tuple[RequestDesk, ConsoleDesk] | None = None,
    sign_in: SignInWays = BY_MAIL,
    emergencies: EmergencyDesk | None = None,
    passkeys: PasskeyDesk | None = None,
    evidence: EvidenceDesk | None = None,
    abandoning: AbandonDesk | None = None,
) -> flask.Flask:
    """The application. `new_secret` mints an unguessable string (128 bits or more).

    Every template is read here, so none is read while serving. Blueprints in `extra_blueprints`
    get the same headers, CSRF token and errors.
    With `restores` there is the page of a restore; while one is pending, no link opens. With
    `lanes` there are the pages of triage, quarantine and exceptions, and the API of the first two;
    with `requests` the first page of the console, its lists and the pages of requests, with
    `emergencies` those of emergency access; with `passkeys` that of one's passkeys, which then may
    sign decisions; with `evidence` those of the log; with `abandoning` that of giving up.
    """
    app = flask.Flask(__name__)
    app.config["TEMPLATES_AUTO_RELOAD"] = False
    guard_api(app, desk, public_url)
    secure(app, public_url=public_url, session_key=session_key)
    if restores is not None and restores.pending:
        add_pending(app)
    else:
        signing = None if passkeys is None else Signing(passkeys)
        add_approve(app, desk, sign_in.provider, signing)
    if restores is not None:
        add_restore(app, desk, restores)
    if lanes is not None:
        _add_lanes(app, desk, *lanes)
    if requests is not None:
        _add_console(app, desk, requests, emergencies, abandoning)
    if emergencies is not None:
        add_emergency(app, desk, emergencies, sign_in.provider)
    if passkeys is not None:
        add_passkeys(app, desk, passkeys)
    add_log_pages(app, desk, evidence)
    _add_sign_in(app, desk, new_secret, sign_in, emergencies)
    for blueprint in extra_blueprints:
        app.register_blueprint(blueprint)
    _answer_faults(app)
    prepare_templates(app)
    known = (*(lanes or ()), *(requests or ()), None)[0]
    pages, lock = _navigation(desk, known, restores, emergencies), Locked(desk, known)
    has = {"emergencies": emergencies, "has_console": requests, "has_lanes": lanes}
    there = {name: bool(part) for name, part in has.items()} | {"own_lock": lock}
    app.context_processor(lambda: {"person": signed_in(desk), "console_pages": pages, **there})
    return app


def _add_console(
    app: flask.Flask,
    desk: Desk,
    requests: tuple[RequestDesk, ConsoleDesk],
    emergencies: EmergencyDesk | None,
    abandoning: AbandonDesk | None,
) -> None:
    add_requests(app, desk, requests[0])
    add_console(app, desk, requests[1], emergencies)
    if abandoning is not None:
        add_abandon(app, desk, abandoning)
    app.context_processor(lambda: {"has_abandon": abandoning is not None})


def _add_lanes(
    app: flask.Flask,
    desk: Desk,
    triage: TriageDesk,
    quarantine: QuarantineDesk,
    exceptions: ExceptionDesk,
) -> None:
    add_triage(app, desk, triage)
    add_quarantine(app, desk, quarantine)
    add_exceptions(app, desk, exceptions)
    add_api_lanes(app, desk, triage, quarantine)
    add_description(app)


def _answer_faults(app: flask.Flask) -> None:
    app.register_error_handler(CSRFError, lambda _: refused(_CSRF))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(TicketgateError, _our_error)
    app.register_error_handler(Exception, _fault)


def _add_sign_in(
    app: flask.Flask,
    desk: Desk,
    new_secret: Callable[[], str],
    ways: SignInWays,
    emergencies: EmergencyDesk | None,
) -> None:
    provider = ways.provider
    elsewhere = None if provider is None else provider.sign_out
    add_sign_in(app, desk, new_secret, mail_code=ways.mail_code, elsewhere=elsewhere)
    if provider is not None:
        add_provider(app, desk, provider, emergencies)
    by = {"by_mail": ways.mail_code, "by_provider": provider is not None}
    app.context_processor(lambda: by)


def _navigation(
    desk: Desk,
    known: LaneDesk | None,
    restores: RestoreDesk | None,
    emergencies: EmergencyDesk | None,
) -> Callable[[], list[Entry]]:
    """What every template asks which pages of the console to lead to; `known` tells who looks."""
    if known is None:
        return list
    open_if: dict[str, Callable[[Sayer], bool]] = {}
    if emergencies is not None:
        open_if["emergency"] = lambda who: emergencies.is_open(who.subject, who.ground())
    if restores is not None:
        open_if["restore"] = lambda _: restores.under_way()
    return Navigation(desk, known.known, open_if)


def _http_error(error: HTTPException) -> flask.Response:
    """What the framework refuses, in our words; its headers (such as Allow) are kept."""
    code = error.code or _SERVER_FAULT
    reply = refused(_OF_HTTP.get(code, _MALFORMED if code < _SERVER_FAULT else _INTERNAL))
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            reply.headers.setdefault(name, value)
    return reply


def _our_error(error: TicketgateError) -> flask.Response:
    """A fault that was raised on purpose; one that is ours alone keeps its details to the log."""
    if status_of(error.code) == _SERVER_FAULT:
        return _fault(error)
    return refused(error.refusal)


def _fault(error: Exception) -> flask.Response:
    """A fault nobody foresaw; no path, message or local is logged: they can hold a token."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES_MAX:]
    trace = [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    kind = type(error).__name__
    _LOG.error("page.failed", endpoint=flask.request.endpoint, error=kind, trace=trace)
    return refused(_INTERNAL)
