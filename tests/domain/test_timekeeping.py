"""Time that never runs back (`docs/rules.md` rule 11), told over days."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cast import NOON

from ticketgate.domain.timekeeping import DISPUTE, SLEW, Kept, Reading, Tick, advance, start

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
KEPT = Kept("boot-a", 100.0, NOON)


def look(after: float, wall_off: timedelta = timedelta(0), boot: str = "boot-a") -> Reading:
    """A reading `after` seconds; the wall clock is `wall_off` from where it should be."""
    return Reading(boot, 100.0 + after, NOON + timedelta(seconds=after) + wall_off)


def test_a_wall_clock_that_agrees_is_followed() -> None:
    assert advance(KEPT, look(60)) == Tick(
        NOON + 60 * SECOND, False, Kept("boot-a", 160.0, NOON + 60 * SECOND)
    )


@pytest.mark.parametrize("ahead", [timedelta(milliseconds=1), SECOND, DISPUTE])
def test_a_wall_clock_a_little_ahead_is_stepped_to(ahead: timedelta) -> None:
    tick = advance(KEPT, look(60, ahead))
    assert (tick.now, tick.disputed) == (NOON + 60 * SECOND + ahead, False)
    assert tick.kept.now == tick.now


def test_a_wall_clock_a_little_behind_is_slewed_to_by_one_hundredth() -> None:
    tick = advance(KEPT, look(100, -30 * SECOND))
    assert tick.now == NOON + 99 * SECOND
    assert not tick.disputed


def test_slewing_ends_where_the_wall_clock_is() -> None:
    tick = advance(KEPT, look(100, -0.5 * SECOND))
    assert tick.now == NOON + 99.5 * SECOND


@pytest.mark.parametrize("sign", [1, -1])
def test_a_wall_clock_more_than_five_minutes_off_is_disputed_and_not_followed(sign: int) -> None:
    off = DISPUTE + timedelta(microseconds=1)
    tick = advance(KEPT, look(60, sign * off))
    assert (tick.now, tick.disputed) == (NOON + 60 * SECOND, True)
    assert not advance(KEPT, look(60, sign * DISPUTE)).disputed


def test_a_dispute_heals_when_the_wall_clock_comes_back() -> None:
    tick = advance(KEPT, look(60, 3 * HOUR))
    healed = advance(tick.kept, look(120))
    assert (tick.disputed, healed.disputed) == (True, False)
    assert healed.now == NOON + 120 * SECOND


def test_a_reading_older_than_the_last_counts_no_second_twice() -> None:
    """Threads read in one order and are heard in another."""
    first = advance(KEPT, look(60))
    late = advance(first.kept, look(59))
    assert late.now == first.now
    assert advance(late.kept, look(61)).now == NOON + 61 * SECOND


# --- a process starts ---------------------------------------------------------------------------


def test_the_same_boot_goes_on_from_what_was_kept() -> None:
    """Stopped for ten minutes with the wall clock set back an hour meanwhile."""
    tick = start(KEPT, look(600, -HOUR), NOON)
    assert (tick.now, tick.disputed) == (NOON + 600 * SECOND, True)


def test_the_same_boot_never_begins_below_the_last_record() -> None:
    """The record was written after the clock was kept for the last time, by a stepped clock."""
    last = NOON + 200 * SECOND
    tick = start(KEPT, look(20, -100 * SECOND), last)
    assert (tick.now, tick.kept.now, tick.disputed) == (last, last, False)
    assert start(KEPT, look(20, -DISPUTE), last).disputed


def test_a_new_boot_believes_the_wall_clock() -> None:
    tick = start(KEPT, look(-90, 5 * HOUR, "boot-b"), NOON + HOUR)
    assert tick.now == NOON - 90 * SECOND + 5 * HOUR
    assert tick.kept == Kept("boot-b", 10.0, tick.now)
    assert not tick.disputed


def test_a_new_boot_never_begins_below_the_last_record() -> None:
    tick = start(KEPT, look(0, -60 * SECOND, "boot-b"), NOON)
    assert (tick.now, tick.disputed) == (NOON, False)


def test_a_new_boot_far_below_the_last_record_is_disputed() -> None:
    tick = start(None, look(0, -2 * DISPUTE, "boot-b"), NOON)
    assert (tick.now, tick.disputed) == (NOON, True)


def test_the_first_start_of_all_is_the_wall_clock() -> None:
    assert start(None, look(0), None) == Tick(NOON, False, KEPT)


# --- random clocks ------------------------------------------------------------------------------

JUMPS = st.floats(-1e5, 1e5) | st.floats(-400, 400) | st.just(0.0)
STEPS = st.lists(st.tuples(st.floats(-5, 3600), JUMPS, st.booleans()), max_size=40)


@given(STEPS)
def test_time_never_runs_back_under_any_readings_and_restarts(
    steps: list[tuple[float, float, bool]],
) -> None:
    """`True` is a restart; the process then knows the kept clock and the last record's time."""
    tick = start(None, look(0), None)
    boot = 0.0
    for forth, off, restart in steps:
        boot += forth
        reading = look(boot, off * SECOND)
        before = tick.now
        tick = start(tick.kept, reading, before) if restart else advance(tick.kept, reading)
        assert tick.now >= before
        assert tick.kept.now == tick.now


def readings(steps: list[tuple[float, float]]) -> list[Reading]:
    """The machine's clocks: boot time only goes forth, the wall clock does what it likes."""
    boot = 0.0
    found: list[Reading] = []
    for forth, off in steps:
        boot += forth
        found.append(look(boot, off * SECOND))
    return found


@given(st.lists(st.tuples(st.floats(0.001, 120), JUMPS), min_size=1, max_size=200))
def test_a_grant_of_an_hour_never_lives_longer_whatever_the_wall_clock_does(
    steps: list[tuple[float, float]],
) -> None:
    """By the boot clock it lives an hour and at most the slewed hundredth, plus one look."""
    tick = advance(KEPT, look(0))
    not_after = tick.now + HOUR
    longest = HOUR / (1 - SLEW)
    for reading in readings(steps):
        tick = advance(tick.kept, reading)
        lived = timedelta(seconds=reading.boot_seconds - 100.0)
        assert tick.now >= not_after or lived <= longest + SECOND


def test_an_hour_with_a_wall_clock_that_is_set_back_again_and_again_is_an_hour() -> None:
    """A plain high-water mark made it 2.98 h: the clock is set back 290 s every five minutes."""
    tick, off = advance(KEPT, look(0)), timedelta(0)
    seconds = 0
    not_after = tick.now + HOUR
    while tick.now < not_after:
        seconds += 10
        off -= 290 * SECOND if seconds % 300 == 0 else timedelta(0)
        tick = advance(tick.kept, look(seconds, off))
    assert 3600 <= seconds <= 3640


@given(st.floats(0, 1e6), st.floats(-290, 290))
def test_while_the_wall_clock_is_undisputed_it_is_caught_up_with(after: float, off: float) -> None:
    """Slewing converges: after off / 1 % seconds the difference is gone."""
    tick = advance(KEPT, look(after, off * SECOND))
    settled: datetime = advance(tick.kept, look(after + 30_000, off * SECOND)).now
    assert abs(settled - look(after + 30_000, off * SECOND).wall) < timedelta(milliseconds=1)
