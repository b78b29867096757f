"""The state tables that an operation sees inside its transaction."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from ticketgate.domain.grants.command import Command, CommandKind
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.log.anchor import AnchorKind, AnchorRow
from ticketgate.domain.people.sign_in import Code, SessionRow
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval, Link
from ticketgate.domain.requests.inbox import DeliveryRow, TicketRow
from ticketgate.domain.telling.write_back import Comment
from ticketgate.domain.tickets.polling import PollRow, Unsettled
from ticketgate.domain.timekeeping import Kept


class Deliveries(Protocol):
    """Inbox rows."""

    def find(self, source: str, webhook_id: str) -> list[DeliveryRow]:
        """All rows with this sender's id, oldest first."""

    def with_body(self, source: str, digest: str) -> list[DeliveryRow]:
        """All rows with this body, oldest first."""

    def add(self, row: DeliveryRow, body: bytes) -> None:
        """Store a row and its raw body; `row.seq` is ignored and given by the store."""

    def waiting(self, limit: int, after: int = 0) -> list[DeliveryRow]:
        """Accepted and released rows behind the sequence number `after`, oldest first."""

    def at(self, seq: int) -> DeliveryRow | None:
        """The row with this sequence number."""

    def body(self, seq: int) -> bytes | None:
        """The raw body, None when it was dropped."""

    def finish(self, seq: int, state: str, reason: str, ticket: str | None, effect: str) -> None:
        """Move a row to another state: worked off, quarantined, released or dismissed.

        A processed row's raw body is dropped when its time is up.
        """

    def backlog(self, source: str, ticket: str) -> int:
        """How many deliveries that wait, and are or may be of this ticket, there are."""

    def quarantined(self, limit: int) -> list[DeliveryRow]:
        """Quarantined rows, newest first."""

    def quarantined_one(self, ident: str) -> DeliveryRow | None:
        """The quarantined row with this id."""

    def get(self, ident: str) -> DeliveryRow | None:
        """The row with this id, whatever became of it."""

    def drop_body(self, seq: int) -> None:
        """Drop the raw body of one row."""

    def newest(self) -> int:
        """The sequence number of the delivery that was stored last; 0 before the first."""

    def came_behind(self, source: str, seq: int) -> bool:
        """Whether any delivery of the source was stored later than that one."""

    def unsettled(self, source: str, after: int, limit: int) -> list[Unsettled]:
        """Tickets that are not over and that a parked delivery, later than `after`, may be of.

        Those whose platform id it tells, until a later revision is worked off; oldest first.
        """

    def parked_after(self, source: str, ticket: str, seq: int) -> DeliveryRow | None:
        """A quarantined delivery later than `seq` that is, or else may be, of this ticket.

        One of a table that the source does not list is of no ticket of ours.
        """

    def of_ticket(self, source: str, ticket: str) -> list[DeliveryRow]:
        """All rows that are, or may be, of this ticket, oldest first."""

    def drop_bodies(self, before: datetime) -> int:
        """Drop raw bodies of rows received before that do not wait; returns how many."""

    def listed(self, state: str | None, limit: int) -> list[DeliveryRow]:
        """Newest first, for looking."""


class Tickets(Protocol):
    """Last revisions of tickets."""

    def find(self, key: tuple[str, str, str]) -> TicketRow | None:
        """The row of (source, table, platform id)."""

    def ident(self, key: tuple[str, str, str]) -> str | None:
        """Our own id of that row."""

    def get(self, ident: str) -> TicketRow | None:
        """The row with this id of ours."""

    def of_platform_id(self, source: str, ident: str) -> list[TicketRow]:
        """The rows, of whatever table, that the source calls so."""

    def living(self, source: str) -> list[TicketRow]:
        """The tickets of a source that a live request stands on, or a grant that is not ended."""

    def uncertain(self, limit: int, behind: str = "") -> list[TicketRow]:
        """Tickets that are not over and of which nobody can tell yet, oldest first.

        From behind the one with that id on, whatever it is by now.
        """

    def named(self, reference: str) -> list[TicketRow]:
        """All rows whose number or platform id this is."""

    def save(self, row: TicketRow) -> None:
        """Insert or replace the row of its key."""


class Requests(Protocol):
    """Access requests."""

    def get(self, ident: str) -> AccessRequest | None:
        """The request with this id."""

    def of_ticket(self, key: tuple[str, str, str]) -> list[AccessRequest]:
        """All requests of a ticket, oldest first."""

    def live(self) -> list[AccessRequest]:
        """All blocked and awaiting requests."""

    def due(self, now: datetime) -> list[AccessRequest]:
        """Live requests whose time to decide is over."""

    def save(self, request: AccessRequest) -> None:
        """Insert version 1, or replace version n-1 by n (StoreConflictError when it is not so)."""

    def listed(self, state: str | None, limit: int) -> list[AccessRequest]:
        """Newest first, for looking."""

    def of_person(self, subject: str, limit: int) -> list[AccessRequest]:
        """Those that the person asks, or gets, or a delegate decided for them, newest first."""

    def put_to(self, subject: str, limit: int) -> list[AccessRequest]:
        """Those that the person has a link for that is not void, or decided; newest first."""

    def of_entitlement(self, entitlement: str, limit: int) -> list[AccessRequest]:
        """Those that ask for just this entitlement, newest first."""

    def note_record(self, ident: str, index: int) -> None:
        """Note which record moved the request last."""

    def newest_record(self, ident: str) -> int | None:
        """The index of the newest record known of the request: a move of it, or a decision."""

    def approvals(self, ident: str) -> list[Approval]:
        """All approvals of a request, in the order they were given."""

    def add_approval(self, approval: Approval) -> None:
        """Store an approval; one per person and round."""

    def first_view(self, ident: str, subject: str) -> datetime | None:
        """When this person first saw the request."""

    def add_view(self, ident: str, subject: str, hour: str, at: datetime) -> bool:
        """Note a view; False when this person's view in this hour is noted already."""


class Links(Protocol):
    """Links and the hashes of their tokens."""

    def by_token(self, token_hash: str) -> Link | None:
        """The link that one of its tokens names."""

    def get(self, ident: str) -> Link | None:
        """The link with this id."""

    def of_request(self, request: str) -> list[Link]:
        """All links of a request."""

    def save(self, link: Link) -> None:
        """Insert or replace."""

    def add_token(self, token_hash: str, link: str, now: datetime) -> None:
        """Commit a token's hash; done before the mail that carries the token is sent."""


class Grants(Protocol):
    """Grants."""

    def get(self, ident: str) -> Grant | None:
        """The grant with this id."""

    def of_ticket(self, key: tuple[str, str, str]) -> list[Grant]:
        """All grants of a ticket that are not ended."""

    def of_request(self, request: str) -> list[Grant]:
        """All grants of a request, ended ones too; oldest first."""

    def sharing(self, holding: str | None) -> list[Grant]:
        """All grants with the same `Grant.holding`, ended ones too; none for None."""

    def due(self, now: datetime) -> list[Grant]:
        """Live grants whose time is up."""

    def revoking_since(self, moment: datetime) -> list[Grant]:
        """Grants that are revoking, not overdue, and have been since then or earlier."""

    def next_due(self) -> datetime | None:
        """When the next live grant's time is up."""

    def save(self, grant: Grant) -> None:
        """Insert version 1, or replace version n-1 by n (StoreConflictError when it is not so)."""

    def listed(self, state: str | None, limit: int) -> list[Grant]:
        """Newest first, for looking."""

    def of_target(self, target: str) -> list[Grant]:
        """All grants of a target, ended ones too."""

    def count_unended(self) -> Mapping[str, int]:
        """How many grants are not ended, by state."""

    def beside_parked(self) -> list[Grant]:
        """Grants that begin or are live, of whose ticket a delivery is quarantined."""

    def holders(self) -> list[str]:
        """The subjects of grants that begin or are live, each once."""

    def held(self) -> list[tuple[str, str, Mapping[str, str]]]:
        """(target, entitlement, access) of grants that are not ended, each once, oldest first."""

    def matching(self, *, subject: str | None, target: str | None) -> list[Grant]:
        """Grants that are not ended, of a person or a target."""


class Commands(Protocol):
    """The outbox."""

    def add(self, command: Command) -> None:
        """Queue a command; committed with the change that causes it."""

    def get(self, ident: str) -> Command | None:
        """The command with this id."""

    def of(self, about: str, kind: CommandKind) -> Command | None:
        """The open command of this kind for a grant, link or code."""

    def last(self, about: str, kind: CommandKind) -> Command | None:
        """The command of this kind that was queued last for it, open or not."""

    def ready(self, kinds: Iterable[CommandKind], now: datetime, limit: int) -> list[Command]:
        """Queued commands that are due, at most `limit` of each target; oldest first."""

    def next_due(self, kinds: Iterable[CommandKind]) -> datetime | None:
        """When the next queued command is due."""

    def intended(self) -> list[Command]:
        """Commands whose intent is committed and whose outcome is not."""

    def hasten(self, kind: CommandKind, now: datetime) -> None:
        """Make every queued command of this kind due by now."""

    def save(self, command: Command) -> None:
        """Replace."""

    def oldest_due(self) -> datetime | None:
        """The oldest due time among open commands, for readiness."""


class People(Protocol):
    """Actor ids, codes, sessions, and which configuration was loaded last."""

    def actor(self, subject: str) -> str | None:
        """The random id that stands for a subject in evidence."""

    def add_actor(self, subject: str, actor: str) -> None:
        """Store a minted actor id."""

    def subject(self, actor: str) -> str | None:
        """The subject behind an actor id."""

    def loaded(self, kind: str) -> str | None:
        """The digest of the policy, directory or settings loaded last."""

    def loaded_at(self, kind: str) -> datetime | None:
        """When what is loaded was read."""

    def note_loaded(self, kind: str, digest: str, read_at: datetime) -> None:
        """Note what is loaded, and when it was read."""

    def codes_since(self, subject: str, link: str | None, since: datetime) -> int:
        """How many codes were asked for since then by a link, or by address without one.

        By a link: for this person or this link. By address: for this person.
        """

    def add_code(self, code: Code) -> None:
        """Store a code that was asked for; its hash comes when it is mailed."""

    def code(self, ident: str) -> Code | None:
        """The code with this id."""

    def codes_of_browser(self, browser_hash: str) -> list[Code]:
        """Open codes that this browser session asked for, newest first."""

    def save_code(self, code: Code) -> None:
        """Replace."""

    def add_session(self, session: SessionRow) -> None:
        """Store a session by the hash of its id."""

    def session(self, id_hash: str) -> SessionRow | None:
        """The session with this hash."""

    def end_session(self, id_hash: str, now: datetime) -> None:
        """End it."""

    def end_sign_ins(self, now: datetime) -> None:
        """End every session, and void every code that was asked for."""

    def keep_clock(self, kept: Kept) -> None:
        """Store the last clock reading."""

    def kept_clock(self) -> Kept | None:
        """The last clock reading stored."""


class Anchors(Protocol):
    """How it goes with each anchor, by kind and name; those that left the settings stay."""

    def get(self, kind: AnchorKind, name: str) -> AnchorRow | None:
        """The row of one anchor; None before its first outcome."""

    def save(self, row: AnchorRow) -> None:
        """Insert or replace."""


class Channels(Protocol):
    """The ways to the sources beside their hooks: how far each was asked, and what it is told."""

    def polled(self, source: str, table: str) -> PollRow | None:
        """How far a table was asked; None before polling of it began."""

    def save_poll(self, row: PollRow) -> None:
        """Insert or replace."""

    def is_told(self, source: str, outcome: str) -> bool:
        """Whether tickets of this source get comments about such an outcome."""

    def tell(self, sources: Mapping[str, Collection[str]]) -> None:
        """Tickets of just these sources get comments from now on, about just these outcomes."""

    def add_comment(self, comment: Comment) -> None:
        """Store a comment; committed with what it tells."""

    def comment(self, ident: str) -> Comment | None:
        """The comment with this id."""
