"""What replaying knows of a grant: how its end may move."""

import pytest

from ticketgate.domain.evidence import Json
from ticketgate.domain.log.folded import Folded

TOLD: dict[str, Json] = {
    "_ts": "2026-11-22T02:50:00.000000Z",
    "not_after": "2026-11-22T03:50:00.000000Z",
    "hard_max": 7200,
}


def grant(**more: Json) -> Folded:
    return Folded(
        "active", 1, {"seconds": 3600, "not_after": "2026-11-22T03:40:00.000000Z", **more}
    )


def test_more_time_within_what_was_approved_is_no_fault() -> None:
    one = grant()
    assert one.extend(TOLD, 600) == []
    assert one.said["not_after"] == TOLD["not_after"]
    assert one.said["since"] == "2026-11-22T02:40:00.000000Z"


@pytest.mark.parametrize(
    "other", [{"hard_max": 0}, {"hard_max": True}, {"not_after": None}, {"_ts": "now"}]
)
def test_without_an_end_or_a_longest_life_it_is_one(other: dict[str, Json]) -> None:
    assert grant().extend(TOLD | other, 600) == ["more time without an end, or a longest life"]
    assert grant().extend(TOLD, None) == ["more time without an end, or a longest life"]
    assert grant(seconds=0).extend(TOLD, 600) == ["more time without an end, or a longest life"]


def test_each_bound_is_told() -> None:
    assert grant().extend(TOLD, 599) == ["more time than its approvals gave"]
    assert grant().extend(TOLD | {"hard_max": 4199}, 600) == ["a life beyond the longest"]
    late = TOLD | {"_ts": "2026-11-22T03:40:00.000000Z"}
    assert grant().extend(late, 600) == ["more time when there was none left"]
    less = TOLD | {"not_after": "2026-11-22T03:30:00.000000Z"}
    assert grant().extend(less, 600) == ["more time that is less"]
