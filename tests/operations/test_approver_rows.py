"""Approver rows: recorded as claims, and what looks wrong about them is told to a person."""

import json
from typing import Any

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import ACCOUNTS, access_ticket, closed, printer_incident

from ticketgate.domain.cases.exception_case import ExceptionCase
from ticketgate.domain.log.retention import Retention
from ticketgate.operations.evidence.erase import Eraser, What


def row(state: str = "approved", **facts: Any) -> bytes:  # noqa: ANN401 -- any field of the row
    return json.dumps({"parent": "t1", "state": state, **facts}).encode()


def told(gate: Gate) -> list[str]:
    """The codes of the open exceptions, oldest first."""
    return [one.code for one in cases(gate)][::-1]


def cases(gate: Gate) -> list[ExceptionCase]:
    with gate.db() as looking:
        return looking.exceptions.listed("opened", 100)


@pytest.fixture
def asking(gate: Gate) -> Gate:
    """Alice's ticket t1 is there."""
    gate.deliver(access_ticket())
    return gate


def test_an_approval_by_the_approver_is_a_claim_and_no_finding(asking: Gate) -> None:
    assert asking.deliver(row(updated_by=ACCOUNTS["bob"])) == "approver_row"
    assert told(asking) == []
    assert asking.states() == ["awaiting"]
    assert len(asking.records("ticket.approval_claimed")) == 1


def test_a_mismatch_of_approver_and_updater_is_an_exception(asking: Gate) -> None:
    asking.deliver(row(updated_by=ACCOUNTS["carol"]))
    (case,) = cases(asking)
    assert (case.code, case.subject) == ("approved_by_another", "approval row-1 of snow-prod")
    (classified,) = asking.records("ticket.classified")
    assert case.about == classified["id"]
    assert asking.states() == ["awaiting"]
    assert not {ACCOUNTS["bob"], ACCOUNTS["carol"]} & set(str(asking.records()).split("'"))


def test_the_platform_itself_that_approves_is_one(asking: Gate) -> None:
    asking.deliver(row(updated_by="system"))
    assert told(asking) == ["approved_by_integration"]


def test_the_same_row_again_opens_nothing_more(asking: Gate) -> None:
    asking.deliver(row(updated_by="system"))
    asking.deliver(row(updated_by="system", version=2))
    assert told(asking) == ["approved_by_integration"]
    assert len(asking.records("ticket.approval_claimed")) == 2


def test_the_requester_who_names_another_approver_is_told(asking: Gate) -> None:
    asking.deliver(row("requested", approver=ACCOUNTS["bob"], updated_by="system"))
    asking.deliver(
        row("requested", approver=ACCOUNTS["dan"], updated_by=ACCOUNTS["alice"], version=2)
    )
    assert told(asking) == ["approver_set_by_requester"]


def test_an_older_version_of_a_row_gives_no_finding(asking: Gate) -> None:
    asking.deliver(row(updated_by=ACCOUNTS["bob"], version=3))
    asking.deliver(row(updated_by="svc-mallory", version=2))
    assert told(asking) == []
    assert len(asking.records("ticket.approval_claimed")) == 2


def test_rows_without_a_version_are_each_looked_at(asking: Gate) -> None:
    asking.deliver(row(updated_by=ACCOUNTS["bob"], version=None))
    asking.deliver(row(updated_by="svc-mallory", version=None))
    assert told(asking) == ["approved_by_integration"]


def test_approvals_of_tickets_that_change_no_access_are_nobodys_concern(gate: Gate) -> None:
    gate.deliver(printer_incident("t1"))
    gate.deliver(row(updated_by="svc-mallory"))
    assert told(gate) == []


def test_a_row_whose_ticket_was_never_seen_is_a_claim_alone(gate: Gate) -> None:
    gate.deliver(row(updated_by="svc-mallory"))
    assert told(gate) == []
    assert len(gate.records("ticket.approval_claimed")) == 1


def test_the_erased_ticket_takes_what_was_kept_of_its_rows_along(asking: Gate) -> None:
    asking.deliver(row(updated_by=ACCOUNTS["bob"]))
    asking.deliver(closed(access_ticket()))
    eraser = Eraser(asking.store, Retention(), asking.clock.now)
    last = asking.records("ticket.classified")[-1]["_seq"]
    with asking.db() as looking:
        assert looking.approver_rows.last("snow-prod", "row-1") is not None
    eraser.erase(What(record=last), "os:0@host", "asked for")
    with asking.db() as looking:
        assert looking.approver_rows.last("snow-prod", "row-1") is None
