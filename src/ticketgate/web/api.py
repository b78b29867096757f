"""`/api/v1`: what a lane of the console shows and takes, as JSON, for a person who is signed in.

The same desks decide as on the pages, with the same refusals and records. Whoever asks is known by
the cookie that sign-in gave, never by a token (docs/rules.md, rule 12). docs/api.md has the fields.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from flask_wtf.csrf import generate_csrf

from ticketgate.domain import strict_json
from ticketgate.domain.errors import Refusal, StrictJsonError, TicketgateError
from ticketgate.domain.evidence import EvidenceRef
from ticketgate.domain.strict_json import JsonValue
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.web.openapi import described
from ticketgate.web.replies import API, refused
from ticketgate.web.security import OWN_SITE, origin_of
from ticketgate.web.sign_in import signed_in

JSON_TYPE: Final = "application/json"
CSRF_HEADER: Final = "X-CSRF-Token"
DESCRIPTION: Final = "api_description"
_NEXT: Final = "Mend the body and send it again; nothing was recorded."
_CROSS_SITE: Final = Refusal(
    "cross_site",
    "The request comes from another site; nothing was recorded.",
    "Send it from a page of this gateway, or from a program, without Origin and Sec-Fetch-Site.",
)
_CONTENT_TYPE: Final = Refusal(
    "content_type",
    f"The body must be {JSON_TYPE}, without parameters; nothing was recorded.",
    f"Send `Content-Type: {JSON_TYPE}`.",
)
_NO_QUERY: Final = Refusal(
    "unknown_key", "No query is taken here; nothing was recorded.", "Leave out what follows the ?."
)

V = TypeVar("V")
F = TypeVar("F")


class BodyError(TicketgateError):
    """A body that is not what the resource takes. The door answers 400."""

    code = "body_shape"


class NotSignedInError(TicketgateError):
    """No cookie of a session that lasts. The door answers 401."""

    code = "not_signed_in"


class Asked:
    """A JSON object, read key by key; `close` refuses every key that nobody asked for.

    Raises:
        BodyError: not an object, a key that is missing, or a value of another type (`body_shape`);
            a key that is not known (`unknown_key`).
    """

    def __init__(self, value: JsonValue) -> None:
        if not isinstance(value, Mapping):
            raise BodyError("The body is not a JSON object.", next_step=_NEXT)
        self._left = dict(value)

    def text(self, key: str, *, default: str | None = None) -> str:
        """The text under `key`; `default` where the key is not there."""
        value = self._left.pop(key, default)
        if not isinstance(value, str):
            raise BodyError(f"`{key}` must be there, and be a text.", next_step=_NEXT)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`; empty where the key is not there."""
        value = self._left.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise BodyError(f"`{key}` must be a list of texts.", next_step=_NEXT)
        return tuple(value)

    def close(self) -> None:
        """Refuse what was not asked for; its name is not repeated: it may be anything."""
        if self._left:
            raise BodyError(
                "The body has a key that is not known here.", code="unknown_key", next_step=_NEXT
            )


@dataclass(frozen=True)
class Resource(Generic[V, F]):
    """What differs from resource to resource.

    `name` is the path below `/api/v1`, `items` the key of the list, `limit` how many are listed
    at the most. `form` reads the body, `said` is the word in it; `brief` and `whole` are a view
    as JSON, in the list and alone.
    """

    name: str
    items: str
    limit: int
    listed: Callable[[str], tuple[V, ...] | Refusal]
    view: Callable[[str, str], V | Refusal]
    say: Callable[[str, Session, F], EvidenceRef | Refusal]
    form: Callable[[Asked], F]
    said: Callable[[F], str]
    brief: Callable[[V], dict[str, object]]
    whole: Callable[[V], dict[str, object]]

    def add_to(self, app: flask.Flask, desk: Desk) -> None:
        """Add `/api/v1/{name}` and `/api/v1/{name}/{id}` to `app`."""
        path = f"{API}v1/{self.name}"
        every = _Every.as_view(f"api_{self.name}", desk, self)
        one = _One.as_view(f"api_{self.name}_one", desk, self)
        app.add_url_rule(path, view_func=every)
        app.add_url_rule(f"{path}/<ident>", view_func=one)


class _Every(MethodView, Generic[V, F]):
    """What waits."""

    init_every_request = False

    def __init__(self, desk: Desk, resource: Resource[V, F]) -> None:
        self._desk = desk
        self._of = resource

    def get(self) -> ResponseReturnValue:
        """The list."""
        person = _person(self._desk)
        found = self._of.listed(person.subject)
        if isinstance(found, Refusal):
            return refused(found)
        items = [self._of.brief(one) for one in found]
        return _with_token({"limit": self._of.limit, self._of.items: items})


class _One(MethodView, Generic[V, F]):
    """One of them."""

    init_every_request = False

    def __init__(self, desk: Desk, resource: Resource[V, F]) -> None:
        self._desk = desk
        self._of = resource

    def get(self, ident: str) -> ResponseReturnValue:
        """What is known of it; `shown` is what a word about it must name."""
        person = _person(self._desk)
        view = self._of.view(ident, person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        return _with_token(self._of.whole(view))

    def post(self, ident: str) -> ResponseReturnValue:
        """Say it; the answer names the record."""
        person = _person(self._desk)
        asked = Asked(_body())
        form = self._of.form(asked)
        asked.close()
        ref = self._of.say(ident, person, form)
        if isinstance(ref, Refusal):
            return refused(ref)
        evidence = {"origin": ref.origin, "index": ref.index, "leaf": ref.leaf}
        return _answer({"id": ident, "said": self._of.said(form), "evidence": evidence})


def guard_api(app: flask.Flask, desk: Desk, public_url: str) -> None:
    """Check every request below `/api/` before the CSRF token is looked at, and before any view.

    Not from another site, by a person who is signed in, without a query; a POST is JSON. So whoever
    is not signed in hears that, and a form never reaches the token's check. Only the description
    is for everybody. To be called before `secure`.
    """
    ours = origin_of(public_url)

    def check() -> ResponseReturnValue | None:
        asked = flask.request
        rule = "" if asked.url_rule is None else asked.url_rule.rule
        inside = rule.startswith(API) and asked.endpoint != DESCRIPTION
        if not inside or asked.method == "OPTIONS":
            return None
        if _foreign(ours):
            return refused(_CROSS_SITE)
        _person(desk)
        if asked.query_string:
            return refused(_NO_QUERY)
        kind = asked.headers.get("Content-Type", "").lower()
        return refused(_CONTENT_TYPE) if asked.method == "POST" and kind != JSON_TYPE else None

    app.before_request(check)


def add_description(app: flask.Flask) -> None:
    """Add `/api/v1/openapi.json`: OpenAPI 3.1, the same for everybody."""
    words = json.dumps(described(app.config["SESSION_COOKIE_NAME"]))

    def description() -> ResponseReturnValue:
        return flask.Response(words, mimetype=JSON_TYPE)

    app.add_url_rule(f"{API}v1/openapi.json", DESCRIPTION, description, methods=["GET"])


def refusal_told(refusal: Refusal | None) -> dict[str, str] | None:
    """A refusal that a view carries, in the words of a problem."""
    if refusal is None:
        return None
    return {"code": refusal.code, "detail": refusal.reason, "next_step": refusal.next_step}


def _foreign(ours: str) -> bool:
    """Whether a browser says that another site sends it; programs say nothing of it."""
    headers = flask.request.headers
    same = headers.get("Sec-Fetch-Site", "none") in OWN_SITE
    return not same or headers.get("Origin", ours) != ours


def _person(desk: Desk) -> Session:
    """Who sends it. Raises NotSignedInError."""
    person = signed_in(desk)
    if person is None:
        raise NotSignedInError(
            "The request has no cookie of a person who is signed in; nothing was recorded.",
            next_step="Sign in at /sign-in, and send the cookie of that session.",
        )
    return person


def _body() -> JsonValue:
    try:
        return strict_json.read(flask.request.get_data(cache=False))
    except StrictJsonError as fault:
        reason = f"The body is not strict JSON: {fault.reason}."
        raise BodyError(reason, code=fault.code, next_step=_NEXT) from None


def _answer(value: dict[str, object]) -> flask.Response:
    """ASCII only, so that nothing that a ticket says acts on a terminal."""
    return flask.Response(json.dumps(value), mimetype=JSON_TYPE)


def _with_token(value: dict[str, object]) -> flask.Response:
    reply = _answer(value)
    reply.headers[CSRF_HEADER] = generate_csrf()
    return reply
