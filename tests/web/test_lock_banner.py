"""Whoever an emergency locks reads so on every page, before they type anything."""

from collections.abc import Iterator

import flask
import pytest
from tests.operations.emergencies import ROLES, desk_of, policy_with, review
from tests.operations.kit import Gate, folder
from tests.operations.test_emergency_lock import unreviewed
from tests.operations.tickets import access_ticket
from tests.web.page_desk import SESSION_KEY
from tests.web.test_emergency_page import surfer

from ticketgate.operations.desks.console_desk import ConsoleDesk
from ticketgate.operations.desks.request_desk import RequestDesk
from ticketgate.web.create_app import create_app

HOME = "/console"


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def app_of(gate: Gate) -> flask.Flask:
    none: dict[str, frozenset[str]] = {}
    here = (gate.store, gate.clock, gate.directory, gate.desk.snapshot)
    parts = (*here, ROLES, gate.in_force, none)
    return create_app(
        gate.desk,
        public_url="http://127.0.0.1:8080",
        session_key=SESSION_KEY,
        new_secret=gate.ids.token,
        emergencies=desk_of(gate),
        requests=(RequestDesk(*parts), ConsoleDesk(*parts)),
    )


def test_the_pages_of_who_is_locked_say_so_swept_or_not_until_it_is_reviewed(gate: Gate) -> None:
    begun = unreviewed(gate)
    gate.deliver(access_ticket("t1"))
    gate.run_mail()
    app = app_of(gate)
    bob = surfer(gate, "bob", HOME, app)
    pages = (HOME, "/console/grants", "/console/emergency", f"/approve/{gate.tokens('bob')[0]}")
    for page in pages:
        text = bob.get(page).text
        assert "<strong>You are locked.</strong>" in text, page
        assert "Can be reviewed by: <bdi>Alice Moreau (admin), Carol Adeyemi" in text
        assert f"/console/emergency/{begun.id}" in text
    carol = surfer(gate, "carol", HOME, app)
    assert "You are locked" not in carol.get(HOME).text
    review(gate, begun)
    assert [page for page in pages if "You are locked" in bob.get(page).text] == []


def test_who_is_gone_or_cannot_be_read_is_shown_no_lock(gate: Gate) -> None:
    unreviewed(gate)
    bob = surfer(gate, "bob", HOME, app_of(gate))
    assert "You are locked" in bob.get(HOME).text
    gate.directory.unreadable = True
    assert "You are locked" not in bob.get(HOME).text
