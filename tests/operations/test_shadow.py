"""Shadow mode: what would have been done is recorded, and nothing is done."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from tests.operations.kit import ORIGIN, Gate, approve, code_of
from tests.operations.lane import Lane, doubtful
from tests.operations.tickets import access_ticket

from ticketgate.connector_api import StateClass
from ticketgate.operations.evidence.gateway_records import open_log
from ticketgate.operations.grants.shadow import enter_shadow
from ticketgate.operations.workers.sweep import revalidate_requests


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    assert not made.verified().failing
    made.stop()


def shadowed(gate: Gate) -> None:
    """The gate starts anew, in shadow mode."""
    gate.restart(replace(gate.policy, shadow=True))
    gate.write(enter_shadow)


def would(gate: Gate) -> list[object]:
    return [one["would"] for one in gate.records("ticket.classified") if "would" in one]


def test_an_identity_event_asks_nobody_and_says_what_it_would_have_asked(gate: Gate) -> None:
    shadowed(gate)
    assert gate.deliver(access_ticket()) == "identity"
    gate.settle()
    assert gate.requests() == []
    assert gate.post.mails == []
    assert would(gate) == [
        [
            {
                "approve_rule": "high-and-critical",
                "entitlement": "prod-db-admin",
                "reasons": [],
                "seconds": 7200,
            }
        ]
    ]


def test_in_enforce_mode_the_same_ticket_asks_and_says_nothing_of_it(gate: Gate) -> None:
    """The control: it is the mode that holds it back."""
    gate.deliver(access_ticket())
    assert gate.states() == ["awaiting"]
    assert would(gate) == []


def test_what_would_have_been_blocked_is_recorded_with_its_reasons(gate: Gate) -> None:
    shadowed(gate)
    gate.deliver(access_ticket(beneficiary="erin"))
    assert "not_requestable" in str(would(gate))


def test_what_is_no_identity_event_says_nothing_more(gate: Gate) -> None:
    shadowed(gate)
    quiet = replace(access_ticket(), table="incident", fields={}, variables=None)
    assert gate.deliver(quiet) == "not_identity"
    assert would(gate) == []


def test_entering_ends_what_is_asked_and_what_is_not_given_yet(gate: Gate) -> None:
    approve(gate, "t1")
    gate.deliver(access_ticket("t2"))
    gate.run_mail()
    shadowed(gate)
    assert gate.states() == ["approved", "withdrawn"]
    assert gate.grant_states() == ["cancelled"]
    gate.settle()
    assert gate.members() == set()
    assert code_of(gate.decide("bob")) == "shadow"


def test_what_is_active_ends_when_it_would_have_ended(gate: Gate) -> None:
    approve(gate)
    gate.settle()
    shadowed(gate)
    assert gate.grant_states() == ["active"]
    gate.deliver(access_ticket(version=2, state=StateClass.CLOSED))
    gate.settle()
    assert gate.grant_states() == ["revoked"]


def test_a_decision_is_refused_however_the_request_got_there(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.restart(replace(gate.policy, shadow=True))
    assert code_of(gate.decide("bob")) == "shadow"
    snapshot = gate.desk.snapshot()
    moved = gate.write(partial(revalidate_requests, policy=gate.policy, snapshot=snapshot))
    assert (moved, gate.states()) == (1, ["withdrawn"])


def test_a_revision_withdraws_what_was_asked_before(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.restart(replace(gate.policy, shadow=True))
    gate.deliver(access_ticket(version=2, by="bob"))
    assert gate.states() == ["withdrawn"]


def test_after_the_change_a_ticket_asks_with_its_next_revision(gate: Gate) -> None:
    shadowed(gate)
    gate.deliver(access_ticket())
    gate.restart(replace(gate.policy, shadow=False))
    gate.deliver(access_ticket(version=2))
    assert gate.states() == ["awaiting"]


def test_a_word_of_a_person_in_the_lane_opens_nothing_either(gate: Gate) -> None:
    shadowed(gate)
    gate.deliver(doubtful())
    lane = Lane(gate)
    assert lane.say() == ""
    assert gate.requests() == []
    assert "no_entitlement" in str(would(gate))


def test_the_start_says_the_mode(gate: Gate) -> None:
    gate.write(partial(open_log, origin=ORIGIN, version="0", shadow=True))
    modes = [one.get("mode") for one in gate.records("gateway.started")]
    assert modes == [None, "shadow"]


def test_the_log_replays_to_the_same_state(gate: Gate) -> None:
    approve(gate)
    shadowed(gate)
    gate.deliver(access_ticket("t2"))
    assert not gate.verified().failing
