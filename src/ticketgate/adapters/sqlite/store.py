"""`ports.Store` on one SQLite file: the writer, readers, and the background WAL checkpoint."""

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from ticketgate.adapters.sqlite import evidence_tables, migrating, schema
from ticketgate.adapters.sqlite.rows import scalar
from ticketgate.adapters.sqlite.transaction import SqliteReading
from ticketgate.adapters.sqlite.writer import Writer
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.domain.timekeeping import Kept
from ticketgate.ports import Ids, Operation, Reading

T = TypeVar("T")

CHECKPOINT_SECONDS: Final = 1.0
SCRUB_MILLISECONDS: Final = 500
CACHE_KIBIBYTES: Final = 32_768  # of the writer: random keys touch pages all over the file
WAL_PAGES_MAX: Final = 20_000  # the writer itself checkpoints past it; the background does before


class SqliteStore:
    """One database file. `open_store` makes one; `start` before use, `stop` at the end."""

    def __init__(self, path: Path, writer: Writer, connection: sqlite3.Connection) -> None:
        self.path = path
        self.writer = writer
        self._connection = connection
        self._idle: deque[sqlite3.Connection] = deque()
        self._stopping = threading.Event()
        self._checkpoints = threading.Thread(
            target=self._checkpoint, name="wal-checkpoint", daemon=True
        )
        self._settle_loops: dict[int, Callable[[Sequence[Any]], None]] = {}

    def start(self) -> None:
        """Start the writer and the background checkpoint."""
        self.writer.start()
        self._checkpoints.start()

    def stop(self) -> None:
        """Finish what is queued and close the file."""
        self.writer.stop()
        self._stopping.set()
        if self._checkpoints.is_alive():
            self._checkpoints.join()
        self._close_idle()
        self._connection.close()

    def write(self, operation: Operation[T], *, urgent: bool = False) -> T:
        """Run the operation in the writer's next group; durable when this returns."""
        return self.writer.futures([operation], urgent=urgent)[0].result()

    def write_many(
        self, operations: Sequence[Operation[T]], *, urgent: bool = False
    ) -> list[T | BaseException]:
        """Several operations in order, each with an outcome of its own; behind all else."""
        outcomes: list[T | BaseException] = []
        for future in self.writer.futures(operations, urgent=urgent, later=not urgent):
            error = future.exception()
            outcomes.append(future.result() if error is None else error)
        return outcomes

    def write_async(self, operation: Operation[T]) -> "asyncio.Future[T]":
        """Queue from an event loop; all waiters of a group are woken by one call into it."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        settle = self._settle_loops.get(id(loop))
        if settle is None:
            settle = self._settle_loops[id(loop)] = _settler(loop)
        self.writer.submit(operation, future, settle)
        return future

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """A snapshot for looking, on a connection that nobody else uses meanwhile."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = schema.connect(self.path, read_only=True)
        try:
            connection.execute("BEGIN")
            yield SqliteReading(connection)
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        # Opening one, and reading the schema, costs as much as storing two deliveries.
        self._idle.append(connection)
        if self._stopping.is_set():
            self._close_idle()

    def scrub(self) -> bool:
        """Fold the WAL into the file and empty it: it still holds what was overwritten there.

        False where readers kept it from being emptied in time, or the disk did. The time is short:
        while it waits for them, nobody writes (sqlite.org/pragma.html#pragma_wal_checkpoint).
        """
        with closing(schema.connect(self.path)) as connection:
            try:
                connection.execute(f"PRAGMA busy_timeout={SCRUB_MILLISECONDS}")
                busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:
                return False
        return not busy

    def _close_idle(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _checkpoint(self) -> None:
        with closing(schema.connect(self.path)) as connection:
            while not self._stopping.wait(CHECKPOINT_SECONDS):
                try:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
                except sqlite3.OperationalError:
                    continue  # a full disk or a busy file: the writer tells, and it heals here


def _settler(loop: asyncio.AbstractEventLoop) -> Callable[[Sequence[Any]], None]:
    def wake(outcomes: Sequence[Any]) -> None:
        for future, value, error in outcomes:
            if future.cancelled():
                continue
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

    def settle(outcomes: Sequence[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(wake, outcomes)

    return settle


def bind_origin(connection: sqlite3.Connection, origin: str) -> None:
    """Tie the file to its origin, once.

    Raises:
        StoreUnavailableError: the file belongs to another log.
    """
    connection.execute("INSERT INTO meta VALUES ('origin', ?) ON CONFLICT DO NOTHING", (origin,))
    bound = scalar(connection, "SELECT value FROM meta WHERE key = 'origin'")
    if bound != origin:
        raise StoreUnavailableError(
            f"the database belongs to the log {bound!r}, not {origin!r}",
            next_step="set `origin` back, or name another `store`",
        )


def open_store(
    path: Path,
    origin: str,
    ids: Ids,
    clock_from: Callable[[Kept | None, datetime | None], Callable[[], datetime]],
    on_thread: Callable[[], None],
    before_commit: Callable[[], None] | None = None,
    disputed: Callable[[], bool] | None = None,
) -> SqliteStore:
    """Open, migrate and bind the file. `clock_from(kept, last record)` gives the writer's `now`.

    `disputed` says whether the wall clock disputes it; without one none does.

    Raises:
        StoreUnavailableError: it cannot be opened, or belongs to another log.
    """
    connection = schema.connect(path)
    try:
        migrating.migrate(connection)
        bind_origin(connection, origin)
        connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES_MAX}")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIBIBYTES}")
        # What a savepoint would put back is kept in memory: else in a file past 16 pages.
        connection.execute("PRAGMA temp_store=MEMORY")
        with closing(schema.connect(path, read_only=True)) as looking:
            kept = SqliteReading(looking).people.kept_clock()
            last = evidence_tables.last_instant(looking)
        now = clock_from(kept, last)
        writer = Writer(connection, origin, ids, now, on_thread, before_commit, disputed)
    except BaseException:
        connection.close()
        raise
    return SqliteStore(path, writer, connection)
