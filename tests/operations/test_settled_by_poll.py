"""A parked delivery is settled by what the platform says when it is asked, and by nothing older."""

from dataclasses import replace

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.platforms import Asking
from tests.operations.rebuilt import compared
from tests.operations.tickets import SOURCE, access_ticket, body_of, closed, edited

from ticketgate.connector_api import Ticket, Unavailable
from ticketgate.domain.requests.inbox import DeliveryRow

TURN = 60.0
ONE_STEP = 1.0  # not the source's turn yet


@pytest.fixture
def asking(gate: Gate) -> Asking:
    """Polling has begun; Alice's request waits for Bob; the platform has her ticket as it came."""
    made = Asking(gate)
    made.polls.step()
    gate.receive(access_ticket(), "m:t1", hint="t1")
    gate.settle()
    made.platform.change(access_ticket())
    made.poll(TURN)
    assert gate.states() == ["awaiting"]
    return made


def conflict(gate: Gate, ticket: Ticket | bytes, hint: str | None = "t1") -> None:
    """The id of the first delivery comes again, with another body."""
    receipt = gate.receive(ticket, "m:t1", hint=hint)
    assert receipt.status == "quarantined"


def newest(gate: Gate) -> DeliveryRow:
    with gate.db() as looking:
        return looking.deliveries.listed(None, 1)[0]


def whole(gate: Gate) -> bool:
    return not gate.verified().failing and compared(gate) == []


def test_an_id_conflict_is_asked_about_at_once_and_settled_if_nothing_changed(
    gate: Gate, asking: Asking
) -> None:
    conflict(gate, access_ticket(version=7, role="admin"))
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    asking.poll(ONE_STEP)
    assert asking.platform.fetched == [("sc_req_item", "t1")]
    gate.settle()
    assert code_of(gate.decide("bob")) == ""
    assert gate.requests()[0].round == 1  # nothing changed, so that the old link stays good
    assert whole(gate)


def test_control_without_a_poll_it_stays_parked(gate: Gate) -> None:
    gate.receive(access_ticket(), "m:t1", hint="t1")
    gate.settle()
    conflict(gate, access_ticket(version=7))
    gate.tick(TURN)
    assert code_of(gate.decide("bob")) == "ticket_backlog"


def test_what_changed_meanwhile_opens_a_new_round(gate: Gate, asking: Asking) -> None:
    asking.platform.change(edited(access_ticket(reason="something else")))
    conflict(gate, access_ticket(version=7))
    asking.poll(ONE_STEP)
    gate.settle()
    assert gate.requests()[0].round == 2
    assert code_of(gate.decide("bob")) == ""


def test_a_ticket_that_is_closed_there_ends_what_it_asked(gate: Gate, asking: Asking) -> None:
    asking.platform.change(closed(access_ticket()))
    conflict(gate, access_ticket(version=7))
    asking.poll(ONE_STEP)
    gate.settle()
    assert gate.states() == ["withdrawn"]
    asking.poll(TURN)
    assert len(asking.platform.fetched) == 1  # what is over is not asked about


def test_of_two_records_of_one_version_the_platforms_own_holds(gate: Gate, asking: Asking) -> None:
    other = access_ticket(reason="the other record")
    assert gate.deliver(other) == "version_conflict"
    asking.platform.change(other)
    asking.poll(ONE_STEP)
    gate.settle()
    assert newest(gate).state == "processed"
    (request,) = gate.requests()
    assert (request.reason, request.round) == ("the other record", 2)
    assert code_of(gate.decide("bob")) == ""
    assert whole(gate)


def test_a_repeat_without_a_version_is_settled_by_the_record_of_now(gate: Gate) -> None:
    asking = Asking(gate)
    asking.polls.step()
    plain = access_ticket(version=None)
    gate.deliver(plain)
    gate.run_mail()
    gate.deliver(replace(plain, state="5"))
    assert gate.deliver(plain) == "needs_poll"
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    asking.platform.change(plain)
    asking.poll(ONE_STEP)
    gate.settle()
    assert code_of(gate.decide("bob")) == ""


def test_an_older_record_settles_nothing_and_is_asked_for_again_at_the_next_turn(
    gate: Gate, asking: Asking
) -> None:
    gate.deliver(access_ticket(version=3))
    gate.run_mail()
    conflict(gate, access_ticket(version=7))
    asking.poll(ONE_STEP)
    gate.settle()
    assert newest(gate).effect == "stale"
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    asking.poll(ONE_STEP)
    assert len(asking.platform.fetched) == 1
    asking.poll(TURN)
    assert len(asking.platform.fetched) == 2
    asking.platform.change(access_ticket(version=3))
    asking.poll(TURN)
    gate.settle()
    assert code_of(gate.decide("bob")) == ""


def test_what_was_parked_while_the_platform_was_asked_is_not_settled_by_the_answer(
    gate: Gate, asking: Asking
) -> None:
    """The answer may be older than the edit that could not be read."""
    conflict(gate, access_ticket(version=7))

    def meanwhile() -> None:
        asking.platform.meanwhile = lambda: None
        conflict(gate, access_ticket(version=8))

    asking.platform.meanwhile = meanwhile
    asking.poll(ONE_STEP)
    gate.settle()
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    asking.poll(ONE_STEP)
    gate.settle()
    assert code_of(gate.decide("bob")) == ""


def test_nor_is_one_that_tells_no_ticket(gate: Gate, asking: Asking) -> None:
    conflict(gate, access_ticket(version=7))
    asking.platform.meanwhile = lambda: gate.receive(b"{", quarantine="not_json")
    asking.poll(ONE_STEP)
    gate.settle()
    assert code_of(gate.decide("bob")) == "ticket_backlog"


def test_a_record_that_was_asked_for_before_a_ticket_was_parked_waits_and_is_asked_for_again(
    gate: Gate, asking: Asking
) -> None:
    """Without this an older page would clear what was parked behind it."""
    asking.platform.change(access_ticket(version=2))

    def meanwhile() -> None:
        asking.platform.meanwhile = lambda: None
        conflict(gate, access_ticket(version=7))

    asking.platform.meanwhile = meanwhile
    assert asking.poll(TURN) == 1.0
    assert " settles " in newest(gate).webhook_id  # not the page's, but that of the second question
    with gate.db() as looking:
        found = looking.channels.polled(SOURCE, "sc_req_item")
    assert found is not None
    assert found.cursor == "1"


def test_the_next_page_settles_one_that_tells_no_ticket_for_the_tickets_it_holds(
    gate: Gate, asking: Asking
) -> None:
    gate.receive(b"{", quarantine="not_json")
    asking.poll(ONE_STEP)
    assert asking.platform.fetched == []  # of which ticket it is cannot be told
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    asking.platform.change(access_ticket())
    asking.poll(TURN)
    gate.settle()
    assert code_of(gate.decide("bob")) == ""


def test_a_ticket_whose_table_is_not_polled_or_that_is_not_there_stays_parked(
    gate: Gate, asking: Asking
) -> None:
    asking.platform.tables = {"incident": []}
    conflict(gate, access_ticket(version=7))
    asking.poll(ONE_STEP)
    assert asking.platform.fetched == []
    asking.platform.tables = {"sc_req_item": []}
    asking.poll(TURN)
    assert asking.platform.fetched == [("sc_req_item", "t1")]
    assert code_of(gate.decide("bob")) == "ticket_backlog"


@pytest.mark.parametrize("fault", [Unavailable("down"), KeyError("a bug")])
def test_a_platform_that_does_not_answer_is_asked_again_later(
    gate: Gate, asking: Asking, fault: Exception
) -> None:
    conflict(gate, access_ticket(version=7))
    asking.platform.faults = [fault]
    assert asking.poll(ONE_STEP) == 5.0
    asking.poll(ONE_STEP)
    assert len(asking.platform.fetched) == 1
    asking.poll(5)
    gate.settle()
    assert code_of(gate.decide("bob")) == ""


def test_no_hook_can_take_the_id_of_a_record_that_settles(gate: Gate, asking: Asking) -> None:
    """Mallory's hook would have to hold blanks, which no header's id may."""
    conflict(gate, access_ticket(version=7))
    asking.poll(ONE_STEP)
    assert newest(gate).webhook_id.startswith("poll sc_req_item t1 1 settles dlv_")
    assert gate.deliver(body_of(access_ticket()), "settles") == "duplicate"


def test_an_answer_waits_while_a_delivery_of_the_ticket_is_not_worked_off(
    gate: Gate, asking: Asking
) -> None:
    conflict(gate, access_ticket(version=7))
    gate.receive(access_ticket(version=2), "another:t1", hint="t1")
    for _ in range(2):
        asking.poll(ONE_STEP)
    assert len(asking.platform.fetched) == 2
    assert newest(gate).webhook_id == "another:t1"
    gate.settle()
    assert code_of(gate.decide("bob")) == ""  # the hook's revision came later than what was parked
    asking.poll(ONE_STEP)
    assert len(asking.platform.fetched) == 2
