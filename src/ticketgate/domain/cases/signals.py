"""Signals: patterns of approvals that a person should look at. They block nothing.

Pure: from what was approved, by whom and when, and the rules of the policy. All accounts of a
human are one person here, as everywhere (`DirectorySnapshot.human`). Once somebody has resolved the
exception of a signal, only what was approved after that counts for the next one of the same people.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import partial
from itertools import groupby, product
from typing import Final, NamedTuple

from ticketgate.domain.instants import duration_text, whole_seconds
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.signal_rules import InTurn, Load, OutOfHours, SignalRules
from ticketgate.domain.requests.access_request import RequestState

AT_ONCE: Final = "approved_at_once"
UNSEEN: Final = "approved_unseen"
IN_TURN: Final = "approved_in_turn"
OUT_OF_HOURS: Final = "approved_out_of_hours"
OVERLOADED: Final = "approver_overloaded"
SHOPPING: Final = "approver_shopping"
SIGNALS: Final = (AT_ONCE, UNSEEN, IN_TURN, OUT_OF_HOURS, OVERLOADED, SHOPPING)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SeenApproval:
    """One approval, and when its approver had first seen the request; people are subjects.

    `on_behalf_of` is whose delegate approved, empty where nobody's. `first_viewed_at` is None where
    they had not seen it. `index` is that of the record.
    """

    request: str
    approver: str
    on_behalf_of: str
    requester: str
    beneficiary: str
    decided_at: datetime
    first_viewed_at: datetime | None
    index: int


@dataclass(frozen=True, slots=True)
class ClosedRequest:
    """A request that people ended. `people`: who approved or denied it, or was asked before."""

    id: str
    beneficiary: str
    entitlement: str
    state: RequestState  # approved, denied or withdrawn
    closed_at: datetime
    people: frozenset[str]


class SignalKey(NamedTuple):
    """What a signal is about; of one key one exception is open at a time.

    `people` are sorted subjects, each standing for a human; `entitlement` is empty but in SHOPPING.
    """

    code: str
    people: tuple[str, ...]
    entitlement: str = ""


@dataclass(frozen=True, slots=True)
class Signal:
    """A pattern that was found. `what` says it without a name; `count` is of approvals in it.

    `request` and `at` are those of the newest of them. SHOPPING counts the requests before.
    """

    key: SignalKey
    count: int
    request: str
    at: datetime
    what: str


Settled = Callable[[SignalKey], datetime | None]  # when its exception was last resolved, if ever


class Humans:
    """Who is who in a directory: each human by one subject, the first of theirs."""

    def __init__(self, snapshot: DirectorySnapshot) -> None:
        self._snapshot = snapshot
        self._heads: dict[str, str] = {}
        for subject in sorted(snapshot.people):
            self._heads.setdefault(snapshot.human(subject), subject)

    def head(self, subject: str) -> str:
        """The subject that stands for the human; of whom the directory lacks, the subject."""
        human = self._snapshot.human(subject)
        return self._heads.get(human, human)

    def heads(self, subjects: Iterable[str]) -> frozenset[str]:
        """The humans behind all of these, without the empty subject."""
        return frozenset(self.head(one) for one in subjects if one)

    def zone(self, subject: str) -> tzinfo | None:
        """The time zone that the directory has of this subject."""
        person = self._snapshot.person(subject)
        return None if person is None else person.zone


def signals_of_each(
    approvals: Sequence[SeenApproval],
    closed: Sequence[ClosedRequest],
    rules: SignalRules,
    humans: Humans,
    settled: Settled,
) -> tuple[Signal, ...]:
    """What single approvals tell: AT_ONCE, UNSEEN, SHOPPING; one of each for the same people."""
    found: list[Signal] = []
    for approver, given in _by_approver(approvals, humans).items():
        if rules.at_once is not None:
            shortest = rules.at_once
            quick = [one for one in given if _is_quick(one, shortest)]
            within = duration_text(whole_seconds(shortest))
            what = f"approved within {within} of the first view"
            found += _signal(SignalKey(AT_ONCE, (approver,)), quick, what, settled)
        if rules.unseen:
            blind = [one for one in given if one.first_viewed_at is None]
            what = "approved without having seen the request"
            found += _signal(SignalKey(UNSEEN, (approver,)), blind, what, settled)
    if rules.shopping is not None:
        found += _shopping(closed, rules.shopping, humans, settled)
    return tuple(found)


def signals_of_habits(
    approvals: Sequence[SeenApproval],
    rules: SignalRules,
    humans: Humans,
    settled: Settled,
    now: datetime,
) -> tuple[Signal, ...]:
    """What many approvals tell together: IN_TURN, OUT_OF_HOURS, OVERLOADED."""
    found: list[Signal] = []
    if rules.in_turn is not None:
        recent = _since(approvals, now - rules.in_turn.within)
        found += _in_turn(recent, rules.in_turn, humans, settled)
    if rules.out_of_hours is not None:
        found += _out_of_hours(approvals, rules.out_of_hours, humans, settled)
    if rules.load is not None:
        recent = _since(approvals, now - rules.load.within)
        found += _overloaded(recent, rules.load, humans, settled)
    return tuple(found)


def _since(approvals: Sequence[SeenApproval], begin: datetime) -> list[SeenApproval]:
    return [one for one in approvals if one.decided_at >= begin]


def _after(given: Sequence[SeenApproval], settled: datetime | None) -> Sequence[SeenApproval]:
    return given if settled is None else [one for one in given if one.decided_at > settled]


def _order(one: SeenApproval) -> tuple[datetime, int]:
    return (one.decided_at, one.index)


def _by_approver(
    approvals: Iterable[SeenApproval], humans: Humans
) -> Mapping[str, list[SeenApproval]]:
    """Approvals by who gave them, oldest first."""
    found: dict[str, list[SeenApproval]] = {}
    for one in sorted(approvals, key=_order):
        found.setdefault(humans.head(one.approver), []).append(one)
    return found


def _signal(
    key: SignalKey, given: Sequence[SeenApproval], what: str, settled: Settled
) -> Iterator[Signal]:
    """The signal of all these approvals that nobody has judged yet; none where there is none."""
    left = _after(given, settled(key))
    if left:
        yield _told(key, left, what)


def _told(key: SignalKey, given: Sequence[SeenApproval], what: str) -> Signal:
    newest = max(given, key=_order)
    return Signal(key, len(given), newest.request, newest.decided_at, what)


def _is_quick(one: SeenApproval, shortest: timedelta) -> bool:
    return one.first_viewed_at is not None and one.decided_at - one.first_viewed_at < shortest


def _in_turn(
    approvals: Sequence[SeenApproval], rule: InTurn, humans: Humans, settled: Settled
) -> Iterator[Signal]:
    pairs: dict[tuple[str, str], list[tuple[str, SeenApproval]]] = {}
    for one in approvals:
        givers = humans.heads((one.approver, one.on_behalf_of))
        takers = humans.heads((one.requester, one.beneficiary))
        for giver, taker in product(sorted(givers), sorted(takers)):
            if giver != taker:
                pair = (min(giver, taker), max(giver, taker))
                pairs.setdefault(pair, []).append((giver, one))
    for pair, given in sorted(pairs.items()):
        key = SignalKey(IN_TURN, pair)
        begin = settled(key)
        left = [(giver, one) for giver, one in given if begin is None or one.decided_at > begin]
        counts = [sum(giver == person for giver, _ in left) for person in pair]
        if min(counts) >= rule.each:
            days = rule.within.days
            what = f"approved for each other, {counts[0]} and {counts[1]} times in {days} days"
            yield _told(key, [one for _, one in left], what)


def _out_of_hours(
    approvals: Sequence[SeenApproval], rule: OutOfHours, humans: Humans, settled: Settled
) -> Iterator[Signal]:
    for approver, given in sorted(_by_approver(approvals, humans).items()):
        key = SignalKey(OUT_OF_HOURS, (approver,))
        outside = partial(_is_outside, rule=rule, zone=humans.zone(approver))
        runs = groupby(_after(given, settled(key)), outside)
        longest = max((list(run) for out, run in runs if out), key=len, default=[])
        if len(longest) >= rule.in_a_row:
            what = f"{len(longest)} approvals in a row out of working hours"
            yield _told(key, longest, what)


def _is_outside(one: SeenApproval, rule: OutOfHours, zone: tzinfo | None) -> bool:
    return rule.is_outside(one.decided_at, zone)


def _overloaded(
    approvals: Sequence[SeenApproval], rule: Load, humans: Humans, settled: Settled
) -> Iterator[Signal]:
    for approver, given in sorted(_by_approver(approvals, humans).items()):
        key = SignalKey(OVERLOADED, (approver,))
        begin = settled(key)
        left, total = _after(given, begin), len(_after(approvals, begin))
        busiest = _busiest(left)
        if len(busiest) > rule.a_day:
            yield _told(key, busiest, f"{len(busiest)} approvals within 24 hours")
        elif len(left) >= rule.least and len(left) * 100 > rule.share * total:
            what = f"{len(left)} of {total} approvals in {rule.within.days} days"
            yield _told(key, left, what)


def _busiest(given: Sequence[SeenApproval]) -> Sequence[SeenApproval]:
    """The most of them within any 24 hours; they are in the order of time."""
    begin, best = 0, (0, 0)
    for end, one in enumerate(given, 1):
        while one.decided_at - given[begin].decided_at >= _DAY:
            begin += 1
        best = max(best, (begin, end), key=lambda span: span[1] - span[0])
    return given[best[0] : best[1]]


def _shopping(
    closed: Sequence[ClosedRequest], within: timedelta, humans: Humans, settled: Settled
) -> Iterator[Signal]:
    """Asked anew until another approver said yes: denied or withdrawn, then approved by others."""
    asked: dict[tuple[str, str], list[ClosedRequest]] = {}
    for one in sorted(closed, key=lambda one: (one.closed_at, one.id)):
        if one.beneficiary and one.people:
            asked.setdefault((humans.head(one.beneficiary), one.entitlement), []).append(one)
    for (person, entitlement), tried in sorted(asked.items()):
        key = SignalKey(SHOPPING, (person,), entitlement)
        begin = settled(key)
        pairs = [one for one in _answered(tried, within, humans) if _is_new(one[0], begin)]
        if pairs:
            done, before = pairs[-1]
            days = duration_text(whole_seconds(within))
            what = f"denied or withdrawn, then approved by somebody else within {days}"
            yield Signal(key, before, done.id, done.closed_at, what)


def _is_new(done: ClosedRequest, settled: datetime | None) -> bool:
    return settled is None or done.closed_at > settled


def _answered(
    tried: Iterable[ClosedRequest], within: timedelta, humans: Humans
) -> Iterator[tuple[ClosedRequest, int]]:
    """Each that was approved, and how many others had turned down not long before; oldest first."""
    refused: deque[ClosedRequest] = deque()
    for done in tried:
        while refused and done.closed_at - refused[0].closed_at > within:
            refused.popleft()
        if done.state is not RequestState.APPROVED:
            refused.append(done)
            continue
        said_yes = humans.heads(done.people)
        before = sum(not humans.heads(one.people) & said_yes for one in refused)
        if before:
            yield done, before
