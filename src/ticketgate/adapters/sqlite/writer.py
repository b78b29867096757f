"""The one writer: operations commit in groups, each under a savepoint of its own.

Nothing but SQL and pure code runs on its thread: HTTP and mail adapters raise there. When the
transaction itself is gone (SQLite drops it whole on a full disk) or COMMIT fails, every waiter of
the group gets `StoreUnavailableError` and the head is read again.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from ticketgate.adapters.sqlite.evidence_tables import SqliteLog
from ticketgate.adapters.sqlite.transaction import SqliteTransaction
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.ports import Ids, Operation

T = TypeVar("T")

GROUP_MAX: Final = 256
LATER_MAX: Final = 24  # background operations in a group: so long an acknowledgement may wait
LATER_MIN: Final = 2  # of them in every group, so that they never stand still
FEW: Final = 4  # so many who wait for an answer, or more, and a group has no more than that
SIGN_EVERY: Final = 256  # entries: past as many the log asks to be signed at once
QUEUE_MAX: Final = 20_000  # past it the store is unavailable, and the sender tries again

Settle = Callable[[Sequence[tuple[Any, Any, BaseException | None]]], None]


@dataclass(slots=True)
class _Job:
    operation: Operation[Any]
    ticket: Any  # what `settle` gives back: a Future here, an asyncio future at the intake
    settle: Settle
    value: Any = None
    error: BaseException | None = None


@dataclass(slots=True)
class _Lanes:
    """Three queues behind one condition: urgent (revokes), normal, and later (background work)."""

    condition: threading.Condition = field(default_factory=threading.Condition)
    urgent: deque[_Job] = field(default_factory=deque)
    normal: deque[_Job] = field(default_factory=deque)
    later: deque[_Job] = field(default_factory=deque)
    open: bool = True

    def put(self, lane: deque[_Job], jobs: Sequence[_Job]) -> None:
        with self.condition:
            if not self.open:
                raise StoreUnavailableError("the writer has stopped")
            if len(lane) + len(jobs) > QUEUE_MAX and lane is not self.urgent:
                raise StoreUnavailableError("the writer's queue is full")
            lane.extend(jobs)
            self.condition.notify()

    def take(self) -> list[_Job]:
        """The next group; empty once closed and drained."""
        with self.condition:
            while self.open and not (self.urgent or self.normal or self.later):
                self.condition.wait()
            group: list[_Job] = []
            _move(self.urgent, group, GROUP_MAX)
            later = LATER_MAX if len(self.normal) < FEW else LATER_MIN
            _move(self.normal, group, GROUP_MAX - min(len(self.later), LATER_MIN))
            _move(self.later, group, min(GROUP_MAX, len(group) + later))
            return group

    def close(self) -> list[_Job]:
        """Take no more; what is still queued is returned when the writer is dead."""
        with self.condition:
            self.open = False
            self.condition.notify_all()
            return [*self.urgent, *self.normal, *self.later]


def _move(lane: deque[_Job], group: list[_Job], full: int) -> None:
    while lane and len(group) < full:
        group.append(lane.popleft())


def _settle_futures(outcomes: Sequence[tuple[Any, Any, BaseException | None]]) -> None:
    for future, value, error in outcomes:
        with suppress(InvalidStateError):  # cancelled: nobody waits any more
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)


class Writer:
    """Runs operations on one thread over one connection.

    `now` gives each group its time, asked when all of it was queued. `on_thread` runs first on the
    writer's thread. `before_commit` is called in the group's transaction, before COMMIT. `disputed`
    says whether the wall clock disputes that time; without it none does.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        origin: str,
        ids: Ids,
        now: Callable[[], datetime],
        on_thread: Callable[[], None],
        before_commit: Callable[[], None] | None = None,
        disputed: Callable[[], bool] | None = None,
    ) -> None:
        self._db = connection
        self._now = now
        self._disputed = disputed
        self._log = SqliteLog(connection, origin, ids)
        self._tx = SqliteTransaction(connection, self._log, ids)
        self._lanes = _Lanes()
        self._on_thread = on_thread
        self._before_commit = before_commit
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self.dead: BaseException | None = None
        self.after_commit: Callable[[frozenset[str]], None] | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is queued, then end."""
        self._lanes.close()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether operations are being run."""
        return self._thread.is_alive() and self.dead is None

    def submit(self, operation: Operation[T], ticket: object, settle: Settle) -> None:
        """Queue an operation; `settle` is called once per group with (ticket, value, error)."""
        self._lanes.put(self._lanes.normal, [_Job(operation, ticket, settle)])

    def futures(
        self, operations: Sequence[Operation[T]], *, urgent: bool = False, later: bool = False
    ) -> "list[Future[T]]":
        """Queue operations in order, each with a future of its own.

        What is queued for `later` gives way to all else, but a few of it run in every group.
        """
        lanes = self._lanes
        made: list[Future[T]] = [Future() for _ in operations]
        jobs = [
            _Job(operation, future, _settle_futures)
            for operation, future in zip(operations, made, strict=True)
        ]
        lanes.put(lanes.urgent if urgent else lanes.later if later else lanes.normal, jobs)
        return made

    def _run(self) -> None:
        group: list[_Job] = []
        try:
            self._on_thread()
            while group := self._lanes.take():
                before = self._log.head.size
                self._group(group)
                if self._log.head.size // SIGN_EVERY != before // SIGN_EVERY:
                    self._tx.touched.add("evidence")
                _answer(group)
                group = []
                if self._tx.touched and self.after_commit is not None:
                    self.after_commit(frozenset(self._tx.touched))
                self._tx.touched.clear()
        except BaseException as fault:  # noqa: BLE001 -- supervised: waiters must not hang
            self.dead = fault
            gone = StoreUnavailableError("the writer has died; the gateway must be restarted")
            left = [*group, *self._lanes.close()]
            for job in left:
                job.error = gone
            _answer(left)

    def _group(self, group: list[_Job]) -> None:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._log.check_end()
            now = self._now()
            self._tx.disputed = self._disputed is not None and self._disputed()
            for job in group:
                self._one(job, now)
            self._log.store_head()
            if self._before_commit is not None:
                self._before_commit()
            self._db.execute("COMMIT")
        except sqlite3.Error as fault:
            self._lost(group, fault)

    def _one(self, job: _Job, now: datetime) -> None:
        end = self._log.end
        self._db.execute("SAVEPOINT operation")
        try:
            self._tx.now = now
            job.value = job.operation(self._tx, now)
        except Exception as fault:
            if not self._db.in_transaction:
                raise _Gone(str(fault)) from fault
            self._db.execute("ROLLBACK TO operation")
            self._log.end = end
            job.error = _as_ours(fault)
        finally:
            self._tx.now = None
        self._db.execute("RELEASE operation")

    def _lost(self, group: list[_Job], fault: sqlite3.Error) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._log.end = self._log.stored_end()
        error = StoreUnavailableError(
            f"the store took nothing: {fault}",
            next_step="check the disk; the sender will try again",
        )
        for job in group:
            job.value, job.error = None, error


class _Gone(sqlite3.OperationalError):
    """SQLite dropped the whole transaction."""


def _as_ours(fault: Exception) -> Exception:
    if isinstance(fault, sqlite3.OperationalError):
        return StoreUnavailableError(f"the store refused: {fault}")
    return fault


def _answer(group: list[_Job]) -> None:
    """Wake all waiters, once per settle function."""
    by_settle: dict[int, tuple[Settle, list[tuple[Any, Any, BaseException | None]]]] = {}
    for job in group:
        _, outcomes = by_settle.setdefault(id(job.settle), (job.settle, []))
        outcomes.append((job.ticket, job.value, job.error))
    for settle, outcomes in by_settle.values():
        settle(outcomes)
