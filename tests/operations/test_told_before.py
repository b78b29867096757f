"""A field that the platform sends once, with the part of the record that it is (Zammad)."""

from dataclasses import replace

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import edited, printer_incident

from ticketgate.connector_api import Missing, Ticket

FIRST = {"description": "104"}


def printer(description: str = "no toner") -> Ticket:
    """A printer ticket as its creation tells it."""
    return replace(printer_incident(description=description), told_in=FIRST)


def later(ticket: Ticket, **fields: str | Missing) -> Ticket:
    """Its next revision, which does not tell the description."""
    return edited(ticket, **{"description": Missing.ABSENT, **fields})


def held(gate: Gate, ticket: Ticket) -> Ticket:
    with gate.db() as looking:
        row = looking.tickets.find(ticket.key)
    assert row is not None
    return row.ticket


def test_a_printer_ticket_stays_one_when_its_description_is_not_told_again(gate: Gate) -> None:
    ticket = printer()
    assert gate.deliver(ticket) == "not_identity"
    second = later(ticket)
    assert gate.deliver(second) == "not_identity"
    assert gate.deliver(later(second, priority="3 high")) == "not_identity"
    assert held(gate, ticket).value("description") == "no toner"


def test_without_the_part_that_it_was_told_in_it_is_uncertain(gate: Gate) -> None:
    """The control; and the ticket that was merged with another one."""
    ticket = printer()
    gate.deliver(ticket)
    merged = replace(later(ticket), told_in={"description": "90"})
    assert gate.deliver(merged) == "uncertain"
    assert gate.deliver(later(merged)) == "uncertain", "what was not read then is not known now"
    assert held(gate, ticket).value("description") is Missing.ABSENT


def test_a_ticket_that_was_first_seen_without_it_is_uncertain(gate: Gate) -> None:
    ticket = later(printer())
    assert gate.deliver(ticket) == "uncertain"
    assert gate.deliver(replace(printer(), version=1)) == "stale"
    assert gate.deliver(later(ticket)) == "uncertain"


def test_what_was_asked_in_it_is_still_asked(gate: Gate) -> None:
    """No edit of something else makes the words of an access request go away."""
    ticket = printer(description="please do a password reset for me")
    first = gate.deliver(ticket)
    assert first in {"identity", "uncertain"}
    assert gate.deliver(later(ticket)) == first


def test_the_same_revision_without_it_is_a_duplicate(gate: Gate) -> None:
    """Two triggers of one change, of which one tells the article."""
    ticket = printer()
    gate.deliver(ticket)
    again = replace(later(ticket), version=ticket.version)
    assert gate.deliver(again) == "duplicate"
    assert gate.deliver(replace(again, told_in={})) == "version_conflict", "the control"


@pytest.mark.parametrize("text", ["grant root", ""])
def test_what_is_told_anew_counts(gate: Gate, text: str) -> None:
    ticket = printer()
    gate.deliver(ticket)
    gate.deliver(edited(ticket, description=text))
    assert held(gate, ticket).value("description") == text
