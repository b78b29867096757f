"""A ticket that is over revives nothing; what it asks then, or nobody said of it, is told."""

from contextlib import closing
from dataclasses import replace

import pytest
from tests.operations.kit import Gate
from tests.operations.lane import Lane, doubtful
from tests.operations.tickets import access_ticket, closed, edited, moved, printer_incident

from ticketgate.adapters.sqlite import schema
from ticketgate.connector_api import StateClass, Ticket
from ticketgate.domain.evidence import parse_disclosure


def told(gate: Gate) -> list[tuple[str, str]]:
    """(code, what it is about) of the open exceptions."""
    with gate.db() as looking:
        return [(one.code, one.subject) for one in looking.exceptions.listed(None, 9)]


def disclosed(gate: Gate, index: int) -> list[str]:
    """The disclosures of one record."""
    sql = "SELECT encoded FROM evidence_disclosure WHERE idx = ?"
    with closing(schema.connect(gate.path, read_only=True)) as db:
        return [encoded for (encoded,) in db.execute(sql, (index,))]


def about(ticket: Ticket) -> str:
    return f"{ticket.table} {ticket.id} of {ticket.source}"


def test_a_ticket_that_is_reopened_to_ask_revives_nothing_and_is_told(gate: Gate) -> None:
    printer = printer_incident()
    over = closed(printer)
    for ticket in (printer, over):
        gate.deliver(ticket)
    assert told(gate) == []
    asking = moved(replace(over, fields={**over.fields, "category": "access"}), StateClass.OPEN)
    assert gate.deliver(asking) == "terminal"
    assert told(gate) == [("asked_past_end", about(printer))]
    assert gate.requests() == []
    again = replace(asking, version=(asking.version or 0) + 1)
    assert gate.deliver(again) == "terminal"
    assert len(told(gate)) == 1
    assert gate.verified().failing == ()


def test_a_request_that_is_reopened_as_it_was_is_told_too(gate: Gate) -> None:
    ticket = access_ticket()
    over = closed(ticket)
    for one in (ticket, over):
        gate.deliver(one)
    assert gate.deliver(moved(over, StateClass.OPEN)) == "terminal"
    assert told(gate) == [("asked_past_end", about(ticket))]


def test_what_only_repeats_the_end_or_asks_nothing_is_no_exception(gate: Gate) -> None:
    over, printer = closed(access_ticket()), closed(printer_incident())
    for one in (access_ticket(), over, printer_incident(), printer):
        gate.deliver(one)
    assert gate.deliver(moved(over, StateClass.CANCELLED)) == "terminal"
    assert gate.deliver(moved(printer, StateClass.OPEN)) == "terminal"
    assert told(gate) == []


def test_an_uncertain_ticket_that_ends_without_a_word_is_told(gate: Gate) -> None:
    gate.deliver(doubtful())
    gate.deliver(closed(doubtful()))
    assert told(gate) == [("ended_untriaged", about(doubtful()))]


def test_nor_does_an_edit_in_the_closing_itself_hide_it(gate: Gate) -> None:
    gate.deliver(doubtful())
    harmless = edited(doubtful(), "erin", short_description="The printer jams", description="")
    assert gate.deliver(closed(harmless)) == "not_identity"
    assert told(gate) == [("ended_untriaged", about(doubtful()))]


def harmless(ticket: Ticket) -> Ticket:
    """The next revision: an edit by Erin after which no rule has anything to say."""
    return edited(ticket, "erin", short_description="The printer jams", description="")


def test_an_uncertain_ticket_that_is_edited_to_harmless_text_stays_visible(gate: Gate) -> None:
    gate.deliver(doubtful())
    assert told(gate) == []
    assert gate.deliver(harmless(doubtful())) == "not_identity"
    assert Lane(gate).listed() == ()
    assert told(gate) == [("edited_untriaged", about(doubtful()))]
    assert Lane(gate).excepted().number == "INC-p1"
    with gate.db() as looking:
        (case,) = looking.exceptions.listed(None, 9)
    values = [parse_disclosure(one)[1:] for one in disclosed(gate, case.index)]
    assert ("what", "uncertain as of revision 1, none as of 2") in values
    assert gate.verified().failing == ()


def test_to_and_fro_is_one_exception_and_its_end_tells_nothing_more(gate: Gate) -> None:
    first = doubtful()
    away = harmless(first)
    back = edited(away, "erin", short_description="access to the new mailbox")
    for one in (first, away, back):
        gate.deliver(one)
    assert len(Lane(gate).listed()) == 1
    again = harmless(back)
    gate.deliver(again)
    gate.deliver(closed(again))
    assert told(gate) == [("edited_untriaged", about(first))]
    assert Lane(gate).attend("resolve") == ""
    assert Lane(gate).exceptions.listed("bob") == ()


def test_an_edit_after_a_word_or_to_an_identity_event_is_no_such_exception(gate: Gate) -> None:
    gate.deliver(doubtful())
    assert Lane(gate).say(verdict="not_identity") == ""
    gate.deliver(harmless(doubtful()))
    gate.deliver(doubtful("p2"))
    assert gate.deliver(edited(doubtful("p2"), category="access")) == "identity"
    assert told(gate) == []


@pytest.mark.parametrize("verdict", ["identity", "not_identity"])
def test_one_that_somebody_spoke_of_ends_as_any_other(gate: Gate, verdict: str) -> None:
    gate.deliver(doubtful())
    assert Lane(gate).say(verdict=verdict) == ""
    gate.deliver(closed(doubtful()))
    assert told(gate) == []


def test_an_identity_event_that_was_over_when_it_came_is_told(gate: Gate) -> None:
    gate.deliver(access_ticket(state=StateClass.CLOSED))
    assert told(gate) == [("asked_past_end", about(access_ticket()))]
    assert gate.requests() == []
