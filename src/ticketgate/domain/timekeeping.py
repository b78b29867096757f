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

    Same boot: go on from what was kept. New boot or none kept: the wall clock, never below the
    last record; a wall clock more than `DISPUTE` below that is disputed.
    """
    if kept is not None and kept.boot_id == reading.boot_id:
        return advance(kept, reading)
    floor = last_record or reading.wall
    now = max(reading.wall, floor)
    fresh = Kept(reading.boot_id, reading.boot_seconds, now)
    return Tick(now, floor - reading.wall > DISPUTE, fresh)


def advance(kept: Kept, reading: Reading) -> Tick:
    """The time at a later reading of the same boot.

    A wall clock a little ahead is stepped to, one a little behind is slewed towards, and one more
    than `DISPUTE` off is disputed and not followed.
    """
    elapsed = timedelta(seconds=max(0.0, reading.boot_seconds - kept.boot_seconds))
    steady = kept.now + elapsed
    ahead = reading.wall - steady
    moved = replace(kept, boot_seconds=reading.boot_seconds, now=steady)
    if abs(ahead) > DISPUTE:
        return Tick(steady, True, moved)
    now = reading.wall if ahead >= timedelta(0) else steady - min(-ahead, elapsed * SLEW)
    return Tick(now, False, replace(moved, now=now))
