"""Run polls: a source is asked, page by page, for what was changed since the cursor."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final, TypeVar

from ticketgate.connector_api import (
    ConnectorError,
    ItsmClient,
    Polled,
    StrictJsonError,
    TooLarge,
)
from ticketgate.domain import strict_json
from ticketgate.domain.tickets.delivery import VerifiedDelivery
from ticketgate.domain.tickets.polling import PollRow, Unsettled, delivery_id
from ticketgate.domain.tickets.ticket import Ticket
from ticketgate.domain.trying_again import backoff
from ticketgate.operations.intake.exposed import may_show_secret
from ticketgate.operations.intake.poll import (
    Found,
    Kept,
    begin_poll,
    keep_found,
    keep_page,
    poll_since,
)
from ticketgate.ports import Clock, Platforms, Source, Store

PAGE_MAX: Final = 50
STEP_SECONDS_MAX: Final = 20.0  # a loop that is silent for a minute counts as stuck
WAIT_SECONDS: Final = 1.0  # for a delivery of the same ticket to be worked off
FIRST_PAUSE: Final = timedelta(seconds=5)
ASKED_MAX: Final = 10  # tickets asked for by id at a time

T = TypeVar("T")


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
    _asked_to: int = 0  # parked deliveries up to here were asked about; anew at each turn

    def step(self) -> float:
        """Ask for a page, if it is time; returns how many seconds to sleep at most."""
        now = self.clock.now()
        if self._due is None:
            self._due = now + self.every * self.jitter
        try:
            if now >= self._due:
                self._due = self._in(self._ask())
                self._asked_to = 0
            if not self._failed:
                self._ask_parked()
        except ConnectorError as fault:
            self._due = self._in(self._fault(fault))
        left = (self._due - self.clock.now()).total_seconds()
        return min(max(left, 0.0), STEP_SECONDS_MAX)

    def _in(self, seconds: float) -> datetime:
        return self.clock.now() + timedelta(seconds=seconds)

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
        limit, seen = self._limits.get(table, PAGE_MAX), self._newest()
        try:
            page = _classified(partial(client.poll, table, row.cursor, limit))
        except TooLarge:
            if limit == 1:
                raise
            self._limits[table] = limit // 2
            return 0.0
        found = [self._found(one) for one in page.records]
        kept = self.store.write(
            partial(
                keep_page,
                row=row,
                found=found,
                cursor=page.cursor,
                more=page.more,
                seen=seen,
                origin=self.origin,
            )
        )
        if self._waits(kept):
            return WAIT_SECONDS
        self._limits.pop(table, None)
        return 0.0 if page.more else self.every.total_seconds()

    def _ask_parked(self) -> None:
        """Ask for each ticket of which a delivery is parked: what holds now settles it (rule 6).

        One that the platform does not settle is asked for again at the next turn.
        """
        with self.store.reading() as looking:
            found = looking.deliveries.unsettled(self.name, self._asked_to, ASKED_MAX)
        if not found:
            return
        with self.platforms.open(self.name) as client:
            for one in found:
                if one.table in client.tables and self._fetch(client, one):
                    return
                self._asked_to = one.seq

    def _fetch(self, client: ItsmClient, one: Unsettled) -> bool:
        """Ask for one ticket; whether it must wait."""
        seen = self._newest()
        polled = _classified(partial(client.fetch, one.table, one.ticket_id))
        if polled is None:
            return False
        found = [self._found(polled)]
        kept = self.store.write(partial(keep_found, found=found, seen=seen, origin=self.origin))
        return self._waits(kept)

    def _waits(self, kept: Kept) -> bool:
        for receipt in kept.receipts:
            self.count(self.name, receipt.status)
        return kept.waits

    def _newest(self) -> int:
        with self.store.reading() as looking:
            return looking.deliveries.newest()

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
        secret = None if quarantine is None else may_show_secret(one.body)
        return Found(verified, quarantine, one.ticket_id, ticket, secret)

    def _fault(self, fault: ConnectorError) -> float:
        self._failed += 1
        self.log(self.name, fault.code)
        pause = backoff(self._failed, FIRST_PAUSE, self.every)
        return max(pause.total_seconds(), fault.retry_after)


def _classified(asked: Callable[[], T]) -> T:
    """What the connector answers; a fault that it did not classify is one of ours to tell."""
    try:
        return asked()
    except ConnectorError:
        raise
    except Exception as fault:
        code = f"unclassified:{type(fault).__name__}"
        raise ConnectorError("the connector failed while polling", code=code) from fault
