"""What happens when the store, or the writer itself, fails: everybody is told, nothing is lost."""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import NoReturn

import pytest
from tests.adapters.shelf import (
    WAIT_SECONDS,
    Commits,
    FatalError,
    deliver,
    delivery,
    die,
    error_of,
    fail_after_two_records,
    held,
    is_whole,
    note,
    op,
    opened,
    size,
    unopened,
)

from ticketgate.adapters.sqlite.store import SqliteStore
from ticketgate.adapters.sqlite.writer import GROUP_MAX
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.ports import Transaction

# --- the store fails ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [sqlite3.OperationalError("disk I/O error"), sqlite3.DatabaseError("malformed")]
)
def test_when_the_commit_fails_every_waiter_is_told_and_it_heals(
    tmp_path: Path, fault: sqlite3.Error
) -> None:
    commits = Commits()
    with opened(tmp_path / "x.db", before_commit=commits) as store:
        with held(store):
            waiting = store.writer.futures([note, fail_after_two_records, note])
            commits.fault = fault
        for one in waiting:
            told = error_of(one)
            assert isinstance(told, StoreUnavailableError)
            assert str(fault) in told.reason
        assert size(store) == 2
        assert store.writer.alive
        commits.fault = None
        assert store.write(note) == 2
    assert is_whole(tmp_path / "x.db")


def test_a_commit_that_sqlite_itself_refuses_keeps_nothing(tmp_path: Path) -> None:
    """A deferred constraint fails at COMMIT and leaves the transaction open."""
    with opened(tmp_path / "x.db") as store:
        store._connection.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)")
        store._connection.execute("CREATE TABLE b (a REFERENCES a DEFERRABLE INITIALLY DEFERRED)")

        def orphan(tx: Transaction, now: datetime) -> None:
            note(tx, now)
            store._connection.execute("INSERT INTO b VALUES (1)")

        with held(store):
            waiting = store.writer.futures([note, orphan])
        assert all(isinstance(error_of(one), StoreUnavailableError) for one in waiting)
        assert store.write(note) == 2
    assert is_whole(tmp_path / "x.db")


def test_when_sqlite_drops_the_whole_transaction_every_waiter_is_told(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:

        def dropped(tx: Transaction, now: datetime) -> NoReturn:
            note(tx, now)
            store._connection.execute("ROLLBACK")
            raise sqlite3.OperationalError("database or disk is full")

        with held(store):
            waiting = store.writer.futures([note, dropped, note])
        for one in waiting:
            told = error_of(one)
            assert isinstance(told, StoreUnavailableError)
            assert "disk is full" in told.reason
        assert store.write(note) == 2
    assert is_whole(tmp_path / "x.db")


def test_a_full_file_loses_nothing_that_was_told_and_heals(tmp_path: Path) -> None:
    """`max_page_count` is a disk that is full: whatever SQLite rolls back, answers stay true."""

    def big(tx: Transaction, now: datetime) -> int:
        tx.deliveries.add(delivery(), b"x" * 4_000_000)
        return note(tx, now)

    with opened(tmp_path / "x.db") as store:
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count={pages + 20}")
        with held(store):
            waiting = store.writer.futures([note, big, note])
        assert isinstance(error_of(waiting[1]), StoreUnavailableError)
        told = [one.result() for one in waiting if error_of(one) is None]
        assert size(store) == 2 + len(told)
        store._connection.execute("PRAGMA max_page_count=1000000")
        assert store.write(big) == 2 + len(told)
    assert is_whole(tmp_path / "x.db")


def test_a_file_that_somebody_else_locks_is_unavailable_and_heals(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:
        store._connection.execute("PRAGMA busy_timeout=1")
        other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match="locked"):
                store.write(note)
            other.execute("ROLLBACK")
        finally:
            other.close()
        assert store.write(note) == 2


# --- the writer fails ---------------------------------------------------------------------------


def assert_dead(store: SqliteStore) -> None:
    """Nobody hangs: not who waits, not who comes later, not who stops."""
    store.writer._thread.join(WAIT_SECONDS)
    assert not store.writer.alive
    with pytest.raises(StoreUnavailableError):
        store.write(note)
    with pytest.raises(StoreUnavailableError):
        store.write(note, urgent=True)
    store.stop()


def test_when_the_writer_dies_everybody_who_waits_is_told(tmp_path: Path) -> None:
    store = unopened(tmp_path / "x.db")
    store.start()
    with held(store):
        waiting = store.writer.futures([note] * GROUP_MAX)
        waiting += store.writer.futures([die, *[note] * GROUP_MAX])
        waiting += store.writer.futures([note], urgent=True)
    first = waiting[: GROUP_MAX - 1] + waiting[-1:]
    assert all(error_of(one) is None for one in first)
    for one in waiting[GROUP_MAX - 1 : -1][1:]:
        assert isinstance(error_of(one), StoreUnavailableError)
    assert isinstance(store.writer.dead, FatalError)
    assert_dead(store)
    with opened(tmp_path / "x.db") as again:
        assert size(again) >= GROUP_MAX


def test_a_writer_that_dies_before_its_first_group_tells_as_well(tmp_path: Path) -> None:
    def no_thread() -> NoReturn:
        raise OSError("no more threads")

    store = unopened(tmp_path / "x.db", on_thread=no_thread)
    waiting = store.writer.futures([note])
    store.start()
    assert isinstance(error_of(waiting[0]), StoreUnavailableError)
    assert_dead(store)


def test_a_fault_after_the_commit_takes_no_answer_back(tmp_path: Path) -> None:
    """The answer is true, and who comes later is told."""
    store = unopened(tmp_path / "x.db")

    def fail(touched: frozenset[str]) -> NoReturn:
        raise OSError(f"cannot wake {touched}")

    store.writer.after_commit = fail
    [answered] = store.writer.futures([op(deliver)])
    store.start()
    assert error_of(answered) is None
    assert_dead(store)
