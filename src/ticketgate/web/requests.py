"""One request and what its people do with it; the list of them is in `web/console.py`."""

from typing import Final

import flask

from ticketgate.operations.deciding.own_request import RequestForm
from ticketgate.operations.desks.desk import Desk
from ticketgate.operations.desks.request_desk import RequestDesk, RequestView
from ticketgate.web.lane import Lane

_DIGITS_MAX: Final = 7


def _form(typed: str) -> RequestForm:
    asked = flask.request.form
    what, grant, shown = (asked.get(name, "") for name in ("what", "grant", "shown"))
    return RequestForm(what, grant, typed, shown, _minutes(asked.get("minutes", "")))


def _minutes(text: str) -> int | None:
    """Seconds of a whole number of minutes; None for anything else, which is refused."""
    if not (text.isascii() and text.isdigit()) or len(text) > _DIGITS_MAX:
        return None
    return int(text) * 60


def _context(_view: RequestView, form: RequestForm | None) -> dict[str, object]:
    seconds = None if form is None else form.seconds
    minutes = "" if seconds is None else str(seconds // 60)
    return {"what": "" if form is None else form.what, "minutes": minutes}


def add_requests(app: flask.Flask, desk: Desk, requests: RequestDesk) -> None:
    """Add the pages of this module to `app`."""
    lane = Lane(
        "requests",
        "request_page",
        None,
        requests.view,
        requests.say,
        _form,
        _context,
    )
    lane.add_to(app, desk)
