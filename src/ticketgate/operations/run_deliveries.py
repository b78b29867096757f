"""Run deliveries: what was accepted is normalised and classified here, then worked off.

A delivery that cannot be read, or on which our own code fails, is one parked row; it never stops
the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from ticketgate.connector_api import MalformedDeliveryError
from ticketgate.domain import strict_json
from ticketgate.domain.directory import DirectorySnapshot
from ticketgate.domain.errors import Refusal, StoreUnavailableError
from ticketgate.domain.inbox import DeliveryRow
from ticketgate.domain.policy import Policy
from ticketgate.domain.ticket import Ticket
from ticketgate.operations.work_delivery import Ground, Reading, classified, work_delivery
from ticketgate.ports import Source, Store

BATCH_MAX: Final = 128


@dataclass(frozen=True, slots=True)
class DeliveryRunner:
    """Works off accepted deliveries, oldest first."""

    store: Store
    sources: Mapping[str, Source]
    policy: Policy

    def run(self, snapshot: DirectorySnapshot) -> int:
        """Work off one batch; returns how many were worked off.

        Raises:
            StoreUnavailableError: nothing is lost; run again later.
        """
        with self.store.reading() as looking:
            rows = looking.deliveries.waiting(BATCH_MAX)
            bodies = [looking.deliveries.body(row.seq) for row in rows]
        readings = [
            self._safely(row, body, snapshot) for row, body in zip(rows, bodies, strict=True)
        ]
        outcomes = self.store.write_many(
            [
                partial(work_delivery, reading=reading, ground=self._ground(reading, snapshot))
                for reading in readings
            ]
        )
        for reading, outcome in zip(readings, outcomes, strict=True):
            if isinstance(outcome, StoreUnavailableError):
                raise outcome
            if isinstance(outcome, BaseException):
                self._park(reading, outcome, snapshot)
        return len(rows)

    def _safely(self, row: DeliveryRow, body: bytes | None, snapshot: DirectorySnapshot) -> Reading:
        try:
            return self._read(row, body, snapshot)
        except Exception as fault:  # noqa: BLE001 -- one delivery never stops the others
            return Reading(row, _poison(fault))

    def _read(self, row: DeliveryRow, body: bytes | None, snapshot: DirectorySnapshot) -> Reading:
        source = self.sources.get(row.source)
        if source is None or body is None:
            return Reading(row, Refusal("no_mapping", "The source is not configured any more."))
        try:
            what = source.connector.normalise(strict_json.read(body), source.mapping)
        except MalformedDeliveryError as fault:
            return Reading(row, Refusal(fault.code, fault.reason))
        if not isinstance(what, Ticket):
            return Reading(row, what)
        return Reading(row, what, classified(what, self.policy, snapshot))

    def _ground(self, reading: Reading, snapshot: DirectorySnapshot) -> Ground:
        source = self.sources.get(reading.row.source)
        own = frozenset[str]() if source is None else source.own_users
        return Ground(self.policy, snapshot, own)

    def _park(self, reading: Reading, fault: BaseException, snapshot: DirectorySnapshot) -> None:
        """Our own code failed on it: park it, with the kind of failure as its reason."""
        parked = Reading(reading.row, _poison(fault))
        self.store.write(
            partial(work_delivery, reading=parked, ground=self._ground(reading, snapshot))
        )


def _poison(fault: BaseException) -> Refusal:
    return Refusal("poison", f"{type(fault).__name__} while it was worked off")
