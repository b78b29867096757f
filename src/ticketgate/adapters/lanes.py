"""Lanes: outbox commands of one sort, carried out by a few threads of their own.

Revocations have their own lane, so that no flood of other work delays them (`states.md` rule 10).
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import structlog

from ticketgate.domain.command import Command, CommandKind
from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.ports import Clock, Store

IDLE_SECONDS: Final = 1.0

_LOG: Final = structlog.get_logger("ticketgate.lanes")

Run = Callable[[Command, DirectorySnapshot], None]


class Lane:
    """Hands due commands to at most `at_once` threads; a command is never run twice at once."""

    def __init__(
        self,
        name: str,
        kinds: tuple[CommandKind, ...],
        store: Store,
        clock: Clock,
        snapshot: Callable[[], DirectorySnapshot],
        run: Run,
        at_once: int,
    ) -> None:
        self.name = name
        self._kinds = kinds
        self._store = store
        self._clock = clock
        self._snapshot = snapshot
        self._run = run
        self._at_once = at_once
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix=name)
        self._under_way: set[str] = set()
        self._lock = threading.Lock()

    def step(self) -> float:
        """Start what is due; returns how long nothing more will be."""
        with self._lock:
            free = self._at_once - len(self._under_way)
            running = set(self._under_way)
        now = self._clock.now()
        with self._store.reading() as looking:
            due = looking.commands.ready(self._kinds, now, self._at_once * 2)
            upcoming = looking.commands.next_due(self._kinds)
        fresh = [one for one in due if one.id not in running][: max(free, 0)]
        if fresh:
            snapshot = self._snapshot()
            for command in fresh:
                self._start(command, snapshot)
        if upcoming is None or upcoming <= now:
            return IDLE_SECONDS
        return min(IDLE_SECONDS, (upcoming - now).total_seconds())

    def stop(self) -> None:
        """Finish what is under way."""
        self._pool.shutdown(wait=True)

    def _start(self, command: Command, snapshot: DirectorySnapshot) -> None:
        with self._lock:
            self._under_way.add(command.id)
        self._pool.submit(self._carry_out, command, snapshot)

    def _carry_out(self, command: Command, snapshot: DirectorySnapshot) -> None:
        try:
            self._run(command, snapshot)
        except Exception as fault:  # noqa: BLE001 -- the command stays in the outbox; loudly
            _LOG.error("command.failed", command=command.id, error=type(fault).__name__)
        finally:
            with self._lock:
                self._under_way.discard(command.id)
