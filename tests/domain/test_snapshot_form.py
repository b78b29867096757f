"""Snapshot form: a ballot, with and without delegates."""

from typing import Any, Final

import pytest
from tests.segments import SHORT as AT

from ticketgate.domain.verifying.snapshot_form import is_element

BALLOT: Final[dict[str, Any]] = {
    "approvers": [], "denied": False, "id": "r1", "links": [], "need": [], "parties": [],
    "seconds": [],
}  # fmt: skip


def test_a_ballot_has_those_in_whose_place_others_decided_where_there_are_any() -> None:
    good: dict[str, Any] = {"represented": [["m", 1, ["act_5", "act_6"]]]}
    assert is_element("ballots", BALLOT | good, AT)
    rows: list[Any] = [None, [], [["m", 1, []]], [["m", 0, ["a"]]], [["m", 1, ["b", "a"]]], ["m"]]
    for bad in rows:
        assert not is_element("ballots", BALLOT | {"represented": bad}, AT)
    assert not is_element("ballots", BALLOT | good | {"more": 1}, AT)


@pytest.mark.parametrize("drill", [True, False])
def test_whether_an_emergency_is_a_drill_is_yes_or_no(drill: bool) -> None:  # noqa: FBT001
    said: dict[str, Any] = {"person": "alice", "within": 60, "drill": drill}
    one: dict[str, Any] = {"on": "review", "id": "emg", "state": "due", "index": 1, "said": said}
    assert is_element("folded", one, AT)
    others: list[Any] = [None, 1, 0, "true", [], {}]
    for bad in others:
        assert not is_element("folded", one | {"said": said | {"drill": bad}}, AT)
