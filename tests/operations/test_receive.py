from hashlib import sha256

from tests.operations.kit import Gate, code_of
from tests.operations.tickets import access_ticket, body_of

from ticketgate.domain.tickets.delivery import content_id
from ticketgate.domain.tickets.receipt import Receipt
from ticketgate.domain.tickets.ticket import Ticket


def test_the_same_delivery_twenty_times_makes_one_request(gate: Gate) -> None:
    ticket = access_ticket()
    first = gate.receive(ticket, "msg")
    receipts = [gate.receive(ticket, "msg") for _ in range(10)]
    gate.settle()
    receipts += [gate.receive(ticket, "msg") for _ in range(9)]
    gate.settle()
    assert (first.status, {one.status for one in receipts}) == ("accepted", {"duplicate"})
    assert {one.evidence for one in receipts} == {first.evidence}
    assert len(gate.records("delivery.accepted")) == 1
    assert gate.states() == ["awaiting"]


def test_an_id_used_for_another_body_is_quarantined(gate: Gate) -> None:
    gate.receive(access_ticket(), "msg")
    other = gate.receive(access_ticket(reason="something else"), "msg")
    again = gate.receive(access_ticket(reason="something else"), "msg")
    assert other.status == "quarantined"
    assert (again.status, again.delivery_id) == ("duplicate", other.delivery_id)
    assert [one["reason"] for one in gate.records("delivery.quarantined")] == ["id_conflict"]
    gate.settle()
    assert gate.states() == ["awaiting"]


def test_a_body_that_the_door_could_not_read_is_kept_with_its_reason(gate: Gate) -> None:
    receipt = gate.receive(b"{", quarantine="not_strict_json", hint="t1")
    assert receipt.status == "quarantined"
    with gate.db() as looking:
        (row,) = looking.deliveries.listed("quarantined", 10)
        assert looking.deliveries.body(row.seq) == b"{"
    assert (row.reason, row.ticket, row.id) == ("not_strict_json", "t1", receipt.delivery_id)
    assert gate.work() == 0


def test_a_body_that_the_sender_mended_is_no_conflict(gate: Gate) -> None:
    """The shipped script gives the same revision the same id: a close must get through at last."""
    gate.receive(b"{", "msg", quarantine="not_json", hint="t1")
    mended = gate.receive(access_ticket(), "msg")
    other = gate.receive(access_ticket(reason="something else"), "msg")
    assert (mended.status, other.status) == ("accepted", "quarantined")
    gate.settle()
    assert gate.states() == ["awaiting"]


# --- ids that we make of the body ------------------------------------------------------------


def made(gate: Gate, ticket: Ticket) -> Receipt:
    """A delivery of a platform that sends no id."""
    return gate.receive(ticket, content_id(sha256(body_of(ticket)).hexdigest()))


A = access_ticket(version=None, reason="to read")
B = access_ticket(version=None, reason="to write")


def test_a_change_that_was_taken_back_is_no_repeat(gate: Gate) -> None:
    made(gate, A)
    gate.work()
    made(gate, B)
    gate.work()
    gate.run_mail()
    back = made(gate, A)
    gate.work()
    assert back.status == "accepted"
    assert code_of(gate.decide("bob")) == "ticket_backlog"
    with gate.db() as looking:
        (row,) = looking.deliveries.quarantined(10)
    assert (row.id, row.reason) == (back.delivery_id, "needs_poll")


def test_what_was_taken_back_before_anything_is_worked_off_is_no_repeat(gate: Gate) -> None:
    receipts = [made(gate, one) for one in (A, B, A)]
    assert [one.status for one in receipts] == ["accepted"] * 3
    assert len({one.delivery_id for one in receipts}) == 3


def test_a_retry_under_an_id_of_ours_is_a_duplicate_while_nothing_came_since(gate: Gate) -> None:
    gate.receive(b"{}", "msg", quarantine="no_table", source="other")
    first = made(gate, A)
    gate.receive(b"{}", "msg-2", quarantine="no_table", source="other")
    assert made(gate, A) == Receipt(first.delivery_id, "duplicate", first.evidence)
    gate.work()
    gate.deliver(access_ticket("t2"))
    assert made(gate, A).status == "duplicate"


def test_what_is_parked_or_waits_behind_it_may_be_of_its_ticket(gate: Gate) -> None:
    made(gate, A)
    gate.work()
    gate.receive(b"[1]", quarantine="no_table")
    assert made(gate, A).status == "accepted"
    made(gate, B)
    gate.work()
    gate.receive(access_ticket("t2"))
    assert made(gate, B).status == "accepted"


def test_what_is_parked_and_comes_again_is_parked_once_until_something_comes(gate: Gate) -> None:
    made(gate, A)
    gate.work()
    made(gate, B)
    gate.work()
    made(gate, A)
    gate.work()
    assert made(gate, A).status == "duplicate"
    made(gate, access_ticket(version=None, reason="third"))
    gate.work()
    assert made(gate, A).status == "accepted"


def test_what_told_no_ticket_comes_again_as_another(gate: Gate) -> None:
    body = b'{"ping": 1}'
    ident = content_id(sha256(body).hexdigest())
    first = gate.receive(body, ident)
    assert gate.receive(body, ident).status == "duplicate"
    gate.work()
    again = gate.receive(body, ident)
    assert (again.status, again.delivery_id == first.delivery_id) == ("accepted", False)
