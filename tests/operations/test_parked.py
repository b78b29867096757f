"""What could not be read: which approvals it blocks, and which access it may have ended."""

import sqlite3
from datetime import timedelta

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.tickets import access_ticket

from ticketgate.domain.errors import Refusal, StoreUnavailableError
from ticketgate.domain.tickets.ticket import StateClass
from ticketgate.operations.intake.parked import may_have_closed, perhaps_closed
from ticketgate.operations.workers.housekeeping import ALARM_EVERY


def active(gate: Gate) -> None:
    """Alice has prod-db-admin by the ticket t1."""
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    assert gate.members() == {"alice"}


# --- approvals -------------------------------------------------------------------------------


def test_a_refusal_names_the_delivery_that_it_waits_for(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    parked = gate.receive(b"{", quarantine="surrogate")
    refused = gate.decide("bob")
    assert isinstance(refused, Refusal)
    assert refused.code == "ticket_backlog"
    assert parked.delivery_id in refused.reason
    assert parked.delivery_id in refused.next_step
    gate.deliver(access_ticket(version=2))
    assert code_of(gate.decide("bob")) == ""


def test_a_record_of_a_table_that_is_not_ours_blocks_nothing(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    assert gate.deliver(b'{"table": "cmdb_ci"}') == "no_mapping"
    assert code_of(gate.decide("bob")) == ""


def test_one_that_the_sender_says_is_of_this_ticket_blocks_whatever_its_table(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    gate.receive(b'{"table": "cmdb_ci"}', hint="t1")
    gate.settle()
    assert code_of(gate.decide("bob")) == "ticket_backlog"


# --- access that may be over -----------------------------------------------------------------


def test_a_parked_delivery_of_the_ticket_of_live_access_is_an_alarm_once(gate: Gate) -> None:
    active(gate)
    (grant,) = gate.grants()
    parked = gate.receive(b"{", quarantine="surrogate", hint="t1")
    gate.tick(ALARM_EVERY.total_seconds())
    gate.tick(ALARM_EVERY.total_seconds())
    assert gate.alarms == [(grant.id, parked.delivery_id)]
    with gate.db() as looking:
        assert [one.id for one, _ in perhaps_closed(looking)] == [grant.id]
    gate.deliver(access_ticket(version=2))
    with gate.db() as looking:
        assert perhaps_closed(looking) == []


def test_what_is_parked_for_another_ticket_or_for_none_is_no_alarm(gate: Gate) -> None:
    active(gate)
    gate.receive(b"{", quarantine="surrogate", hint="t2")
    gate.receive(b"{", quarantine="not_json")
    gate.tick(ALARM_EVERY.total_seconds())
    assert gate.alarms == []


def test_access_that_is_going_already_is_no_alarm(gate: Gate) -> None:
    active(gate)
    gate.target.down = True
    gate.deliver(access_ticket(version=2, state=StateClass.CLOSED))
    gate.receive(b"{", quarantine="surrogate", hint="t1")
    (grant,) = gate.grants()
    with gate.db() as looking:
        assert may_have_closed(looking, grant) is None


# --- closings while the directory cannot be read ---------------------------------------------


def test_a_closed_ticket_ends_its_access_while_the_directory_cannot_be_read(gate: Gate) -> None:
    active(gate)
    gate.directory.unreadable = True
    gate.receive(access_ticket(version=2, state=StateClass.CLOSED))
    assert gate.worker.step() == 0.0
    assert {(one.state.value, one.cause) for one in gate.grants()} == {
        ("revoking", "ticket_closed")
    }
    assert gate.worker.step() > 0, "and it is looked at once only"
    gate.directory.unreadable = False
    assert gate.worker.step() == 0.0
    gate.settle()
    assert gate.members() == set()
    with gate.db() as looking:
        assert looking.deliveries.waiting(9) == []
    assert gate.verified().failing == ()


@pytest.mark.parametrize(
    ("body", "hint"),
    [(b"{", "t1"), (b'{"table": "cmdb_ci"}', "t1")],
)
def test_what_tells_no_closing_waits_for_the_directory(gate: Gate, body: bytes, hint: str) -> None:
    active(gate)
    gate.directory.unreadable = True
    gate.receive(body, hint=hint)
    gate.receive(access_ticket(version=None, state=StateClass.CLOSED))  # of no known moment
    gate.receive(access_ticket(version=2))
    gate.worker.step()
    assert gate.grant_states() == ["active"]


def test_with_nothing_waiting_the_inbox_rests(gate: Gate) -> None:
    gate.directory.unreadable = True
    assert gate.worker.step() > 0
    gate.clock.at += timedelta(hours=1)
    gate.directory.unreadable = False
    assert gate.worker.step() > 0


def test_one_delivery_that_breaks_our_code_does_not_keep_another_ticket_open(gate: Gate) -> None:
    active(gate)
    gate.directory.unreadable = True
    gate.receive(b'{"boom": 1}')
    gate.receive(access_ticket(version=2, state=StateClass.CLOSED))
    gate.worker.step()
    assert gate.grant_states() == ["revoking"]


@pytest.mark.parametrize("gone", [True, False])
def test_a_closing_that_cannot_be_written_is_looked_at_again_if_the_store_was_away(
    gate: Gate, *, gone: bool
) -> None:
    active(gate)
    gate.directory.unreadable = True
    gate.receive(access_ticket(version=2, state=StateClass.CLOSED))

    def fail() -> None:
        gate.before_commit = lambda: None
        if gone:
            raise sqlite3.OperationalError("the disk is full")

    gate.before_commit = fail
    if gone:
        with pytest.raises(StoreUnavailableError):
            gate.worker.step()
        assert gate.grant_states() == ["active"]
    gate.worker.step()
    assert gate.grant_states() == ["revoking"]
