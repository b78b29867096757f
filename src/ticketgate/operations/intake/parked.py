"""Parked: what a delivery that could not be read may have said of a ticket. Looking only."""

from typing import Final

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.ports import Reading

# What quarantined a delivery, in words. Codes of the strict JSON reader all mean `not_json`.
PARKED: Final = {
    "id_conflict": "The sender used this webhook-id for another body before.",
    "no_mapping": "The source's `tables:` do not list this table; it blocks no other ticket.",
    "no_table": "The record does not tell its table.",
    "no_source": "The source is not configured any more.",
    "no_ticket_id": "The record has no usable id.",
    "not_a_record": "The body is not one record.",
    "unknown_keys": "The body lacks keys of its form, has others, or has them in another order.",
    "needs_poll": "A repeat without a version: only the platform can say what holds now.",
    "version_conflict": "Two different records claim to be the same version of the ticket.",
    "poison": "Our own code failed on it. That is a fault of ours; please report it.",
}
_NOT_JSON: Final = "The body is not strict JSON."
LIVE: Final = frozenset({GrantState.PLANNED, GrantState.PROVISIONING, GrantState.ACTIVE})


def parked_words(reason: str) -> str:
    """What quarantined a delivery, in words; empty where nothing did."""
    return PARKED.get(reason, _NOT_JSON) if reason else ""


def parked_for(reading: Reading, ticket: tuple[str, str, str]) -> DeliveryRow | None:
    """A parked delivery that is, or may be, of this ticket; a later revision clears it."""
    row = reading.tickets.find(ticket)
    source, _, ident = ticket
    return reading.deliveries.parked_after(source, ident, 0 if row is None else row.delivery_seq)


def on_hold(reading: Reading, ticket: tuple[str, str, str]) -> Refusal | None:
    """What holds decisions of a ticket until a person mends it; None where nothing does.

    One that tells its ticket is cleared by saving that ticket again. One that tells none may be of
    every ticket of its source: it is read again or dismissed by people with the role `triage`.
    """
    parked = parked_for(reading, ticket)
    if parked is None:
        return None
    if parked.ticket:
        return Refusal(
            "ticket_backlog",
            f"A change of this ticket could not be read: delivery {parked.id}.",
            f"Save the ticket again on the platform; `ticketgate deliveries show {parked.id}`"
            " tells operators why it could not be read.",
        )
    return Refusal(
        "ticket_backlog",
        f"A delivery of {parked.source} could not be read, and does not tell its ticket, so it may"
        f" be of this one: delivery {parked.id}.",
        "It is for whoever has the role `triage`: on /console/quarantine they let it be read again,"
        f" or dismiss it; `ticketgate deliveries show {parked.id}` tells operators why it could not"
        " be read. This ticket alone is free again, too, once it is saved again on the platform.",
    )


def unsettled(reading: Reading, ticket: tuple[str, str, str]) -> Refusal | None:
    """Why something accepted before may still change this ticket; None when nothing can (rule 6).

    Every accepted delivery that is, or may be, of this ticket must be worked off; a parked one
    blocks until a later revision of the ticket is worked off (ADR 0005).
    """
    parked = on_hold(reading, ticket)
    if parked is not None:
        return parked
    source, _, ident = ticket
    if reading.deliveries.backlog(source, ident):
        return Refusal(
            "ticket_backlog", "Changes of this ticket are being worked off.", "Try again soon."
        )
    return None


def may_have_closed(reading: Reading, grant: Grant) -> DeliveryRow | None:
    """The parked delivery of a live grant's own ticket, which may have said that it is closed.

    One that tells no ticket may be of any: it blocks approvals, and is no alarm here.
    """
    found = parked_for(reading, grant.ticket) if grant.state in LIVE else None
    return found if found is not None and found.ticket == grant.ticket_id else None


def perhaps_closed(reading: Reading) -> list[tuple[Grant, DeliveryRow]]:
    """Every live grant whose ticket a parked delivery may have closed."""
    found = [(one, may_have_closed(reading, one)) for one in reading.grants.beside_parked()]
    return [(grant, row) for grant, row in found if row is not None]
