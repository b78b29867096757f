"""Instants and durations as text: one form each, both ways."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.instants import (
    duration_text,
    from_text,
    is_instant,
    parse_duration,
    seconds_since,
    to_text,
    whole_seconds,
)

UTC_TIMES = st.datetimes(timezones=st.just(UTC))
NOON = "2026-11-22T12:00:00.000000Z"


@given(UTC_TIMES)
def test_every_instant_comes_back_as_it_was(moment: datetime) -> None:
    assert from_text(to_text(moment)) == moment
    assert from_text(to_text(moment)).tzinfo is UTC


@given(UTC_TIMES, UTC_TIMES)
def test_text_sorts_as_time_does(one: datetime, other: datetime) -> None:
    """Down to the year 1: the store compares instants as text."""
    assert (to_text(one) < to_text(other)) == (one < other)


def test_another_zone_is_the_same_instant() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert to_text(datetime(2026, 11, 22, 21, tzinfo=tokyo)) == NOON


def test_a_naive_time_has_no_meaning() -> None:
    with pytest.raises(ValueError, match="naive"):
        to_text(datetime(2026, 11, 22, 12))  # noqa: DTZ001 -- the point of the test


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22",
        "2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00.000Z",
        "2026-11-22T12:00:00.000000",
        "2026-11-22T12:00:00.000000+00:00",
        "2026-11-22T21:00:00.000000+09:00",
        "0001-01-01T00:00:00.000000+23:59",
        "9999-12-31T23:59:59.999999-23:59",
        "2026-11-22 12:00:00.000000Z",
        "2026-11-22t12:00:00.000000z",
        " 2026-11-22T12:00:00.000000Z",
        "2026-11-22T12:00:00.000000Z\n",
        "2026-11-22T12:00:60.000000Z",
        "2026-11-31T12:00:00.000000Z",
        "2026-W47-7T12:00:00.000000Z",
        "20261122T120000.000000Z",
        "\uff12\uff10\uff12\uff16-11-22T12:00:00.000000Z",
    ],
)
def test_only_the_one_form_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_text(text)


@given(st.text(alphabet="0123456789-:TZ.+ W\x00٣", max_size=32) | st.text(max_size=32))
def test_whatever_is_read_is_what_would_be_written(text: str) -> None:
    try:
        moment = from_text(text)
    except ValueError:
        return
    assert to_text(moment) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("30m", 1800), ("4h", 14_400), ("2d", 172_800), ("999999999s", 999_999_999)],
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    ["", "h", "4", "0h", "-4h", "+4h", "4.5h", " 4h", "4 h", "4H", "4w", "٤h", "²s", "1e3s",
     "9999999999s", "4h30m"],
)  # fmt: skip
def test_anything_else_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@given(st.text(max_size=12))
def test_a_duration_that_is_read_is_positive(text: str) -> None:
    found = parse_duration(text)
    assert found is None or found > timedelta(0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (45, "45 s"), (90, "1 min 30 s"), (1800, "30 min"), (14_400, "4 h"),
     (176_461, "2 d 1 h 1 min 1 s")],
)  # fmt: skip
def test_seconds_are_said_in_words(seconds: int, text: str) -> None:
    assert duration_text(seconds) == text


def accepted(text: str) -> bool:
    try:
        from_text(text)
    except ValueError:
        return False
    return True


@given(UTC_TIMES, st.integers(0, 26), st.sampled_from("0123456789-:TZ. +\u0664"))
def test_the_quick_look_at_an_instant_says_what_reading_it_says(
    moment: datetime, at: int, char: str
) -> None:
    text = to_text(moment)
    changed = text[:at] + char + text[at + 1 :]
    assert is_instant(text)
    assert is_instant(changed) == accepted(changed)
    assert not is_instant(None)


def test_a_duration_is_whole_seconds_and_what_is_not_over_yet_was_just_now() -> None:
    now = datetime(2026, 7, 1, 12, tzinfo=UTC)
    long = timedelta(minutes=1, milliseconds=999)
    assert whole_seconds(long) == 60
    assert seconds_since(now - long, now) == 60
    assert seconds_since(now + long, now) == 0
