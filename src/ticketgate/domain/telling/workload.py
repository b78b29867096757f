"""Workload: how much waits for each approver, and how fast they answer."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from ticketgate.domain.instants import seconds_since

WEEK: Final = timedelta(days=7)
MONTH: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ApproverLoad:
    """One approver. Times are whole seconds; None where there is nothing to tell them from.

    `waiting` counts requests, `oldest` is how long ago the oldest of them was first mailed to
    them. `median` is of the decisions of 30 days, from the first mail to the decision.
    """

    approver: str
    waiting: int
    oldest: int | None
    decided_7d: int
    decided_30d: int
    median: int | None


def loads(
    waiting: Iterable[tuple[str, str, datetime | None]],
    answers: Iterable[tuple[str, datetime | None, datetime]],
    now: datetime,
) -> list[ApproverLoad]:
    """Everybody who is asked now or decided within 30 days; who has most waiting comes first.

    `waiting` are (approver, request, asked at), `answers` (approver, asked at, decided at) of the
    last 30 days. Who has two links of one request has one request waiting.
    """
    asked: dict[str, dict[str, datetime | None]] = defaultdict(dict)
    for approver, request, at in waiting:
        known = asked[approver].get(request)
        asked[approver][request] = min((one for one in (known, at) if one), default=None)
    given: dict[str, list[tuple[datetime | None, datetime]]] = defaultdict(list)
    for approver, at, decided_at in answers:
        given[approver].append((at, decided_at))
    everybody = sorted({*asked, *given})
    found = [_load(who, asked.get(who, {}).values(), given.get(who, []), now) for who in everybody]
    return sorted(found, key=lambda one: -one.waiting)


def _load(
    approver: str,
    asked: Iterable[datetime | None],
    given: list[tuple[datetime | None, datetime]],
    now: datetime,
) -> ApproverLoad:
    waiting = list(asked)
    ages = [seconds_since(at, now) for at in waiting if at is not None]
    took = [seconds_since(at, decided) for at, decided in given if at is not None]
    return ApproverLoad(
        approver=approver,
        waiting=len(waiting),
        oldest=max(ages, default=None),
        decided_7d=sum(decided >= now - WEEK for _, decided in given),
        decided_30d=len(given),
        median=int(median(took)) if took else None,
    )
