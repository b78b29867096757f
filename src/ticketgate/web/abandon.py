"""The page where operators give up on one overdue revocation, at `/console/revocations/{id}`."""

import flask

from ticketgate.operations.attending.abandon import AbandonForm
from ticketgate.operations.desks.abandon_desk import AbandonDesk, AbandonView
from ticketgate.operations.desks.desk import Desk
from ticketgate.web.lane import Lane, LanePage


def _form(typed: str) -> AbandonForm:
    return AbandonForm(typed, flask.request.form.get("shown", ""))


def _context(_view: AbandonView, _form: AbandonForm | None) -> dict[str, object]:
    return {}


def add_abandon(app: flask.Flask, desk: Desk, abandoning: AbandonDesk) -> None:
    """Add the page of this module to `app`; the list is the console's."""
    lane = Lane("grants", "abandon", None, abandoning.view, abandoning.say, _form, _context)
    page = LanePage.as_view(lane.one, desk, lane)
    app.add_url_rule("/console/revocations/<ident>", view_func=page)
