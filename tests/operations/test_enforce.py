"""From an approval to access at the target: write-ahead, retried, compensated."""

from datetime import timedelta

import pytest
from tests.contracts.fake_target import Fault
from tests.operations.fakes import principal
from tests.operations.kit import Gate, approve, log_of, only
from tests.operations.tickets import access_ticket, edited

from ticketgate.connector_api import StateClass
from ticketgate.domain.grants.grant import CALL_SECONDS_MAX

TWO_HOURS = 7200


# --- the way through -------------------------------------------------------------------------


def test_access_is_given_until_its_end_and_then_taken(approved: Gate) -> None:
    approved.run_targets()
    grant = only(approved)
    assert (grant.state.value, grant.not_after) == (
        "active",
        approved.clock.at + timedelta(seconds=TWO_HOURS),
    )
    approved.tick(TWO_HOURS - 1)
    assert approved.members() == {"alice"}
    approved.tick(1)
    assert approved.members() == set()
    assert log_of(approved) == [
        ("planned", "approved"),
        ("provisioning", "approved"),
        ("active", "confirmed"),
        ("revoking", "expired"),
        ("revoked", "expired"),
    ]
    assert approved.records("revocation.confirmed")[0]["late_milliseconds"] == 0


def test_the_intent_is_committed_before_the_call_and_says_what_was_there(approved: Gate) -> None:
    approved.run_targets()
    (intent,) = approved.records("grant.provisioning")
    assert (intent["before"], intent["baseline"], intent["plan"]) == ("absent", False, "remove")
    (attempt,) = approved.target.called("grant")
    assert attempt.key == only(approved).id
    approved.tick(TWO_HOURS)
    (attempted,) = approved.records("revocation.attempted")
    assert (attempted["before"], attempted["grant"]) == ("present", only(approved).id)


def test_the_end_is_set_by_the_first_intent_and_no_retry_moves_it(approved: Gate) -> None:
    approved.target.fail("grant", Fault.DOWN, Fault.DOWN)
    approved.run_targets()
    end = only(approved).not_after
    while approved.grant_states() != ["active"]:
        approved.tick(5)
    assert only(approved).not_after == end
    assert len(approved.records("grant.provisioning")) == 1
    assert len(approved.records("command.retried")) == 1


# --- before it is given ----------------------------------------------------------------------


def test_what_could_not_be_activated_in_time_is_cancelled(approved: Gate) -> None:
    approved.target.down = True
    approved.run_targets()
    approved.tick(1800)
    assert approved.grant_states() == ["planned"]
    approved.tick(1801)
    assert log_of(approved)[-1] == ("cancelled", "activate_within")
    approved.target.heal()
    approved.tick(600)
    assert approved.members() == set()


def test_an_activation_that_comes_too_late_is_none(approved: Gate) -> None:
    approved.clock.at += timedelta(hours=1)
    approved.run_targets()
    assert log_of(approved)[-1] == ("cancelled", "activate_within")
    assert approved.target.called("grant") == []


def test_an_account_that_does_not_exist_cancels(approved: Gate) -> None:
    del approved.target.accounts[principal("alice")]
    approved.run_targets()
    assert log_of(approved)[-1] == ("cancelled", "target_not_found")


def test_a_target_that_is_not_configured_cancels(gate: Gate) -> None:
    gate.targets.names = set()
    approve(gate)
    gate.run_targets()
    assert log_of(gate)[-1] == ("cancelled", "target_misconfigured")


def test_a_beneficiary_who_left_meanwhile_gets_nothing(approved: Gate) -> None:
    approved.directory.leave("alice")
    approved.run_targets()
    assert log_of(approved)[-1] == ("cancelled", "leaver")
    assert approved.target.called("grant") == []


def test_somebody_gone_from_the_directory_gets_nothing(approved: Gate) -> None:
    """Without accounts there is nobody to look up."""
    del approved.directory.people["alice"]
    approved.run_targets()
    assert approved.grant_states() == ["cancelled"]
    assert approved.members() == set()


@pytest.mark.parametrize("parked", [False, True])
def test_nothing_is_given_while_the_ticket_may_have_changed(
    approved: Gate, *, parked: bool
) -> None:
    if parked:
        approved.receive(b"{", quarantine="not_json", hint="t1")
    else:
        approved.receive(edited(access_ticket()))
    approved.run_targets()
    assert approved.grant_states() == ["planned"]
    approved.deliver(edited(edited(access_ticket())))
    approved.tick()
    assert approved.grant_states() == ["active"]


def test_a_ticket_in_a_state_that_is_not_listed_activates_nothing(approved: Gate) -> None:
    unlisted = access_ticket(version=2, state=StateClass.UNLISTED)
    approved.deliver(unlisted)
    approved.tick()
    assert approved.grant_states() == ["planned"]
    approved.deliver(access_ticket(version=3, state=StateClass.LIVE))
    approved.tick()
    assert approved.grant_states() == ["active"]


def test_while_the_clock_is_disputed_nothing_is_given_and_everything_taken(active: Gate) -> None:
    approve(active, "t2")
    active.clock.skew = timedelta(minutes=-6)
    active.run_targets()
    assert active.grant_states() == ["active", "planned"]
    active.clock.skew = timedelta(minutes=-6)
    active.tick(TWO_HOURS)
    assert active.grant_states()[0] == "revoked"
    active.clock.skew = timedelta(0)


# --- failures --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Fault.DOWN_APPLIED, Fault.DOWN, Fault.THROTTLED, Fault.DROPPED])
def test_a_failure_that_may_pass_is_tried_again(approved: Gate, fault: Fault) -> None:
    approved.target.fail("grant", fault)
    approved.run_targets()
    assert approved.grant_states() == ["provisioning"]
    approved.tick(7)
    assert (approved.grant_states(), approved.members()) == (["active"], {"alice"})


def test_a_target_that_asks_to_wait_is_waited_for(approved: Gate) -> None:
    approved.target.fail("grant", Fault.THROTTLED)
    approved.run_targets()
    approved.tick(6)
    assert approved.grant_states() == ["provisioning"]


def test_a_refusal_of_the_target_is_compensated_at_once(approved: Gate) -> None:
    """Nothing was done, the read says so, and no late landing is to be waited for."""
    approved.target.fail("grant", Fault.DENIED)
    approved.settle()
    assert log_of(approved)[-2:] == [
        ("revoking", "provision_failed"),
        ("revoked", "provision_failed"),
    ]
    assert approved.members() == set()


@pytest.mark.parametrize(
    "fault",
    [Fault.TIMEOUT, Fault.TIMEOUT_APPLIED, Fault.TIMEOUT_LATE, Fault.BUG, Fault.BUG_APPLIED],
)
def test_an_unknown_outcome_is_compensated_and_a_late_landing_swept(
    approved: Gate, fault: Fault
) -> None:
    approved.target.fail("grant", fault)
    approved.settle()
    assert approved.grant_states() == ["revoking"]
    approved.tick(CALL_SECONDS_MAX / 2)
    approved.target.land()
    approved.tick(CALL_SECONDS_MAX / 2)
    assert approved.grant_states() == ["revoked"]
    assert approved.members() == set()


def test_provisioning_that_keeps_failing_is_given_up_and_compensated(approved: Gate) -> None:
    approved.target.fail("grant", *[Fault.DOWN] * 100)
    approved.run_targets()
    while approved.grant_states() == ["provisioning"]:
        approved.tick(300)
    assert ("revoking", "provision_failed") in log_of(approved)
    assert approved.grant_states() == ["revoked"]


def test_a_grant_that_ends_while_its_target_is_away_is_revoked(gate: Gate) -> None:
    """It was intended, so it may be half done: here it is, and nobody said so."""
    approve(gate, seconds=60)
    gate.target.fail("grant", Fault.DOWN_APPLIED)
    gate.run_targets()
    gate.target.down = True
    gate.tick(60)
    assert (gate.grant_states(), gate.members()) == (["revoking"], {"alice"})
    gate.target.heal()
    gate.tick(600)
    assert (gate.grant_states(), gate.members()) == (["revoked"], set())


def test_a_target_that_stays_away_after_the_intent_is_compensated(approved: Gate) -> None:
    approved.target.fail("grant", Fault.DOWN)
    approved.run_targets()
    approved.target.down = True
    approved.tick(3600)
    assert approved.grant_states() == ["revoking"]
    approved.target.heal()
    approved.tick(600)
    assert log_of(approved)[-1] == ("revoked", "activate_within")


def test_an_account_that_vanishes_after_the_intent_is_compensated(approved: Gate) -> None:
    approved.target.fail("grant", Fault.DOWN)
    approved.run_targets()
    approved.target.fail("observe", Fault.DENIED)
    approved.tick(5)
    assert ("revoking", "provision_failed") in log_of(approved)
    assert approved.grant_states() == ["revoked"]


def test_a_connector_that_breaks_while_reading_is_told_and_nothing_called(approved: Gate) -> None:
    approved.target.fail("observe", Fault.BUG)
    approved.run_targets()
    assert approved.target.called("grant") == []
    assert log_of(approved)[-1] == ("cancelled", "unclassified:RuntimeError")
