"""Write back: tickets are told what they brought about, once each, and never in anybody's way."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from ticketgate.domain.evidence import Draft, Json
from ticketgate.domain.grants.command import CommandKind, CommandState
from ticketgate.domain.telling.outcomes import Saying
from ticketgate.domain.telling.write_back import Comment
from ticketgate.domain.trying_again import tell_again
from ticketgate.operations.outbox import queue
from ticketgate.ports import Transaction


def tell_ticket(
    tx: Transaction,
    now: datetime,
    *,
    ticket: tuple[str, str, str],
    about: str,
    said: Saying,
    index: int,
) -> None:
    """Queue a comment for a ticket, if its source is told of such an outcome.

    `index` is that of the record that the comment tells of.
    """
    source, table, ticket_id = ticket
    if not tx.channels.is_told(source, said.outcome.value):
        return
    comment = Comment(
        tx.new_id("cmt"), source, table, ticket_id, about, said.text, index, queued_at=now
    )
    tx.channels.add_comment(comment)
    queue(tx, now, CommandKind.COMMENT, comment.id, source)


def commented(
    tx: Transaction,
    now: datetime,
    *,
    ident: str,
    code: str,
    retryable: bool,
    retry_after: float = 0.0,
) -> None:
    """Record how a try ended; `code` is empty when the comment was read back.

    What may still go is tried again for a day, then given up with a record.
    """
    command = tx.commands.get(ident)
    comment = None if command is None else tx.channels.comment(command.about)
    if command is None or comment is None or command.state is not CommandState.QUEUED:
        return
    fields: dict[str, Json] = {"what": "comment", "about": comment.about}
    done = replace(command, state=CommandState.DONE, last_outcome=code or "sent")
    if not code:
        tx.append(Draft("notification.sent", fields))
        tx.commands.save(done)
        return
    tries = command.tries + 1
    due = tell_again(now, tries, retry_after, retryable=retryable, queued_at=comment.queued_at)
    if due is not None:
        tx.commands.save(replace(command, tries=tries, due_at=due, last_outcome=code))
        return
    tx.append(Draft("notification.failed", {**fields, "code": code}))
    tx.commands.save(replace(done, tries=tries))


def tell_sources(tx: Transaction, now: datetime, *, sources: Mapping[str, Collection[str]]) -> None:
    """From now on tickets of just these sources are told, and of just these outcomes."""
    del now
    tx.channels.tell(sources)
