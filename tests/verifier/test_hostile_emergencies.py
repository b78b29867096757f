"""Both verifiers say the same of reviews and snapshots that nobody honest writes."""

from hashlib import sha256
from typing import Any, Final

import pytest
from tests.operations.emergencies import faults_of
from tests.verifier.bundle_writer import policy as trust

from ticketgate.domain.log.folded import Folded
from ticketgate.domain.verifying.replay import Replay
from ticketgate.verifier import verify

T: Final = "2026-11-22T10:00:00.000000Z"
OF: Final = {"on": "review", "id": "emg_x", "cause": "c", "person": "p", "entitlement": "e"}
OVERDUE: Final = OF | {"type": "review.overdue", "from": "due", "to": "overdue"}
DONE: Final = OF | {
    "type": "review.done", "from": "due", "to": "done", "reviewer": "z", "outcome": "justified",
    "method": "oidc",
}  # fmt: skip
INVOKED: Final = OF | {
    "type": "emergency.invoked", "id": "emg_y", "from": "", "to": "due", "target": "t",
    "seconds": 1, "hard_max": 1, "cooldown": 1, "within": 1, "drill": False, "clause": "c",
    "method": "oidc",
}  # fmt: skip
GRANT: Final = OF | {"on": "grant", "id": "grt_x", "request": "emg_x", "subject": "p"}
PLANNED: Final = GRANT | {
    "type": "grant.planned", "from": "", "to": "planned", "activate_by": T, "seconds": 1,
    "origin": "emergency",
}  # fmt: skip
CLAIMED: Final = OF | {
    "type": "emergency.claimed", "from": "", "to": "claimed", "target": "t", "by": "b",
    "clause": "role:operator", "seconds": 60, "within": 5, "backfill_within": 3600,
    "enforced": False, "authority_basis": "claimed", "method": "oidc",
    "access_from": "2026-11-22T09:00:00.000000Z", "access_until": T,
}  # fmt: skip
TAKEN: Final = OF | {
    "type": "revocation.begun", "on": "grant", "id": "grt_x", "from": "", "to": "revoking",
    "request": "emg_x", "subject": "p", "target": "t", "origin": "claimed", "not_after": T,
}  # fmt: skip
NONE: Final = {"person": None, "entitlement": None}
KNOWN: Final = {"person": "p", "entitlement": "e", "drill": False}
MOVED: Final = GRANT | {
    "type": "grant.extended", "from": "active", "to": "active", "extension": "req_x",
    "not_after": "2026-11-22T12:00:00.000000Z", "hard_max": 9000, "target": "t",
}  # fmt: skip


def hash_of(records: list[dict[str, Any]]) -> str:
    """A short name that is the same in every process."""
    return sha256(repr(records).encode()).hexdigest()[:6]


def whole(record: dict[str, Any]) -> dict[str, Any]:
    return dict.fromkeys(verify.MUST_HAVE[record["type"]]) | {"_ts": T} | record


@pytest.mark.parametrize("record", [OVERDUE | NONE, DONE | NONE, OVERDUE, DONE])
def test_a_review_of_nothing_is_a_fault_to_both(record: dict[str, Any]) -> None:
    assert faults_of([whole(record)]) == ({0}, {0})


@pytest.mark.parametrize(("target", "faulty"), [("t", set()), (None, {0}), (7, {0})])
def test_an_emergency_whose_target_is_no_text_is_a_fault_to_both(
    target: Any,  # noqa: ANN401 -- whatever somebody wrote
    faulty: set[int],
) -> None:
    assert faults_of([whole(INVOKED | {"target": target})]) == (faulty, faulty)


def judged(machine: str, said: dict[str, Any], state: str, record: dict[str, Any]) -> list[bool]:
    """Whether each verifier faults a record that follows what a snapshot says of one thing."""
    ours, theirs = Replay(), verify.Replay(verify.Keys(verify.Trust(trust().encode()), ""))
    ident = "emg_x" if machine == "review" else "grt_x"
    ours.folded[machine, ident] = Folded(state, 0, dict(said))
    theirs.states[machine][ident] = state
    if machine == "review":
        ours.emergencies.know(ident, state, ours.folded[machine, ident].said)
        theirs.emergencies.know(ident, state, dict(said))
    else:
        ours.approved_for["req_x"] = {**said, "seconds": 3600}
        ours.folded["request", "req_x"] = Folded("approved", 0, {"extends": ident})
        ours.folded["request", "emg_x"] = Folded("approved", 0, {})
        theirs.approved["req_x"] = ("p", "e", "t", 3600)
        theirs.extends["req_x"], theirs.grants[ident] = ident, dict(said)
        theirs.states["request"]["emg_x"] = "approved"
    ours.take(1, whole(record))
    theirs.take(1, whole(record), verify.missing_fields(whole(record)))
    return [bool(ours.faults.kept), bool(theirs.verdict.faults)]


@pytest.mark.parametrize(
    ("said", "record", "faulty"),
    [
        ({"person": "p"}, OVERDUE, True),
        (KNOWN, OVERDUE, True),
        (KNOWN, DONE, True),
        (KNOWN | {"ended": ""}, DONE | {"outcome": "unjustified"}, False),
        (KNOWN | {"ended": T}, DONE, False),
        (KNOWN | {"drill": True}, DONE, False),
        ({"person": "p", "entitlement": "e"}, DONE, False),
        (KNOWN, INVOKED, False),
        (KNOWN, PLANNED, True),
        (KNOWN | {"within": 5, "invoked": "x", "until": "x", "ended": "x"}, INVOKED, False),
        (KNOWN | {"within": 5, "invoked": T, "until": "x", "ended": ""}, INVOKED, True),
        (KNOWN | {"within": 5, "invoked": T, "until": "x", "ended": T}, INVOKED, True),
    ],
)
def test_a_snapshot_that_tells_half_of_an_emergency_is_read_alike(
    said: dict[str, Any], record: dict[str, Any], *, faulty: bool
) -> None:
    assert judged("review", said, "due", record) == [faulty, faulty]


@pytest.mark.parametrize(
    ("since", "faulty"),
    [("x", False), ("2026-11-22T09:00:00.000000Z", True), ("2026-11-22T10:00:00.000000Z", False)],
)
def test_a_life_that_a_snapshot_tells_by_no_instant_is_counted_from_its_end(
    since: str, *, faulty: bool
) -> None:
    said = {
        "request": "emg_x", "entitlement": "e", "target": "t", "subject": "p", "seconds": 3600,
        "not_after": "2026-11-22T11:00:00.000000Z", "since": since,
    }  # fmt: skip
    assert judged("grant", said, "active", MOVED) == [faulty, faulty]


def test_a_claim_whose_access_is_taken_away_and_that_is_reviewed_is_no_fault() -> None:
    review = DONE | {"from": "claimed", "outcome": "unjustified"}
    assert faults_of([whole(one) for one in (CLAIMED, TAKEN, review)]) == (set(), set())


def test_by_a_word_of_the_policy_one_claims_for_oneself_alone() -> None:
    of_policy = CLAIMED | {"clause": "group:g"}
    assert faults_of([whole(of_policy | {"by": "p"})]) == (set(), set())
    assert faults_of([whole(of_policy)]) == ({0}, {0})


def test_a_claim_is_not_justified_before_what_stands_of_it_is_gone() -> None:
    review = DONE | {"from": "claimed"}
    assert faults_of([whole(one) for one in (CLAIMED, review)]) == (set(), set())
    assert faults_of([whole(one) for one in (CLAIMED, TAKEN, review)]) == ({2}, {2})


@pytest.mark.parametrize(
    "change",
    [
        {"person": None}, {"person": ""}, {"target": 1}, {"by": ""}, {"clause": ""},
        {"entitlement": None}, {"seconds": 0}, {"seconds": 10**10}, {"within": None},
        {"within": True}, {"backfill_within": 3599}, {"backfill_within": "1"},
        {"access_from": "x"}, {"access_from": T}, {"access_until": "2026-11-22T10:00:00.000001Z"},
        {"access_until": None}, {"enforced": True}, {"enforced": 0},
        {"authority_basis": "verified"}, {"method": "oidc_step_up"}, {"clause": "group:g"},
        {"clause": "role:operator "},
    ],
    ids=str,
)  # fmt: skip
def test_a_claim_that_says_too_much_or_too_little_is_a_fault_to_both(
    change: dict[str, Any],
) -> None:
    assert faults_of([whole(CLAIMED | change)]) == ({0}, {0})


@pytest.mark.parametrize(
    "records",
    [
        [TAKEN],
        [CLAIMED, TAKEN, TAKEN | {"id": "grt_y"}],
        [CLAIMED, TAKEN | {"subject": "q"}],
        [CLAIMED, TAKEN | {"target": "u"}],
        [CLAIMED, TAKEN | {"origin": "emergency"}],
        [CLAIMED, TAKEN | {"not_after": "2026-11-22T09:59:59.000000Z"}],
        [CLAIMED, TAKEN | {"not_after": None}],
        [CLAIMED, TAKEN | {"request": None}],
        [CLAIMED, PLANNED],
        [INVOKED | {"id": "emg_x"}, TAKEN],
        [CLAIMED, DONE | {"from": "claimed", "reviewer": "b"}],
        [CLAIMED, DONE | {"from": "claimed", "reviewer": "p"}],
        [CLAIMED, OVERDUE | {"from": "claimed"}],
    ],
    ids=lambda one: f"{len(one)} {one[-1]['type']} {hash_of(one)}",
)
def test_what_follows_a_claim_or_none_that_nobody_honest_writes_is_a_fault_to_both(
    records: list[dict[str, Any]],
) -> None:
    last = len(records) - 1
    assert faults_of([whole(one) for one in records]) == ({last}, {last})


def test_who_owes_a_review_enters_nothing() -> None:
    late = {"_ts": "2026-11-22T10:00:06.000000Z"}
    mine = CLAIMED | {"id": "emg_z", "by": "p", "person": "q"} | late
    assert faults_of([whole(CLAIMED), whole(mine)]) == ({1}, {1})


def test_an_emergency_waits_until_what_was_claimed_is_taken_away() -> None:
    asked = INVOKED | {"target": "t"}
    assert faults_of([whole(one) for one in (CLAIMED, TAKEN, asked)]) == ({2}, {2})
