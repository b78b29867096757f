from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket


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
