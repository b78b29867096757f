"""Snapshot: an emergency of which it tells locks its person as if its records had been read."""

import pytest
from tests.domain.walked_people import later
from tests.segments import SHORT as AT

from ticketgate.domain.log.folded import Folded
from ticketgate.domain.verifying.replay import Replay
from ticketgate.domain.verifying.snapshot import from_snapshot, to_snapshot

pytestmark = pytest.mark.usefixtures("in_short_segments")
INVOKED = "2026-11-22T02:40:00.000000Z"
UNTIL = later(INVOKED, 3600)


def read(state: str, *, drill: bool = False) -> Replay:
    """What is replayed from a snapshot with an emergency of Bob's."""
    before = Replay()
    before.time = INVOKED
    before.folded["review", "emg"] = Folded(
        state,
        3,
        {
            "person": "bob",
            "entitlement": "e",
            "drill": drill,
            "within": 60,
            "invoked": INVOKED,
            "until": UNTIL,
        },
    )
    boundary, after = from_snapshot(to_snapshot(before, AT))
    assert boundary == AT
    return after


def test_an_emergency_of_a_snapshot_is_due_until_it_is_overdue() -> None:
    emergencies = read("due").emergencies
    assert not emergencies.is_locked("bob", INVOKED)
    assert emergencies.is_locked("bob", UNTIL)
    assert emergencies.owes("e", UNTIL)
    assert not emergencies.is_locked("alice", UNTIL)


def test_what_was_reviewed_or_a_drill_locks_nobody() -> None:
    assert read("overdue").emergencies.is_locked("bob", INVOKED)  # the control
    assert not read("done").emergencies.is_locked("bob", UNTIL)
    assert not read("overdue", drill=True).emergencies.is_locked("bob", UNTIL)
