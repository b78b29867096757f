"""Approvals and ended requests for the tests of signals, and what is found in them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tests.domain.cast import directory, person

from ticketgate.domain.cases.signals import (
    ClosedRequest,
    Humans,
    SeenApproval,
    Settled,
    Signal,
    SignalKey,
    signals_of_each,
    signals_of_habits,
)
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.signal_rules import SignalRules
from ticketgate.domain.requests.access_request import RequestState

MONDAY = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
NOW = MONDAY + timedelta(days=28)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = SignalRules()
PEOPLE = directory(*map(person, ("alice", "bob", "carol", "dan", "erin")))


def never(_: SignalKey) -> None:
    """No exception of a signal was ever resolved."""


def approval(
    at: datetime,
    *,
    by: str = "bob",
    of: str = "alice",
    viewed: timedelta | None = timedelta(minutes=5),
    number: int = 0,
    on_behalf_of: str = "",
    opened_by: str = "",
) -> SeenApproval:
    """Bob approves what Alice asks, five minutes after he looked."""
    return SeenApproval(
        request=f"req_{by}_{of}_{at.timestamp():.0f}_{number}",
        approver=by,
        on_behalf_of=on_behalf_of,
        requester=opened_by or of,
        beneficiary=of,
        decided_at=at,
        first_viewed_at=None if viewed is None else at - viewed,
        index=number,
    )


def ended(
    at: datetime,
    state: RequestState = RequestState.APPROVED,
    people: Sequence[str] = ("bob",),
    *,
    of: str = "alice",
    entitlement: str = "prod-db-admin",
) -> ClosedRequest:
    ident = f"req_{at.timestamp():.0f}_{state}"
    return ClosedRequest(ident, of, entitlement, state, at, frozenset(people))


def found(
    approvals: Sequence[SeenApproval] = (),
    closed: Sequence[ClosedRequest] = (),
    *,
    rules: SignalRules = RULES,
    snapshot: DirectorySnapshot = PEOPLE,
    settled: Settled = never,
    now: datetime = NOW,
) -> list[Signal]:
    humans = Humans(snapshot)
    return [
        *signals_of_each(approvals, closed, rules, humans, settled),
        *signals_of_habits(approvals, rules, humans, settled, now),
    ]


def keys(signals: Sequence[Signal]) -> list[SignalKey]:
    return [one.key for one in signals]


def in_office(days: int, *, by: str = "bob", of: str = "alice") -> list[SeenApproval]:
    """One approval on each of so many days; of the weekends it is moved to Monday."""
    moments = [MONDAY + day * DAY for day in range(days)]
    return [approval(at, by=by, of=of) for at in moments if at.weekday() < 5]


def nights(count: int, *, by: str = "bob") -> list[SeenApproval]:
    return [approval(MONDAY + n * DAY + 12 * HOUR, by=by) for n in range(count)]
