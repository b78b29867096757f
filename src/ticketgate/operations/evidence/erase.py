"""Erase: hidden values go where nothing holds them back; what stays is listed, with its date.

The log stays whole: its entries hold digests only, and a record says which values are gone.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from threading import Lock
from typing import Final

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.log.erasure import (
    ACTOR,
    Erasure,
    HiddenValue,
    Hold,
    Retained,
    hold_of,
    hold_of_people,
)
from ticketgate.domain.log.retention import Retention
from ticketgate.domain.text.pasted_secrets import mask
from ticketgate.ports import Reading, Store, Transaction

DIGESTS_PER_RECORD: Final = 200  # an entry's size is limited
VALUES_A_STEP: Final = 600  # in one transaction, so that the writer is soon free for others
CONTENT: Final = "content"  # the kind of what a request's own records hide
BEGINNING: Final = (-1, "")
BY_AGE: Final = "retention"  # who erases what the settings do not keep


@dataclass(frozen=True, slots=True)
class What:
    """What to erase: all of a person (a subject id), or one record's; exactly one is given."""

    person: str | None = None
    record: int | None = None


def found(looking: Reading, what: What) -> list[HiddenValue]:
    """The values that are given still of what is to be erased."""
    if what.person is not None:
        return looking.erasing.of_person(what.person)
    return looking.erasing.at(what.record or 0)


def judged(
    looking: Reading, now: datetime, values: Iterable[HiddenValue], retention: Retention
) -> tuple[list[HiddenValue], tuple[Retained, ...]]:
    """What may go, and what may not yet.

    Nothing of what is live goes, and not who asked, received, edited or approved before that
    decision's time is over.
    """
    stays = _Stays(looking, now, retention)
    going: list[HiddenValue] = []
    kept: Counter[tuple[str, tuple[str, str], datetime | None]] = Counter()
    for value in values:
        hold = stays.hold(value)
        if hold is None:
            going.append(value)
        else:
            kept[value.kind, value.about, hold.until] += 1
    retained = (
        Retained(code="retained_until", kind=kind, about=about, count=count, until=until)
        for (kind, about, until), count in kept.items()
    )
    return going, tuple(retained)


class _Stays:
    """What holds values back, asked once for each thing."""

    def __init__(self, looking: Reading, now: datetime, retention: Retention) -> None:
        self._looking = looking
        self._now = now
        self._retention = retention
        self._known: dict[tuple[str, str], Hold | None] = {}

    def hold(self, value: HiddenValue) -> Hold | None:
        if value.about not in self._known:
            self._known[value.about] = self._hold(*value.about)
        return self._known[value.about]

    def _hold(self, machine: str, ident: str) -> Hold | None:
        erasing = self._looking.erasing
        match machine:
            case "request":
                return hold_of(erasing.request(ident), self._now)
            case "ticket":
                return hold_of(erasing.ticket(ident), self._now)
            case "review":
                return hold_of(erasing.emergency(ident), self._now)
            case "actor":
                subject = erasing.subject(ident)
                if subject is None:
                    return None
                return hold_of_people(erasing.person(subject), self._now, self._retention)
            case _:
                return None


def _steps(values: Sequence[HiddenValue]) -> Iterator[Sequence[HiddenValue]]:
    """Values for one transaction each; actors are the last, as the others are found by them."""
    rest = [value for value in values if value.kind != ACTOR]
    actors = [value for value in values if value.kind == ACTOR]
    last = max(len(rest) - 1, 0) // VALUES_A_STEP * VALUES_A_STEP
    for first in range(0, last, VALUES_A_STEP):
        yield rest[first : first + VALUES_A_STEP]
    if values:
        yield [*rest[last:], *actors]


def _together(parts: Iterable[Erasure]) -> Erasure:
    """What the steps of one erasure did."""
    erased: Counter[str] = Counter()
    kept: Counter[Retained] = Counter()
    bodies = 0
    records: list[int] = []
    for part in parts:
        erased.update(part.erased)
        bodies += part.bodies
        records += part.records
        for one in part.retained:
            kept[replace(one, count=0)] += one.count
    retained = tuple(replace(one, count=count) for one, count in kept.items())
    return Erasure(dict(sorted(erased.items())), bodies, retained, tuple(records))


def erase(
    tx: Transaction,
    now: datetime,
    *,
    values: Iterable[HiddenValue],
    retention: Retention,
    by: str,
    reason: str,
) -> Erasure:
    """Erase what may go, in the log's values and in the tables, and record it."""
    going, retained = judged(tx, now, values, retention)
    records = [_record(tx, part, by, reason) for part in _parts(going)]
    tx.erasing.erase(value.digest for value in going)
    bodies = _blank(tx, going)
    return Erasure(_by_kind(going), bodies, retained, tuple(records))


def _parts(going: Sequence[HiddenValue]) -> Iterator[Sequence[HiddenValue]]:
    for first in range(0, len(going), DIGESTS_PER_RECORD):
        yield going[first : first + DIGESTS_PER_RECORD]


def _record(tx: Transaction, part: Sequence[HiddenValue], by: str, reason: str) -> int:
    digests: list[Json] = [value.digest for value in part]
    why = Disclosure("reason", mask(reason), kind="operator")
    return tx.append(Draft("disclosure.erased", {"digests": digests, "by": by}, (why,))).index


def _blank(tx: Transaction, going: Iterable[HiddenValue]) -> int:
    """What the tables hold of the same things; returns how many raw bodies went."""
    bodies = 0
    revisions: dict[str, set[int]] = {}
    for value in dict.fromkeys(replace(one, digest="", index=0) for one in going):
        machine, ident = value.about
        if machine == "request" and value.kind == CONTENT:
            tx.erasing.blank_request(ident)
        elif machine == "exception":
            tx.erasing.blank_exception(ident)
        elif machine == "ticket":
            revisions.setdefault(ident, set()).add(value.revision)
        elif machine == "delivery":
            bodies += tx.erasing.drop_body(ident)
        elif machine == ACTOR and (subject := tx.erasing.subject(ident)) is not None:
            tx.erasing.forget(subject, ident)
    for ident, seen in revisions.items():
        bodies += tx.erasing.blank_ticket(ident, seen)
    return bodies


def _by_kind(going: Iterable[HiddenValue]) -> dict[str, int]:
    return dict(sorted(Counter(value.kind for value in going).items()))


class Eraser:
    """Erases what operators ask for, and what is older than the settings keep.

    What there is is looked for beside the writer; whether it may go is asked again in the
    transaction. There are as many transactions as it takes, each a short one with a record of its
    own, so that a revocation gets between them.
    """

    def __init__(self, store: Store, retention: Retention, now: Callable[[], datetime]) -> None:
        self.store = store
        self.retention = retention
        self.now = now
        self._one = Lock()
        self._traces = False  # whether files may still hold what was erased
        self._place = BEGINNING  # where looking for what is too old goes on

    def preview(self, what: What) -> Erasure:
        """What erasing it would do now."""
        with self.store.reading() as looking:
            return preview(looking, self.now(), what, self.retention)

    def erase(self, what: What, by: str, reason: str) -> Erasure:
        """Erase it, as far as it may go.

        Raises:
            TicketgateError: code `busy`; another erasure runs.
        """
        if not self._one.acquire(blocking=False):
            raise TicketgateError(
                "another erasure runs", code="busy", next_step="ask again when it has ended"
            )
        try:
            with self.store.reading() as looking:
                values = found(looking, what)
            done = _together(self._erase(part, by, reason) for part in _steps(values))
            self._scrub()
            return done
        finally:
            self._one.release()

    def by_age(self) -> int:
        """Erase some of what is older than the settings keep; returns how many values went.

        What is held back is passed over until the next round, which begins when nothing is left.
        """
        if self._traces:
            self._scrub()
        if self.retention.disclosures is None:
            return 0
        moment = self.now() - self.retention.disclosures
        going: list[HiddenValue] = []
        whole = True
        while whole and not going:
            with self.store.reading() as looking:
                old = looking.erasing.before(moment, self._place, VALUES_A_STEP)
                going, _ = judged(looking, self.now(), old, self.retention)
            whole = len(old) == VALUES_A_STEP
            self._place = (old[-1].index, old[-1].digest) if whole else BEGINNING
        if not going:
            return 0
        erased = self._erase(going, BY_AGE, "older than retention.disclosures")
        self._scrub()
        return sum(erased.erased.values())

    def _scrub(self) -> None:
        """Leave nothing in the files; where a reader holds them, the next round tries again."""
        self._traces = not self.store.scrub()

    def _erase(self, values: Sequence[HiddenValue], by: str, reason: str) -> Erasure:
        return self.store.write(
            partial(erase, values=values, retention=self.retention, by=by, reason=reason)
        )


def preview(looking: Reading, now: datetime, what: What, retention: Retention) -> Erasure:
    """What erasing it would do, without doing it; bodies are not counted."""
    going, retained = judged(looking, now, found(looking, what), retention)
    return Erasure(_by_kind(going), 0, retained)
