"""Prune: entries that are old enough go, a whole segment at a time; their leaf hashes stay.

What replaying starts from is worked out beside the writer; one transaction then records it and
takes the segment away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import Final

from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.evidence import Disclosure, Draft, Json, parse_entry
from ticketgate.domain.instants import from_text
from ticketgate.domain.log.retention import Retention
from ticketgate.domain.text.pasted_secrets import mask
from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES
from ticketgate.domain.verifying.replay import Replay  # noqa: TC001 -- read with the module
from ticketgate.domain.verifying.snapshot import begin, digest_of_snapshot, to_snapshot
from ticketgate.operations.people.actors import disclosed_actor
from ticketgate.ports import Reading, Store, Transaction

IDLE_SECONDS: Final = 30.0
LOOK_EVERY: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Wish:
    """What an operator asks to prune: entries below an index, or older than a time."""

    by: str
    reason: str
    before: int | None = None
    older_than: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Prunable:
    """Entries from `first` to before `boundary` may go; `held` says what keeps the next segment.

    `held`: `size` (it is not whole), `before`, `age`, or `retained_until` (a decision or something
    live needs it).
    """

    first: int
    boundary: int
    held: str


def prunable(looking: Reading, now: datetime, retention: Retention, wish: Wish | None) -> Prunable:
    """What may go now. Without a wish only what the settings say goes.

    A wish is never for less than the settings keep.
    """
    first = boundary = looking.evidence.first()
    head = looking.evidence.head()
    size = 0 if head is None else head.size
    most = size if wish is None or wish.before is None else min(size, wish.before)
    young = _young(now, retention, wish)
    while not (held := _held(looking, boundary + SEGMENT_ENTRIES, size, most, young)):
        if _is_needed(looking, now, retention, boundary + SEGMENT_ENTRIES):
            return Prunable(first, boundary, "retained_until")
        boundary += SEGMENT_ENTRIES
    return Prunable(first, boundary, held)


def _is_needed(looking: Reading, now: datetime, retention: Retention, end: int) -> bool:
    """Whether a decision or something live needs the segment that ends there."""
    needed = looking.keeping.needed_since(retention.decided_since(now))
    return _time_of(looking, end - 1) >= needed if needed is not None else False


def _held(looking: Reading, end: int, size: int, most: int, young: datetime | None) -> str:
    """Why the segment that ends there stays, whatever it is needed for; empty when it may go."""
    if end > most:
        return "size" if end > size else "before"
    return "age" if young is None or _time_of(looking, end - 1) >= young else ""


def _young(now: datetime, retention: Retention, wish: Wish | None) -> datetime | None:
    """Entries from this moment on are too young to go; None when all are."""
    ages = [retention.entries] if retention.entries is not None else []
    if wish is not None:
        ages.append(wish.older_than or timedelta(0))
    return now - max(ages) if ages else None


def _time_of(looking: Reading, index: int) -> datetime:
    entry = looking.evidence.entry(index)
    if entry is None:
        raise EvidenceError(f"entry {index} is missing")
    return from_text(str(parse_entry(entry)["_ts"]))


def prune_segment(
    tx: Transaction,
    now: datetime,
    *,
    boundary: int,
    snapshot: bytes,
    wish: Wish | None,
    retention: Retention,
) -> bool:
    """Record what replaying starts from, and take the segment before `boundary` away.

    False, and nothing is done, where something needs it by now: it was looked at before.

    Whom an actor stands for is disclosed anew where that segment told it: erasing it is a matter
    of its own.

    Raises:
        EvidenceError: the segment is not the first one that is left.
    """
    if _is_needed(tx, now, retention, boundary):
        return False
    fields: dict[str, Json] = {"boundary": boundary, "snapshot": digest_of_snapshot(snapshot)}
    why: tuple[Disclosure, ...] = ()
    if wish is not None:
        fields["by"] = wish.by
        why = (Disclosure("reason", mask(wish.reason), kind="operator"),)
    tx.append(Draft("retention.pruned", fields, why))
    for subject, actor in tx.keeping.actors_below(boundary):
        tx.append(disclosed_actor(subject, actor))
    tx.keeping.prune(boundary, snapshot)
    return True


class Pruner:
    """Prunes what the settings say, and what operators ask for; one segment in a step.

    The replay is kept between the segments of one go, since it knows where the next begins.
    """

    def __init__(
        self,
        store: Store,
        retention: Retention,
        now: Callable[[], datetime],
        erase_by_age: Callable[[], int] = int,
    ) -> None:
        """`erase_by_age` erases some of what is too old, and says how much; 0 when nothing is."""
        self._erase_by_age = erase_by_age
        self._store = store
        self._retention = retention
        self._now = now
        self._lock = Lock()
        self._wish: Wish | None = None
        self._failure: TicketgateError | None = None  # of the last wish
        self._next: datetime | None = None  # when what the settings say is looked at again
        self._replay: tuple[int, Replay] | None = None

    def ask(self, wish: Wish) -> Prunable:
        """Take a wish; what of it can be met. It is carried out by the next steps."""
        with self._store.reading() as looking:
            found = prunable(looking, self._now(), self._retention, wish)
        if found.boundary > found.first:
            with self._lock:
                self._wish, self._failure = wish, None
        return found

    def told(self) -> bool:
        """Whether a wish is being carried out.

        Raises:
            TicketgateError: the last one failed; so.
        """
        with self._lock:
            if self._failure is not None:
                raise self._failure
            return self._wish is not None

    @property
    def pending(self) -> bool:
        """Whether a wish is being carried out."""
        with self._lock:
            return self._wish is not None

    def step(self) -> float:
        """Prune one segment if there is one; returns how many seconds to sleep at most."""
        with self._lock:
            wish = self._wish
        if wish is None and self._rests():
            return IDLE_SECONDS
        done = False
        try:
            done = self._prune(wish) or self._erase_by_age() > 0
        except Exception as fault:
            if wish is not None:
                self._fail(fault)
            raise
        finally:
            if not done:  # nothing is left to do, or it failed: what failed is not tried at once
                self._settle(wish)
        return 0.0 if done or wish is not None else IDLE_SECONDS

    def _fail(self, fault: Exception) -> None:
        """Keep why a wish failed, for who asked; the loop logs it."""
        told = TicketgateError("the gateway failed; see its log", code="error")
        with self._lock:
            self._failure = fault if isinstance(fault, TicketgateError) else told

    def _rests(self) -> bool:
        keeps = self._retention.entries is None and self._retention.disclosures is None
        return keeps or (self._next is not None and self._now() < self._next)

    def _settle(self, wish: Wish | None) -> None:
        with self._lock:
            if self._wish is wish:
                self._wish = None
        self._replay = None
        self._next = self._now() + LOOK_EVERY

    def _prune(self, wish: Wish | None) -> bool:
        """Prune the first segment that is left, if it may go."""
        with self._store.reading() as looking:
            found = prunable(looking, self._now(), self._retention, wish)
            if found.boundary == found.first:
                return False
            boundary = found.first + SEGMENT_ENTRIES
            snapshot = self._fold(looking, found.first, boundary)
        return self._store.write(
            partial(
                prune_segment,
                boundary=boundary,
                snapshot=snapshot,
                wish=wish,
                retention=self._retention,
            )
        )

    def _fold(self, looking: Reading, first: int, boundary: int) -> bytes:
        """What replaying knows at the boundary.

        Raises:
            EvidenceError: the log does not replay up to there, so nothing of it may go.
        """
        known = self._replay
        replay = (
            known[1]
            if known is not None and known[0] == first
            else begin(looking.evidence.pruned())
        )
        for index, _, entry in looking.evidence.entries(first, boundary):
            replay.take(index, parse_entry(entry))
        if replay.faults.count:
            raise EvidenceError("a log that does not hold is not pruned: see `evidence verify`")
        self._replay = (boundary, replay)
        return to_snapshot(replay, boundary)
