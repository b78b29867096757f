"""Run announcements: one try of telling one receiver of one record, outside of any transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ticketgate.connector_api import ConnectorError
from ticketgate.domain.evidence import parse_entry
from ticketgate.domain.grants.command import Command
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.telling.announcement import Announcement, announcement
from ticketgate.operations.telling.announce import announced, not_announced
from ticketgate.ports import Receivers, Store
from ticketgate.ports.announcements import Queued


@dataclass(frozen=True, slots=True)
class AnnouncementRunner:
    """Carries out what the outbox holds for receivers. What is sent is made anew for each try."""

    store: Store
    receivers: Receivers
    origin: str
    log: Callable[[str, str], None]  # (event, code) of what did not go

    def run(self, command: Command, snapshot: DirectorySnapshot) -> None:
        """One try of one announcement, always under the same id."""
        del snapshot
        with self.store.reading() as looking:
            row = looking.announcements.get(command.about)
        what = None if row is None else self._what(row)
        if what is None or command.target not in self.receivers.events:
            self.store.write(partial(not_announced, ident=command.id))
            return
        code, retryable, wait = self._try(command.target, what)
        if code:
            self.log("announcement.failed", code)
        self.store.write(
            partial(announced, ident=command.id, code=code, retryable=retryable, retry_after=wait)
        )

    def _what(self, row: Queued) -> Announcement | None:
        with self.store.reading() as looking:
            found = next(iter(looking.evidence.entries(row.index, row.index + 1)), None)
            if found is None:
                return None
            index, leaf, line = found
            entry = parse_entry(line)
            request = looking.requests.get(str(entry.get("request", "")))
            ticket = None if request is None else looking.tickets.ident(request.ticket)
        number = "" if request is None else request.ticket_number
        about = {"ticket": ticket or "", "number": number}
        return announcement(row.event, entry, origin=self.origin, index=index, leaf=leaf, **about)

    def _try(self, receiver: str, what: Announcement) -> tuple[str, bool, float]:
        try:
            self.receivers.send(receiver, what)
        except ConnectorError as fault:
            return fault.code, fault.retryable, fault.retry_after
        return "", False, 0.0
