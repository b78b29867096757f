"""A real store for the tests of adapters: counted ids, a clock of its own, and how to hold it."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from ticketgate.adapters.sqlite.looking import look
from ticketgate.adapters.sqlite.store import SqliteStore, open_store
from ticketgate.domain.evidence import Draft
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.domain.timekeeping import Kept
from ticketgate.domain.verifying.verification import verify
from ticketgate.operations.evidence.gateway_records import open_log
from ticketgate.ports import Operation, Transaction

T = TypeVar("T")

ORIGIN: Final = "gate.example.com/evidence"
NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WAIT_SECONDS: Final = 20.0  # how long a test waits for what must come


class CountedIds:
    """`ports.Ids`: everything differs, nothing is random."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def ident(self, prefix: str) -> str:
        return f"{prefix}_{next(self._numbers):020x}"

    def salt(self) -> bytes:
        return next(self._numbers).to_bytes(16, "big")

    def token(self) -> str:
        return f"token-{next(self._numbers)}"

    def code(self) -> str:
        return f"{next(self._numbers):08d}"


class Ticking:
    """A clock that goes on by a millisecond whenever somebody looks."""

    def __init__(self) -> None:
        self._looks = itertools.count()

    def __call__(self) -> datetime:
        return NOON + timedelta(milliseconds=next(self._looks))


def unopened(
    path: Path,
    *,
    origin: str = ORIGIN,
    on_thread: Callable[[], None] = lambda: None,
    before_commit: Callable[[], None] | None = None,
) -> SqliteStore:
    """A store on this file, not started yet."""
    now = Ticking()

    def clock_from(kept: Kept | None, last: datetime | None) -> Callable[[], datetime]:
        del kept, last
        return now

    return open_store(path, origin, CountedIds(), clock_from, on_thread, before_commit)


@contextmanager
def opened(
    path: Path,
    *,
    on_thread: Callable[[], None] = lambda: None,
    before_commit: Callable[[], None] | None = None,
) -> Iterator[SqliteStore]:
    """A running store with an open log on this file."""
    store = unopened(path, on_thread=on_thread, before_commit=before_commit)
    store.start()
    try:
        store.write(lambda tx, now: open_log(tx, now, origin=ORIGIN, version="0.1.0"))
        yield store
    finally:
        store.stop()


@contextmanager
def held(store: SqliteStore) -> Iterator[None]:
    """While inside, the writer is busy; what is queued meanwhile becomes one group."""
    entered, release = threading.Event(), threading.Event()

    def hold(tx: Transaction, now: datetime) -> None:
        del tx, now
        entered.set()
        assert release.wait(WAIT_SECONDS)

    [holding] = store.writer.futures([hold])
    assert entered.wait(WAIT_SECONDS)
    try:
        yield
    finally:
        release.set()
        holding.exception(WAIT_SECONDS)


def op(call: Callable[[Transaction], T]) -> Operation[T]:
    """An operation that does not care what time it is."""

    def operation(tx: Transaction, now: datetime) -> T:
        return call(tx)

    return operation


def note(tx: Transaction, now: datetime) -> int:
    """The smallest operation that leaves a record; returns the record's index."""
    del now
    return tx.append(Draft("clock.disputed", {"disputed": True})).index


def size(store: SqliteStore) -> int:
    """How many records are stored, by a look of its own."""
    with look(store.path, ORIGIN) as looking:
        return sum(1 for _ in looking.entries())


def is_whole(path: Path) -> bool:
    """Whether the log on this file is dense and chained, and ends at its head."""
    with look(path, ORIGIN) as looking:
        report = verify(looking.entries(), looking.disclosures(), looking.head(), ORIGIN)
    return not {one.name for one in report.failing} & {"structure", "disclosures"}


def delivery(number: int = 1, **changes: object) -> DeliveryRow:
    """A delivery as `receive` stores it."""
    plain: dict[str, object] = {
        "seq": 0,
        "id": f"dlv_{number}",
        "source": "snow-prod",
        "webhook_id": f"msg_{number}",
        "body_digest": f"{number:064x}",
        "received_at": NOON + timedelta(seconds=number),
        "state": "accepted",
        "reason": "",
        "ticket": None,
        "effect": "",
        "index": number,
        "leaf": "ab",
    }
    return DeliveryRow(**(plain | changes))  # type: ignore[arg-type] # fields by their names


def command(ident: str, kind: CommandKind = CommandKind.REVOKE, *, after: float = 0) -> Command:
    """A queued command that is due `after` seconds from noon."""
    due = NOON + timedelta(seconds=after)
    return Command(ident, kind, f"grt_{ident}", "corp-scim", CommandState.QUEUED, due)


class Commits:
    """Counts groups before their COMMIT, and fails those it is told to."""

    def __init__(self) -> None:
        self.groups = 0
        self.fault: BaseException | None = None

    def __call__(self) -> None:
        self.groups += 1
        if self.fault is not None:
            raise self.fault


class FatalError(BaseException):
    """What no operation may survive."""


def fail_after_two_records(tx: Transaction, now: datetime) -> NoReturn:
    """An operation that fails when it has left records already."""
    note(tx, now)
    note(tx, now)
    raise ValueError("after two records")


def die(tx: Transaction, now: datetime) -> NoReturn:
    """An operation that takes the writer with it."""
    note(tx, now)
    raise FatalError


def deliver(tx: Transaction) -> None:
    """Store a delivery: new work."""
    tx.deliveries.add(delivery(), b"{}")


def error_of(future: Future[Any]) -> BaseException | None:
    """What the operation ended with; None when it is done."""
    return future.exception(WAIT_SECONDS)
