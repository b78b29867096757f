"""Both verifiers hold access to the window that was approved, over extensions and snapshots."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.emergencies import faults_of
from tests.operations.kit import Gate, only
from tests.operations.test_extend_grant import ask, extend, extendable
from tests.operations.tickets import access_ticket
from tests.operations.windows import HOUR, TEN_HOURS, in_hours, plan
from tests.verifier.bundle_writer import policy as trust

from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.snapshot import from_snapshot, to_snapshot
from ticketgate.verifier import verify


def place(records: list[dict[str, Any]], kind: str) -> int:
    """Where the first record of this type stands."""
    return [one["type"] for one in records].index(kind)


@pytest.fixture
def planned(gate: Gate) -> Gate:
    return plan(gate)


def test_both_verifiers_accept_it(planned: Gate) -> None:
    planned.tick(TEN_HOURS)
    planned.tick(3600)
    assert faults_of(planned.records()) == (set(), set())


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("grant.provisioning", {"_ts": -1, "not_after": -1}),  # begun a second early
        ("grant.provisioning", {"not_after": 1}),
        ("grant.planned", {"not_before": -1}),
        ("grant.planned", {"window_end": 1}),
        ("grant.planned", {"window_end": None}),
        ("request.approved", {"not_before": -1}),
        ("request.approved", {"window_end": None}),
    ],
    ids=str,
)
def test_access_outside_its_window_is_a_fault_to_both(
    planned: Gate, kind: str, changes: dict[str, int | None]
) -> None:
    planned.tick(TEN_HOURS)
    records = planned.records()
    (at,) = [index for index, one in enumerate(records) if one["type"] == kind]
    for name, seconds in changes.items():
        moment = from_text(records[at][name])
        records[at] |= {name: seconds and to_text(moment + timedelta(seconds=seconds))}
    ours, theirs = faults_of(records)
    assert at in ours
    assert at in theirs


@pytest.mark.parametrize("value", [None, 7, "", "soon"], ids=repr)
def test_a_planned_grant_without_a_time_to_begin_by_is_a_fault_to_both(
    planned: Gate, value: object
) -> None:
    records = planned.records()
    (at,) = [index for index, one in enumerate(records) if one["type"] == "grant.planned"]
    records[at]["activate_by"] = value
    ours, theirs = faults_of(records)
    assert at in ours & theirs


@pytest.mark.parametrize(("late", "faulty"), [(0, False), (1, True)])
def test_access_that_begins_after_the_time_to_begin_is_a_fault_to_both(
    gate: Gate, late: int, *, faulty: bool
) -> None:
    """Also where the plan of it stands in a snapshot alone."""
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    records = gate.records()
    begun = place(records, "grant.provisioning")
    by = from_text(records[begun]["_ts"]) - timedelta(seconds=late)
    records[place(records, "grant.planned")]["activate_by"] = to_text(by)
    ours, theirs = faults_of(records)
    assert [begun in ours, begun in theirs] == [faulty, faulty]
    assert goes_on(records, begun) == [faulty, faulty]


@pytest.mark.parametrize("name", ["material", "rules", "shown"])
def test_a_decision_on_something_else_than_is_asked_is_a_fault_to_both(
    planned: Gate, name: str
) -> None:
    records = planned.records()
    decided = [index for index, one in enumerate(records) if one["type"] == "decision.recorded"]
    for index in decided:
        records[index][name] = "0" * 64
    ours, theirs = faults_of(records)
    assert set(decided) <= ours & theirs


@pytest.mark.parametrize("value", ["soon", 7, ["x"]], ids=str)
def test_a_window_that_is_none_is_a_fault_to_both(planned: Gate, value: object) -> None:
    planned.tick(TEN_HOURS)
    records = planned.records()
    for one in filter(lambda one: "not_before" in one, records):
        one["not_before"] = value
    ours, theirs = faults_of(records)
    begun = [index for index, one in enumerate(records) if one["type"] == "grant.provisioning"]
    assert set(begun) <= ours & theirs


def goes_on(records: list[dict[str, Any]], at: int) -> list[bool]:
    """Whether each verifier faults what follows a snapshot of all before `at`."""
    before = Replay()
    for index, record in enumerate(records[:at]):
        before.take(index, record)
    snapshot = to_snapshot(before, SEGMENT_ENTRIES)
    _, ours = from_snapshot(snapshot)
    theirs = verify.Replay(verify.Keys(verify.Trust(trust().encode()), ""))
    for name, value in json.loads(snapshot).items():
        for one in value if isinstance(value, list) else [value]:
            verify.restore(theirs, name, one)
    for index, record in enumerate(records[at:], at):
        ours.take(index, record)
        theirs.take(index, record, verify.missing_fields(record))
    return [bool(ours.faults.kept), bool(theirs.verdict.faults)]


@pytest.mark.parametrize("move", ["request.opened", "request.approved", "grant.planned"])
def test_a_snapshot_keeps_the_window_for_both(gate: Gate, move: str) -> None:
    """What follows is judged as if the whole log were there: half an hour more is a fault."""
    gate.deliver(access_ticket(window_end=in_hours(gate, 1)))
    gate.approve("bob", "carol")
    gate.settle()
    records = gate.records()
    at = 1 + [one["type"] for one in records].index(move)
    assert goes_on(records, at) == [False, False]
    for one in records[at:]:
        if "not_after" in one:
            one["not_after"] = to_text(from_text(str(one["not_after"])) + HOUR / 2)
    assert goes_on(records, at) == [True, True]


def test_more_time_never_goes_beyond_the_window(gate: Gate) -> None:
    gate.restart(extendable(gate.policy))
    ticket = access_ticket(hours="1h", window_end=in_hours(gate, 1.5))
    gate.deliver(ticket)
    gate.approve("bob", "carol")
    gate.settle()
    begun = gate.clock.at
    extend(gate)
    assert only(gate).not_after == begun + 1.5 * HOUR
    assert ask(gate, 60) == "hard_max_reached"
    assert faults_of(gate.records()) == (set(), set())
    records = gate.records()
    (at,) = [index for index, one in enumerate(records) if one["type"] == "grant.extended"]
    records[at]["not_after"] = to_text(begun + 1.6 * HOUR)
    ours, theirs = faults_of(records)
    assert at in ours & theirs
