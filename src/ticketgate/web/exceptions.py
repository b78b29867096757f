"""Open exceptions, and the form that takes, assigns or resolves one, at `/console/exceptions`."""

import flask

from ticketgate.operations.attending.attend import AttendForm
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.exception_desk import ExceptionDesk, ExceptionView
from ticketgate.web.lane import Lane


def _form(typed: str) -> AttendForm:
    asked = flask.request.form
    return AttendForm(asked.get("what", ""), asked.get("to", ""), typed, asked.get("shown", ""))


def _context(_view: ExceptionView, form: AttendForm | None) -> dict[str, object]:
    return {"to": "" if form is None else form.to}


def add_exceptions(app: flask.Flask, desk: Desk, exceptions: ExceptionDesk) -> None:
    """Add the pages of this module to `app`."""
    lane = Lane(
        "exceptions",
        "exception",
        exceptions.listed,
        exceptions.view,
        exceptions.say,
        _form,
        _context,
    )
    lane.add_to(app, desk)
