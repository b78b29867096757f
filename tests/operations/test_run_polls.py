"""Polls: what a hook lost is found, and takes the way of a delivery, once."""

import json
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate
from tests.operations.office import LOSS, Office
from tests.operations.platforms import EVERY, Asking
from tests.operations.tickets import (
    SOURCE,
    access_ticket,
    body_of,
    closed,
    edited,
    printer_incident,
)

from ticketgate.connector_api import Misconfigured, Throttled, Unavailable
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.domain.tickets.polling import PollRow, delivery_id, is_polled
from ticketgate.operations.intake.poll import begin_poll
from ticketgate.operations.workers.run_polls import PAGE_MAX
from ticketgate.ports import Transaction


@pytest.fixture
def asking(gate: Gate) -> Asking:
    made = Asking(gate)
    made.polls.step()  # polling has begun
    return made


def rows(gate: Gate) -> list[DeliveryRow]:
    with gate.db() as looking:
        return looking.deliveries.listed(None, 1000)[::-1]


def row(gate: Gate, table: str = "sc_req_item") -> PollRow:
    with gate.db() as looking:
        found = looking.channels.polled(SOURCE, table)
    assert found is not None
    return found


def save_again(tx: Transaction, now: datetime, *, row: PollRow) -> None:
    del now
    tx.channels.save_poll(row)


# --- once ---------------------------------------------------------------------------------------


def test_a_ticket_whose_hook_was_lost_opens_its_request(gate: Gate, asking: Asking) -> None:
    asking.platform.change(access_ticket())
    assert asking.poll() == 20.0  # it looks again whether it is time, so as not to seem stuck
    gate.work()
    assert gate.states() == ["awaiting"]
    (found,) = rows(gate)
    assert is_polled(found.webhook_id)
    assert (found.webhook_id, found.ticket) == (delivery_id("sc_req_item", "t1", "1"), "t1")
    assert asking.counted == [(SOURCE, "accepted")]
    (record,) = gate.records("delivery.accepted")
    assert record["source"] == SOURCE
    assert asking.platform.opened == 0


def test_what_the_hook_brought_is_not_even_stored(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    size = gate.evidence_size()
    asking.platform.change(access_ticket(reason="told otherwise"))
    asking.poll()
    assert len(rows(gate)) == 1
    assert (gate.evidence_size(), asking.counted) == (size, [])
    assert row(gate).cursor == "1"


def test_a_hook_that_comes_after_the_poll_has_no_second_effect(gate: Gate, asking: Asking) -> None:
    asking.platform.change(access_ticket())
    asking.poll()
    gate.work()
    assert gate.deliver(access_ticket()) == "duplicate"
    assert gate.states() == ["awaiting"]


def test_the_same_page_again_stores_nothing(gate: Gate, asking: Asking) -> None:
    asking.platform.change(access_ticket())
    asking.platform.change(printer_incident(version=None))  # known by its body alone
    asking.platform.tables["sc_req_item"].append(("x", b"[]"))
    asking.poll()
    gate.work()
    for name in asking.platform.tables:
        again = PollRow(SOURCE, name, "0", gate.clock.now())
        gate.write(partial(save_again, row=again))
    size = gate.evidence_size()
    asking.poll()
    assert gate.evidence_size() == size
    assert row(gate).cursor == "2"


def test_a_newer_revision_is_a_delivery_of_its_own(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    asking.platform.change(closed(access_ticket()))
    asking.poll()
    gate.work()
    assert gate.states() == ["withdrawn"]


# --- beside deliveries that wait ------------------------------------------------------------------


def test_a_record_waits_while_a_delivery_of_its_ticket_is_not_worked_off(
    gate: Gate, asking: Asking
) -> None:
    gate.receive(access_ticket(), "hook:t1", hint="t1")
    asking.platform.change(access_ticket("t2"))
    asking.platform.change(access_ticket())
    assert asking.poll() == 1.0
    assert [one.ticket for one in rows(gate)] == ["t1", "t2"]
    assert row(gate).cursor == "0"
    gate.work()
    asking.poll(1)
    assert len(rows(gate)) == 2
    assert row(gate).cursor == "2"
    gate.settle()
    assert gate.states() == ["awaiting", "awaiting"]


def test_a_closing_never_waits(gate: Gate, asking: Asking) -> None:
    gate.deliver(access_ticket())
    gate.receive(edited(access_ticket()), "hook:t1", hint="t1")
    asking.platform.change(closed(edited(access_ticket())))
    asking.poll()
    assert row(gate).cursor == "1"
    gate.settle()
    assert gate.states() == ["withdrawn"]


# --- pages and cursors --------------------------------------------------------------------------


def test_page_after_page_is_read_at_once_and_done_at_the_end(gate: Gate, asking: Asking) -> None:
    for number in range(PAGE_MAX + 1):
        asking.platform.change(printer_incident(f"p{number}"))
    assert asking.poll() == 0.0
    first = row(gate, "incident")
    assert (first.cursor, first.done_at) == (str(PAGE_MAX), None)
    gate.work()
    assert asking.poll(0) == 20.0
    last = row(gate, "incident")
    assert (last.cursor, last.done_at) == (str(PAGE_MAX + 1), gate.clock.now())


def test_a_restart_goes_on_from_the_cursor(gate: Gate, asking: Asking) -> None:
    asking.platform.change(access_ticket())
    asking.poll()
    gate.restart()
    asking.restart()
    asking.platform.change(access_ticket("t2"))
    asking.poll()
    assert len(rows(gate)) == 2
    assert len(asking.platform.begun) == 1


def test_polling_begins_when_the_source_was_configured(gate: Gate, asking: Asking) -> None:
    assert asking.platform.begun == [gate.clock.now()]
    found = row(gate)
    assert (found.since, found.done_at) == (gate.clock.now(), gate.clock.now())
    assert found.age(gate.clock.now() + timedelta(seconds=5)) == 5.0
    assert PollRow(SOURCE, "t", "", found.since).age(found.since + EVERY) == 60.0


def test_a_page_that_does_not_fit_is_asked_for_in_smaller_ones(gate: Gate, asking: Asking) -> None:
    asking.platform.change(access_ticket())
    asking.platform.fits = 20
    assert asking.poll() == 0.0
    assert asking.poll(0) == 0.0
    asking.poll(0)
    assert asking.platform.limits[-3:] == [50, 25, 12]
    assert len(rows(gate)) == 1
    asking.platform.fits = 0
    for _ in range(10):
        asking.poll()
    assert asking.platform.limits[-1] == 1
    assert gate.logged[-1] == (SOURCE, "target_refused")


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_page_that_fails_keeps_its_cursor_and_is_tried_again_later_and_later(
    gate: Gate, asking: Asking
) -> None:
    asking.platform.change(access_ticket())
    done = row(gate).done_at
    asking.platform.faults = [Unavailable("down")] * 4 + [KeyError("a bug")]
    assert [asking.poll() for _ in range(4)] == [5.0, 10.0, 20.0, 20.0]
    assert asking.poll(3) == 20.0  # not its turn: 40 s
    assert len(asking.platform.faults) == 1
    asking.poll()
    assert gate.logged == [(SOURCE, "target_unavailable")] * 4 + [(SOURCE, "unclassified:KeyError")]
    assert (row(gate).cursor, row(gate).done_at) == ("0", done)
    assert asking.polls.source is not None
    asking.poll()
    gate.work()
    assert gate.states() == ["awaiting"]


def test_a_platform_that_asks_to_wait_is_left_alone_so_long(gate: Gate, asking: Asking) -> None:
    asking.platform.faults = [Throttled("slowly", 300.0)]
    asking.poll()
    asking.platform.change(access_ticket())
    for _ in range(4):
        asking.poll()
    assert not rows(gate)
    asking.poll()
    assert len(rows(gate)) == 1


def test_a_table_that_fails_holds_up_no_other(gate: Gate, asking: Asking) -> None:
    asking.platform.tables = {"gone": [], "worse": [], "sc_req_item": []}
    asking.platform.failing = {"gone", "worse"}
    asking.platform.change(access_ticket())
    asking.poll()
    assert len(rows(gate)) == 1
    assert gate.logged == [(SOURCE, "target_misconfigured")]


def test_a_source_that_is_not_configured_any_more_is_told(gate: Gate, asking: Asking) -> None:
    asking.platform.names = set()
    assert asking.poll() == 5.0
    assert gate.logged == [(SOURCE, Misconfigured.code)]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"id": 1, "id": 2}', "duplicate_key"),
        (b"[]", "not_a_record"),
        (b'{"boom": true}', "poison"),
    ],
)
def test_a_record_that_cannot_be_read_is_parked_and_stops_no_other(
    gate: Gate, asking: Asking, body: bytes, reason: str
) -> None:
    asking.platform.tables["sc_req_item"].append(("t9", body))
    asking.platform.change(access_ticket())
    asking.poll()
    gate.work()
    assert [(one.reason, one.ticket) for one in rows(gate)] == [(reason, "t9"), ("", "t1")]
    assert gate.states() == ["awaiting"]


def test_an_approver_row_is_a_claim_here_too(gate: Gate, asking: Asking) -> None:
    body = json.dumps({"parent": "t1", "state": "approved"}).encode()
    asking.platform.tables["sc_req_item"].append(("row-1", body))
    asking.poll()
    gate.work()
    assert [one.effect for one in rows(gate)] == ["approver_row"]
    assert not gate.states()


def test_no_hook_can_take_the_id_of_a_poll(gate: Gate, asking: Asking) -> None:
    """Control: if one could, the record that is found would be parked as a conflict."""
    taken = delivery_id("sc_req_item", "t1", "1")
    assert " " in taken  # which the form of webhook-id excludes
    gate.deliver(b"[1]", taken)
    gate.deliver(body_of(printer_incident()), taken)
    asking.platform.change(access_ticket())
    asking.poll()
    assert rows(gate)[-1].reason == "id_conflict"


# --- after a restore ------------------------------------------------------------------------------


def test_after_a_restore_the_source_is_asked_from_the_backups_time(
    gate: Gate, asking: Asking
) -> None:
    asking.platform.change(access_ticket())
    asking.poll()
    gate.settle()
    office = Office(gate)
    office.lose()
    assert office.declare("bob") == office.declare("carol") == ""
    asking.poll()
    assert asking.platform.begun[-1] == LOSS.last_at
    again = row(gate)
    assert (again.hold > 0, again.cursor, again.done_at) == (True, "1", gate.clock.now())
    asking.poll()
    assert len(asking.platform.begun) == 2


def test_two_that_begin_at_once_begin_once(gate: Gate, asking: Asking) -> None:
    fresh = PollRow(SOURCE, "sc_req_item", "7", gate.clock.now())
    assert gate.write(partial(begin_poll, row=fresh)).cursor == "0"
