"""Live access whose ticket does not tell whether it is asked still stays, and somebody hears."""

import sqlite3
from collections.abc import Callable
from functools import partial

import pytest
from tests.operations.kit import Gate, only
from tests.operations.lane import Lane
from tests.operations.test_past_end import disclosed
from tests.operations.tickets import access_ticket, account, edited, moved

from ticketgate.connector_api import Missing, Reference, StateClass, Ticket
from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.domain.evidence import parse_disclosure
from ticketgate.operations.requests.untold_grants import open_perhaps_closed, untold_case
from ticketgate.operations.workers.housekeeping import ALARM_EVERY


def cases(gate: Gate) -> list[ExceptionCase]:
    with gate.db() as looking:
        found = looking.exceptions.listed(None, 100)
    return [one for one in found if one.code == "grant_ticket_unreadable"]


def said_of(gate: Gate, ticket: Ticket) -> str:
    """What the exception hides, after this revision."""
    gate.deliver(ticket)
    gate.settle()
    assert gate.grant_states() == ["active"]
    (case,) = cases(gate)
    assert case.about == only(gate).id
    told = dict(parse_disclosure(one)[1:] for one in disclosed(gate, case.index))
    return str(told["what"])


def without_item(ticket: Ticket) -> Ticket:
    return edited(ticket, catalog_item=Missing.ABSENT)


UNTOLD: dict[str, tuple[Callable[[Ticket], Ticket], str]] = {
    "an unlisted state": (partial(moved, state=StateClass.UNLISTED), "its state 99 is not listed"),
    "nobody": (
        partial(edited, requested_for=Missing.ABSENT),
        "requested_for was not told, or by a name alone",
    ),
    "a bare name": (
        partial(edited, requested_for=Reference(None, "Alice Moreau")),
        "requested_for was not told, or by a name alone",
    ),
    "an unread item": (without_item, "what it asks for could not be read"),
}


@pytest.mark.parametrize(("change", "why"), UNTOLD.values(), ids=UNTOLD)
def test_a_revision_that_does_not_tell_is_an_exception(
    active: Gate, change: Callable[[Ticket], Ticket], why: str
) -> None:
    assert said_of(active, change(access_ticket())) == why


def test_a_revision_that_tells_is_none(active: Gate) -> None:
    """The control: what is asked still, and what is not, need nobody to look."""
    ticket = edited(access_ticket(), short_description="seen")
    active.deliver(ticket)
    assert (active.grant_states(), cases(active)) == (["active"], [])
    active.deliver(edited(ticket, requested_for=account("erin")))
    assert (active.grant_states(), cases(active)) == (["revoking"], [])


def test_access_that_is_going_already_needs_nobody(active: Gate) -> None:
    active.target.down = True
    ticket = edited(access_ticket(), requested_for=account("erin"))
    active.deliver(ticket)
    active.deliver(moved(ticket, StateClass.UNLISTED))
    assert (active.grant_states(), cases(active)) == (["revoking"], [])


def test_there_is_one_while_it_lasts_and_a_person_resolves_it(active: Gate) -> None:
    ticket = moved(access_ticket(), StateClass.UNLISTED)
    active.deliver(ticket)
    active.deliver(edited(ticket, requested_for=Missing.ABSENT))
    (case,) = cases(active)
    with active.db() as looking:
        assert untold_case(looking, only(active).id) == case
    lane = Lane(active)
    view = lane.excepted()
    assert view.id == case.id
    assert lane.attend("resolve", "alice", view=view) == "own_ticket"
    assert lane.attend("resolve", "bob", view=view) == "own_exception"  # who approved it
    assert lane.attend("resolve", "dan", view=view) == ""
    with active.db() as looking:
        assert untold_case(looking, only(active).id) is None


def test_access_whose_ticket_a_parked_delivery_may_have_closed_is_the_same(active: Gate) -> None:
    parked = active.receive(b"{", quarantine="surrogate", hint="t1")
    active.tick(ALARM_EVERY.total_seconds())
    active.tick(ALARM_EVERY.total_seconds())
    assert active.alarms == [(only(active).id, parked.delivery_id)]
    (case,) = cases(active)
    assert case.subject == f"grant {only(active).id}"
    assert active.grant_states() == ["active"]


def test_what_was_read_before_it_is_told_opens_nothing(active: Gate) -> None:
    active.receive(b"{", quarantine="surrogate", hint="t1")
    active.deliver(edited(access_ticket()))
    active.write(partial(open_perhaps_closed, ident=only(active).id))
    active.write(partial(open_perhaps_closed, ident="grt_none"))
    assert cases(active) == []


def test_an_exception_that_cannot_be_written_is_opened_at_the_next_look(active: Gate) -> None:
    active.receive(b"{", quarantine="surrogate", hint="t1")

    def full() -> None:
        raise sqlite3.OperationalError("the disk is full")

    active.before_commit = full
    active.clock.at += ALARM_EVERY
    with pytest.raises(StoreUnavailableError):
        active.keeper.step()
    active.before_commit = lambda: None
    assert cases(active) == []
    active.tick(ALARM_EVERY.total_seconds())
    assert len(cases(active)) == 1
