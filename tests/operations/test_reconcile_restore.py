"""After a restore: what targets hold against what grants say. Nothing is removed."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from tests.contracts.fake_target import Fault
from tests.operations.kit import Gate, only
from tests.operations.office import Office
from tests.operations.tickets import access_ticket, closed

from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.log.restore import Place
from ticketgate.operations.restoring.reconcile_restore import places
from ticketgate.ports import Transaction


@pytest.fixture
def office(gate: Gate) -> Office:
    return Office(gate)


@pytest.fixture
def held(asked: Gate) -> Office:
    """Alice's request awaited; Bob and Carol have declared."""
    office = Office(asked)
    office.lose()
    assert office.declare("bob") == office.declare("carol") == ""
    return office


def test_without_a_hold_nothing_is_compared(office: Office) -> None:
    assert office.reconciler.step() > 0
    assert not office.gate.target.calls


def test_who_holds_what_nobody_gave_is_drift_and_stays(active: Gate) -> None:
    office = Office(active)
    active.target.groups["SG-PROD-DB-ADMIN"].add("id-erin")
    office.lose()
    assert office.declare("bob") == office.declare("carol") == ""
    office.reconcile()
    (record,) = active.records("drift.found")
    assert (record["target"], record["entitlement"], record["found"]) == (
        "corp-scim",
        "prod-db-admin",
        "unexplained",
    )
    assert "erin" not in str(active.records())
    ((who, drift),) = office.view().drift
    assert (drift.principal, drift.index, who) == ("id-erin", record["_seq"], "")
    assert active.members() == {"alice", "erin"}
    active.directory.change("erin", accounts={"corp-scim": ("id-erin",)})
    assert [who for who, _ in office.view().drift] == ["Erin Walsh (erin)"]
    assert office.desk.compare_again("bob") is None
    office.reconcile()
    assert len(active.records("drift.found")) == 1  # the same is recorded once


def test_a_live_grant_whose_access_is_gone_is_told(active: Gate) -> None:
    office = Office(active)
    active.target.groups["SG-PROD-DB-ADMIN"].clear()
    office.lose()
    assert office.declare("bob") == office.declare("carol") == ""
    office.reconcile()
    (record,) = active.records("drift.found")
    assert (record["found"], record["grant"]) == ("missing", only(active).id)
    ((who, _),) = office.view().drift
    assert who == "Alice Moreau (alice)"
    active.target.groups["SG-PROD-DB-ADMIN"].add("id-alice")
    assert office.desk.compare_again("bob") is None
    office.reconcile()
    assert office.view().drift == ()


def test_standing_access_that_a_grant_left_is_explained(approved: Gate) -> None:
    approved.target.groups["SG-PROD-DB-ADMIN"].add("id-alice")
    approved.run_targets()
    assert only(approved).baseline
    approved.deliver(closed(access_ticket()))
    approved.settle()
    assert approved.grant_states() == ["revoked"]
    office = Office(approved)
    office.lose()
    assert office.declare("bob") == office.declare("carol") == ""
    office.reconcile()
    assert not approved.records("drift.found")


def test_a_target_that_cannot_be_listed_is_asked_again_and_keeps_the_hold(held: Office) -> None:
    gate = held.gate
    gate.target.fail("list_held", Fault.DOWN, Fault.DOWN)
    held.reconcile()
    assert ("restore.not_compared", "target_unavailable") in gate.logged
    assert held.end("bob") == "not_compared"
    assert held.reconciler.step() > 0  # not at once
    gate.clock.at += timedelta(seconds=10)
    held.reconcile()
    assert held.view().uncompared == ()
    assert held.end("bob") == ""


def test_what_the_connector_did_not_classify_is_told_by_its_type(held: Office) -> None:
    held.gate.target.fail("list_held", Fault.BUG)
    held.reconcile()
    assert ("restore.not_compared", "unclassified:RuntimeError") in held.gate.logged


def test_what_does_not_exist_at_the_target_has_no_holders(held: Office) -> None:
    del held.gate.target.groups["SG-SALES-REPORTS"]
    held.reconcile()
    assert held.view().uncompared == ()
    assert [one.code for one in held.view().compared] == ["", "target_not_found"]


def test_a_grant_of_what_the_policy_no_longer_offers_is_compared_too(active: Gate) -> None:
    with active.db() as looking:
        offered = len(places(looking, active.policy))
    grant = only(active)
    other = replace(grant, access={"group": "SG-OLD"}, version=grant.version + 1)
    active.write(partial(_save, grant=other))
    with active.db() as looking:
        found = places(looking, active.policy)
    assert len(found) == offered + 1
    assert found[-1] == Place("corp-scim", "prod-db-admin", {"group": "SG-OLD"})


def _save(tx: Transaction, now: datetime, *, grant: Grant) -> None:
    del now
    tx.grants.save(grant)
