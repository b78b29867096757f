"""Remind: who was asked and has not answered is told again as the deadline comes near.

Each reminder is sent once, over restarts too: it is noted with the mail that carries it. It gives
nobody a right: its mail brings the link that they have, if they still may decide with it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.instants import whole_seconds
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.approval import Link
from ticketgate.domain.requests.seat import may_decide
from ticketgate.domain.telling.reminding import Reminding, threshold
from ticketgate.operations.outbox import queue_mail
from ticketgate.operations.requests.in_force import InForce
from ticketgate.ports import Clock, Reading, Store, Transaction
from ticketgate.ports.workload import OpenLink

EVERY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Reminder:
    """Reminds in a loop of its own. `snapshot` reads the directory, None while that fails."""

    store: Store
    clock: Clock
    policy: InForce
    snapshot: Callable[[], DirectorySnapshot | None]
    reminding: Reminding

    def step(self) -> float:
        """Remind whom it is time to; returns how many seconds until it may be again."""
        now = self.clock.now()
        with self.store.reading() as looking:
            due = [
                one.id
                for one in looking.workload.open_links()
                if _key(looking, one, self.reminding, now)
            ]
        snapshot = self.snapshot() if due else None
        if snapshot is not None:
            reminding = partial(
                remind, reminding=self.reminding, policy=self.policy.now, snapshot=snapshot
            )
            for ident in due:
                self.store.write(partial(reminding, ident=ident))
        return EVERY_SECONDS


def remind(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    reminding: Reminding,
    policy: Policy,
    snapshot: DirectorySnapshot,
) -> None:
    """Queue the mail that reminds the holder of a link, or of the day's digest in its place.

    Nothing is queued, and nothing noted, for whom the link is of no use now: who is away, or may
    not decide any more. Whoever decides in their place has a link of their own.
    """
    link = tx.links.get(ident)
    mine = () if link is None else tx.workload.open_links(link.approver)
    one = next((one for one in mine if one.id == ident), None)
    key = "" if one is None else _key(tx, one, reminding, now)
    if link is None or not key or not _may_decide(tx, now, link, policy, snapshot):
        return
    day = now.date()
    mailed = tx.workload.reminders(link.approver, day) < reminding.per_day
    tx.workload.add_reminder(key, link.approver, day, mailed=mailed)
    if mailed:
        queue_mail(tx, now, CommandKind.MAIL_REMINDER, link.id)
    elif not tx.workload.has_digest(link.approver, day):
        digest = tx.new_id("dig")
        tx.workload.add_digest(digest, link.approver, day)
        queue_mail(tx, now, CommandKind.MAIL_DIGEST, digest)


def _key(reading: Reading, one: OpenLink, reminding: Reminding, now: datetime) -> str:
    """What tells the reminder that is due from others; empty when none is, or it was dealt with."""
    if one.asked_at is None:  # the mail that asks has not gone yet
        return ""
    found = threshold(reminding.before, one.decide_by, one.asked_at, now)
    key = "" if found is None else f"{one.id}:{whole_seconds(found)}"
    return "" if not key or reading.workload.is_reminded(key) else key


def _may_decide(
    tx: Transaction, now: datetime, link: Link, policy: Policy, snapshot: DirectorySnapshot
) -> bool:
    """Whether the holder of an open link may decide with it now, under the rules of now."""
    request = tx.requests.get(link.request)
    given = tx.requests.approvals(link.request)
    return request is not None and may_decide(link, request, given, policy, snapshot, now)
