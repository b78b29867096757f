"""From an approval to access at the target, and back: write-ahead, retried, compensated."""

from datetime import timedelta
from functools import partial

import pytest
from tests.contracts.fake_target import Fault
from tests.operations.fakes import TARGET, principal
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket, closed, edited

from ticketgate.connector_api import StateClass
from ticketgate.domain.command import Command, CommandKind, CommandState
from ticketgate.domain.grant import CALL_SECONDS_MAX, REVOKE_TRIES_BEFORE_OVERDUE, Grant
from ticketgate.operations.enforce import (
    Called,
    Seen,
    could_not_look,
    intend_provision,
    intend_revoke,
    provisioned,
    revoked,
)

TWO_HOURS = 7200


def approve(gate: Gate, ident: str = "t1", seconds: int | None = None) -> None:
    """A ticket of Alice's, approved; not provisioned yet."""
    gate.deliver(access_ticket(ident))
    gate.approve("bob", "carol", seconds=seconds)


def only(gate: Gate) -> Grant:
    (grant,) = gate.grants()
    return grant


@pytest.fixture
def approved(gate: Gate) -> Gate:
    """Alice's request is approved, and the command to provision it is due."""
    approve(gate)
    return gate


@pytest.fixture
def active(approved: Gate) -> Gate:
    """Alice has the access."""
    approved.run_targets()
    assert approved.members() == {"alice"}
    return approved


def log_of(gate: Gate, ident: str | None = None) -> list[tuple[str, str]]:
    """The moves of a grant: (state, cause)."""
    ident = ident or only(gate).id
    found = [one for one in gate.records() if one.get("on") == "grant" and one["id"] == ident]
    return [(one["to"], one["cause"]) for one in found]


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


# --- taking away -----------------------------------------------------------------------------


def test_a_target_that_is_down_at_expiry_is_tried_until_it_confirms(active: Gate) -> None:
    active.target.down = True
    active.tick(TWO_HOURS)
    waits: list[float] = []
    while active.grant_states() == ["revoking"]:
        with active.db() as looking:
            due = looking.commands.next_due([CommandKind.REVOKE])
        assert due is not None
        waits.append((due - active.clock.at).total_seconds())
        active.tick(waits[-1])
    assert waits == [0.5, 1, 2, 4, 8]
    assert active.grant_states() == ["revoke_overdue"]
    assert active.records("revocation.overdue")[0]["tries"] == REVOKE_TRIES_BEFORE_OVERDUE
    assert len(active.records("command.retried")) == 1
    active.tick(86_400)
    assert active.grant_states() == ["revoke_overdue"]
    active.target.heal()
    active.tick(300)
    assert (active.grant_states(), active.members()) == (["revoked"], set())
    assert log_of(active)[-3:] == [
        ("revoke_overdue", "target_unavailable"),
        ("revoking", "retried"),
        ("revoked", "expired"),
    ]
    assert active.records("revocation.confirmed")[0]["late_milliseconds"] >= 86_400_000


@pytest.mark.parametrize(
    "fault", [Fault.TIMEOUT, Fault.TIMEOUT_APPLIED, Fault.BUG, Fault.DENIED, Fault.DROPPED]
)
def test_a_revocation_is_retried_whatever_goes_wrong(active: Gate, fault: Fault) -> None:
    active.target.fail("revoke", fault, fault)
    active.tick(TWO_HOURS)
    assert active.grant_states() == ["revoking"]
    active.tick(5)
    active.tick(5)
    assert (active.grant_states(), active.members()) == (["revoked"], set())


def test_a_revocation_that_is_not_done_is_overdue_and_never_revoked(active: Gate) -> None:
    active.target.fail("revoke", *[Fault.DROPPED] * 50)
    active.tick(TWO_HOURS)
    for _ in range(20):
        active.tick(30)
    assert (active.grant_states(), active.members()) == (["revoke_overdue"], {"alice"})
    assert active.records("revocation.confirmed") == []


def test_access_that_somebody_else_took_away_counts_as_revoked(active: Gate) -> None:
    active.target.groups["SG-PROD-DB-ADMIN"].clear()
    active.tick(TWO_HOURS)
    assert active.grant_states() == ["revoked"]
    assert active.target.called("revoke") == []


def test_a_ticket_closed_while_provisioning_is_under_way_is_swept(approved: Gate) -> None:
    """The close comes between the intent and the answer; the access lands all the same."""
    approved.target.during_grant = lambda: (
        approved.receive(closed(access_ticket())),
        approved.work(),
    )
    approved.run_targets()
    assert approved.members() == {"alice"}
    assert approved.grant_states() == ["revoking"]
    approved.settle()
    assert (approved.grant_states(), approved.members()) == (["revoked"], set())


def test_a_ticket_closed_while_an_answer_is_lost_is_swept_after_the_deadline(
    approved: Gate,
) -> None:
    approved.target.during_grant = lambda: (
        approved.receive(closed(access_ticket())),
        approved.work(),
    )
    approved.target.fail("grant", Fault.TIMEOUT_LATE)
    approved.settle()
    assert approved.grant_states() == ["revoking"]
    approved.tick(CALL_SECONDS_MAX - 1)
    approved.target.land()
    approved.tick(1)
    assert (approved.grant_states(), approved.members()) == (["revoked"], set())


def test_an_answer_that_comes_when_the_revocation_was_tried_already_changes_nothing(
    approved: Gate,
) -> None:
    def close_and_revoke() -> None:
        approved.deliver(closed(access_ticket()))
        approved.target.fail("observe", Fault.DOWN)
        approved.run_targets(CommandKind.REVOKE)

    approved.target.during_grant = close_and_revoke
    approved.run_targets(CommandKind.PROVISION)
    approved.tick()
    approved.tick()
    assert (approved.grant_states(), approved.members()) == (["revoked"], set())


# --- crashes ---------------------------------------------------------------------------------


def crash(gate: Gate, command: Command, *, applied: bool) -> None:
    """The intent is committed and the process dies, before the call or right after it."""
    snapshot = gate.desk.snapshot()
    seen = Seen(principal("alice"), False, gate.clock.at)
    gate.clock.at += timedelta(milliseconds=1)
    if command.kind is CommandKind.PROVISION:
        gate.write(partial(intend_provision, ident=command.id, seen=seen, snapshot=snapshot))
        if applied:
            gate.target.groups["SG-PROD-DB-ADMIN"].add(principal("alice"))
    else:
        gate.write(partial(intend_revoke, ident=command.id, present=True))
        if applied:
            gate.target.groups["SG-PROD-DB-ADMIN"].clear()
    gate.restart()
    assert gate.recovered == 1


@pytest.mark.parametrize("applied", [False, True])
def test_a_crash_while_giving_ends_in_the_grant(approved: Gate, *, applied: bool) -> None:
    (command,) = approved.due(CommandKind.PROVISION)
    crash(approved, command, applied=applied)
    approved.settle()
    assert (approved.grant_states(), approved.members()) == (["active"], {"alice"})
    assert only(approved).baseline is False
    assert len(approved.target.called("grant")) == (0 if applied else 1)
    approved.tick(TWO_HOURS)
    assert approved.members() == set()


@pytest.mark.parametrize("applied", [False, True])
def test_a_crash_while_taking_ends_in_the_revocation(active: Gate, *, applied: bool) -> None:
    active.clock.at += timedelta(seconds=TWO_HOURS)
    active.keeper.step()
    (command,) = active.due(CommandKind.REVOKE)
    crash(active, command, applied=applied)
    active.settle()
    assert (active.grant_states(), active.members()) == (["revoked"], set())


def test_a_grant_that_expired_while_the_gateway_was_down_ends_before_it_serves(
    active: Gate,
) -> None:
    active.clock.at += timedelta(days=1)
    active.restart()
    assert active.grant_states() == ["revoking"]


def test_a_call_lost_in_a_crash_may_land_after_the_grant_was_ended(approved: Gate) -> None:
    (command,) = approved.due(CommandKind.PROVISION)
    crash(approved, command, applied=False)
    approved.deliver(closed(access_ticket()))
    approved.settle()
    assert approved.grant_states() == ["revoking"]
    approved.target.groups["SG-PROD-DB-ADMIN"].add(principal("alice"))
    approved.tick(CALL_SECONDS_MAX)
    assert (approved.grant_states(), approved.members()) == (["revoked"], set())


def test_an_intent_that_expired_before_it_could_be_retried_is_revoked(gate: Gate) -> None:
    approve(gate, seconds=60)
    gate.target.fail("grant", Fault.DOWN)
    gate.run_targets()
    gate.clock.at += timedelta(seconds=60)
    gate.run_targets(CommandKind.PROVISION)
    assert log_of(gate)[-1] == ("revoking", "expired")


@pytest.mark.parametrize("kind", [CommandKind.PROVISION, CommandKind.REVOKE])
def test_an_outcome_that_the_store_could_not_take_is_looked_at_again(
    approved: Gate, kind: CommandKind
) -> None:
    """Without a restart: the intent is past the deadline of its call."""
    if kind is CommandKind.REVOKE:
        approved.run_targets()
        approved.clock.at += timedelta(seconds=TWO_HOURS)
        approved.keeper.step()
    (command,) = approved.due(kind)
    snapshot = approved.desk.snapshot()
    seen = Seen(principal("alice"), False, approved.clock.at)
    if kind is CommandKind.PROVISION:
        approved.write(partial(intend_provision, ident=command.id, seen=seen, snapshot=snapshot))
    else:
        approved.write(partial(intend_revoke, ident=command.id, present=True))
    approved.tick(CALL_SECONDS_MAX - 1)
    assert approved.grant_states() in (["provisioning"], ["revoking"])
    approved.tick(1)
    assert approved.grant_states() in (["active"], ["revoked"])


# --- late words ------------------------------------------------------------------------------


def test_what_is_over_is_not_begun_again(active: Gate) -> None:
    """A second thread, or a repeat after the end: nothing is called, nothing recorded."""
    active.tick(TWO_HOURS)
    with active.db() as looking:
        done = [one for one in (looking.commands.get(i) for i in command_ids(active)) if one]
    before = active.evidence_size()
    snapshot = active.desk.snapshot()
    seen = Seen(principal("alice"), False, active.clock.at)
    called = Called("target_unavailable", True)
    for ident in [*(one.id for one in done), "nobody"]:
        provision = partial(intend_provision, ident=ident, seen=seen, snapshot=snapshot)
        assert active.write(provision) is None
        assert active.write(partial(intend_revoke, ident=ident, present=True)) is None
        active.write(partial(could_not_look, ident=ident, called=called))
        active.write(partial(provisioned, ident=ident, called=called))
        active.write(partial(revoked, ident=ident, called=called))
    assert active.evidence_size() == before
    assert active.grant_states() == ["revoked"]


def command_ids(gate: Gate) -> list[str]:
    """The ids of the commands that the log names."""
    found = [one["command"] for one in gate.records("grant.provisioning", "revocation.attempted")]
    assert len(found) == 2
    return found


def test_a_command_of_no_grant_does_nothing(gate: Gate) -> None:
    at = gate.clock.at
    command = Command("cmd", CommandKind.REVOKE, "nobody", TARGET, CommandState.QUEUED, at)
    gate.runner.run(command, gate.desk.snapshot())
    assert gate.target.calls == []
