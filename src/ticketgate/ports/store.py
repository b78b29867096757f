"""The store: readings and writes, each whole or not at all."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from ticketgate.domain.evidence import Draft, EvidenceRef
from ticketgate.ports.announcements import Announcements
from ticketgate.ports.approvals import ApproverRows
from ticketgate.ports.console import Console
from ticketgate.ports.emergencies import Emergencies
from ticketgate.ports.erasing import Erasing
from ticketgate.ports.evidence import EvidenceReading
from ticketgate.ports.exceptions import Exceptions
from ticketgate.ports.keeping import Keeping
from ticketgate.ports.letters import OutcomeLetters
from ticketgate.ports.passkeys import Passkeys
from ticketgate.ports.provider import ProviderSignIns
from ticketgate.ports.restores import LogKeys, Restores
from ticketgate.ports.signals import Signals
from ticketgate.ports.surface import Surface
from ticketgate.ports.tables import (
    Anchors,
    Channels,
    Commands,
    Deliveries,
    Grants,
    Links,
    People,
    Requests,
    Tickets,
)
from ticketgate.ports.velocity import Pace
from ticketgate.ports.workload import Workload

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reading(Protocol):
    """A consistent look at everything, without the right to change.

    `disputed` says in a write whether the wall clock disputes its time (rule 11); who only looks
    asks the clock.
    """

    disputed: bool
    deliveries: Deliveries
    tickets: Tickets
    requests: Requests
    links: Links
    grants: Grants
    commands: Commands
    people: People
    anchors: Anchors
    channels: Channels
    announcements: Announcements
    evidence: EvidenceReading
    log_keys: LogKeys
    restores: Restores
    keeping: Keeping
    exceptions: Exceptions
    surface: Surface
    approver_rows: ApproverRows
    erasing: Erasing
    passkeys: Passkeys
    pace: Pace
    workload: Workload
    sign_ins: ProviderSignIns
    emergencies: Emergencies
    letters: OutcomeLetters
    signals: Signals
    console: Console


class Transaction(Reading, Protocol):
    """One write. Committed whole, or nothing of it is kept."""

    def append(self, draft: Draft) -> EvidenceRef:
        """Append a record; the log gives it place and time (the `now` of this operation)."""

    def new_id(self, prefix: str) -> str:
        """A fresh random id, `prefix` and 80 bits."""

    def new_salt(self) -> str:
        """16 random bytes as hex."""

    def evidence_size(self) -> int:
        """How many records the log has, those of this transaction included."""


class Operation(Protocol[T_co]):
    """What the writer runs: SQL and pure code only."""

    def __call__(self, tx: Transaction, now: datetime) -> T_co:
        """Change state and evidence through `tx`; the value returned is the answer."""


class Store(Protocol):
    """Durable when `write` returns: the commit survived a power cut (WAL, synchronous=FULL)."""

    def write(self, operation: Operation[T], *, urgent: bool = False) -> T:
        """Run the operation in the writer's next group. Blocks until it is durable.

        Operations run one at a time, in order; `urgent` ones (revokes) first. An exception of the
        operation rolls back to its savepoint and is raised here.

        Raises:
            StoreUnavailableError: nothing of it was kept; try again later.
        """

    def write_many(
        self, operations: Sequence[Operation[T]], *, urgent: bool = False
    ) -> list[T | BaseException]:
        """Several operations in order; each has its own savepoint and its own outcome."""

    def reading(self) -> AbstractContextManager[Reading]:
        """A snapshot for looking; safe from any thread."""

    def scrub(self) -> bool:
        """Leave nothing in the files of what was erased; False where that could not be done now."""
