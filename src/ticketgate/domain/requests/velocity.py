"""Velocity: how much of one kind a source may bring about within a time (intake rule 7)."""

import re
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.instants import parse_duration

REASON: Final = "velocity"  # what blocks a request
EXCEEDED: Final = "velocity_exceeded"  # the exception that the first of them opens
HELD: Final = "closings_held"  # the exception that the first closing that waits opens
COUNT_MAX: Final = 1_000_000
PER_MIN: Final = timedelta(minutes=1)
PER_MAX: Final = timedelta(days=1)
_RATE: Final = re.compile(r"([1-9][0-9]{0,6}) per ([0-9]+[smhd])")
_SLOTS: Final = 60  # a window is counted in so many parts: a count is at most a sixtieth late


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` within any `per`. A count of 0 lets nothing pass."""

    count: int
    per: timedelta


@dataclass(frozen=True, slots=True)
class HeldClosing:
    """A grant that its ticket ends with `cause`, at `until` unless something ends it before."""

    grant: str
    cause: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Velocity:
    """The limits of one source.

    `requests`: how many may go to their approvers. `deliveries`: how many authentic ones are taken;
    high, for a refused one is only found again by a repeat or a poll. `closings`: how many grants
    its tickets may end before further ones wait for a person.
    """

    requests: Rate = Rate(50, timedelta(minutes=10))
    deliveries: Rate = Rate(60_000, timedelta(minutes=10))
    closings: Rate = Rate(20, timedelta(minutes=10))


def parse_rate(text: str) -> Rate | None:
    """`50 per 10m`; None for all else, more than a million, and times beyond `1m` to `1d`."""
    found = _RATE.fullmatch(text)
    per = None if found is None else parse_duration(found[2])
    if found is None or per is None or not PER_MIN <= per <= PER_MAX:
        return None
    count = int(found[1])
    return Rate(count, per) if count <= COUNT_MAX else None


class Recent:
    """What was let pass of late, in memory; for one thread. Its times must never run back."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._slot = rate.per / _SLOTS
        self._counts: deque[tuple[datetime, int]] = deque()  # (when a part began, how many in it)
        self._sum = 0

    def wait(self, now: datetime) -> timedelta:
        """Let one pass: zero. Without room nothing is counted: how long until there is some."""
        while self._counts and now - self._counts[0][0] >= self._rate.per + self._slot:
            self._sum -= self._counts.popleft()[1]
        if self._sum >= self._rate.count:
            return self._counts[0][0] + self._rate.per + self._slot - now
        self._sum += 1
        if self._counts and now - self._counts[-1][0] < self._slot:
            began, count = self._counts.pop()
            self._counts.append((began, count + 1))
        else:
            self._counts.append((now, 1))
        return timedelta(0)
