"""Signals: patterns of approvals become exceptions, once for the same people while one is open.

They block nothing and take nothing away (docs/signals.md).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from ticketgate.domain.cases.exception_case import ExceptionCase, ExceptionState
from ticketgate.domain.cases.signals import (
    IN_TURN,
    SHOPPING,
    SIGNALS,
    ClosedRequest,
    Humans,
    SeenApproval,
    Settled,
    Signal,
    SignalKey,
    signals_of_each,
    signals_of_habits,
)
from ticketgate.domain.evidence import Disclosure
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.signal_rules import LOOKED_BACK, SignalRules
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Reading, Store, Transaction

OWNER: Final = "role:operator"
LOOK_EVERY: Final = timedelta(seconds=10)
HABITS_EVERY: Final = timedelta(days=1)
APPROVALS_MAX: Final = 50_000  # the newest; more in the time looked back are not looked at
_ACTOR: Final = re.compile(r"\bact_\w+")
_NAMES: Final = ("person", "other")  # of what an exception hides of those it is about


@dataclass(frozen=True, slots=True)
class Cases:
    """The exceptions that signals have opened, by code and subject: open, or resolved last when."""

    opened: dict[tuple[str, str], ExceptionCase]
    resolved: dict[tuple[str, str], datetime]


class SignalWatch:
    """Looks for signals: at new approvals as they come, at habits at the start and once a day."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._next: datetime | None = None
        self._next_habits: datetime | None = None
        self._seen: tuple[datetime, int] | None = None

    def step(
        self, now: datetime, rules: SignalRules, snapshot: Callable[[], DirectorySnapshot | None]
    ) -> None:
        """Open what is found; without a directory, which says who is who, later."""
        if self._next is not None and now < self._next:
            return
        self._next = now + LOOK_EVERY
        habits = self._next_habits is None or now >= self._next_habits
        with self._store.reading() as looking:
            newest = looking.signals.newest()
        # The directory may be far away: nobody waits for it with the database open.
        known = snapshot() if habits or newest != self._seen else None
        if known is None:
            return
        with self._store.reading() as looking:
            begin = now - rules.looked_back if self._seen is None else self._seen[0]
            found = found_signals(looking, now, rules, known, None if habits else begin)
            cases = cases_of(looking, now - rules.looked_back)
            fresh = [one for one in found if not exception_of(looking, one.key, cases)]
        if fresh:
            self._store.write(partial(tell_signals, signals=fresh))
        self._seen = newest
        if habits:
            self._next_habits = now + HABITS_EVERY


def found_signals(
    reading: Reading,
    now: datetime,
    rules: SignalRules,
    snapshot: DirectorySnapshot,
    begin: datetime | None = None,
) -> tuple[Signal, ...]:
    """Every signal of now; with `begin` only what single approvals since then tell.

    What somebody has resolved is not told again by what was approved before.
    """
    humans, back = Humans(snapshot), now - rules.looked_back
    since = back if begin is None else begin
    approvals = _known(reading, reading.signals.approvals(since, APPROVALS_MAX))
    shopping = rules.shopping or timedelta(0)
    closed = _of_known(reading, reading.signals.closed(since - shopping, since))
    settled = _settled(reading, cases_of(reading, back))
    recent = [one for one in approvals if one.decided_at >= now - LOOKED_BACK]
    found = signals_of_each(recent, closed, rules, humans, settled)
    if begin is None:
        found += signals_of_habits(approvals, rules, humans, settled, now)
    return found


def cases_of(reading: Reading, since: datetime) -> Cases:
    """The exceptions of signals that are open, or were resolved since then."""
    cases = Cases({}, {})
    for case in reading.signals.cases(SIGNALS, since):
        name = (case.code, case.subject)
        if case.state is not ExceptionState.RESOLVED:
            cases.opened[name] = case
        else:
            ended = case.resolved_at or case.opened_at
            cases.resolved[name] = max(ended, cases.resolved.get(name, ended))
    return cases


def exception_of(reading: Reading, key: SignalKey, cases: Cases) -> str:
    """The id of the open exception of a signal; empty where there is none yet."""
    case = cases.opened.get(_name(reading, key))
    return "" if case is None else case.id


def told_subject(reading: Reading, case: ExceptionCase, name: Callable[[str], str]) -> str:
    """What an exception is about, for people: of a signal, `name` of each subject for its actor."""
    if case.code not in SIGNALS:
        return case.subject

    def called(found: re.Match[str]) -> str:
        subject = reading.people.subject(found[0])
        return found[0] if subject is None else name(subject)

    return _ACTOR.sub(called, case.subject)


def tell_signals(tx: Transaction, now: datetime, *, signals: Sequence[Signal]) -> int:
    """Open an exception for each; returns how many were opened.

    None while its like is open, nor where somebody has resolved that since the signal was found.
    """
    told = 0
    for one in signals:
        code, people, _ = one.key
        subject = subject_of(one.key, [actor_of(tx, person) for person in people])
        cases = cases_of(tx, one.at)
        if (code, subject) in cases.opened or (code, subject) in cases.resolved:
            continue
        named = zip(_NAMES, people, strict=False)
        hidden = [Disclosure(name, person, subject=person) for name, person in named]
        hidden.append(Disclosure("what", one.what))
        open_exception(tx, now, code, subject, about=one.request, owner=OWNER, hidden=hidden)
        told += 1
    return told


def subject_of(key: SignalKey, actors: Sequence[str]) -> str:
    """What the exception of a signal is about; people are actors in it."""
    if key.code == IN_TURN:
        return f"approvers {' and '.join(sorted(actors))}"
    if key.code == SHOPPING:
        return f"{key.entitlement} for {actors[0]}"
    return f"approver {actors[0]}"


def _name(reading: Reading, key: SignalKey) -> tuple[str, str]:
    """Code and subject; the subject is empty where somebody has no actor yet, nor an exception."""
    actors = [reading.people.actor(one) or "" for one in key.people]
    return (key.code, subject_of(key, actors) if all(actors) else "")


def _settled(reading: Reading, cases: Cases) -> Settled:
    return lambda key: cases.resolved.get(_name(reading, key))


def _known(reading: Reading, approvals: Sequence[SeenApproval]) -> list[SeenApproval]:
    """Those of approvers who were not erased: whoever decides has an actor, until then."""
    people = {one.approver for one in approvals}
    known = {one for one in people if reading.people.actor(one) is not None}
    return [one for one in approvals if one.approver in known]


def _of_known(reading: Reading, closed: Sequence[ClosedRequest]) -> list[ClosedRequest]:
    """Those for somebody who was not erased."""
    return [one for one in closed if reading.people.actor(one.beneficiary) is not None]
