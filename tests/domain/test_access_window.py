"""Windows of tickets: what is read, what is refused and why, and until when people decide."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.operations.tickets import access_ticket

from ticketgate.domain.tickets.access_window import (
    AMBIGUOUS,
    BACKWARDS,
    IN_WORDS,
    NO_WINDOW,
    NONEXISTENT,
    PAST,
    TOO_FAR,
    UNREADABLE,
    AccessWindow,
    against,
    decide_until,
    in_zone,
    window_of,
)
from ticketgate.domain.tickets.mapping import SourceMapping, TableMapping, by_its_table
from ticketgate.domain.tickets.ticket import Missing, Ticket

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS = timedelta(days=30)


def zoned(start: str, zone: ZoneInfo | None = BERLIN) -> Ticket:
    return in_zone(access_ticket(window_start=start), zone)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-27T09:00+01:00", datetime(2026, 11, 27, 8, 0, tzinfo=UTC)),
        ("2026-11-27 09:00:30 +01:00", datetime(2026, 11, 27, 8, 0, 30, tzinfo=UTC)),
        ("2026-11-27T09:00:00.000+0100", datetime(2026, 11, 27, 8, 0, tzinfo=UTC)),
        (" 2026-11-27T09:00Z ", datetime(2026, 11, 27, 9, 0, tzinfo=UTC)),
        ("2026-10-25T02:30+02:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T02:30+01:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_time_with_its_offset_is_one_instant(text: str, moment: datetime) -> None:
    assert window_of(access_ticket(window_start=text)) == AccessWindow(moment)


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow", "2026-11-27", "2026-11-27T09:00", "2026-11-27 09:00:00", "09:00+01:00",
        "2026-11-27T24:00Z", "2026-11-27T09:60Z", "2026-02-30T09:00Z", "2026-W48-5T09:00Z",
        "20261127T0900Z", "0001-01-01T00:00+14:00", "9999-12-31T23:59-14:00", "1764230400",
        "\uff12026-11-27T09:00Z", "2026-11-27T09:00Z\n2026",
        "2026-11-27T09:00 Europe/Berlin", "never",
        "2026-11-27T09:00+24:00", "null", "0",
    ],
)  # fmt: skip
def test_what_is_no_instant_is_refused_and_never_guessed(text: str) -> None:
    assert window_of(access_ticket(window_start=text)) == UNREADABLE
    assert window_of(access_ticket(window_end=text)) == UNREADABLE


@pytest.mark.parametrize("field", ["window_start", "window_end"])
def test_a_field_that_is_mapped_and_not_sent_might_hold_a_time(field: str) -> None:
    ticket = access_ticket()
    absent = replace(ticket, fields={**ticket.fields, field: Missing.ABSENT})
    assert window_of(absent) == UNREADABLE


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_field_asks_for_nothing(text: str) -> None:
    assert window_of(access_ticket(window_start=text, window_end=text, window=text)) == NO_WINDOW
    assert window_of(access_ticket()) == NO_WINDOW


@pytest.mark.parametrize(
    "text", ["tomorrow", "2026-11-27T09:00Z/2026-11-27T10:00Z", Missing.ABSENT]
)
def test_one_text_for_both_ends_is_not_read(text: str | Missing) -> None:
    assert window_of(access_ticket(window=text)) == IN_WORDS


@pytest.mark.parametrize(
    ("end", "found"),
    [
        ("2026-11-27T09:00:01Z", AccessWindow),
        ("2026-11-27T09:00:00.9Z", BACKWARDS),
        ("2026-11-27T10:00:00+01:00", BACKWARDS),
        ("2026-11-27T08:59Z", BACKWARDS),
    ],
)
def test_a_window_ends_after_it_begins(end: str, found: object) -> None:
    window = window_of(access_ticket(window_start="2026-11-27T09:00Z", window_end=end))
    assert window == found if isinstance(found, str) else isinstance(window, AccessWindow)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-25 01:59:59", datetime(2026, 10, 24, 23, 59, 59, tzinfo=UTC)),
        ("2026-10-25 03:00:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
        ("2026-03-29T01:59", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29T03:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-07-01 12:00", datetime(2026, 7, 1, 10, 0, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_read_in_the_zone_of_its_source(text: str, moment: datetime) -> None:
    assert window_of(zoned(text)) == AccessWindow(moment)


@pytest.mark.parametrize("text", ["2026-10-25 02:00", "2026-10-25 02:30:00", "2026-10-25T02:59:59"])
def test_a_local_time_that_comes_twice_is_refused(text: str) -> None:
    assert window_of(zoned(text)) == AMBIGUOUS


@pytest.mark.parametrize("text", ["2026-03-29 02:00", "2026-03-29 02:30:00", "2026-03-29T02:59:59"])
def test_a_local_time_that_is_left_out_is_refused(text: str) -> None:
    assert window_of(zoned(text)) == NONEXISTENT


def test_a_whole_day_that_a_zone_left_out_is_refused() -> None:
    """Samoa went from 29 to 31 December 2011."""
    assert window_of(zoned("2011-12-30 12:00", ZoneInfo("Pacific/Apia"))) == NONEXISTENT


@pytest.mark.parametrize("text", ["2026-02-30 09:00", "0001-01-01 00:00"])
def test_a_local_time_of_no_day_is_unreadable(text: str) -> None:
    assert window_of(zoned(text)) == UNREADABLE


def test_an_offset_that_is_said_wins_over_the_zone_and_no_zone_reads_nothing() -> None:
    said = access_ticket(window_start="2026-10-25T02:30+01:00")
    assert in_zone(said, BERLIN) == said
    local = access_ticket(window_start="2026-11-27 09:00")
    assert in_zone(local, None) == local


def test_a_time_that_is_mended_is_read_again() -> None:
    twice = zoned("2026-10-25 02:30")
    assert twice.unread_times == {"window_start": AMBIGUOUS}
    mended = replace(twice, fields={**twice.fields, "window_start": "2026-10-25 03:30"})
    assert in_zone(mended, BERLIN).unread_times == {}


def test_each_table_has_its_zone_and_another_table_none() -> None:
    table = TableMapping("sc_req_item", zone=BERLIN)
    ticket = access_ticket(window_start="2026-11-27 09:00")
    mapped = by_its_table(ticket, SourceMapping("snow-prod", {"sc_req_item": table}))
    assert mapped.text("window_start") == "2026-11-27T08:00:00.000000Z"
    assert by_its_table(ticket, SourceMapping("snow-prod", {})) == ticket


CHANGES = ("2026-03-29", "2026-10-25", "1980-04-06", "1980-09-28", "2026-07-01")


@given(st.sampled_from(CHANGES), st.integers(0, 6 * 3600 - 1))
def test_each_local_time_is_one_instant_or_refused(day: str, second: int) -> None:
    """Held against counting the instants whose local time it is."""
    local = datetime.fromisoformat(f"{day}T00:00:00Z") + timedelta(seconds=second)
    found = window_of(zoned(f"{local:%Y-%m-%d %H:%M:%S}"))
    near = [local - one * HOUR for one in range(-1, 5)]
    those = [at for at in near if at.astimezone(BERLIN).replace(tzinfo=UTC) == local]
    words = {0: NONEXISTENT, 2: AMBIGUOUS}
    assert found == (AccessWindow(those[0]) if len(those) == 1 else words[len(those)])


@pytest.mark.parametrize(
    ("window", "code"),
    [
        (NO_WINDOW, ""),
        (AccessWindow(NOON + HOUR), ""),
        (AccessWindow(NOON), PAST),
        (AccessWindow(NOON - HOUR, NOON + HOUR), PAST),
        (AccessWindow(None, NOON), PAST),
        (AccessWindow(None, NOON + HOUR), ""),
        (AccessWindow(None, NOON + 9 * DAYS), ""),
        (AccessWindow(NOON + DAYS), ""),
        (AccessWindow(NOON + DAYS + timedelta(microseconds=1)), TOO_FAR),
    ],
)
def test_a_window_is_to_come_and_not_too_far(window: AccessWindow, code: str) -> None:
    assert against(NOON, window, DAYS) == code


@pytest.mark.parametrize(
    ("window", "until"),
    [
        (NO_WINDOW, NOON + 8 * HOUR),
        (AccessWindow(NOON + HOUR, NOON + 2 * HOUR), NOON + HOUR),
        (AccessWindow(None, NOON + 2 * HOUR), NOON + 2 * HOUR),
        (AccessWindow(NOON + 9 * HOUR), NOON + 8 * HOUR),
        (AccessWindow(NOON - HOUR), NOON + 8 * HOUR),  # blocked, and to be mended
    ],
)
def test_people_decide_before_it_begins(window: AccessWindow, until: datetime) -> None:
    assert decide_until(NOON, 8 * HOUR, window) == until
