"""Classified: the verdict on a ticket, with what a person has said of it, and its record."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from ticketgate.domain.classifying.boundary import bounded
from ticketgate.domain.classifying.classify import classify
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.classifying.masked_ticket import raised
from ticketgate.domain.evidence import Disclosure, EvidenceRef, Json
from ticketgate.domain.log.machines import edge
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.policy.policy import Policy
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.requests.inbox import TicketRow
from ticketgate.domain.requests.opening import beneficiary_of, requester_of
from ticketgate.domain.tickets.identity_event import Classification, Verdict
from ticketgate.domain.tickets.ticket import Ticket
from ticketgate.domain.tickets.triage import after_triage
from ticketgate.operations.classifying.second_word import void_word
from ticketgate.ports import Transaction

_ASKING: Final = {Verdict.IDENTITY.value, Verdict.UNCERTAIN.value}


def facts_of(ticket: Ticket, snapshot: DirectorySnapshot) -> TicketFacts:
    """What the matchers see of a ticket."""
    return TicketFacts(
        ticket,
        requester=requester_of(ticket, snapshot),
        beneficiary=beneficiary_of(ticket, snapshot),
    )


def classified(
    ticket: Ticket, policy: Policy, snapshot: DirectorySnapshot, *, traced: bool = False
) -> Classification:
    """What the rules say of a ticket under this policy and directory, the built-in one as well."""
    said = classify(policy, facts_of(ticket, snapshot), traced=traced)
    return raised(said, ticket, policy.classify)


def classified_row(row: TicketRow, policy: Policy, snapshot: DirectorySnapshot) -> Classification:
    """The verdict on the last revision: what the rules say, and a person's word on it."""
    said = classified(row.ticket, policy, snapshot)
    return after_triage(row.ticket, said, row.triage)[0]


def rules_on(row: TicketRow, ground: Ground) -> Classification:
    """What the rules say of the last revision, with the boundaries that it breaks.

    A revision that stands as an identity event was let pass; what is not is asked again of who
    wrote what it asks.
    """
    said = classified(row.ticket, ground.policy, ground.snapshot)
    if row.verdict == Verdict.IDENTITY.value:
        return said
    return bounded_row(row, said, ground)


def bounded_row(row: TicketRow, said: Classification, ground: Ground) -> Classification:
    """What the rules say, with the boundaries that it breaks, asked of who wrote what it asks."""
    ticket = replace(row.ticket, updated_by=row.writer)
    return bounded(ticket, said, ground.policy, ground.snapshot, ground.own_users)


def record_classified(  # noqa: PLR0913 -- what one record is made of
    tx: Transaction,
    row: TicketRow,
    classification: Classification,
    *,
    before: str,
    cause: str,
    policy: Policy,
    delivery: str,
    more: Mapping[str, Json] | None = None,
    hidden: tuple[Disclosure, ...] = (),
) -> EvidenceRef:
    """Record the verdict of a revision, with the ticket as a disclosure."""
    ticket = row.ticket
    fields: dict[str, Json] = {
        "source": ticket.source,
        "table": ticket.table,
        "revision": row.revision,
        "verdict": row.verdict,
        "state_class": ticket.state_class.value,
        "kinds": list(classification.kinds),
        "tier": classification.tier.word,
        "rules": [f"{one.rule}@{one.where}" for one in classification.matched],
        "blind": [f"{one.rule}@{one.where}" for one in classification.blind],
        "policy": policy.digest,
        "delivery": delivery,
        **(more or {}),
    }
    if classification.breaches:
        fields["boundary"] = list(dict.fromkeys(one.code for one in classification.breaches))
    told = Disclosure("ticket", ticket.plain(), kind="ticket")
    return tx.append(edge("ticket", row.id, before, row.verdict, cause, fields, (told, *hidden)))


def follow_rules(
    tx: Transaction, now: datetime, row: TicketRow, said: Classification, policy: Policy
) -> TicketRow:
    """The row as the rules in force have it, of a ticket that somebody asks something by.

    An identity event of which they cannot tell any more goes to triage, and leaves it when they
    can again; a revision need not come for that.
    """
    verdict = said.verdict.value
    if verdict == row.verdict or not {verdict, row.verdict} <= _ASKING:
        return row
    after = replace(row, verdict=verdict, triage=None, updated_at=now)
    delivery = tx.deliveries.at(row.delivery_seq)
    tx.tickets.save(after)
    void_word(tx, now, row)
    record_classified(
        tx,
        after,
        said,
        before=row.verdict,
        cause="rules",
        policy=policy,
        delivery="" if delivery is None else delivery.id,
    )
    return after
