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


def test_a_rule_has_its_day_and_how_often_it_approved_on_it() -> None:
    good: list[Any] = ["std", "2026-11-22", 2]
    assert is_element("automatic", good, AT)
    rows: list[Any] = [None, [], good[:2], [*good, 1], [7, *good[1:]], ["std", "2026-11-31", 2]]
    for bad in [*rows, ["std", "today", 2], [*good[:2], 0], [*good[:2], True], [*good[:2], "2"]]:
        assert not is_element("automatic", bad, AT)


@pytest.mark.parametrize("drill", [True, False])
def test_whether_an_emergency_is_a_drill_is_yes_or_no(drill: bool) -> None:  # noqa: FBT001
    said: dict[str, Any] = {"person": "alice", "within": 60, "drill": drill}
    one: dict[str, Any] = {"on": "review", "id": "emg", "state": "due", "index": 1, "said": said}
    assert is_element("folded", one, AT)
    others: list[Any] = [None, 1, 0, "true", [], {}]
    for bad in others:
        assert not is_element("folded", one | {"said": said | {"drill": bad}}, AT)
