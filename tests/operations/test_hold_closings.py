"""A flood of closings waits for a person, a quarter of an hour at most; nothing else ever waits."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import ORIGIN, Gate
from tests.operations.rebuilt import compared
from tests.operations.tickets import SOURCE, access_ticket, closed, report_ticket

from ticketgate.adapters.sqlite.looking import SqliteLook
from ticketgate.adapters.sqlite.schema import connect
from ticketgate.cli.grants import grant_document
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.requests.velocity import Rate, Velocity
from ticketgate.operations.grants.hold_closings import end_by_ticket, end_held
from ticketgate.operations.grants.revoke import Choice, revoke
from ticketgate.operations.requests.velocity import set_limits

TEN = timedelta(minutes=10)
TICKETS = (
    access_ticket("t0"),
    report_ticket("t1", by="erin", beneficiary="erin"),
    report_ticket("t2"),
)
APPROVERS = (("bob", "carol"), ("bob",), ("bob",))


@pytest.fixture
def three(gate: Gate) -> Iterator[Gate]:
    """Three people have access by a ticket each; one end in ten minutes is let pass."""
    limit(gate, 1)
    for ticket, approvers in zip(TICKETS, APPROVERS, strict=True):
        gate.deliver(ticket)
        gate.approve(*approvers)
        gate.settle()
    assert gate.grant_states() == ["active"] * 3
    gate.tick(1)
    yield gate
    assert not gate.verified().failing
    assert compared(gate) == []


def limit(gate: Gate, count: int) -> None:
    limits = {SOURCE: Velocity(closings=Rate(count, TEN))}
    gate.write(partial(set_limits, limits=limits))


def close_all(gate: Gate) -> None:
    for ticket in TICKETS:
        gate.deliver(closed(ticket))


def held(gate: Gate) -> list[Grant]:
    with gate.db() as looking:
        return [one for one in gate.grants() if looking.pace.held_closing(one.id) is not None]


def test_beyond_the_limit_ends_are_held_recorded_and_one_exception_opens(three: Gate) -> None:
    close_all(three)
    assert three.grant_states() == ["revoking", "active", "active"]
    records = three.records("revocation.held")
    assert [one["grant"] for one in records] == [one.id for one in held(three)]
    assert {one["cause"] for one in records} == {"ticket_closed"}
    with three.db() as looking:
        (case,) = looking.exceptions.listed("opened", 9)
    assert (case.code, case.subject) == ("closings_held", f"source {SOURCE}")
    three.tick(900)


def test_what_is_held_runs_by_itself_after_a_quarter_of_an_hour(three: Gate) -> None:
    close_all(three)
    three.settle()
    three.tick(899)
    assert three.grant_states() == ["revoked", "active", "active"]
    three.tick(1)
    assert three.grant_states() == ["revoked"] * 3
    begun = three.records("revocation.begun")
    assert [one["cause"] for one in begun] == ["ticket_closed"] * 3
    assert held(three) == []
    assert three.grant_states() == ["revoked"] * 3


def test_it_survives_a_restart(three: Gate) -> None:
    close_all(three)
    three.restart()
    assert len(held(three)) == 2
    three.clock.at += timedelta(minutes=15)
    three.restart()
    three.settle()
    assert held(three) == []
    assert three.grant_states() == ["revoked"] * 3


def test_a_named_person_says_go_on_by_revoking(three: Gate) -> None:
    close_all(three)
    for grant in held(three):
        choice = Choice(grant=grant.id)
        three.write(partial(revoke, choice=choice, by="os:0@host", reason="it is meant"))
    three.settle()
    assert held(three) == []
    assert three.grant_states() == ["revoked"] * 3
    assert three.records("operator.revoked")[-1]["by"] == "os:0@host"


def test_the_kill_switch_expiry_and_leavers_are_never_held(three: Gate) -> None:
    limit(three, 1)
    close_all(three)
    assert len(held(three)) == 2
    three.directory.leave("alice")
    three.tick(1)
    assert [one.subject for one in held(three)] == ["erin"]
    choice = Choice(person="erin")
    three.write(partial(revoke, choice=choice, by="os:0@host", reason="the incident"))
    three.settle()
    assert three.grant_states() == ["revoked"] * 3
    causes = [one["cause"] for one in three.records("revocation.begun")]
    assert causes == ["ticket_closed", "leaver", "kill_switch"]


def test_what_is_held_expires_in_time(three: Gate) -> None:
    ends = max(one.not_after for one in three.grants() if one.not_after)
    three.clock.at = ends - timedelta(minutes=5)
    close_all(three)
    assert held(three)
    three.tick(301)
    assert held(three) == []
    assert three.grant_states() == ["revoked"] * 3


def test_a_closing_that_comes_again_holds_once(three: Gate) -> None:
    close_all(three)
    held_before = len(three.records("revocation.held"))
    rows = three.grants()
    three.write(lambda tx, now: end_by_ticket(tx, now, rows[1], "ticket_closed"))
    assert len(three.records("revocation.held")) == held_before
    three.tick(900)


def test_after_the_window_ends_are_let_pass_again(three: Gate) -> None:
    three.deliver(closed(TICKETS[0]))
    three.tick(601)
    three.deliver(closed(TICKETS[1]))
    assert held(three) == []


def test_within_the_limit_nothing_is_held(three: Gate) -> None:
    limit(three, 3)
    close_all(three)
    assert held(three) == []
    assert three.records("revocation.held") == []


def test_what_is_not_held_any_more_is_left_alone(three: Gate) -> None:
    close_all(three)
    (first, *_) = held(three)
    three.write(partial(end_held, ident=first.id))  # too early
    three.write(partial(end_held, ident="grt_no"))
    assert len(held(three)) == 2
    three.tick(900)


def test_whoever_looks_at_grants_sees_what_is_held(three: Gate) -> None:
    close_all(three)
    (first, *_) = held(three)
    with closing(connect(three.path, read_only=True)) as db:
        told = grant_document(SqliteLook(db, ORIGIN), first)
    assert told["held_until"] == three.clock.now() + timedelta(minutes=15)
    assert told["state"] == "active"
    three.tick(900)
