"""A platform in memory that can be asked and told, for tests of operations."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.operations.kit import OWN_USER, Gate
from tests.operations.tickets import SOURCE, PlainConnector, body_of

from ticketgate.connector_api import Misconfigured, Page, Polled, SourceMapping, Ticket, TooLarge
from ticketgate.domain.grants.command import CommandKind
from ticketgate.operations.workers.run_comments import CommentRunner
from ticketgate.operations.workers.run_polls import PollWorker
from ticketgate.ports import Source

EVERY = timedelta(minutes=1)


@dataclass
class FakePlatform:
    """`tables` hold bodies in the order of their change; a cursor is how many were read.

    `faults` are raised by the next polls or comments; `after` those of comments that are written
    all the same.
    """

    tables: dict[str, list[tuple[str, bytes]]] = field(default_factory=lambda: {"sc_req_item": []})
    faults: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)  # tables
    notes: list[tuple[str, str, str]] = field(default_factory=list)  # table, ticket, text
    limits: list[int] = field(default_factory=list)
    fits: int = 1000
    begun: list[datetime] = field(default_factory=list)
    fetched: list[tuple[str, str]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None  # what happens while it answers
    opened: int = 0
    names: set[str] = field(default_factory=lambda: {SOURCE})

    def change(self, ticket: Ticket) -> None:
        """A ticket was changed, and no hook said so."""
        self.tables.setdefault(ticket.table, []).append((ticket.id, body_of(ticket)))

    @contextmanager
    def open(self, source: str) -> Iterator["FakeClient"]:
        """`ports.Platforms`."""
        if source not in self.names:
            raise Misconfigured(f"{source} is not configured")
        self.opened += 1
        yield FakeClient(self)
        self.opened -= 1


class FakeClient:
    """`connector_api.ItsmClient` on it."""

    def __init__(self, platform: FakePlatform) -> None:
        self.platform = platform
        self.tables = tuple(platform.tables)

    def begin(self, since: datetime) -> str:
        """From the first; `since` is noted."""
        self.platform.begun.append(since)
        return "0"

    def poll(self, table: str, cursor: str, limit: int) -> Page:
        """The next rows."""
        if table in self.platform.failing:
            raise Misconfigured("no such table")
        self.platform.limits.append(limit)
        if self.platform.faults:
            raise self.platform.faults.pop(0)
        if limit > self.platform.fits:
            raise TooLarge("large")
        rows = self.platform.tables[table][int(cursor) :]
        self.platform.meanwhile()
        page = [Polled(table, ident, body) for ident, body in rows[:limit]]
        return Page(tuple(page), str(int(cursor) + len(page)), len(rows) > limit)

    def fetch(self, table: str, ticket_id: str) -> Polled | None:
        """The newest row of the ticket."""
        self.platform.fetched.append((table, ticket_id))
        if self.platform.faults:
            raise self.platform.faults.pop(0)
        rows = [body for ident, body in self.platform.tables[table] if ident == ticket_id]
        self.platform.meanwhile()
        return Polled(table, ticket_id, rows[-1]) if rows else None

    def comment(self, table: str, ticket_id: str, text: str, key: str) -> str:
        """Written once under the key."""
        if self.platform.faults:
            raise self.platform.faults.pop(0)
        if not any(key in note for _, _, note in self.platform.notes):
            self.platform.notes.append((table, ticket_id, text))
        if self.platform.after:
            raise self.platform.after.pop(0)
        return key

    def close(self) -> None:
        """Nothing is kept open."""


class Asking:
    """A gate that asks and tells this platform."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.platform = FakePlatform()
        self.counted: list[tuple[str, str]] = []
        self.restart()

    def restart(self) -> None:
        """Workers as a start makes them."""
        gate = self.gate
        self.polls = PollWorker(
            name=SOURCE,
            source=Source(PlainConnector(), SourceMapping(SOURCE, {}), frozenset({OWN_USER})),
            every=EVERY,
            jitter=0.0,
            store=gate.store,
            platforms=self.platform,
            clock=gate.clock,
            origin="gate.example.com/evidence",
            log=gate._log,
            count=lambda source, status: self.counted.append((source, status)),
        )
        self.comments = CommentRunner(gate.store, self.platform, gate.place, gate._log)

    def poll(self, seconds: float = 60) -> float:
        """Time passes, then it is the source's turn; how long until the next."""
        self.gate.clock.at += timedelta(seconds=seconds)
        return self.polls.step()

    def tell(self) -> None:
        """One try of every comment that is due."""
        for command in self.gate.due(CommandKind.COMMENT):
            self.comments.run(command, self.gate.desk.snapshot())

    def texts(self) -> list[str]:
        """What was written, without the lines of evidence and key."""
        return [text.splitlines()[0] for _, _, text in self.platform.notes]
