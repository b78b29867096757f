"""What the desk of emergencies shows to whom, and nothing to anybody else."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest
from tests.operations.emergencies import (
    HOUR,
    STEP_UP,
    desk_of,
    invoke,
    policy_with,
)
from tests.operations.kit import Gate, folder
from tests.operations.tickets import access_ticket

from ticketgate.adapters.sqlite import schema
from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.desks.emergency_view import EmergencyPage

DAY = 24 * HOUR


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def test_the_page_offers_what_is_pre_authorised_and_nothing_to_others(gate: Gate) -> None:
    desk = desk_of(gate)
    page = desk.page(gate.session("bob", STEP_UP))
    assert not isinstance(page, Refusal)
    assert [(one.entitlement, one.refusal) for one in page.offers] == [("prod-db-admin", None)]
    weak = desk.page(gate.session("bob"))
    assert not isinstance(weak, Refusal)
    assert weak.offers[0].refusal is not None
    operator = desk.page(gate.session("erin", STEP_UP))
    assert operator == EmergencyPage((), (), (), claims=True), "only to enter what went past it"
    ground = desk.ground_now(gate.session("mallory", STEP_UP))
    assert not isinstance(ground, Refusal)
    assert not desk.is_open("mallory", ground)
    found = desk.page(gate.session("mallory", STEP_UP))
    assert isinstance(found, Refusal)
    assert found.code == "not_found"


def test_a_reviewer_sees_every_record_of_the_window(gate: Gate) -> None:
    begun = invoke(gate, "alice")
    gate.settle()
    gate.deliver(access_ticket("t1"))
    gate.tick(HOUR)
    view = desk_of(gate).view(begun.id, gate.session("carol", STEP_UP))
    assert not isinstance(view, Refusal)
    assert view.window is not None
    types = {one.type for one in view.window.done}
    assert types >= {"emergency.invoked", "grant.provisioning", "revocation.confirmed"}
    assert "request.opened" in types  # what else the person brought about meanwhile
    assert (view.window.reason != "", view.window.behind) == (True, None)
    gate.tick(2 * DAY)
    later = desk_of(gate).view(begun.id, gate.session("carol", STEP_UP))
    assert not isinstance(later, Refusal)
    assert later.state == "overdue"


def test_the_window_closes_a_day_after_the_end(gate: Gate) -> None:
    begun = invoke(gate)
    gate.settle()
    gate.tick(HOUR)
    gate.tick(2 * DAY)
    gate.deliver(access_ticket("t1"))
    gate.run_mail()
    gate.decide("bob")  # names him, and is none of it
    view = desk_of(gate).view(begun.id, gate.session("carol", STEP_UP))
    assert not isinstance(view, Refusal)
    assert view.window is not None
    assert {one.type for one in view.window.done}.isdisjoint({"decision.refused", "request.opened"})
    assert view.window.behind is None


def test_an_erased_reason_is_shown_as_erased(gate: Gate) -> None:
    begun = invoke(gate)
    with closing(schema.connect(gate.path)) as db:
        db.execute("UPDATE evidence_disclosure SET encoded = NULL WHERE idx = ?", (begun.index,))
    view = desk_of(gate).view(begun.id, gate.session("carol", STEP_UP))
    assert not isinstance(view, Refusal)
    assert view.window is not None
    assert view.window.reason == ""


def test_an_operator_who_sees_it_is_led_to_its_end_while_it_has_not_begun_to_end(
    gate: Gate,
) -> None:
    begun = invoke(gate)
    roles = {one: (Word("person", "erin"),) for one in ("operator", "auditor")}
    desk = replace(desk_of(gate), roles=roles)

    def ends(person: str) -> str:
        view = desk.view(begun.id, gate.session(person, STEP_UP))
        assert not isinstance(view, Refusal)
        return view.ends

    assert (ends("erin"), ends("carol"), ends("bob")) == (begun.grant, "", "")
    gate.settle()
    assert ends("erin") == begun.grant
    gate.tick(HOUR)
    assert ends("erin") == ""


def test_an_emergency_is_shown_to_nobody_else(gate: Gate) -> None:
    begun = invoke(gate)
    for person, ident in (("erin", begun.id), ("mallory", begun.id), ("carol", "emg_x")):
        found = desk_of(gate).view(ident, gate.session(person, STEP_UP))
        assert isinstance(found, Refusal)
        assert found.code == "not_found"


def test_without_a_directory_the_desk_says_so(gate: Gate) -> None:
    begun = invoke(gate)
    gate.directory.unreadable = True
    desk, session = desk_of(gate), gate.session("bob")
    for found in (desk.page(session), desk.view(begun.id, session)):
        assert isinstance(found, Refusal)
        assert found.code == "directory_unreadable"
    reviewer = gate.session("carol", STEP_UP)
    assert desk.waiting(reviewer) == ()
    gate.directory.unreadable = False
    assert [one.id for one in desk.waiting(reviewer)] == [begun.id]  # the control
