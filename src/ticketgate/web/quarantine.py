"""Quarantined deliveries, and the form that releases or dismisses one. GET changes nothing."""

from typing import Final

import flask
from flask.typing import ResponseReturnValue
from flask.views import MethodView

from ticketgate.domain.errors import Refusal
from ticketgate.domain.triage import CHARS_MAX, CHARS_MIN
from ticketgate.operations.desk import Desk, Session
from ticketgate.operations.quarantine import QuarantineForm
from ticketgate.operations.quarantine_desk import QuarantineDesk, QuarantineView
from ticketgate.web.problems import status_of
from ticketgate.web.replies import refused
from ticketgate.web.sign_in import signed_in
from ticketgate.web.triage import NOT_SIGNED_IN, to_sign_in

_LIST: Final = "quarantine"
_ONE: Final = "quarantine_delivery"
_AGAIN: Final = frozenset({422, 503})


class QuarantineList(MethodView):
    """`/console/quarantine`, for people with the role `triage`."""

    init_every_request = False

    def __init__(self, desk: Desk, quarantines: QuarantineDesk) -> None:
        self._desk = desk
        self._quarantines = quarantines

    def get(self) -> ResponseReturnValue:
        """What is quarantined, and what it blocks."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(_LIST))
        found = self._quarantines.listed(person.subject)
        if isinstance(found, Refusal):
            return refused(found)
        return flask.render_template("quarantine.html", found=found)


class QuarantinePage(MethodView):
    """`/console/quarantine/{delivery}`: one delivery, and the form."""

    init_every_request = False

    def __init__(self, desk: Desk, quarantines: QuarantineDesk) -> None:
        self._desk = desk
        self._quarantines = quarantines

    def get(self, ident: str) -> ResponseReturnValue:
        """Why it is quarantined, and the form."""
        person = signed_in(self._desk)
        if person is None:
            return to_sign_in(flask.url_for(_ONE, ident=ident))
        view = self._quarantines.view(ident, person.subject)
        if isinstance(view, Refusal):
            return refused(view)
        context = _context(view, QuarantineForm("", "", ""))
        return flask.render_template("quarantine_delivery.html", refusal=None, **context)

    def post(self, ident: str) -> ResponseReturnValue:
        """Release or dismiss it; 303 to the list, where it is not any more."""
        person = signed_in(self._desk)
        asked = flask.request.form
        typed = asked.get("justification", "").replace("\r\n", "\n")
        if person is None:
            return refused(NOT_SIGNED_IN, typed=typed)
        form = QuarantineForm(asked.get("what", ""), typed, asked.get("shown", ""))
        said = self._quarantines.say(ident, person, form)
        if not isinstance(said, Refusal):
            return flask.redirect(flask.url_for(_LIST), 303)
        if status_of(said.code) not in _AGAIN:
            return refused(said, typed=typed, back=flask.url_for(_LIST))
        return self._again(ident, person, said, form)

    def _again(
        self, ident: str, person: Session, refusal: Refusal, form: QuarantineForm
    ) -> ResponseReturnValue:
        """The page once more with what was typed, if it is there still."""
        view = self._quarantines.view(ident, person.subject)
        if isinstance(view, Refusal):
            return refused(refusal, typed=form.justification, back=flask.url_for(_LIST))
        return refused(refusal, "quarantine_delivery.html", **_context(view, form))


def _context(view: QuarantineView, form: QuarantineForm) -> dict[str, object]:
    return {
        "view": view,
        "what": form.what,
        "typed": form.justification,
        "chars_min": CHARS_MIN,
        "chars_max": CHARS_MAX,
    }


def add_quarantine(app: flask.Flask, desk: Desk, quarantines: QuarantineDesk) -> None:
    """Add the pages of this module to `app`."""
    one = QuarantinePage.as_view(_ONE, desk, quarantines)
    app.add_url_rule(
        "/console/quarantine", view_func=QuarantineList.as_view(_LIST, desk, quarantines)
    )
    app.add_url_rule("/console/quarantine/<ident>", view_func=one)
