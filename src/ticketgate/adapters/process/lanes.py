"""Lanes: outbox commands of one sort, carried out by a few threads of their own.

Revocations have their own lane, so that no flood of other work delays them (rule 10).
Within a lane each target has threads of its own: one that hangs delays nobody but itself.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from ticketgate.domain.grants.command import Command, CommandKind
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.ports import Clock, Store

IDLE_SECONDS: Final = 1.0
READ_MAX: Final = 64  # of a target in one look: as many as may ever run at once
REST_SECONDS_MAX: Final = 60.0  # of a command whose run fails before it can say so

_LOG: Final = structlog.get_logger("ticketgate.lanes")

Run = Callable[[Command, DirectorySnapshot], None]


@dataclass(frozen=True, slots=True)
class _Rest:
    """A command that failed so `times` in a row, and until when it is passed over."""

    times: int
    until: datetime


class Lane:
    """Hands due commands to at most `at_once(target)` threads; none is ever run twice at once."""

    def __init__(
        self,
        name: str,
        kinds: tuple[CommandKind, ...],
        store: Store,
        clock: Clock,
        snapshot: Callable[[], DirectorySnapshot],
        run: Run,
        at_once: Callable[[str], int],
    ) -> None:
        self.name = name
        self._kinds = kinds
        self._store = store
        self._clock = clock
        self._snapshot = snapshot
        self._run = run
        self._at_once = at_once
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._under_way: dict[str, str] = {}  # id -> target
        self._resting: dict[str, _Rest] = {}
        self._lock = threading.Lock()

    def step(self) -> float:
        """Start what is due; returns how long nothing more will be."""
        now = self._clock.now()
        with self._lock:
            busy = Counter(self._under_way.values())
            passed_over = set(self._under_way)
            passed_over |= {ident for ident, rest in self._resting.items() if rest.until > now}
        with self._store.reading() as looking:
            due = looking.commands.ready(self._kinds, now, READ_MAX + len(passed_over))
            upcoming = looking.commands.next_due(self._kinds)
        fresh: list[Command] = []
        for command in due:
            if command.id not in passed_over and busy[command.target] < self._at_once(
                command.target
            ):
                busy[command.target] += 1
                fresh.append(command)
        if fresh:
            snapshot = self._snapshot()
            for command in fresh:
                self._start(command, snapshot)
        if upcoming is None or upcoming <= now:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, (upcoming - now).total_seconds())

    def stop(self) -> None:
        """Finish what is under way."""
        for pool in self._pools.values():
            pool.shutdown(wait=True)

    def _start(self, command: Command, snapshot: DirectorySnapshot) -> None:
        with self._lock:
            self._under_way[command.id] = command.target
        pool = self._pools.get(command.target)
        if pool is None:
            name = f"{self.name}:{command.target}"
            pool = self._pools[command.target] = ThreadPoolExecutor(
                self._at_once(command.target), name
            )
        pool.submit(self._carry_out, command, snapshot)

    def _carry_out(self, command: Command, snapshot: DirectorySnapshot) -> None:
        rest: _Rest | None = None
        try:
            self._run(command, snapshot)
        except Exception as fault:  # noqa: BLE001 -- the command stays in the outbox; loudly
            _LOG.error("command.failed", command=command.id, error=type(fault).__name__)
            rest = self._rest(command)
        finally:
            with self._lock:
                del self._under_way[command.id]
                self._resting.pop(command.id, None)
                if rest is not None:
                    self._resting[command.id] = rest

    def _rest(self, command: Command) -> _Rest:
        """It is as due as before, so it would be the first again and again: doubling waits."""
        with self._lock:
            before = self._resting.get(command.id)
        times = 1 if before is None else before.times + 1
        seconds = min(2.0 ** min(times - 1, 16), REST_SECONDS_MAX)
        return _Rest(times, self._clock.now() + timedelta(seconds=seconds))
