"""Hands: who shaped a ticket, and whose it may be, as far as the directory can tell.

Whoever shaped it decides nothing of it (ADR 0009). A person in triage judges nothing that may be
their own; where that cannot be told, a second person must agree before a "no" counts
(`docs/rules.md`, "Triage").
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from ticketgate.domain.classifying.boundary import is_owned
from ticketgate.domain.people.directory import DirectorySnapshot, canonical
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.access_request import TRIAGER, Party, Shaper
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import beneficiary_field, known_now, shapers_of
from ticketgate.domain.tickets.ticket import Ticket

_NAMED: Final = "requester"
_ASSIGNED: Final = ("assignee", "assignee")  # the role, and the field


def gathered(
    ticket: Ticket,
    known: TicketRow | None,
    policy: Policy,
    snapshot: DirectorySnapshot,
    own_users: frozenset[str],
    *,
    edited: bool,
) -> tuple[Shaper, ...]:
    """Everybody who shaped a ticket since it was first seen, this revision included (ADR 0009).

    Of its very first revision, which the platform's own counter tells, a writer whom the platform
    does not name, or for whom an automation or our own configuration answers (a workflow), says
    nothing: the opener is known. So it is where they answer for it as the second revision comes.
    """
    if known is None:
        if _is_first(ticket):
            edited = not _answered_for(ticket, policy, snapshot, own_users)
        return shapers_of(ticket, snapshot, edited=edited)
    before, first = known.shapers, known.ticket
    if (
        known.revision == 1
        and _is_first(first)
        and _answered_for(first, policy, snapshot, own_users)
    ):
        unknown = Shaper("editor", Party("", first.updated_by))
        before = tuple(one for one in before if one != unknown)
    return tuple(dict.fromkeys((*before, *shapers_of(ticket, snapshot, edited=edited))))


def _is_first(ticket: Ticket) -> bool:
    """Whether a revision that comes first may be the first that there was."""
    return ticket.version in {0, None}


def _answered_for(
    ticket: Ticket, policy: Policy, snapshot: DirectorySnapshot, own_users: frozenset[str]
) -> bool:
    """Whether the writer of a first revision is nobody of the directory, and no stranger."""
    writer = ticket.updated_by
    if snapshot.holders(ticket.source, writer):
        return False
    return not writer or canonical(writer) in own_users or is_owned(ticket, policy)


def with_assignee(ticket: Ticket, shapers: tuple[Shaper, ...]) -> tuple[Shaper, ...]:
    """The shapers, and whom the ticket is assigned to: it is theirs too."""
    found = ticket.reference("assignee")
    if found is None or not found.id:
        return shapers
    return (*shapers, Shaper("assignee", Party("", found.id)))


def own_role(
    shapers: tuple[Shaper, ...], source: str, subject: str, snapshot: DirectorySnapshot
) -> str:
    """What this person is of a ticket with these shapers, by any account of theirs; or empty.

    An account that may mean several people is each one's own; so is one that was somebody else's.
    That one said what it is, makes it nobody's own.
    """
    for shaper in known_now(shapers, source, snapshot):
        if shaper.role == TRIAGER:
            continue
        meant = snapshot.meant(shaper.party.subject, source, shaper.party.account)
        if any(snapshot.same_human(one, subject) for one in meant):
            return shaper.role
    return ""


def unknown_hands(
    row: TicketRow, policy: Policy, snapshot: DirectorySnapshot, own_users: frozenset[str]
) -> tuple[str, ...]:
    """In words, each hand in a ticket of which nobody can tell whose it is, once.

    That is an account that the directory does not know, unless it is one of our own users or wrote
    what is asked as an automation of the policy; an opener who is not told; and whoever is told by
    a name alone, since names are not compared. Whom it is assigned to is a hand as well, since it
    is theirs too; that it is assigned to nobody says nothing.
    """
    return tuple(dict.fromkeys(_unknown(row, policy, snapshot, own_users)))


def _unknown(
    row: TicketRow, policy: Policy, snapshot: DirectorySnapshot, own_users: frozenset[str]
) -> Iterator[str]:
    ticket = row.ticket
    answered = set(own_users)
    if is_owned(replace(ticket, updated_by=row.writer), policy):
        answered.add(canonical(row.writer))
    for shaper in known_now(with_assignee(ticket, row.shapers), ticket.source, snapshot):
        account = shaper.party.account
        if not shaper.party.subject and canonical(account) not in answered:
            yield f"{shaper.role}: " + (f"account {account}" if account else "not told")
    named = (_NAMED, "opened_by"), ("beneficiary", beneficiary_field(ticket)), _ASSIGNED
    for role, field in named:
        told = ticket.reference(field)
        if told is not None and not told.id and told.name:
            yield f"{role}: {told.name}, by name alone"
        elif role == _NAMED and (told is None or not told.id):
            yield f"{role}: not told"
