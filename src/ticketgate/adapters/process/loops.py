"""Loops: the gateway's own threads. Each runs a step, then waits for a wake or its next due time.

A step that fails is logged by its kind and its code, and tried again after a pause; it never ends
the loop.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

from ticketgate.domain.errors import TicketgateError

PAUSE_AFTER_FAILURE_SECONDS: Final = 1.0
STEP_SECONDS_MIN: Final = 0.01  # wakes that come faster are answered together
STALE_SECONDS: Final = 60.0

_LOG: Final = structlog.get_logger("ticketgate.loops")

Step = Callable[[], float]  # does what is due; returns how many seconds it may sleep at most


class Loop:
    """One thread that runs `step` again and again."""

    def __init__(self, name: str, step: Step) -> None:
        self.name = name
        self._step = step
        self._awake = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._beat = time.monotonic()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def wake(self) -> None:
        """Run the step soon."""
        self._awake.set()

    def stop(self) -> None:
        """Finish the step that runs, then end."""
        self._stopping = True
        self._awake.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def well(self) -> bool:
        """Whether the thread runs and has ended a step lately, without failing."""
        return self._thread.is_alive() and time.monotonic() - self._beat < STALE_SECONDS

    def _run(self) -> None:
        while True:
            self._awake.clear()
            if self._stopping:  # asked after the clearing, so that no `stop` is slept through
                return
            try:
                pause = self._step()
                self._beat = time.monotonic()
            except Exception as fault:  # noqa: BLE001 -- a loop outlives its failures, loudly
                code = fault.code if isinstance(fault, TicketgateError) else None
                _LOG.error("loop.failed", loop=self.name, error=type(fault).__name__, code=code)
                pause = PAUSE_AFTER_FAILURE_SECONDS
            if pause > 0 and not self._awake.wait(pause):
                continue
            time.sleep(STEP_SECONDS_MIN)
