"""Erasure: which hidden values there are, and what of them may not go yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ticketgate.domain.log.retention import Retention

SETTLING: Final = timedelta(minutes=2)  # so long an ended grant may be asked what it held
ACTOR: Final = "actor"  # the kind of the disclosures that tell whom an actor stands for


@dataclass(frozen=True, slots=True)
class HiddenValue:
    """A disclosure that is given still, and what it is about.

    `about` is the thing that its record tells of, as (machine, id): of a request, a ticket, an
    actor, a delivery; ("", "") where it is of none. `revision` is that of a ticket.
    """

    digest: str
    index: int
    subject: str
    kind: str
    about: tuple[str, str] = ("", "")
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """How many values of one kind and person are given, how many were erased, and the oldest."""

    kind: str
    subject: str
    given: int
    erased: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a thing stands: live, or ended then; `given` is when the last grant of it ended."""

    live: bool
    ended: datetime | None = None
    given: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Why something stays: until then, or (None) while nobody can say."""

    until: datetime | None = None


def hold_of(standing: Standing, now: datetime) -> Hold | None:
    """What holds the values of a thing back: that it is live, or that a grant has just ended."""
    if standing.live:
        return Hold()
    if standing.given is not None and now < standing.given + SETTLING:
        return Hold(standing.given + SETTLING)
    return None


def hold_of_people(standing: Standing, now: datetime, retention: Retention) -> Hold | None:
    """What holds back who asked, received, edited or approved: that, or the decision's time."""
    if standing.live or standing.ended is None:
        return hold_of(standing, now)
    until = retention.kept_until(standing.ended)
    return Hold(until) if until is None or now < until else hold_of(standing, now)


@dataclass(frozen=True, slots=True)
class Retained:
    """Values of one kind about one thing that stay; `until` is None while nobody can say."""

    code: str
    kind: str
    about: tuple[str, str]
    count: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure does, or did: values by kind, raw bodies, and what it had to leave.

    `records` are the indexes of the records that say so; none of a preview.
    """

    erased: dict[str, int]
    bodies: int
    retained: tuple[Retained, ...]
    records: tuple[int, ...] = ()
