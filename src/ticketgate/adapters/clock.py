"""The one clock."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from ticketgate.domain import timekeeping
from ticketgate.domain.timekeeping import Kept, Reading

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@cache  # no process outlives its boot
def _boot_id() -> str:
    return _BOOT_ID.read_text().strip()


def read_machine() -> Reading:
    """One look at the machine's clocks."""
    return Reading(
        boot_id=_boot_id(),
        boot_seconds=time.clock_gettime(time.CLOCK_BOOTTIME),
        wall=datetime.now(UTC),
    )


class SteadyClock:
    """`ports.Clock` by the rule of `domain.timekeeping`."""

    def __init__(
        self,
        kept: Kept | None,
        last_record: datetime | None,
        machine: Callable[[], Reading] = read_machine,
    ) -> None:
        """Go on from what was kept, never below the last record."""
        self._lock = threading.Lock()
        self._machine = machine
        self._tick = timekeeping.start(kept, machine(), last_record)

    def _read(self) -> timekeeping.Tick:
        with self._lock:
            self._tick = timekeeping.advance(self._tick.kept, self._machine())
            return self._tick

    def now(self) -> datetime:
        """The time that never runs back."""
        return self._read().now

    def wall(self) -> datetime:
        """The wall clock: for signatures, mail dates, and what is due by either clock (rule 11)."""
        return self._machine().wall

    def disputed(self) -> bool:
        """Whether the wall clock is more than five minutes off."""
        return self._read().disputed

    def kept(self) -> Kept:
        """What to store, so that the next process goes on from it."""
        return self._read().kept
