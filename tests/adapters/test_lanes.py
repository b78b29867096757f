"""Lanes carry out what is due: never twice at once, never more than their share, whatever fails."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.adapters.shelf import NOON, WAIT_SECONDS, command, op, opened

from ticketgate.adapters.process.lanes import IDLE_SECONDS, REST_SECONDS_MAX, Lane
from ticketgate.adapters.sqlite.store import SqliteStore
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.ports import Transaction

PEOPLE = DirectorySnapshot("d" * 64, NOON, {})


class Noon:
    """`ports.Clock` that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at

    def wall(self) -> datetime:
        return self.at

    def disputed(self) -> bool:
        return False


class Runs:
    """What the lane runs: each run is noted and lasts until it is let go."""

    def __init__(self, after: Callable[[Command], None] = lambda _: None) -> None:
        self.begun: list[str] = []
        self.snapshots = 0
        self.letting = threading.Event()
        self._after = after
        self._condition = threading.Condition()

    def snapshot(self) -> DirectorySnapshot:
        self.snapshots += 1
        return PEOPLE

    def __call__(self, one: Command, people: DirectorySnapshot) -> None:
        assert people is PEOPLE
        with self._condition:
            self.begun.append(one.id)
            self._condition.notify_all()
        assert self.letting.wait(WAIT_SECONDS)
        self._after(one)

    def reach(self, count: int) -> None:
        with self._condition:
            assert self._condition.wait_for(lambda: len(self.begun) >= count, WAIT_SECONDS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with opened(tmp_path / "x.db") as found:
        yield found


def lane_of(store: SqliteStore, runs: Runs, clock: Noon | None = None, at_once: int = 2) -> Lane:
    return Lane(
        "revokes",
        (CommandKind.REVOKE,),
        store,
        clock or Noon(),
        runs.snapshot,
        runs,
        lambda _: at_once,
    )


def queue(store: SqliteStore, *commands: Command) -> None:
    def add(tx: Transaction, now: datetime) -> None:
        for one in commands:
            tx.commands.add(one)

    store.write(add)


def done(store: SqliteStore) -> Callable[[Command], None]:
    """What ends a command, as the runners do."""

    def end(one: Command) -> None:
        finished = Command(
            one.id, one.kind, one.about, one.target, CommandState.DONE, one.due_at, one.tries + 1
        )
        store.write(op(lambda tx: tx.commands.save(finished)))

    return end


def test_a_command_is_never_run_twice_at_once(store: SqliteStore) -> None:
    """It stays due in the outbox all the while, and every step sees it."""
    runs = Runs(done(store))
    lane = lane_of(store, runs)
    queue(store, command("1"))
    for _ in range(5):
        lane.step()
    runs.reach(1)
    lane.step()
    runs.letting.set()
    lane.stop()
    assert runs.begun == ["1"]


def test_no_more_run_at_once_than_the_lane_has_threads(store: SqliteStore) -> None:
    runs = Runs(done(store))
    lane = lane_of(store, runs)
    queue(store, *[command(str(number), after=-9 + number) for number in range(5)])
    lane.step()
    runs.reach(2)
    lane.step()
    assert sorted(runs.begun) == ["0", "1"]  # the oldest first
    runs.letting.set()
    while len(runs.begun) < 5:
        lane.step()
    lane.stop()
    assert sorted(runs.begun) == ["0", "1", "2", "3", "4"]


def test_a_run_that_fails_is_logged_and_its_command_is_tried_again(store: SqliteStore) -> None:
    failed = threading.Event()

    def fail_once(one: Command) -> None:
        if not failed.is_set():
            failed.set()
            raise ValueError("alice@example.com")
        done(store)(one)

    clock, runs = Noon(), Runs(fail_once)
    runs.letting.set()
    lane = lane_of(store, runs, clock, at_once=1)
    queue(store, command("1"))
    with capture_logs() as lines:
        while len(runs.begun) < 2:
            lane.step()
            clock.at += timedelta(seconds=0.1)
        lane.stop()
    assert runs.begun == ["1", "1"]
    assert lines == [
        {"event": "command.failed", "command": "1", "error": "ValueError", "log_level": "error"}
    ]


def test_a_run_that_always_fails_never_keeps_another_command_waiting(store: SqliteStore) -> None:
    """The oldest is due again at once, and there is one thread."""

    def fail_the_oldest(one: Command) -> None:
        if one.id == "poison":
            raise ValueError
        done(store)(one)

    clock, runs = Noon(), Runs(fail_the_oldest)
    runs.letting.set()
    lane = lane_of(store, runs, clock, at_once=1)
    queue(store, command("poison", after=-9), command("1", after=-8), command("2", after=-7))
    until = time.monotonic() + WAIT_SECONDS
    with capture_logs():
        while "2" not in runs.begun and time.monotonic() < until:
            lane.step()
        assert runs.begun == ["poison", "1", "2"]
        for _ in range(20):
            before = len(runs.begun)
            clock.at += timedelta(seconds=REST_SECONDS_MAX)
            while len(runs.begun) == before and time.monotonic() < until:
                lane.step()
        lane.stop()
    assert runs.begun == ["poison", "1", "2", *["poison"] * 20]


def test_a_target_that_hangs_delays_no_other_target(store: SqliteStore) -> None:
    """All its commands are older, and more than the lane has threads."""
    runs = Runs(done(store))
    lane = lane_of(store, runs)
    hanging = [replace(command(f"h{n}", after=-99 + n), target="hole") for n in range(60)]
    queue(store, *hanging, command("1"))
    lane.step()
    runs.reach(3)
    assert sorted(runs.begun) == ["1", "h0", "h1"]
    lane.step()
    runs.letting.set()
    lane.stop()
    assert len(runs.begun) == 3


def test_a_lane_runs_its_own_kinds_only(store: SqliteStore) -> None:
    runs = Runs()
    lane = lane_of(store, runs)
    queue(store, command("mail", CommandKind.MAIL_LINK), command("give", CommandKind.PROVISION))
    assert lane.step() == IDLE_SECONDS
    lane.stop()
    assert (runs.begun, runs.snapshots) == ([], 0)


def test_a_lane_says_how_long_it_has_nothing_to_do(store: SqliteStore) -> None:
    clock, runs = Noon(), Runs(done(store))
    runs.letting.set()
    lane = lane_of(store, runs, clock)
    assert lane.step() == IDLE_SECONDS
    queue(store, command("1", after=0.25))
    assert lane.step() == pytest.approx(0.25)
    queue(store, command("2", after=3600))
    assert runs.begun == []
    clock.at += timedelta(seconds=0.25)
    assert lane.step() == IDLE_SECONDS
    runs.reach(1)
    lane.stop()
    assert runs.begun == ["1"]


def test_stopping_finishes_what_is_under_way(store: SqliteStore) -> None:
    runs = Runs(done(store))
    lane = lane_of(store, runs)
    queue(store, command("1"))
    lane.step()
    runs.reach(1)
    runs.letting.set()
    lane.stop()
    with store.reading() as looking:
        found = looking.commands.get("1")
    assert found is not None
    assert found.state is CommandState.DONE


def test_a_step_that_cannot_read_the_directory_starts_nothing(store: SqliteStore) -> None:
    """It fails, and the same command is started once it can be read again."""
    runs = Runs(done(store))
    runs.letting.set()
    unreadable = True

    def snapshot() -> DirectorySnapshot:
        if unreadable:
            raise ValueError("directory.yaml")
        return PEOPLE

    lane = Lane("revokes", (CommandKind.REVOKE,), store, Noon(), snapshot, runs, lambda _: 1)
    queue(store, command("1"))
    with pytest.raises(ValueError, match="directory"):
        lane.step()
    unreadable = False
    lane.step()
    lane.stop()
    assert runs.begun == ["1"]
