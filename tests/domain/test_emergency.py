"""Emergencies: who a word names, who is told, when a review is due; and what a snapshot keeps."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.operations.emergencies import RULES, policy_with

from ticketgate.domain.emergencies.emergency import (
    Emergency,
    ReviewState,
    clause_for,
    cools_until,
    due_at,
    is_overdue,
    named,
    over_at,
    reviewers,
    to_tell,
)
from ticketgate.domain.emergencies.emergency_rows import emergency_columns
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.verifying.emergency_replay import Emergencies, Said
from ticketgate.domain.verifying.evidence_verdict import FaultList

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
DATABASE = policy_with().entitlements[0]
PEOPLE = {
    one.id: one
    for one in (
        Person("bob", "Bob", "bob@example.com", manager="carol", groups=frozenset({"sec-iam"})),
        Person("carol", "Carol", "carol@example.com", groups=frozenset({"sec-iam"})),
        Person("eve", "Eve", "", groups=frozenset({"sec-iam"})),
        Person("left", "Left", "l@example.com", groups=frozenset({"sec-iam"}), active=False),
    )
}
WHO = DirectorySnapshot("d", NOW, PEOPLE)
EMERGENCY = Emergency(
    "emg_1", 1, ReviewState.DUE, drill=False, subject="bob", entitlement=DATABASE.id,
    target="t", grant="g", seconds=3600, within=HOUR, clause="group:x", invoked_at=NOW, index=0,
)  # fmt: skip
GRANT = Grant(
    "g", 1, GrantState.PLANNED, "emg_1", "", "", "", DATABASE.id, "t", {}, "bob", 3600,
    activate_by=NOW + HOUR,
)  # fmt: skip


def test_words_name_people_groups_and_owners() -> None:
    assert named(Word("person", "bob"), DATABASE, WHO) == {"bob"}
    assert named(Word("group", "sec-iam"), DATABASE, WHO) == {"bob", "carol", "eve", "left"}
    assert named(Word("owner_of", "entitlement"), DATABASE, WHO) == {"carol"}
    alone = replace(DATABASE, backup_owner=None)
    assert named(Word("backup_owner_of", "entitlement"), alone, WHO) == frozenset()
    assert clause_for((Word("person", "x"), Word("group", "sec-iam")), "bob", DATABASE, WHO) == (
        "group:sec-iam"
    )
    assert clause_for((), "bob", DATABASE, WHO) is None


def test_reviewers_are_active_and_somebody_else() -> None:
    assert reviewers(RULES, DATABASE, "bob", WHO) == {"carol", "eve"}


def test_whoever_has_no_address_cannot_be_told() -> None:
    assert to_tell(RULES, DATABASE, "bob", (), WHO) == ("bob", "carol")
    assert to_tell(RULES, DATABASE, "carol", (), WHO) == ("bob", "carol")


def test_the_time_to_review_runs_from_the_end_however_it_comes() -> None:
    assert over_at(EMERGENCY, None) == NOW
    assert over_at(EMERGENCY, GRANT) == NOW + HOUR
    active = replace(GRANT, state=GrantState.ACTIVE, not_after=NOW + 2 * HOUR)
    assert over_at(EMERGENCY, active) == NOW + 2 * HOUR
    shared = replace(active, state=GrantState.RELEASED_SHARED, ended_at=NOW + 3 * HOUR)
    assert over_at(EMERGENCY, shared) == NOW + 3 * HOUR
    stuck = replace(active, state=GrantState.REVOKE_OVERDUE, revoking_since=NOW + HOUR)
    assert due_at(EMERGENCY, stuck) == NOW + 2 * HOUR  # a target that is slow buys no time


def test_overdue_is_a_matter_of_time_until_it_is_done() -> None:
    assert not is_overdue(EMERGENCY, GRANT, NOW + 2 * HOUR - timedelta(microseconds=1))
    assert is_overdue(EMERGENCY, GRANT, NOW + 2 * HOUR)
    assert is_overdue(replace(EMERGENCY, state=ReviewState.OVERDUE), GRANT, NOW)
    assert not is_overdue(replace(EMERGENCY, state=ReviewState.DONE), GRANT, NOW + 9 * HOUR)


def test_only_what_was_given_cools_down() -> None:
    ended = replace(GRANT, state=GrantState.REVOKED, ended_at=NOW)
    assert cools_until(ended, HOUR) == NOW + HOUR
    assert cools_until(replace(ended, state=GrantState.CANCELLED), HOUR) is None
    assert cools_until(GRANT, HOUR) is None
    assert cools_until(None, HOUR) is None


def test_of_several_that_a_snapshot_tells_the_newest_counts() -> None:
    known = Emergencies(FaultList())
    said: Said = {"person": "act_b", "entitlement": "db", "drill": False, "within": 60}
    for ident, invoked, ended in (("b", "2026-11-22T02", ""), ("a", "2026-11-22T01", "never")):
        known.know(ident, "done", said | {"invoked": invoked, "until": "", "ended": ended})
    known._spaced(7, ("act_b", "db"), "2026-11-23T00:00:00.000000Z", 1)
    assert [one.index for one in known.faults.kept] == [7]


def test_what_a_snapshot_tells_of_an_emergency_becomes_columns() -> None:
    told = {"state": "due", "person": "act_b", "drill": True, "until": "x"}
    assert emergency_columns(told) == {"state": "due", "subject": "act_b", "drill": 1}
    assert emergency_columns({"state": "due"}) == {"state": "due"}
