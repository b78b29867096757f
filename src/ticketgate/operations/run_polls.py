"""Run polls: a source is asked, page by page, for what was changed since the cursor."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

from ticketgate.connector_api import (
    ConnectorError,
    ItsmClient,
    Polled,
    StrictJsonError,
    Throttled,
    TooLarge,
)
from ticketgate.domain import strict_json
from ticketgate.domain.delivery import VerifiedDelivery
from ticketgate.domain.polling import PollRow, delivery_id
from ticketgate.domain.ticket import Ticket
from ticketgate.operations.poll import Found, begin_poll, keep_page, poll_since
from ticketgate.ports import Clock, Platforms, Source, Store

PAGE_MAX: Final = 50
STEP_SECONDS_MAX: Final = 20.0  # a loop that is silent for a minute counts as stuck
WAIT_SECONDS: Final = 1.0  # for a delivery of the same ticket to be worked off
FIRST_PAUSE_SECONDS: Final = 5.0


@dataclass(slots=True)
class PollWorker:
    """Asks one source; for a loop of its own. A page that fails leaves its cursor as it was."""

    name: str
    source: Source
    every: timedelta
    jitter: float  # 0 to 1: where in `every` its turn comes first, so that sources spread
    store: Store
    platforms: Platforms
    clock: Clock
    origin: str
    log: Callable[[str, str], None]  # (source, code) of what failed
    count: Callable[[str, str], None]  # (source, status) of each record that is new to us
    _due: datetime | None = None
    _failed: int = 0
    _limits: dict[str, int] = field(default_factory=dict)

    def step(self) -> float:
        """Ask for a page, if it is time; returns how many seconds to sleep at most."""
        now = self.clock.now()
        if self._due is None:
            self._due = now + self.every * self.jitter
        if now < self._due:
            return min((self._due - now).total_seconds(), STEP_SECONDS_MAX)
        try:
            pause = self._ask()
        except ConnectorError as fault:
            pause = self._fault(fault)
        self._due = self.clock.now() + timedelta(seconds=pause)
        return min(pause, STEP_SECONDS_MAX)

    def _ask(self) -> float:
        """One page of each table; how many seconds until the next turn."""
        pause = self.every.total_seconds()
        failed: ConnectorError | None = None
        with self.platforms.open(self.name) as client:
            for table in client.tables:
                try:
                    pause = min(pause, self._page(client, table))
                except ConnectorError as fault:  # the other tables are asked all the same
                    failed = failed or fault
        if failed is not None:
            raise failed
        self._failed = 0
        return pause

    def _page(self, client: ItsmClient, table: str) -> float:
        row = self._row(client, table)
        limit = self._limits.get(table, PAGE_MAX)
        try:
            page = client.poll(table, row.cursor, limit)
        except TooLarge:
            if limit == 1:
                raise
            self._limits[table] = limit // 2
            return 0.0
        except ConnectorError:
            raise
        except Exception as fault:
            code = f"unclassified:{type(fault).__name__}"
            raise ConnectorError("the connector failed while polling", code=code) from fault
        found = [self._found(one) for one in page.records]
        kept = self.store.write(
            partial(
                keep_page,
                row=row,
                found=found,
                cursor=page.cursor,
                more=page.more,
                origin=self.origin,
            )
        )
        for receipt in kept.receipts:
            self.count(self.name, receipt.status)
        if kept.waits:
            return WAIT_SECONDS
        self._limits.pop(table, None)
        return 0.0 if page.more else self.every.total_seconds()

    def _row(self, client: ItsmClient, table: str) -> PollRow:
        with self.store.reading() as looking:
            known = looking.channels.polled(self.name, table)
            since, hold = poll_since(looking, self.clock.now())
        if known is not None and known.hold >= hold:
            return known
        fresh = PollRow(self.name, table, client.begin(since), since, hold=hold)
        return self.store.write(partial(begin_poll, row=fresh))

    def _found(self, one: Polled) -> Found:
        """A record as the delivery that a hook would have made of it."""
        digest = sha256(one.body).hexdigest()
        ticket: Ticket | None = None
        quarantine: str | None = None
        try:
            what = self.source.connector.normalise(strict_json.read(one.body), self.source.mapping)
            ticket = what if isinstance(what, Ticket) else None
        except StrictJsonError as fault:
            quarantine = fault.code
        except Exception:  # noqa: BLE001 -- it is parked when it is worked off, as a hook's would be
            ticket = None
        known = ticket is not None and ticket.version is not None
        revision = str(ticket.version) if ticket is not None and known else digest
        verified = VerifiedDelivery(
            source=self.name,
            webhook_id=delivery_id(one.table, one.ticket_id, revision),
            body=one.body,
            body_digest=digest,
            received_at=self.clock.wall(),
        )
        return Found(verified, quarantine, one.ticket_id, ticket)

    def _fault(self, fault: ConnectorError) -> float:
        self._failed += 1
        self.log(self.name, fault.code)
        wait: float = min(
            FIRST_PAUSE_SECONDS * 2 ** min(self._failed - 1, 16), self.every.total_seconds()
        )
        return max(wait, fault.retry_after if isinstance(fault, Throttled) else 0.0)
