"""Both verifiers say the same of revocations that nobody honest gives up."""

from typing import Any, Final

import pytest
from tests.operations.emergencies import faults_of

from ticketgate.verifier import verify

T: Final = "2026-11-22T10:00:00.000000Z"
GRANT: Final = {
    "on": "grant", "id": "grt_x", "cause": "c", "request": "emg_x", "subject": "p", "target": "t",
    "entitlement": "e", "not_after": T, "_ts": T,
}  # fmt: skip
CLAIMED: Final = {
    "type": "emergency.claimed", "on": "review", "id": "emg_x", "cause": "c", "from": "",
    "to": "claimed", "person": "p", "entitlement": "e", "target": "t", "by": "b",
    "clause": "role:operator", "seconds": 60, "within": 5, "backfill_within": 7200,
    "enforced": False, "method": "oidc",
    "authority_basis": "claimed", "access_from": "2026-11-22T09:00:00.000000Z",
    "access_until": T, "_ts": T,
}  # fmt: skip
TAKEN: Final = GRANT | {
    "type": "revocation.begun", "from": "", "to": "revoking", "origin": "claimed",
}  # fmt: skip
OVERDUE: Final = GRANT | {"type": "revocation.overdue", "from": "revoking", "to": "revoke_overdue"}
GIVEN_UP: Final = GRANT | {
    "type": "revocation.abandoned", "from": "revoke_overdue", "to": "abandoned", "by": ["x", "y"],
    "outcome": "o", "shown": "s", "sd": ["a", "b"],
}  # fmt: skip
SEEN: Final = {
    "type": "revocation.seen", "request": "emg_x", "grant": "grt_x", "outcome": "o", "_ts": T,
}  # fmt: skip


def told(*records: dict[str, Any]) -> tuple[set[int], set[int]]:
    every = [CLAIMED, *records]
    return faults_of([dict.fromkeys(verify.MUST_HAVE[str(one["type"])]) | one for one in every])


def test_one_that_two_others_give_up_is_none() -> None:
    assert told(TAKEN, OVERDUE, GIVEN_UP, SEEN) == (set(), set())


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": ["x", "x"]},
        {"by": ["x"]},
        {"by": ["x", "y", "z"]},
        {"by": ["x", ""]},
        {"by": ["x", "p"]},
        {"by": "x y"},
        {"by": ["x", 7]},
        {"by": None},
        {"sd": ["a"]},
        {"sd": None},
        {"sd": "ab"},
    ],
)
def test_it_takes_two_different_people_not_whose_it_is_with_a_reason_each(
    wrong: dict[str, Any],
) -> None:
    assert told(TAKEN, OVERDUE, GIVEN_UP | wrong) == ({3}, {3})


@pytest.mark.parametrize("before", ["revoking", "active"])
def test_only_what_is_overdue_is_given_up(before: str) -> None:
    assert told(TAKEN, GIVEN_UP | {"from": before}) == ({2}, {2})
    assert told(TAKEN, GIVEN_UP) == ({2}, {2})


def test_nothing_moves_it_any_more() -> None:
    again = OVERDUE | {"type": "revocation.begun", "from": "revoke_overdue", "to": "revoking"}
    assert told(TAKEN, OVERDUE, GIVEN_UP, again) == ({4}, {4})
