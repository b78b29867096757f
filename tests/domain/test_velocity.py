"""Rates as they are written, and how they are counted in memory."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.requests.velocity import Rate, Recent, parse_rate

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("50 per 10m", Rate(50, 10 * MINUTE)),
        ("1 per 1m", Rate(1, MINUTE)),
        ("1000000 per 1d", Rate(1_000_000, timedelta(days=1))),
        ("7 per 90s", Rate(7, timedelta(seconds=90))),
    ],
)
def test_a_rate_is_a_count_per_a_time(text: str, rate: Rate) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    ["", "50", "0 per 10m", "-1 per 10m", "1000001 per 10m", "50 per 59s", "50 per 25h", "50/10m",
     "50 per 10", "1.5 per 10m", "50  per 10m", "\u0665 per 10m", "50 per 10m ",
     "50 per 999999999999d"],
)  # fmt: skip
def test_what_is_no_rate_is_none(text: str) -> None:
    assert parse_rate(text) is None


def test_a_count_is_let_pass_and_then_no_more_until_the_window_is_over() -> None:
    recent = Recent(Rate(3, MINUTE))
    assert [recent.wait(NOON + timedelta(seconds=at)) for at in (0, 0, 30)] == [timedelta(0)] * 3
    assert recent.wait(NOON + timedelta(seconds=40)) == timedelta(seconds=21)
    assert recent.wait(NOON + timedelta(seconds=60)) == timedelta(seconds=1)
    assert recent.wait(NOON + timedelta(seconds=61)) == timedelta(0)


def test_what_was_refused_counts_for_nothing() -> None:
    recent = Recent(Rate(1, MINUTE))
    recent.wait(NOON)
    for second in range(61):
        assert recent.wait(NOON + timedelta(seconds=second)) > timedelta(0)
    assert recent.wait(NOON + timedelta(seconds=61)) == timedelta(0)


@given(st.integers(1, 9), st.lists(st.integers(0, 20), max_size=200))
def test_never_more_than_the_count_within_any_window(count: int, steps: list[int]) -> None:
    recent, now = Recent(Rate(count, MINUTE)), NOON
    passed: list[datetime] = []
    for step in steps:
        now += timedelta(seconds=step)
        wait = recent.wait(now)
        if not wait:
            passed.append(now)
        else:
            assert timedelta(0) < wait <= MINUTE + timedelta(seconds=1)
        assert sum(now - one < MINUTE for one in passed) <= count
