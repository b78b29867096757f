"""Reminding: when who was asked is reminded, and how often at the most."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

PER_DAY: Final = 5


@dataclass(frozen=True, slots=True)
class Reminding:
    """`before` the deadline of a request its approvers are reminded; nobody where it is empty.

    Whoever had `per_day` reminders on a day (UTC) has one digest in place of all others.
    """

    before: tuple[timedelta, ...] = ()
    per_day: int = PER_DAY


def threshold(
    before: Iterable[timedelta], decide_by: datetime, asked_at: datetime, now: datetime
) -> timedelta | None:
    """Which reminder is due: the last whose time has come; None where none is.

    Of a time that was over when the person was asked nobody is reminded, nor after the deadline.
    """
    if now >= decide_by:
        return None
    return min((one for one in before if asked_at < decide_by - one <= now), default=None)
