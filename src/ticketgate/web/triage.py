"""The triage lane: uncertain tickets, and the form that says what one is. GET changes nothing."""

from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.domain.identity_event import KINDS, Outcome, Tier
from ticketgate.domain.triage import CHARS_MAX, CHARS_MIN
from ticketgate.operations.desk import Desk, Session
from ticketgate.operations.triage import TriageForm
from ticketgate.operations.triage_desk import TriageDesk, TriageView
from ticketgate.web.problems import status_of
from ticketgate.web.replies import refused
from ticketgate.web.sign_in import signed_in

_LIST: Final = "triage"
_ONE: Final = "triage_ticket"
_AGAIN: Final = frozenset({422, 503})
_UNKNOWN: Final = "unknown.identity"
NOT_SIGNED_IN: Final = Refusal(
    "not_signed_in",
    "You are not signed in any more; nothing was recorded.",
    "Sign in, open the page again, and say it once more.",
)


class TriageList(MethodView):
    """`/console/triage`, for people with the role `triage`; before sign-in nothing is shown."""

    init_every_request = False

    def __init__(self, desk: Desk, triages: TriageDesk) -> None:
        self._desk = desk
        self._triages = triages

    def get(self) -> ResponseReturnValue:
        """The uncertain tickets, oldest first."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(_LIST))
        found = self._triages.listed(person.subject)
        if isinstance(found, Refusal):
            return refused(found)
        return flask.render_template("triage.html", found=found, blind=Outcome.UNKNOWN)


class TriagePage(MethodView):
    """`/console/triage/{ticket}`: one ticket, and the form."""

    init_every_request = False

    def __init__(self, desk: Desk, triages: TriageDesk) -> None:
        self._desk = desk
        self._triages = triages

    def get(self, ident: str) -> ResponseReturnValue:
        """What it says, which rules matched or were blind, and the form."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(_ONE, ident=ident))
        view = self._triages.view(ident, person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        chosen = [one for one in view.classification.kinds if one != _UNKNOWN]
        return flask.render_template(
            "triage_ticket.html", refusal=None, **_context(view, "", chosen, "", "")
        )

    def post(self, ident: str) -> ResponseReturnValue:
        """Say what it is; 303 to the list, where it is not any more."""
        person = signed_in(self._desk)
        typed = flask.request.form.get("justification", "").replace("\r\n", "\n")
        if person is None:
            return refused(NOT_SIGNED_IN, typed=typed)
        form = _form(typed)
        said = self._triages.say(ident, person, form)
        if not isinstance(said, Refusal):
            return flask.redirect(flask.url_for(_LIST), 303)
        if status_of(said.code) not in _AGAIN:
            return refused(said, typed=typed, back=flask.url_for(_LIST))
        return self._again(ident, person, said, form)

    def _again(
        self, ident: str, person: Session, refusal: Refusal, form: TriageForm
    ) -> ResponseReturnValue:
        """The page once more with what was typed, if it shows the same still."""
        view = self._triages.view(ident, person.subject)
        if isinstance(view, Refusal) or view.shown != form.shown:
            return refused(refusal, typed=form.justification, back=flask.url_for(_LIST))
        context = _context(view, form.verdict, form.kinds, form.tier, form.justification)
        return refused(refusal, "triage_ticket.html", **context)


def to_sign_in(onward: str) -> ResponseReturnValue:
    """Sign in first; then on to the page that was asked for."""
    return flask.redirect(flask.url_for("sign_in", next=onward), 303)


def _form(typed: str) -> TriageForm:
    form = flask.request.form
    return TriageForm(
        verdict=form.get("verdict", ""),
        kinds=tuple(form.getlist("kind")),
        tier=form.get("tier", ""),
        justification=typed,
        shown=form.get("shown", ""),
    )


def _context(
    view: TriageView, verdict: str, kinds: object, tier: str, typed: str
) -> dict[str, object]:
    floor = view.classification.tier
    return {
        "view": view,
        "all_kinds": sorted(KINDS),
        "tiers": [one.word for one in Tier if one >= floor],
        "verdict": verdict,
        "kinds": kinds,
        "tier": tier,
        "typed": typed,
        "blind": Outcome.UNKNOWN,
        "chars_min": CHARS_MIN,
        "chars_max": CHARS_MAX,
    }


def add_triage(app: flask.Flask, desk: Desk, triages: TriageDesk) -> None:
    """Add the pages of this module to `app`."""
    app.add_url_rule("/console/triage", view_func=TriageList.as_view(_LIST, desk, triages))
    app.add_url_rule("/console/triage/<ident>", view_func=TriagePage.as_view(_ONE, desk, triages))
