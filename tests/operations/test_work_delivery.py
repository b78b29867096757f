"""What a revision of a ticket does: to the ticket, to its requests and to its grants."""

import sqlite3
from dataclasses import replace
from functools import partial
from itertools import permutations

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import (
    ACCOUNTS,
    access_ticket,
    closed,
    edited,
    printer_incident,
)

from ticketgate.connector_api import Missing, StateClass, Ticket
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.workers import run_deliveries
from ticketgate.operations.workers.work_delivery import Reading, work_delivery


def only(gate: Gate) -> AccessRequest:
    (request,) = gate.requests()
    return request


def reasons(gate: Gate) -> tuple[str, ...]:
    """Why the newest request is blocked."""
    assert gate.states()[-1] == "blocked"
    return gate.requests()[-1].reasons


# --- what is an identity event ---------------------------------------------------------------


def test_a_printer_incident_is_not_an_identity_event(gate: Gate) -> None:
    assert gate.deliver(printer_incident()) == "not_identity"
    assert gate.requests() == []


def test_its_later_edit_into_an_access_request_is_one(gate: Gate) -> None:
    incident = printer_incident()
    gate.deliver(incident)
    assert gate.deliver(edited(incident, category="access")) == "identity"
    assert reasons(gate)[0] == "unknown_beneficiary"
    verdicts = [one["verdict"] for one in gate.records("ticket.classified")]
    assert verdicts == ["not_identity", "identity"]


def test_a_catalog_request_whose_item_could_not_be_read_is_uncertain(gate: Gate) -> None:
    ticket = access_ticket(catalog_item=Missing.ABSENT)
    assert gate.deliver(ticket) == "uncertain"
    assert gate.requests() == []
    assert gate.records("ticket.classified")[0]["blind"]


def test_a_request_whose_ticket_becomes_uncertain_is_withdrawn(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.run_mail()
    assert gate.deliver(edited(ticket, catalog_item=Missing.ABSENT)) == "uncertain"
    assert gate.states() == ["withdrawn"]
    assert getattr(gate.decide("bob"), "code", "") == "already_decided"


def test_a_row_of_the_platforms_own_approvals_opens_nothing(gate: Gate) -> None:
    gate.deliver(access_ticket())
    assert gate.deliver(b'{"parent": "t1", "state": "approved"}') == "approver_row"
    assert gate.states() == ["awaiting"]
    assert [one["state"] for one in gate.records("ticket.approval_claimed")] == ["approved"]


def test_a_test_of_the_connection_is_recorded_and_has_no_effect(gate: Gate) -> None:
    """It is no fault: nothing is parked, so no approval waits for it."""
    assert gate.deliver(b'{"ping": true}') == "no_ticket_event"
    [one] = gate.records("delivery.processed")
    assert one["cause"] == "no_ticket_event"
    assert gate.deliver(b'{"pong": true}') == "no_mapping"  # the control: this one is parked
    assert len(gate.records("delivery.processed")) == 1


def test_what_an_approver_row_says_in_its_own_words_stands_in_no_entry(gate: Gate) -> None:
    gate.deliver(b'{"parent": "t1", "state": "Alice Moreau said yes"}')
    assert [one["state"] for one in gate.records("ticket.approval_claimed")] == ["other"]
    assert "Moreau" not in str(gate.records())


# --- order and repetition --------------------------------------------------------------------


def test_an_older_revision_has_no_effect(gate: Gate) -> None:
    ticket = access_ticket(version=5)
    gate.deliver(ticket)
    before = only(gate)
    assert gate.deliver(replace(ticket, version=4, updated_by="somebody")) == "stale"
    assert only(gate) == before


def test_the_same_revision_by_another_delivery_has_no_effect(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    assert gate.deliver(ticket) == "duplicate"
    assert len(gate.records("ticket.classified")) == 1


def test_two_contents_of_one_version_are_parked_until_a_later_revision(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.run_mail()
    assert gate.deliver(access_ticket(reason="another")) == "version_conflict"
    assert getattr(gate.decide("bob"), "code", "") == "ticket_backlog"
    gate.deliver(edited(ticket))
    assert getattr(gate.decide("bob"), "state", "") == "awaiting"


def test_a_closing_of_the_same_version_still_closes(gate: Gate) -> None:
    """Where the platform counts in minutes, the last edit and the closing may be of one."""
    ticket = access_ticket()
    gate.deliver(ticket)
    assert gate.deliver(replace(closed(ticket), version=ticket.version)) == "identity"
    assert gate.states() == ["withdrawn"]
    assert gate.deliver(replace(closed(ticket), version=ticket.version)) == "duplicate"
    assert gate.deliver(ticket) == "version_conflict"
    assert gate.states() == ["withdrawn"]


def test_a_closed_ticket_stays_closed(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(closed(ticket))
    assert gate.states() == ["withdrawn"]
    assert gate.deliver(replace(ticket, version=9)) == "terminal"
    assert gate.states() == ["withdrawn"]


def test_a_close_seen_before_the_open_leaves_no_request_and_no_grant(gate: Gate) -> None:
    ticket = access_ticket()
    gate.deliver(closed(ticket))
    assert gate.deliver(ticket) == "stale"
    gate.settle()
    assert (gate.requests(), gate.grants()) == ([], [])


def test_a_close_that_comes_after_the_reopening_still_closes(gate: Gate) -> None:
    """In the order of the platform the reopening would have revived nothing either."""
    ticket = access_ticket()
    gate.deliver(ticket)
    gate.deliver(replace(ticket, version=3))
    gate.deliver(closed(ticket))
    assert gate.states() == ["withdrawn"]


def test_any_order_of_the_same_revisions_ends_in_the_same_ticket(gate: Gate) -> None:
    ends = set()
    for number, order in enumerate(permutations(range(4))):
        first = access_ticket(f"t{number}")
        told = [
            first,
            closed(first),
            replace(first, version=3),
            closed(replace(first, version=3)),
        ]
        for place in order:
            gate.deliver(told[place])
        with gate.db() as looking:
            row = looking.tickets.find(first.key)
        assert row is not None
        ends.add((row.ticket.version, row.ticket.state_class))
    assert ends == {(2, StateClass.CLOSED)}
    assert set(gate.states()) <= {"withdrawn"}


def test_a_body_without_version_that_repeats_needs_a_poll(gate: Gate) -> None:
    ticket = access_ticket(version=None)
    gate.deliver(ticket)
    assert gate.deliver(replace(ticket, state="2", state_class=StateClass.LIVE)) == "identity"
    assert gate.deliver(ticket) == "needs_poll"


def test_a_body_without_version_of_a_versioned_ticket_needs_a_poll(gate: Gate) -> None:
    gate.deliver(access_ticket(version=4))
    assert gate.deliver(access_ticket(version=None, reason="other")) == "needs_poll"
    assert gate.deliver(access_ticket(version=3, reason="other")) == "stale"


# --- what is asked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticket", "said"),
    [
        (access_ticket(by="nobody", updated_by=ACCOUNTS["alice"]), ("unknown_requester",)),
        (access_ticket(beneficiary="nobody"), ("unknown_beneficiary", "not_requestable")),
        (access_ticket(beneficiary="frank"), ("inactive_beneficiary", "not_requestable")),
        (access_ticket(beneficiary="erin"), ("not_requestable",)),
        (access_ticket(role="root"), ("no_entitlement",)),
        (access_ticket(role=Missing.ABSENT), ("entitlement_unreadable",)),
        (access_ticket(hours="a while"), ("duration",)),
        (access_ticket(hours=Missing.ABSENT), ("duration",)),
        (access_ticket(state=StateClass.UNLISTED), ("ticket_state",)),
    ],
)
def test_what_stands_in_the_way_is_said(gate: Gate, ticket: Ticket, said: tuple[str, ...]) -> None:
    gate.deliver(ticket)
    assert reasons(gate) == said
    gate.run_mail()
    assert gate.post.mails == []


def test_a_ticket_that_may_ask_for_more_than_could_be_read_says_so(gate: Gate) -> None:
    """The readable part is asked for; the rest is blocked, not forgotten."""
    prod, reports = gate.policy.entitlements
    also = replace(reports, asked_by=Clause("ticket.variables.extra", "equals", ("reports",), 1))
    gate.restart(replace(gate.policy, entitlements=(prod, also)))
    ticket = access_ticket()
    gate.deliver(ticket)
    assert [(one.entitlement, one.state.value) for one in gate.requests()] == [
        ("prod-db-admin", "awaiting"),
        ("", "blocked"),
    ]
    assert reasons(gate) == ("entitlement_unreadable",)
    variables = {"role": "prod-db-admin", "duration": "", "extra": "reports"}
    gate.deliver(replace(edited(ticket), variables=variables))
    gate.run_mail()
    gate.decide("bob", token=gate.tokens("bob")[0])
    gate.approve("carol")
    gate.settle()
    assert gate.states() == ["approved", "withdrawn", "awaiting"]
    gate.deliver(edited(edited(ticket)))
    gate.settle()
    assert gate.members() == {"alice"}


def test_a_repaired_ticket_opens_its_blocked_request(gate: Gate) -> None:
    ticket = access_ticket(hours="soon")
    gate.deliver(ticket)
    blocked = only(gate)
    gate.deliver(replace(edited(ticket), variables={"role": "prod-db-admin", "duration": "2"}))
    opened = only(gate)
    assert (opened.id, opened.state.value, opened.seconds) == (blocked.id, "awaiting", 7200)
    assert gate.records("request.awaiting")[0]["cause"] == "revalidated"


def test_an_edit_that_leaves_a_request_blocked_for_the_same_reason_is_no_move(gate: Gate) -> None:
    ticket = access_ticket(beneficiary="erin")
    gate.deliver(ticket)
    gate.deliver(edited(ticket, short_description="please, please"))
    assert only(gate).version == 1


def test_naming_an_entitlement_at_last_opens_the_request_for_it(gate: Gate) -> None:
    ticket = access_ticket(role="")
    gate.deliver(ticket)
    gate.deliver(replace(edited(ticket), variables={"role": "prod-db-admin", "duration": ""}))
    assert gate.states() == ["withdrawn", "awaiting"]


# --- what goes wrong -------------------------------------------------------------------------


def test_what_cannot_be_mapped_is_parked_with_its_reason(gate: Gate) -> None:
    assert gate.deliver(b'{"table": "cmdb_ci"}') == "no_mapping"
    assert gate.deliver(b"[]") == "not_a_record"
    assert gate.deliver(b"{") == "not_json"
    assert [one["reason"] for one in gate.records("delivery.quarantined")] == [
        "no_mapping",
        "not_a_record",
        "not_json",
    ]


def test_a_bug_in_a_connector_parks_one_delivery_and_stops_no_other(gate: Gate) -> None:
    gate.receive(b'{"boom": 1}', "msg-a:t9")
    gate.receive(access_ticket())
    gate.settle()
    assert gate.states() == ["awaiting"]
    (parked,) = gate.records("delivery.quarantined")
    assert parked["reason"] == "poison"


def test_a_fault_while_it_is_worked_off_parks_it(gate: Gate) -> None:
    """A ticket that cannot be written as a record: 2^53 is outside the profile."""
    assert gate.deliver(access_ticket(version=2**53)) == "poison"
    assert gate.requests() == []


def test_a_store_that_takes_nothing_loses_nothing(gate: Gate) -> None:
    def full() -> None:
        raise sqlite3.OperationalError("database or disk is full")

    gate.receive(access_ticket())
    snapshot = gate.desk.snapshot()
    gate.before_commit = full
    with pytest.raises(StoreUnavailableError):
        gate.deliveries.run(snapshot)
    gate.before_commit = lambda: None
    assert gate.work() == 1
    assert gate.states() == ["awaiting"]


def test_a_source_that_is_gone_leaves_its_deliveries_parked(gate: Gate) -> None:
    gate.receive(access_ticket(), source="another")
    gate.settle()
    assert [one["reason"] for one in gate.records("delivery.quarantined")] == ["no_source"]


def test_a_backlog_is_worked_off_in_batches_oldest_first(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = run_deliveries.BATCH_MAX // 8
    monkeypatch.setattr(run_deliveries, "BATCH_MAX", batch)
    first = access_ticket()
    for version in range(1, batch + 3):
        gate.receive(replace(first, version=version))
    assert gate.work() == batch
    assert gate.work() == 2
    assert gate.work() == 0
    with gate.db() as looking:
        row = looking.tickets.find(first.key)
    assert row is not None
    assert row.revision == batch + 2


def test_a_ticket_is_never_worked_off_without_its_classification(gate: Gate) -> None:
    gate.receive(access_ticket())
    with gate.db() as looking:
        (row,) = looking.deliveries.waiting(1)
    ground = Ground(gate.policy, gate.desk.snapshot())
    with pytest.raises(ValueError, match="classified"):
        gate.write(partial(work_delivery, reading=Reading(row, access_ticket()), ground=ground))
