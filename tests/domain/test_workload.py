"""Who is asked how much and answers how fast; and which reminder is due."""

from datetime import UTC, datetime, timedelta

import pytest

from ticketgate.domain.telling.reminding import threshold
from ticketgate.domain.telling.workload import ApproverLoad, loads

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
BY = NOW + 2 * HOUR
BEFORE = (2 * HOUR, 6 * HOUR)


def test_who_has_most_waiting_comes_first_and_one_request_counts_once() -> None:
    waiting = [
        ("bob", "req_1", NOW - HOUR),
        ("carol", "req_1", NOW - 2 * HOUR),
        ("carol", "req_1", NOW - 3 * HOUR),
        ("carol", "req_2", None),
    ]
    assert loads(waiting, [], NOW) == [
        ApproverLoad("carol", 2, 3 * 3600, 0, 0, None),
        ApproverLoad("bob", 1, 3600, 0, 0, None),
    ]


def test_answers_are_counted_by_week_and_month_and_their_median_is_told() -> None:
    days = timedelta(days=1)
    answers = [
        ("bob", NOW - 20 * days - HOUR, NOW - 20 * days),
        ("bob", NOW - 7 * days - 2 * HOUR, NOW - 7 * days),
        ("bob", None, NOW - days),
        ("bob", NOW, NOW - HOUR),  # a clock that was set back: no time at all
    ]
    assert loads([], answers, NOW) == [ApproverLoad("bob", 0, None, 3, 4, 3600)]
    assert loads([], answers[2:3], NOW) == [ApproverLoad("bob", 0, None, 1, 1, None)]
    assert loads([], [], NOW) == []


@pytest.mark.parametrize(
    ("asked", "now", "due"),
    [
        (-24, 0, 2),
        (-24, -1, 6),
        (-24, -5, None),
        (-24, -4, 6),
        (-1, 1, 2),
        (0, 0, None),
        (1, 1.5, None),
        (-24, 2, None),
    ],
    ids=["both", "first", "early", "just", "asked_late", "asked_then", "asked_after", "over"],
)
def test_the_last_time_that_came_since_the_asking_is_due(
    asked: float, now: float, due: int | None
) -> None:
    found = threshold(BEFORE, BY, NOW + asked * HOUR, NOW + now * HOUR)
    assert found == (None if due is None else due * HOUR)


def test_without_times_nobody_is_reminded() -> None:
    assert threshold((), BY, NOW - HOUR, NOW) is None
