"""Outbox: what is to be done outside is queued in the transaction that causes it (ADR 0001)."""

from datetime import datetime
from typing import Final

from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.ports import Transaction

MAIL: Final = "mail"  # the target of every mail


def queue(tx: Transaction, due_at: datetime, kind: CommandKind, about: str, target: str) -> None:
    """Queue a command, to be tried from `due_at` on; `about` and `target` as of its kind."""
    tx.commands.add(Command(tx.new_id("cmd"), kind, about, target, CommandState.QUEUED, due_at))


def queue_mail(tx: Transaction, now: datetime, kind: CommandKind, about: str) -> None:
    """Queue a mail, to be sent at once."""
    queue(tx, now, kind, about, MAIL)
