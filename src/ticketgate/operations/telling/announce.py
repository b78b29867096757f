"""Announce: records of the log become messages for receivers, each queued once.

The log is what is read, so no operation can forget to tell, and none waits for a receiver. How far
it was read is committed with what was queued: a crash between loses nothing and doubles nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final

from ticketgate.domain.evidence import Draft, Json, parse_entry
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.telling.announcement import events_of
from ticketgate.domain.trying_again import tell_again
from ticketgate.operations.cases.exceptions import open_exception
from ticketgate.operations.outbox import queue
from ticketgate.ports import Reading, Store, Transaction
from ticketgate.ports.announcements import Queued

READ_MAX: Final = 256  # records in one look
NOTE_EVERY: Final = 1024  # records that are news to nobody, until the place is noted all the same
IDLE_SECONDS: Final = 5.0

News = tuple[int, str, str]  # index, receiver, event


def begin_announcing(tx: Transaction, now: datetime, *, receivers: bool) -> None:
    """From now on records are read for receivers, or no more. What was before is told nobody."""
    del now
    if not receivers:
        tx.announcements.set_upto(None)
    elif tx.announcements.upto() is None:
        tx.announcements.set_upto(tx.evidence_size())


class Announcer:
    """One step reads what the log has got since the step before. One at a time."""

    def __init__(self, store: Store, events: Mapping[str, frozenset[str]]) -> None:
        """`events`: receiver -> what it is told."""
        self._store = store
        self._events = events
        self._read = 0

    def step(self) -> float:
        """Queue what is new; returns how many seconds nothing more may be."""
        with self._store.reading() as looking:
            since = looking.announcements.upto()
            head = looking.evidence.head()
            if since is None or head is None:
                return IDLE_SECONDS
            first = max(since, self._read, looking.evidence.first())
            upto = min(head.size, first + READ_MAX)
            news = self._news(looking, first, upto)
        if news or upto - since >= NOTE_EVERY:
            self._store.write(partial(queue_news, since=since, upto=upto, news=news))
        self._read = upto
        return 0.0 if upto < head.size else IDLE_SECONDS

    def _news(self, looking: Reading, first: int, upto: int) -> list[News]:
        found: list[News] = []
        for index, _, entry in looking.evidence.entries(first, upto):
            told = events_of(parse_entry(entry))
            for receiver, wanted in self._events.items():
                event = next((one for one in told if one in wanted), None)
                if event is not None:
                    found.append((index, receiver, event))
        return found


def queue_news(
    tx: Transaction, now: datetime, *, since: int, upto: int, news: Sequence[News]
) -> None:
    """Queue the news of the records from `since` to before `upto`, unless that was done already."""
    if tx.announcements.upto() != since:
        return
    for index, receiver, event in news:
        row = Queued(tx.new_id("ann"), receiver, event, index, now)
        tx.announcements.add(row)
        queue(tx, now, CommandKind.ANNOUNCE, row.id, receiver)
    tx.announcements.set_upto(upto)


def announced(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    code: str,
    retryable: bool,
    retry_after: float = 0.0,
) -> None:
    """Record how a try ended; `code` is empty when the receiver took it.

    What may still go is tried again for a day. What does not go is recorded, and an exception.
    """
    command = tx.commands.get(ident)
    row = None if command is None else tx.announcements.get(command.about)
    if command is None or row is None or command.state is not CommandState.QUEUED:
        return
    tries = command.tries + (1 if code else 0)
    again = bool(code) and retryable
    due = tell_again(now, tries, retry_after, retryable=again, queued_at=row.queued_at)
    if due is not None:
        tx.commands.save(replace(command, tries=tries, due_at=due, last_outcome=code))
        return
    fields: dict[str, Json] = {"what": "announcement", "about": row.id, "index": row.index}
    fields["receiver"] = row.receiver
    if code:
        tx.append(Draft("notification.failed", {**fields, "code": code}))
        open_exception(tx, now, "receiver_failed", f"receiver {row.receiver}", about=row.id)
    else:
        tx.append(Draft("notification.sent", fields))
    done = replace(command, state=CommandState.DONE, tries=tries, last_outcome=code or "sent")
    tx.commands.save(done)
    tx.announcements.remove(row.id)


def not_announced(tx: Transaction, now: datetime, *, ident: str) -> None:
    """The receiver left the settings, or retention took the record: nothing is told of it."""
    del now
    command = tx.commands.get(ident)
    if command is not None and command.state is CommandState.QUEUED:
        tx.commands.save(replace(command, state=CommandState.CANCELLED))
        tx.announcements.remove(command.about)
