"""Taking away: retried until confirmed, through crashes, late answers and a lying target."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.adapters.shelf import op
from tests.contracts.fake_target import Fault
from tests.operations.fakes import TARGET, principal
from tests.operations.kit import Gate, approve, log_of, only
from tests.operations.tickets import access_ticket, closed

from ticketgate.connector_api import Effect, Residual
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.grants.grant import CALL_SECONDS_MAX, REVOKE_TRIES_BEFORE_OVERDUE
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.grants.enforce import (
    Called,
    Seen,
    could_not_look,
    intend_provision,
    intend_revoke,
    provisioned,
    revoked,
)
from ticketgate.operations.workers.run_targets import attempt

TWO_HOURS = 7200


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


def throttled(gate: Gate, retry_after: float) -> None:
    """Alice's time is up, and the target asks to wait before it is revoked."""
    gate.clock.at += timedelta(seconds=TWO_HOURS)
    gate.keeper.step()
    (command,) = gate.due(CommandKind.REVOKE)
    gate.write(partial(intend_revoke, ident=command.id, present=True))
    called = Called("target_throttled", retryable=True, retry_after=retry_after)
    gate.write(partial(revoked, ident=command.id, called=called))


def test_a_target_that_asks_to_wait_for_an_hour_is_asked_again_in_five_minutes(
    active: Gate,
) -> None:
    throttled(active, 3600)
    active.tick(299)
    assert active.members() == {"alice"}
    active.tick(1)
    assert (active.grant_states(), active.members()) == (["revoked"], set())


def test_a_revocation_is_overdue_after_a_minute_however_few_the_tries(active: Gate) -> None:
    throttled(active, 3600)
    active.tick(59)
    assert active.grant_states() == ["revoking"]
    active.tick(1)
    assert log_of(active)[-1] == ("revoke_overdue", "target_throttled")
    assert active.records("revocation.overdue")[0]["tries"] == 1
    active.tick(60)
    assert len(active.records("revocation.overdue")) == 1


def test_a_revocation_that_nobody_could_even_try_is_overdue_after_a_minute(active: Gate) -> None:
    active.clock.at += timedelta(seconds=TWO_HOURS)
    active.keeper.step()
    active.clock.at += timedelta(seconds=60)
    active.keeper.step()
    assert log_of(active)[-1] == ("revoke_overdue", "not_confirmed")
    active.settle()
    assert (active.grant_states(), active.members()) == (["revoked"], set())


def test_a_revocation_without_a_command_is_overdue_too(active: Gate) -> None:
    active.clock.at += timedelta(seconds=TWO_HOURS)
    active.keeper.step()
    (command,) = active.due(CommandKind.REVOKE)
    lost = replace(command, state=CommandState.CANCELLED)
    active.write(op(lambda tx: tx.commands.save(lost)))
    active.clock.at += timedelta(seconds=60)
    active.keeper.step()
    assert active.grant_states() == ["revoke_overdue"]


def test_a_start_tries_at_once_what_was_made_to_wait(active: Gate) -> None:
    throttled(active, 3600)
    active.restart()
    active.settle()
    assert (active.grant_states(), active.members()) == (["revoked"], set())


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


def test_an_answer_that_comes_while_the_revocation_is_being_called_leaves_it_alone(
    approved: Gate,
) -> None:
    """The access had landed, was seen, and its removal is on the way."""

    def close_and_begin_to_revoke() -> None:
        approved.deliver(closed(access_ticket()))
        (command,) = approved.due(CommandKind.REVOKE)
        approved.write(partial(intend_revoke, ident=command.id, present=True))

    approved.target.during_grant = close_and_begin_to_revoke
    approved.run_targets(CommandKind.PROVISION)
    assert approved.due(CommandKind.REVOKE) == []
    approved.tick(CALL_SECONDS_MAX)
    assert (approved.grant_states(), approved.members()) == (["revoked"], set())


def test_what_a_connector_could_not_verify_is_not_done() -> None:
    outcome = attempt(lambda: Effect("applied", verified=False))
    assert (outcome.code, outcome.unknown) == ("not_verified", True)


def test_what_survives_a_revocation_is_recorded(active: Gate) -> None:
    session = Residual("a live session", None)
    outcome = attempt(lambda: Effect("applied", verified=True, residuals=(session,)))
    active.tick(TWO_HOURS - 1)
    active.clock.at += timedelta(seconds=1)
    active.keeper.step()
    (command,) = active.due(CommandKind.REVOKE)
    active.write(partial(intend_revoke, ident=command.id, present=True))
    active.write(partial(revoked, ident=command.id, called=outcome))
    assert active.records("revocation.confirmed")[0]["residuals"] == ["a live session"]


# --- crashes ---------------------------------------------------------------------------------


def crash(gate: Gate, command: Command, *, applied: bool) -> None:
    """The intent is committed and the process dies, before the call or right after it."""
    ground = Ground(gate.policy, gate.desk.snapshot())
    seen = Seen(principal("alice"), False, gate.clock.at)
    gate.clock.at += timedelta(milliseconds=1)
    if command.kind is CommandKind.PROVISION:
        gate.write(partial(intend_provision, ident=command.id, seen=seen, ground=ground))
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
    ground = Ground(approved.policy, approved.desk.snapshot())
    seen = Seen(principal("alice"), False, approved.clock.at)
    if kind is CommandKind.PROVISION:
        approved.write(partial(intend_provision, ident=command.id, seen=seen, ground=ground))
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
    ground = Ground(active.policy, active.desk.snapshot())
    seen = Seen(principal("alice"), False, active.clock.at)
    called = Called("target_unavailable", True)
    for ident in [*(one.id for one in done), "nobody"]:
        provision = partial(intend_provision, ident=ident, seen=seen, ground=ground)
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
