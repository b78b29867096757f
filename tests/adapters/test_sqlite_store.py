"""The store as a whole: waiting from event loops, looking, the background, a really full disk."""

import asyncio
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from contextvars import Context
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from tests.adapters.shelf import (
    NOON,
    ORIGIN,
    WAIT_SECONDS,
    CountedIds,
    Ticking,
    command,
    delivery,
    die,
    held,
    is_whole,
    note,
    op,
    opened,
    size,
    unopened,
)
from typing_extensions import override

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.store import open_store
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.domain.grants.command import CommandState
from ticketgate.domain.timekeeping import Kept
from ticketgate.operations.evidence.gateway_records import keep_clock
from ticketgate.ports import Operation, Transaction


def fail(tx: Transaction, now: datetime) -> NoReturn:
    raise ValueError("planted")


# --- event loops ----------------------------------------------------------------------------------


class CountingLoop(asyncio.SelectorEventLoop):
    """An event loop that counts how often another thread calls into it."""

    called = 0

    @override
    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        self.called += 1
        return super().call_soon_threadsafe(callback, *args, context=context)


def test_all_waiters_of_a_group_are_woken_by_one_call(tmp_path: Path) -> None:
    async def many() -> list[int | BaseException]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, CountingLoop)
        with held(store):
            waiting = [store.write_async(note) for _ in range(100)]
            waiting.append(store.write_async(fail))
            before = loop.called
        outcomes = await asyncio.wait_for(
            asyncio.gather(*waiting, return_exceptions=True), WAIT_SECONDS
        )
        assert loop.called - before == 1
        return outcomes

    with opened(tmp_path / "x.db") as store, asyncio.Runner(loop_factory=CountingLoop) as runner:
        *numbers, failed = runner.run(many())
    assert numbers == list(range(2, 102))
    assert isinstance(failed, ValueError)


def test_a_waiter_that_was_cancelled_harms_nobody(tmp_path: Path) -> None:
    async def impatient() -> int:
        with held(store):
            gone, patient = store.write_async(note), store.write_async(note)
            gone.cancel()
        return await asyncio.wait_for(patient, WAIT_SECONDS)

    with opened(tmp_path / "x.db") as store:
        assert asyncio.run(impatient()) == 3


def test_a_loop_that_closed_before_its_answer_harms_nobody(tmp_path: Path) -> None:
    """A server that went down with deliveries under way must not take the writer with it."""

    async def leave() -> None:
        store.write_async(note)

    with opened(tmp_path / "x.db") as store:
        with held(store):
            asyncio.run(leave())
        assert store.writer.futures([note])[0].result(WAIT_SECONDS) == 3
        assert store.writer.alive


def test_a_fault_after_the_commit_tells_no_waiter_twice(tmp_path: Path) -> None:
    """The writer dies, but whoever has an answer keeps it, and their loop hears of no fault."""
    faults: list[dict[str, Any]] = []

    def fail_to_wake(touched: frozenset[str]) -> NoReturn:
        raise OSError(f"cannot wake {touched}")

    async def deliver() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        await asyncio.wait_for(
            store.write_async(op(lambda tx: tx.deliveries.add(delivery(), b"{}"))), WAIT_SECONDS
        )
        await asyncio.to_thread(store.writer._thread.join, WAIT_SECONDS)
        await asyncio.sleep(0)

    store = unopened(tmp_path / "x.db")
    store.writer.after_commit = fail_to_wake
    store.start()
    asyncio.run(deliver())
    assert not store.writer.alive
    assert faults == []
    store.stop()


def test_a_waiter_of_a_loop_is_told_when_the_writer_dies(tmp_path: Path) -> None:
    async def wait() -> list[int | BaseException]:
        with held(store):
            waiting: list[asyncio.Future[int]] = [store.write_async(die), store.write_async(note)]
        return await asyncio.wait_for(
            asyncio.gather(*waiting, return_exceptions=True), WAIT_SECONDS
        )

    store = unopened(tmp_path / "x.db")
    store.start()
    outcomes = asyncio.run(wait())
    assert all(isinstance(one, StoreUnavailableError) for one in outcomes)
    with pytest.raises(StoreUnavailableError):
        asyncio.run(wait_for_stopped(store.write_async))
    store.stop()


async def wait_for_stopped(write_async: "Callable[[Any], asyncio.Future[Any]]") -> None:
    await write_async(note)


# --- looking --------------------------------------------------------------------------------------


def test_a_look_is_a_snapshot(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:
        with store.reading() as looking:
            assert looking.deliveries.waiting(9) == []
            store.write(op(lambda tx: tx.deliveries.add(delivery(), b"{}")))
            store.write(op(lambda tx: tx.commands.add(command("1"))))
            assert looking.deliveries.waiting(9) == []
            assert looking.commands.oldest_due() is None
        with store.reading() as looking:
            assert [one.id for one in looking.deliveries.waiting(9)] == ["dlv_1"]
            assert looking.commands.oldest_due() == NOON


def test_a_look_has_no_right_to_change(tmp_path: Path) -> None:
    with (
        opened(tmp_path / "x.db") as store,
        store.reading() as looking,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        looking.commands.add(command("1"))


def test_a_look_that_failed_spoils_no_other(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:
        store.write(op(lambda tx: tx.deliveries.add(delivery(), b"{}")))

        def look_and_fail() -> NoReturn:
            with store.reading() as looking:
                assert len(looking.deliveries.waiting(9)) == 1
                raise ValueError("planted")

        for _ in range(3):
            with pytest.raises(ValueError, match="planted"):
                look_and_fail()
        with store.reading() as looking, store.reading() as another:
            assert looking.deliveries.waiting(9) == another.deliveries.waiting(9) != []


def test_a_look_may_outlast_the_store(tmp_path: Path) -> None:
    """A page still being written while the gateway stops leaves no connection open."""
    with ExitStack() as looks:
        with opened(tmp_path / "x.db") as store:
            looking = looks.enter_context(store.reading())
            assert looking.deliveries.waiting(9) == []
        assert looking.deliveries.waiting(9) == []
    assert not store._idle


def test_looks_from_many_threads_see_whole_transactions(tmp_path: Path) -> None:
    """Each write adds a delivery and a command; no look ever sees one without the other."""
    torn: list[tuple[int, int]] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            with store.reading() as looking:
                seen = len(looking.deliveries.listed(None, 999)), len(looking.commands.intended())
            torn.extend([seen] if seen[0] != seen[1] else [])

    def both(number: int) -> Operation[None]:
        def operation(tx: Transaction, now: datetime) -> None:
            tx.deliveries.add(delivery(number), b"{}")
            tx.commands.add(replace(command(str(number)), state=CommandState.INTENDED))

        return operation

    with opened(tmp_path / "x.db") as store:
        lookers = [threading.Thread(target=look) for _ in range(3)]
        for one in lookers:
            one.start()
        store.write_many([both(number) for number in range(60)])
        stop.set()
        for one in lookers:
            one.join()
    assert torn == []


# --- opening ------------------------------------------------------------------------------------


def test_a_store_goes_on_with_the_clock_and_the_last_record_it_kept(tmp_path: Path) -> None:
    path, kept = tmp_path / "x.db", Kept("boot-a", 12.5, NOON + timedelta(hours=1))
    with opened(path) as store:
        store.write(lambda tx, now: keep_clock(tx, now, kept=kept))
        store.write(note)
    seen: list[tuple[Kept | None, datetime | None]] = []

    def clock_from(kept_: Kept | None, last: datetime | None) -> Callable[[], datetime]:
        seen.append((kept_, last))
        return Ticking()

    open_store(path, ORIGIN, CountedIds(), clock_from, lambda: None).stop()
    [(found, last)] = seen
    assert found == kept
    assert last is not None
    assert NOON < last < NOON + timedelta(seconds=1)


def test_a_new_store_has_neither(tmp_path: Path) -> None:
    seen: list[object] = []

    def clock_from(kept: Kept | None, last: datetime | None) -> Callable[[], datetime]:
        seen.extend((kept, last))
        return Ticking()

    open_store(tmp_path / "x.db", ORIGIN, CountedIds(), clock_from, lambda: None).stop()
    assert seen == [None, None]


def test_what_was_written_is_there_after_the_store_is_opened_again(tmp_path: Path) -> None:
    with opened(tmp_path / "x.db") as store:
        store.write(note)
    with opened(tmp_path / "x.db") as store:
        assert store.write(note) == 4  # after log.opened, two starts and one record
    assert is_whole(tmp_path / "x.db")


def test_the_background_moves_the_log_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with opened(path) as store:
        store.write(op(lambda tx: tx.deliveries.add(delivery(), b"canary" * 1000)))
        until = time.monotonic() + WAIT_SECONDS
        while b"canary" not in path.read_bytes():
            assert time.monotonic() < until, "no checkpoint"
            threading.Event().wait(0.05)


# --- a full disk --------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 4 MiB, with a ballast of one that can be thrown off."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", disk], check=False, capture_output=True
    )
    if mount.returncode != 0:
        pytest.skip("a small disk cannot be mounted here")
    (disk / "ballast").write_bytes(b"\0" * (1 << 20))
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_on_a_full_disk_nothing_is_accepted_that_is_not_kept_and_it_heals(
    small_disk: Path,
) -> None:
    path = small_disk / "x.db"

    def deliver(number: int) -> Operation[int]:
        def operation(tx: Transaction, now: datetime) -> int:
            tx.deliveries.add(delivery(number), os.urandom(20_000))
            return note(tx, now)

        return operation

    kept, refused = 0, 0
    with opened(path) as store:
        for start in range(0, 400, 10):
            outcomes = store.write_many([deliver(number) for number in range(start, start + 10)])
            kept += sum(isinstance(one, int) for one in outcomes)
            refused += sum(isinstance(one, StoreUnavailableError) for one in outcomes)
        assert kept + refused == 400
        assert refused > 0
        assert store.writer.alive
        with store.reading() as looking:
            assert len(looking.deliveries.listed(None, 999)) == kept
        assert size(store) == 2 + kept
        (small_disk / "ballast").unlink()
        assert store.write(deliver(999)) == 2 + kept
    assert is_whole(path)


def test_what_the_disk_keeps_from_being_emptied_is_told_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        """A connection whose disk is full."""

        def execute(self, _sql: str) -> NoReturn:
            raise sqlite3.OperationalError("database or disk is full")

        def close(self) -> None:
            """Nothing is held."""

    with opened(tmp_path / "gate.db") as store:
        assert store.scrub()
        with monkeypatch.context() as full:
            full.setattr(schema, "connect", lambda _path: Full())
            assert not store.scrub()
