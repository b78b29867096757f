"""What lies outside the process: time, randomness, people, mail, targets, platforms."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ticketgate.connector_api import (
    ApproverRow,
    ItsmClient,
    ItsmConnector,
    JsonValue,
    NoTicket,
    SourceMapping,
    TargetConnector,
    Ticket,
)
from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import LinkNote
from ticketgate.domain.telling.outcomes import OutcomeLetter, OutcomeNote
from ticketgate.domain.tickets.mapping import by_its_table


class Clock(Protocol):
    """Time, `docs/rules.md` rule 11."""

    def now(self) -> datetime:
        """Never runs back, also over restarts."""

    def wall(self) -> datetime:
        """The wall clock; what is due by it is due (rule 11)."""

    def disputed(self) -> bool:
        """Whether the wall clock is more than five minutes off `now`."""


class Ids(Protocol):
    """Randomness."""

    def ident(self, prefix: str) -> str:
        """`prefix` and 80 random bits as lower-case hex."""

    def salt(self) -> bytes:
        """16 random bytes."""

    def token(self) -> str:
        """A secret for links, sessions and browsers: 256 bits, URL-safe."""

    def code(self) -> str:
        """8 decimal digits."""


class Directory(Protocol):
    """Who exists. The file is read afresh each time; other directories are asked now and then."""

    def read(self, now: datetime, sure: Collection[str] = ()) -> DirectorySnapshot:
        """The directory as it is now; parsed again only if its digest changed.

        Of the subjects in `sure` every directory is asked at this moment (rule 5).

        Raises:
            TicketgateError: code `directory_unreadable`.
        """


Letter = tuple[str, str, str]  # subject, text, HTML


class Post(Protocol):
    """Mail going out."""

    def send(self, to: str, letter: Letter, message_id: str, thread: str = "") -> None:
        """One attempt. Both ids are ours, without a domain; mails of one `thread` belong together.

        Raises:
            TicketgateError: code `recipient_refused` (permanent, for this address),
                `mail_refused` (permanent) or `mail_unavailable` (retry).
        """


class Targets(Protocol):
    """The targets that the configuration names."""

    def open(self, target: str) -> AbstractContextManager[TargetConnector]:
        """A connector for this thread and this call.

        Raises:
            ConnectorError: the target is not configured, or its connector is missing.
        """


class Platforms(Protocol):
    """The sources that can be asked, and told something."""

    def open(self, source: str) -> AbstractContextManager[ItsmClient]:
        """A client for this thread and this call.

        Raises:
            ConnectorError: the source is not configured so (any more).
        """


@dataclass(frozen=True, slots=True)
class Source:
    """How deliveries of one source are read."""

    connector: ItsmConnector
    mapping: SourceMapping
    own_users: frozenset[str]

    def read(self, payload: JsonValue) -> Ticket | ApproverRow | NoTicket:
        """What a body says, under what its table's mapping says. Raises what connectors do."""
        said = self.connector.normalise(payload, self.mapping)
        return by_its_table(said, self.mapping) if isinstance(said, Ticket) else said


class Letters(Protocol):
    """How mails are worded. Pure: nothing is sent from here."""

    def link(self, note: LinkNote, token: str) -> Letter:
        """(subject, text, HTML) of the mail that carries a link."""

    def digest(self, waiting: Sequence[AccessRequest]) -> Letter:
        """(subject, text, HTML) of the mail that stands for all further reminders of a day."""

    def code(self, code: str) -> Letter:
        """(subject, text, HTML) of the mail that carries a sign-in code."""

    def emergency(self, emergency: Emergency, who: str, evidence: str, opens: str) -> Letter:
        """(subject, text, HTML) of the mail that tells of an emergency of `who`.

        `opens` is what its reader can: `review` it, read its `page`, `end` its access, or nothing
        (empty); no page is linked that they would not be shown.
        """

    def outcome(self, letter: OutcomeLetter, note: OutcomeNote) -> Letter:
        """(subject, text, HTML) of the mail that tells what came of something."""
