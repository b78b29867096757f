"""Emergencies: invoke one, give it back, review one, at `/console/emergency`. GET changes nothing.

Whoever the page has nothing for is answered as if there were none.
"""

from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.emergencies.emergency import OUTCOMES, REASON_CHARS_MAX, REASON_CHARS_MIN
from ticketgate.domain.errors import Refusal
from ticketgate.operations.desks.claim_desk import ClaimDesk
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.operations.desks.provider_desk import ProviderDesk
from ticketgate.operations.emergencies.claim_emergency import ClaimForm
from ticketgate.operations.emergencies.consent_emergency import ConsentForm
from ticketgate.operations.emergencies.invoke_emergency import InvokeForm
from ticketgate.operations.emergencies.review_emergency import ReviewForm
from ticketgate.web.lane import NOT_SIGNED_IN, to_sign_in
from ticketgate.web.problems import status_of
from ticketgate.web.replies import refused
from ticketgate.web.sign_in import signed_in

LIST: Final = "emergency"
ONE: Final = "one_emergency"
BACKFILL: Final = "backfill"
_DIGITS_MAX: Final = 9
_INDEX_DIGITS_MAX: Final = 15
_ID_CHARS_MAX: Final = 200
_AGAIN: Final = frozenset({403, 409, 422, 503})
_CONTEXT: Final[dict[str, object]] = {
    "chars_min": REASON_CHARS_MIN,
    "chars_max": REASON_CHARS_MAX,
    "outcomes": OUTCOMES,
}
_WHICH: Final = Refusal("malformed_request", "The form does not say what it is for.")
_MINUTES: Final = Refusal("seconds", "That is no number of minutes.")


class EmergencyList(MethodView):
    """What this person may invoke, and the emergencies that are theirs or theirs to review."""

    init_every_request = False

    def __init__(
        self, desk: Desk, emergencies: EmergencyDesk, provider: ProviderDesk | None
    ) -> None:
        self._desk = desk
        self._emergencies = emergencies
        self._context = _CONTEXT | _provider(provider)

    def get(self) -> ResponseReturnValue:
        """The page."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(LIST))
        begin = flask.request.args.get("behind", "").strip()[:_ID_CHARS_MAX]
        page = self._emergencies.page(person, begin)
        if isinstance(page, Refusal):
            return refused(page)
        said: dict[str, object] = {"seen": page, "refusal": None, "form": {}, "begun": bool(begin)}
        return flask.render_template("emergency.html", **said, **self._context)

    def post(self) -> ResponseReturnValue:
        """Invoke one; 303 to its page."""
        person, typed = signed_in(self._desk), _typed("reason")
        if person is None:
            return refused(NOT_SIGNED_IN, typed=typed)
        form = _invoke_form(typed)
        begun = _MINUTES if form is None else self._emergencies.invoke(person, form)
        if not isinstance(begun, Refusal):
            return flask.redirect(flask.url_for(ONE, ident=begun.id), 303)
        page = self._emergencies.page(person)
        if isinstance(page, Refusal) or status_of(begun.code) not in _AGAIN:
            return refused(begun, typed=typed)
        context = {"seen": page, "form": flask.request.form, "begun": False, **self._context}
        return refused(begun, "emergency.html", **context)


class OneEmergency(MethodView):
    """One emergency: everything on record of it, giving it back, and its review."""

    init_every_request = False

    def __init__(
        self, desk: Desk, emergencies: EmergencyDesk, provider: ProviderDesk | None
    ) -> None:
        self._desk = desk
        self._emergencies = emergencies
        self._context = _CONTEXT | _provider(provider)

    def get(self, ident: str) -> ResponseReturnValue:
        """The page."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(ONE, ident=ident))
        begun = _behind()
        view = self._emergencies.view(ident, person, begun)
        if isinstance(view, Refusal):
            return refused(view)
        context = {"view": view, "refusal": None, "form": {}, "begun": begun, **self._context}
        return flask.render_template("one_emergency.html", **context)

    def post(self, ident: str) -> ResponseReturnValue:
        """Give it back, review it, or consent to what is asked; 303 to the page."""
        person, typed = signed_in(self._desk), _typed("justification")
        if person is None:
            return refused(NOT_SIGNED_IN, typed=typed)
        said = self._carry_out(ident, person, typed)
        consents = flask.request.form.get("do") == "consent"
        if not isinstance(said, Refusal):
            onward = flask.url_for(LIST) if consents else flask.url_for(ONE, ident=ident)
            return flask.redirect(onward, 303)
        if consents:
            return refused(said, typed=typed)
        view = self._emergencies.view(ident, person)
        if isinstance(view, Refusal):  # also whether there is such a one is not told
            return refused(view, typed=typed)
        if status_of(said.code) not in _AGAIN:
            return refused(said, typed=typed)
        context = {"view": view, "form": flask.request.form, "begun": None, **self._context}
        return refused(said, "one_emergency.html", **context)

    def _carry_out(self, ident: str, person: Session, typed: str) -> object:
        form = flask.request.form
        match form.get("do", ""):
            case "return":
                return self._emergencies.give_back(person, ident)
            case "consent":
                consent = ConsentForm(typed, form.get("shown", ""))
                return self._emergencies.consent(person, ident, consent)
            case "review":
                said = ReviewForm(form.get("outcome", ""), typed, form.get("shown", ""))
                return self._emergencies.review(person, ident, said)
            case _:
                return _WHICH


class Backfill(MethodView):
    """What was done by hand while the gateway was down: entered late, by somebody named."""

    init_every_request = False

    def __init__(self, desk: Desk, claims: ClaimDesk, provider: ProviderDesk | None) -> None:
        self._desk = desk
        self._claims = claims
        self._context = _CONTEXT | _provider(provider)

    def get(self) -> ResponseReturnValue:
        """The page."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(BACKFILL))
        page = self._claims.page(person)
        if isinstance(page, Refusal):
            return refused(page)
        context = {"seen": page, "refusal": None, "form": {}, **self._context}
        return flask.render_template("backfill.html", **context)

    def post(self) -> ResponseReturnValue:
        """Enter it; 303 to its page, where whoever may see it does, else to the list."""
        person, typed = signed_in(self._desk), _typed("reason")
        if person is None:
            return refused(NOT_SIGNED_IN, typed=typed)
        names = ("person", "entitlement", "since", "until", "shown")
        plain = {name: flask.request.form.get(name, "").strip() for name in names}
        form = ClaimForm(reason=typed, how=_typed("how"), seen_by=_typed("seen_by"), **plain)
        entered = self._claims.claim(person, form)
        if not isinstance(entered, Refusal):
            return flask.redirect(flask.url_for(ONE, ident=entered.id), 303)
        page = self._claims.page(person)
        if isinstance(page, Refusal) or status_of(entered.code) not in _AGAIN:
            return refused(entered, typed=typed)
        context = {"seen": page, "form": flask.request.form, **self._context}
        return refused(entered, "backfill.html", **context)


def _typed(name: str) -> str:
    return flask.request.form.get(name, "").replace("\r\n", "\n")


def _behind() -> int | None:
    """The index of the record behind which the page goes on; None, the beginning, for no index."""
    asked = flask.request.args.get("behind", "").strip()
    is_index = asked.isascii() and asked.isdigit() and len(asked) <= _INDEX_DIGITS_MAX
    return int(asked) if is_index else None


def _invoke_form(typed: str) -> InvokeForm | None:
    """The form; None where the minutes are no number."""
    form = flask.request.form
    minutes = form.get("minutes", "").strip()
    if minutes and (not (minutes.isascii() and minutes.isdigit()) or len(minutes) > _DIGITS_MAX):
        return None
    return InvokeForm(
        entitlement=form.get("entitlement", ""),
        seconds=int(minutes) * 60 if minutes else None,
        reason=typed,
        shown=form.get("shown", ""),
        drill=form.get("do", "") == "drill",
    )


def _provider(provider: ProviderDesk | None) -> dict[str, object]:
    """Whether a weak sign-in can be mended at a provider, and for just what a page shows."""
    return {
        "provider": provider is not None,
        "steps_up": provider is not None and provider.steps_up,
    }


def add_emergency(
    app: flask.Flask,
    desk: Desk,
    emergencies: EmergencyDesk,
    provider: ProviderDesk | None = None,
) -> None:
    """Add the pages of this module to `app`."""
    path, parts = "/console/emergency", (desk, emergencies, provider)
    claims = Backfill.as_view(BACKFILL, desk, ClaimDesk(emergencies), provider)
    app.add_url_rule(f"{path}/backfill", view_func=claims)
    app.add_url_rule(path, view_func=EmergencyList.as_view(LIST, *parts))
    app.add_url_rule(f"{path}/<ident>", view_func=OneEmergency.as_view(ONE, *parts))
