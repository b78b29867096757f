"""What the lists of the console ask of tables and log: each answer is one query, however long."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from ticketgate.domain.grants.command import Command, CommandKind
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval, Link
from ticketgate.domain.requests.inbox import DeliveryRow


@dataclass(frozen=True, slots=True)
class RequestFilter:
    """Which requests are wanted; empty means any. `people` are subjects who ask or get."""

    state: str = ""
    source: str = ""
    entitlement: str = ""
    people: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How much waits for somebody with a role, whoever that is."""

    uncertain: int  # tickets in triage
    quarantined: int  # deliveries
    exceptions: int  # that are not resolved


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    """A live request; `worked_off` is up to which delivery its ticket is (0: it has no row)."""

    source: str
    ticket_id: str
    number: str
    entitlement: str
    worked_off: int


class Console(Protocol):
    """Reading only. A `whose` of None means everybody's; else what is theirs, as `of_person`.

    A list goes on behind the row with the id `behind`; empty: at its begin, unknown: with nothing.
    """

    def requests(
        self, whose: str | None, wanted: RequestFilter, behind: str, limit: int
    ) -> list[AccessRequest]:
        """Newest first."""

    def grants_of(self, requests: Collection[str]) -> Mapping[str, list[Grant]]:
        """The grants of each request, ended ones too, oldest first."""

    def held(self, whose: str | None, behind: str, limit: int) -> list[Grant]:
        """Grants that were called for and are not over, by when they end."""

    def deliveries(self, state: str, behind: str, limit: int) -> list[DeliveryRow]:
        """Newest first; of an empty state all."""

    def undecided(self, subject: str, limit: int) -> list[tuple[Link, AccessRequest]]:
        """The person's links that are not used, with their requests that wait; oldest first."""

    def approvals_of(self, requests: Collection[str]) -> Mapping[str, list[Approval]]:
        """The approvals of each request, in the order they were given."""

    def waiting(self, sources: Collection[str]) -> list[WaitingRequest]:
        """The blocked and awaiting requests of these sources, oldest first."""

    def last_commands(self, kind: CommandKind, about: Collection[str]) -> Mapping[str, Command]:
        """The command of this kind that was queued last for each."""

    def counts(self) -> Counts:
        """How much waits."""

    def records(self, request: str, about: Collection[str], limit: int) -> list[tuple[int, bytes]]:
        """(index, entry) of what the log says of a request, or about one of these ids.

        The newest, in the order of the log.
        """

    def subjects(self, actors: Collection[str]) -> Mapping[str, str]:
        """The subject behind each actor id that is known."""
