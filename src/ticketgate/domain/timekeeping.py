"""Time that never runs back: between readings `now` follows the boot-time monotonic clock.

A plain high-water mark would let grants live longer after a jump; this rule does not.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

DISPUTE: Final = timedelta(minutes=5)
SLEW: Final = 0.01  # at most this share of the elapsed time is held back


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at the machine's clocks. `boot_seconds` counts since boot, sleep included."""

    boot_id: str
    boot_seconds: float
    wall: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What the last undisputed reading came to."""

    boot_id: str
    boot_seconds: float
    now: datetime


@dataclass(frozen=True, slots=True)
class Tick:
    """The time now, whether the wall clock disputes it, and what to keep."""

    now: datetime
    disputed: bool
    kept: Kept


def start(kept: Kept | None, reading: Reading, last_record: datetime | None) -> Tick:
    """The first time of a process.

    Same boot: go on from what was kept. New boot or none kept: the wall clock. Never below the
    last record, which can be later than what was kept; a wall clock more than `DISPUTE` below
    the last record is disputed.
    """
    floor = last_record or reading.wall
    if kept is not None and kept.boot_id == reading.boot_id:
        tick = advance(kept, reading)
        if last_record is None or tick.now >= last_record:
            return tick
        off = tick.disputed or last_record - reading.wall > DISPUTE
        return Tick(last_record, off, replace(tick.kept, now=last_record))
    now = max(reading.wall, floor)
    fresh = Kept(reading.boot_id, reading.boot_seconds, now)
    return Tick(now, floor - reading.wall > DISPUTE, fresh)


def advance(kept: Kept, reading: Reading) -> Tick:
    """The time at a later reading of the same boot.

    A wall clock a little ahead is stepped to, one a little behind is slewed towards, and one more
    than `DISPUTE` off is disputed and not followed. A reading older than what is kept (threads
    read in any order) moves nothing back, lest the same seconds be counted twice.
    """
    boot_seconds = max(kept.boot_seconds, reading.boot_seconds)
    elapsed = timedelta(seconds=boot_seconds - kept.boot_seconds)
    steady = kept.now + elapsed
    ahead = reading.wall - steady
    if abs(ahead) > DISPUTE:
        return Tick(steady, True, Kept(kept.boot_id, boot_seconds, steady))
    now = reading.wall if ahead >= timedelta(0) else steady - min(-ahead, elapsed * SLEW)
    return Tick(now, False, Kept(kept.boot_id, boot_seconds, now))
