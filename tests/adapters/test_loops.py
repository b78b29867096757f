"""Loops outlive their failures, and say whether they are well."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from ticketgate.adapters.process.loops import STALE_SECONDS, Loop
from ticketgate.domain.errors import TicketgateError

WAIT_SECONDS = 20.0


class Steps:
    """A step that counts, fails when told so, and says how long it may sleep."""

    def __init__(self, pause: float = 3600.0) -> None:
        self.count = 0
        self.fails = False
        self.fault: Exception = ValueError("alice@example.com")
        self.pause = pause
        self._condition = threading.Condition()

    def __call__(self) -> float:
        with self._condition:
            self.count += 1
            self._condition.notify_all()
        if self.fails:
            raise self.fault
        return self.pause

    def reach(self, count: int) -> None:
        """Wait until so many steps were begun."""
        with self._condition:
            assert self._condition.wait_for(lambda: self.count >= count, WAIT_SECONDS)


def wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < until
        threading.Event().wait(0.005)


@pytest.fixture
def steps() -> Steps:
    return Steps()


@pytest.fixture
def loop(steps: Steps) -> Iterator[Loop]:
    made = Loop("mail", steps)
    yield made
    made.stop()


def test_a_loop_sleeps_as_long_as_its_step_allows_unless_it_is_woken(
    loop: Loop, steps: Steps
) -> None:
    loop.start()
    steps.reach(1)
    loop.wake()
    steps.reach(2)
    assert loop.well


def test_a_loop_whose_step_has_more_to_do_goes_on_at_once(loop: Loop, steps: Steps) -> None:
    steps.pause = 0.0
    loop.start()
    steps.reach(5)


def test_a_short_pause_ends_by_itself(loop: Loop, steps: Steps) -> None:
    steps.pause = 0.01
    loop.start()
    steps.reach(3)


def test_a_step_that_fails_is_logged_by_its_kind_and_tried_again(loop: Loop, steps: Steps) -> None:
    steps.fails = True
    with capture_logs() as lines:
        loop.start()
        steps.reach(1)
        wait_until(lambda: bool(lines))
        steps.fails = False
        loop.wake()
        steps.reach(2)
    assert lines == [
        {
            "event": "loop.failed", "loop": "mail", "error": "ValueError", "code": None,
            "log_level": "error",
        }
    ]  # fmt: skip
    wait_until(lambda: loop.well)


def test_a_step_that_fails_with_a_code_is_logged_with_it(loop: Loop, steps: Steps) -> None:
    steps.fails, steps.fault = True, TicketgateError("alice@example.com", code="rolled_back")
    with capture_logs() as lines:
        loop.start()
        wait_until(lambda: bool(lines))
        loop.stop()
    assert (lines[0]["error"], lines[0]["code"]) == ("TicketgateError", "rolled_back")
    assert "alice" not in str(lines)


def test_a_loop_is_not_well_before_it_starts_and_after_it_stops(loop: Loop, steps: Steps) -> None:
    assert not loop.well
    loop.start()
    steps.reach(1)
    assert loop.well
    loop.stop()
    assert not loop.well


def test_a_loop_that_ended_no_step_lately_is_not_well(loop: Loop, steps: Steps) -> None:
    loop.start()
    steps.reach(1)
    loop._beat -= 2 * STALE_SECONDS
    assert not loop.well
    loop.wake()
    wait_until(lambda: loop.well)


def test_a_loop_whose_every_step_fails_is_not_well(loop: Loop, steps: Steps) -> None:
    steps.fails = True
    with capture_logs():
        loop._beat -= 2 * STALE_SECONDS
        loop.start()
        steps.reach(1)
        loop.wake()
        steps.reach(2)
        assert not loop.well
        steps.fails = False
        loop.wake()
        wait_until(lambda: loop.well)


def test_a_loop_that_never_started_can_be_stopped() -> None:
    Loop("mail", Steps()).stop()


def test_a_stop_is_never_slept_through(steps: Steps) -> None:
    """Stopped at any moment of a step, a loop ends at once, whatever pause the step asked for."""
    for _ in range(50):
        loop = Loop("mail", Steps())
        loop.start()
        loop.stop()
        assert not loop.well
