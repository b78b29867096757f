"""The page of a link: shows exactly what is approved, and takes one decision."""

from dataclasses import replace
from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.domain.instants import duration_text
from ticketgate.domain.policy.policy import ASSURANCE_LEVELS
from ticketgate.domain.verifying.approval_check import PASSKEY
from ticketgate.operations.deciding.earlier_round import EarlierLink
from ticketgate.operations.deciding.link_view import LinkView
from ticketgate.operations.deciding.sign_decision import Wanted
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.operations.desks.provider_desk import ProviderDesk
from ticketgate.web.passkeys import Signing
from ticketgate.web.problems import status_of
from ticketgate.web.replies import refused
from ticketgate.web.sign_in import signed_in

_SHORTER_SECONDS: Final = (
    *(900, 1800, 3600, 7200, 14_400, 28_800),
    *(86_400, 2 * 86_400, 7 * 86_400, 14 * 86_400, 30 * 86_400),
)
_TAKE_BACK: Final = "take_back"  # beside approve and deny, for who approved
_DIGITS_MAX: Final = 9
_TRY_AGAIN: Final = frozenset({422, 503})
_NOT_SIGNED_IN: Final = Refusal(
    "not_signed_in",
    "You are not signed in any more; nothing was recorded.",
    "Open the link again, sign in, and decide.",
)
_NO_KEY: Final = Refusal("no_passkeys", "No passkey can sign here.", "Ask an operator.")
_NO_SECONDS: Final = Refusal(
    "seconds",
    "The time is not a whole number of seconds.",
    "Choose one of the times offered, or leave it as asked.",
)
_OTHER_NOW: Final = Refusal(
    "shown_changed",
    "What is asked has changed since you opened the page; nothing was recorded.",
    "Open the link again and read it afresh.",
)


class ApprovePage(MethodView):
    """`/approve/{link}`. Only POST decides; GET, HEAD and OPTIONS change nothing (rule 14)."""

    init_every_request = False

    def __init__(
        self, desk: Desk, provider: ProviderDesk | None, signing: Signing | None = None
    ) -> None:
        self._desk = desk
        self._provider = provider
        self._signing = signing

    def get(self, link: str) -> ResponseReturnValue:
        """What the link is about, to its holder; before sign-in nothing of it (rule 16)."""
        person = signed_in(self._desk)
        if person is None:
            return flask.render_template("sign_in_first.html", link=link)
        view = self._desk.open_link(link, person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        if isinstance(view, EarlierLink):
            return flask.render_template("earlier_round.html", view=view)
        return flask.render_template(
            "approve.html", refusal=None, **self._context(link, view, person)
        )

    def post(self, link: str) -> ResponseReturnValue:
        """Decide; 303 to the page, which then shows the outcome."""
        person = signed_in(self._desk)
        typed = flask.request.form.get("justification", "").replace("\r\n", "\n")
        if person is None:
            return refused(_NOT_SIGNED_IN, link=link, typed=typed)
        back = flask.request.form.get("decision") == _TAKE_BACK
        refusal = (self._take_back if back else self._decide)(link, person, typed)
        if isinstance(refusal, Wanted):
            return self._ask_key(link, person, refusal)
        if refusal is None:
            return flask.redirect(flask.url_for("approve", link=link), 303)
        if status_of(refusal.code) not in _TRY_AGAIN:
            return refused(refusal, link=link, typed=typed)
        return self._again(link, person, refusal, typed)

    def _take_back(self, link: str, person: Session, typed: str) -> Refusal | None:
        answer = self._desk.take_back(link, person, reason=typed)
        return answer if isinstance(answer, Refusal) else None

    def _ask_key(self, link: str, person: Session, wanted: Wanted) -> ResponseReturnValue:
        """The decision needs a passkey: the same once more, to be signed."""
        view = self._desk.open_link(link, person.subject)
        if isinstance(view, Refusal) or self._signing is None:
            return refused(view if isinstance(view, Refusal) else _NO_KEY, link=link)
        if isinstance(view, EarlierLink):
            return refused(_OTHER_NOW, link=link, typed=wanted.justification)
        wanted = replace(wanted, seconds=wanted.seconds or view.seconds)
        return self._signing.ask(link, person, view, wanted)

    def _needs_key(self, link: str, person: Session) -> bool:
        """Whether the rule takes nothing less than a passkey, and it can be asked for."""
        if self._signing is None:
            return False
        view = self._desk.open_link(link, person.subject)
        if not isinstance(view, LinkView) or view.mine or view.by:
            return False
        return view.assurance == PASSKEY

    def _decide(self, link: str, person: Session, typed: str) -> Refusal | Wanted | None:
        form = flask.request.form
        try:
            seconds = _whole(form.get("seconds", ""))
        except ValueError:
            return _NO_SECONDS
        signed = None if self._signing is None else self._signing.signed(person)
        if isinstance(signed, Refusal):
            return signed
        if signed is None and self._needs_key(link, person):
            return Wanted(form.get("decision", ""), typed, seconds or 0, form.get("shown", ""))
        answer = self._desk.decide(
            link,
            person,
            decision=form.get("decision", ""),
            justification=typed,
            seconds=seconds,
            shown=form.get("shown", ""),
            signed=signed,
        )
        return answer if isinstance(answer, Refusal) else None

    def _again(self, link: str, person: Session, refusal: Refusal, typed: str) -> flask.Response:
        """The form once more, filled in as it was, unless it would now be about something else."""
        view = self._desk.open_link(link, person.subject)
        if isinstance(view, Refusal):
            return refused(view, link=link, typed=typed)
        form = flask.request.form
        if isinstance(view, EarlierLink):
            return refused(_OTHER_NOW, link=link, typed=typed)
        if view.shown != form.get("shown", "") and not view.takeable:
            return refused(_OTHER_NOW, link=link, typed=typed)
        context = self._context(link, view, person) | {
            "typed": typed,
            "decision": form.get("decision", ""),
            "chosen": form.get("seconds", ""),
        }
        return refused(refusal, "approve.html", **context)

    def _context(self, link: str, view: LinkView, person: Session) -> dict[str, object]:
        return {**_context(link, view), "proof": self._still_needed(view, person)}

    def _still_needed(self, view: LinkView, person: Session) -> str:
        """The sign-in at the provider that must come first: `oidc`, `oidc_step_up`, or none."""
        levels = ASSURANCE_LEVELS.index
        if self._provider is None or levels(person.method) >= levels(view.assurance):
            return ""
        if view.assurance != "oidc_step_up":
            return view.assurance if view.assurance == "oidc" else ""
        done = not self._provider.steps_up or self._provider.stepped_up(person, view.shown)
        return "" if done else view.assurance


def _whole(text: str) -> int | None:
    """A count of seconds; None when the field is empty; ValueError for anything else."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS_MAX:
        raise ValueError("not a whole number of seconds")
    return int(text)


def _context(link: str, view: LinkView) -> dict[str, object]:
    """What `approve.html` needs; `shorter` are (seconds, words) below the longest life."""
    return {
        "link": link,
        "view": view,
        "open": view.state == "awaiting" and not view.mine and not view.by,
        "shorter": [(s, duration_text(s)) for s in _SHORTER_SECONDS if s < view.seconds],
        "typed": "",
        "decision": "",
        "chosen": "",
    }


def add_approve(
    app: flask.Flask,
    desk: Desk,
    provider: ProviderDesk | None = None,
    signing: Signing | None = None,
) -> None:
    """Add the page of this module to `app`; with `signing`, passkeys may sign."""
    view = ApprovePage.as_view("approve", desk, provider, signing)
    app.add_url_rule("/approve/<link>", view_func=view)
