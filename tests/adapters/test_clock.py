"""The one clock reads the machine by the rule of `timekeeping`."""

import itertools
import threading
import time
from datetime import UTC, datetime, timedelta

from tests.adapters.shelf import NOON

from ticketgate.adapters.clock import SteadyClock, read_machine
from ticketgate.domain.timekeeping import DISPUTE, Kept, Reading

HOUR = timedelta(hours=1)
CLOSE = timedelta(seconds=5)


def test_a_reading_is_of_this_boot_and_of_now() -> None:
    first, second = read_machine(), read_machine()
    assert first.boot_id == second.boot_id != ""
    assert first.boot_seconds <= second.boot_seconds
    assert abs(first.wall - datetime.now(UTC)) < CLOSE


def test_a_new_clock_is_the_wall_clock_and_undisputed() -> None:
    clock = SteadyClock(None, None)
    assert abs(clock.now() - clock.wall()) < CLOSE
    assert abs(clock.wall() - datetime.now(UTC)) < CLOSE
    assert not clock.disputed()


def test_it_never_runs_back_under_many_threads() -> None:
    clock = SteadyClock(None, None)
    back: list[datetime] = []
    began, before = time.monotonic(), clock.now()

    def look() -> None:
        last = clock.now()
        for _ in range(2000):
            now = clock.now()
            if now < last:
                back.append(now)
            last = now

    lookers = [threading.Thread(target=look) for _ in range(4)]
    for one in lookers:
        one.start()
    for one in lookers:
        one.join()
    assert back == []
    went, passed = clock.now() - before, timedelta(seconds=time.monotonic() - began)
    assert went <= passed + timedelta(milliseconds=50), "seconds were counted twice"


def test_the_next_process_of_this_boot_goes_on_from_what_was_kept() -> None:
    """The clock had been six hours ahead by its own count; the wall clock cannot take it back."""
    machine = read_machine()
    kept = Kept(machine.boot_id, machine.boot_seconds - 60, machine.wall + 6 * HOUR)
    clock = SteadyClock(kept, None)
    expected = machine.wall + 6 * HOUR + timedelta(minutes=1)
    assert abs(clock.now() - expected) < CLOSE
    assert clock.disputed()


def test_what_was_kept_in_another_boot_is_not_gone_on_from() -> None:
    machine = read_machine()
    clock = SteadyClock(Kept("another-boot", 5.0, machine.wall + 6 * HOUR), None)
    assert abs(clock.now() - machine.wall) < CLOSE


def test_it_never_begins_below_the_last_record() -> None:
    last = datetime.now(UTC) + 2 * DISPUTE
    for kept in (None, SteadyClock(None, None).kept()):
        clock = SteadyClock(kept, last)
        assert clock.now() >= last
        assert clock.disputed()


def test_what_it_keeps_is_what_it_says() -> None:
    clock = SteadyClock(None, None)
    kept = clock.kept()
    assert kept.boot_id == read_machine().boot_id
    assert kept.now <= clock.now()
    assert SteadyClock(kept, None).now() >= kept.now


def test_a_machine_whose_wall_clock_jumps_is_read_by_the_rule() -> None:
    walls = iter([0, 1, 2 + 3600, 3])  # seconds after noon that the wall clock says
    boots = itertools.count(100)

    def machine() -> Reading:
        return Reading("boot-a", next(boots), NOON + timedelta(seconds=next(walls)))

    clock = SteadyClock(None, None, machine)
    assert clock.now() == NOON + timedelta(seconds=1)
    assert clock.disputed()
    assert clock.kept() == Kept("boot-a", 103.0, NOON + timedelta(seconds=3))
