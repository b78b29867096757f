"""Record mail: what is recorded around each. A token is minted per try: hash first, then mail."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from ticketgate.domain.evidence import Disclosure, Draft, Json
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.requests.access_request import AccessRequest, RequestState
from ticketgate.domain.requests.approval import Link, LinkState
from ticketgate.domain.trying_again import mail_again
from ticketgate.operations.cases.exceptions import open_exception, void_exception
from ticketgate.operations.people.actors import actor_of
from ticketgate.ports import Transaction

_WHAT: Final = {
    CommandKind.MAIL_LINK: "link",
    CommandKind.MAIL_AGAIN: "link_again",
    CommandKind.MAIL_CODE: "code",
    CommandKind.MAIL_NOTICE: "emergency",
    CommandKind.MAIL_OUTCOME: "outcome",
    CommandKind.MAIL_REMINDER: "reminder",
    CommandKind.MAIL_DIGEST: "digest",
}
RECIPIENT_REFUSED: Final = "recipient_refused"
BOUNCED: Final = "mail_bounced"  # the code of the exception


def mint_link(
    tx: Transaction, now: datetime, *, ident: str, token_hash: str
) -> tuple[Link, AccessRequest] | None:
    """Commit the hash of the token that is about to be mailed; None when it is not wanted."""
    link = tx.links.get(ident)
    request = None if link is None else tx.requests.get(link.request)
    if link is None or request is None:
        return None
    wanted = link.state is LinkState.ISSUED and request.state is RequestState.AWAITING
    if not wanted or now >= link.expires_at:
        return None
    tx.links.add_token(token_hash, link.id, now)
    return link, request


def mailed(
    tx: Transaction, now: datetime, *, ident: str, to: str, code: str, retryable: bool
) -> None:
    """Record how mailing to the person `to` ended; `code` is empty when the server took it.

    Unavailable servers are tried again with backoff for about a day; a refusal is final. One of
    the person's address is an exception until a mail to them is taken again.
    """
    command = tx.commands.get(ident)
    if command is None or command.state is not CommandState.QUEUED:
        return
    if not code:
        _reached(tx, now, to)
        _settle(tx, replace(command, last_outcome="sent"), "notification.sent", {})
        return
    command = replace(command, tries=command.tries + 1)
    due = mail_again(now, command.tries, retryable=retryable)
    if due is not None:
        tx.commands.save(replace(command, due_at=due, last_outcome=code))
        return
    _settle(tx, replace(command, last_outcome=code), "notification.failed", {"code": code})
    if code == RECIPIENT_REFUSED:
        _bounced(tx, now, command, to)


def unwanted(tx: Transaction, now: datetime, *, ident: str) -> None:
    """The mail's reason is gone: nothing is sent, nothing needs a record."""
    del now
    command = tx.commands.get(ident)
    if command is not None:
        tx.commands.save(replace(command, state=CommandState.CANCELLED))


def _bounced(tx: Transaction, now: datetime, command: Command, to: str) -> None:
    """Whoever waits for that person's answer waits in vain, so somebody must look at it."""
    hidden = (Disclosure("person", to, subject=to), Disclosure("letter", _WHAT[command.kind]))
    whose = _bounces(actor_of(tx, to))
    open_exception(tx, now, BOUNCED, whose, about=_told(tx, command)[0], hidden=hidden)


def _reached(tx: Transaction, now: datetime, to: str) -> None:
    actor = tx.people.actor(to)
    case = None if actor is None else tx.exceptions.opened(BOUNCED, _bounces(actor))
    if case is not None:
        void_exception(tx, now, case)


def _bounces(actor: str) -> str:
    return f"mail to {actor}"


def _told(tx: Transaction, command: Command) -> tuple[str, str]:
    """What a mail is about as its record says it, and the outcome that it tells, if any."""
    kind = command.kind
    letter = tx.letters.get(command.about) if kind is CommandKind.MAIL_OUTCOME else None
    return (command.about, "") if letter is None else (letter.about, letter.outcome.value)


def _settle(tx: Transaction, command: Command, record: str, more: dict[str, Json]) -> None:
    about, outcome = _told(tx, command)
    fields: dict[str, Json] = {"what": _WHAT[command.kind], "about": about, **more}
    if outcome:
        fields["outcome"] = outcome
    tx.append(Draft(record, fields))
    tx.commands.save(replace(command, state=CommandState.DONE))
