"""Run deliveries: what was accepted is normalised and classified here, then worked off.

A delivery that cannot be read, or on which our own code fails, is one parked row; it never stops
the others.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from ticketgate.domain.errors import Refusal, StoreUnavailableError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.domain.tickets.ticket import TERMINAL_STATES, Ticket
from ticketgate.operations.classifying.classified import classified
from ticketgate.operations.intake.exposed import may_show_secret
from ticketgate.operations.intake.read_body import read_body
from ticketgate.operations.requests.in_force import InForce, PolicyStaleError, under
from ticketgate.operations.workers.work_delivery import (
    Reading,
    end_closed,
    work_delivery,
)
from ticketgate.ports import Source, Store

BATCH_MAX: Final = 128
IDLE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class DeliveryRunner:
    """Works off accepted deliveries, oldest first."""

    store: Store
    sources: Mapping[str, Source]
    policy: InForce

    def run(self, snapshot: DirectorySnapshot) -> int:
        """Work off one batch, under one policy; returns how many were worked off.

        Those that another policy overtook wait for the next batch.

        Raises:
            StoreUnavailableError: nothing is lost; run again later.
        """
        with self.store.reading() as looking:
            rows = looking.deliveries.waiting(BATCH_MAX)
            bodies = [looking.deliveries.body(row.seq) for row in rows]
        policy = self.policy.now
        readings = [
            self._safely(row, body, policy, snapshot)
            for row, body in zip(rows, bodies, strict=True)
        ]
        grounds = [self._ground(reading, policy, snapshot) for reading in readings]
        outcomes = self.store.write_many(
            [
                under(policy, partial(work_delivery, reading=reading, ground=ground))
                for reading, ground in zip(readings, grounds, strict=True)
            ]
        )
        overtaken = 0
        for reading, outcome in zip(readings, outcomes, strict=True):
            if isinstance(outcome, StoreUnavailableError):
                raise outcome
            if isinstance(outcome, PolicyStaleError):
                overtaken += 1
                continue
            if isinstance(outcome, BaseException):
                self._park(reading, outcome, policy, snapshot)
        if any(reading.secret for reading in readings):
            self.store.scrub()  # the bodies are dropped; nor do they stay in the files
        return len(rows) - overtaken

    def run_closings(self, after: int) -> int:
        """End what closed tickets gave, of the next batch behind `after`; returns where it ends.

        For while nobody can be looked up: taking away needs neither a directory nor a policy. The
        deliveries themselves stay to be worked off.

        Raises:
            StoreUnavailableError: nothing is lost; run again later.
        """
        with self.store.reading() as looking:
            rows = looking.deliveries.waiting(BATCH_MAX, after)
            bodies = [looking.deliveries.body(row.seq) for row in rows]
        found = zip(rows, map(self._ticket, rows, bodies), strict=True)
        closings = [
            partial(end_closed, row=row, ticket=what)
            for row, what in found
            if isinstance(what, Ticket) and what.state_class in TERMINAL_STATES
        ]
        for outcome in self.store.write_many(closings) if closings else ():
            if isinstance(outcome, BaseException):
                raise outcome  # the whole batch is looked at again, and loudly
        return rows[-1].seq if rows else after

    def _ticket(self, row: DeliveryRow, body: bytes | None) -> object:
        """What a delivery says; what cannot be read is parked when it is worked off."""
        try:
            return read_body(self.sources.get(row.source), body)[0]
        except Exception as fault:  # noqa: BLE001 -- one delivery never stops the others
            return fault

    def _safely(
        self, row: DeliveryRow, body: bytes | None, policy: Policy, snapshot: DirectorySnapshot
    ) -> Reading:
        try:
            return self._read(row, body, policy, snapshot)
        except Exception as fault:  # noqa: BLE001 -- one delivery never stops the others
            return Reading(row, _poison(fault), secret=may_show_secret(body))

    def _read(
        self, row: DeliveryRow, body: bytes | None, policy: Policy, snapshot: DirectorySnapshot
    ) -> Reading:
        what, secret = read_body(self.sources.get(row.source), body)
        if not isinstance(what, Ticket):
            return Reading(row, what, secret=secret)
        return Reading(row, what, classified(what, policy, snapshot), secret)

    def _ground(self, reading: Reading, policy: Policy, snapshot: DirectorySnapshot) -> Ground:
        source = self.sources.get(reading.row.source)
        own = frozenset[str]() if source is None else source.own_users
        return Ground(policy, snapshot, own)

    def _park(
        self,
        reading: Reading,
        fault: BaseException,
        policy: Policy,
        snapshot: DirectorySnapshot,
    ) -> None:
        """Our own code failed on it: park it, with the kind of failure as its reason."""
        parked = Reading(reading.row, _poison(fault), secret=reading.secret)
        ground = self._ground(reading, policy, snapshot)
        self.store.write(partial(work_delivery, reading=parked, ground=ground))


class DeliveryWorker:
    """The step of the gateway's inbox. `snapshot` is None while the directory cannot be read."""

    def __init__(
        self, runner: DeliveryRunner, snapshot: Callable[[], DirectorySnapshot | None]
    ) -> None:
        self._runner = runner
        self._snapshot = snapshot
        self._looked = 0  # up to here closings have been looked for

    def step(self) -> float:
        """Work off a batch, or only its closings; returns how many seconds to sleep at most."""
        with self._runner.store.reading() as looking:
            waiting = looking.deliveries.waiting(1)
        snapshot = self._snapshot() if waiting else None
        if snapshot is not None:
            self._looked = 0
            return 0.0 if self._runner.run(snapshot) else IDLE_SECONDS
        before, self._looked = self._looked, self._runner.run_closings(self._looked)
        return 0.0 if self._looked > before else IDLE_SECONDS


def _poison(fault: BaseException) -> Refusal:
    return Refusal("poison", f"{type(fault).__name__} while it was worked off")
