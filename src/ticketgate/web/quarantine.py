"""Quarantined deliveries, and the form that releases or dismisses one, at `/console/quarantine`."""

import flask

from ticketgate.operations.attending.quarantine import QuarantineForm
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.quarantine_desk import LISTED_MAX, QuarantineDesk, QuarantineView
from ticketgate.web.lane import Lane


def _form(typed: str) -> QuarantineForm:
    asked = flask.request.form
    return QuarantineForm(asked.get("what", ""), typed, asked.get("shown", ""))


def _context(_view: QuarantineView, form: QuarantineForm | None) -> dict[str, object]:
    return {"what": "" if form is None else form.what}


def add_quarantine(app: flask.Flask, desk: Desk, quarantines: QuarantineDesk) -> None:
    """Add the pages of this module to `app`."""
    lane = Lane(
        "quarantine",
        "quarantine_delivery",
        quarantines.some,
        quarantines.view,
        quarantines.say,
        _form,
        _context,
        more={"max": LISTED_MAX},
    )
    lane.add_to(app, desk)
