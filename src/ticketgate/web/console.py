"""The first page of the console, and its lists: requests, access that is held, deliveries.

GET changes nothing, and before sign-in nothing is shown. A list goes on at `?behind=` the id of its
last row. What is posted here has a link mailed again, to its own holder, or ends access.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import flask
from flask.typing import ResponseReturnValue

from ticketgate.domain.errors import Refusal
from ticketgate.domain.log.machines import DELIVERY
from ticketgate.domain.requests.access_request import RequestState
from ticketgate.operations.deciding.end_access import EndForm
from ticketgate.operations.desks.console_desk import ConsoleDesk, Ending
from ticketgate.operations.desks.console_home import home
from ticketgate.operations.desks.desk import Desk, Session
from ticketgate.operations.desks.emergency_desk import EmergencyDesk
from ticketgate.ports import RequestFilter
from ticketgate.web.lane import NOT_SIGNED_IN, Lane, to_sign_in
from ticketgate.web.replies import refused
from ticketgate.web.security import with_script
from ticketgate.web.sign_in import signed_in

REQUEST_STATES: Final = tuple(one.value for one in RequestState)
DELIVERY_STATES: Final = tuple(sorted({after for _, after in DELIVERY}))
_FIELDS: Final = ("state", "source", "entitlement", "person")
_CHARS_MAX: Final = 200
T = TypeVar("T")


def add_console(
    app: flask.Flask, desk: Desk, console: ConsoleDesk, emergencies: EmergencyDesk | None
) -> None:
    """Add the pages of this module to `app`."""

    def add(path: str, endpoint: str, page: Callable[[Session], ResponseReturnValue]) -> None:
        def view() -> ResponseReturnValue:
            person = signed_in(desk)
            return to_sign_in(flask.url_for(endpoint)) if person is None else page(person)

        app.add_url_rule(path, endpoint, view, methods=["GET"])

    add("/console", "console", lambda person: _home(person, console, emergencies))
    add("/console/requests", "requests", lambda person: _requests(person, console))
    add("/console/grants", "grants", lambda person: _grants(person, console))
    add("/console/deliveries", "deliveries", lambda person: _deliveries(person, console))

    def mail_again(ident: str) -> ResponseReturnValue:
        person = signed_in(desk)
        if person is None:
            return refused(NOT_SIGNED_IN)
        said = console.mail_link(ident, person)
        if isinstance(said, Refusal):
            return refused(said, back=flask.url_for("console"))
        if flask.request.form.get("back") == "request":
            return flask.redirect(flask.url_for("request_page", ident=said.request), 303)
        return flask.redirect(flask.url_for("console"), 303)

    ends = Lane("grants", "end_grant", None, console.ending, console.end, _end_form, _end_context)
    ends.add_to(app, desk)
    app.add_url_rule("/console/links/<ident>", "mail_again", mail_again, methods=["POST"])


def _end_form(typed: str) -> EndForm:
    form = flask.request.form
    return EndForm(typed, form.get("shown", ""), form.get("which") == "all")


def _end_context(_view: Ending, form: EndForm | None) -> dict[str, object]:
    return {"everything": form is None or form.everything}


def _home(
    person: Session, console: ConsoleDesk, emergencies: EmergencyDesk | None
) -> ResponseReturnValue:
    reviews = () if emergencies is None else emergencies.waiting(person)
    with_script()
    return _page("console.html", home(console, person.subject), reviews=reviews)


def _requests(person: Session, console: ConsoleDesk) -> ResponseReturnValue:
    asked = {name: _asked(name) for name in _FIELDS}
    wanted = RequestFilter(asked["state"], asked["source"], asked["entitlement"])
    found = console.requests(person.subject, wanted, asked["person"], _asked("behind"))
    return _page("requests.html", found, asked=asked, states=REQUEST_STATES)


def _grants(person: Session, console: ConsoleDesk) -> ResponseReturnValue:
    with_script()
    return _page("grants.html", console.held(person.subject, _asked("behind")))


def _deliveries(person: Session, console: ConsoleDesk) -> ResponseReturnValue:
    state = _asked("state")
    found = console.deliveries(person.subject, state, _asked("behind"))
    return _page("deliveries.html", found, asked={"state": state}, states=DELIVERY_STATES)


def _page(template: str, found: object, **context: object) -> ResponseReturnValue:
    if isinstance(found, Refusal):
        return refused(found)
    return flask.render_template(template, page=found, **context)


def _asked(name: str) -> str:
    """What the address asks, cut to what anything here is as long as."""
    return flask.request.args.get(name, "").strip()[:_CHARS_MAX]
