"""Requests and what their people do with them, at `/console/requests`."""

import flask

from ticketgate.operations.desk import Desk
from ticketgate.operations.own_request import RequestForm
from ticketgate.operations.request_desk import RequestDesk, RequestView
from ticketgate.web.lane import Lane


def _form(typed: str) -> RequestForm:
    asked = flask.request.form
    return RequestForm(asked.get("what", ""), asked.get("grant", ""), typed, asked.get("shown", ""))


def _context(_view: RequestView, form: RequestForm | None) -> dict[str, object]:
    return {"what": "" if form is None else form.what}


def add_requests(app: flask.Flask, desk: Desk, requests: RequestDesk) -> None:
    """Add the pages of this module to `app`."""
    lane = Lane(
        "requests",
        "request_page",
        requests.listed,
        requests.view,
        requests.say,
        _form,
        _context,
    )
    lane.add_to(app, desk)
