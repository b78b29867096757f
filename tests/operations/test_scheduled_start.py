"""Access that is approved for later: it waits, is looked at again, begins, and ends."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.emergencies import invoke, policy_with
from tests.operations.kit import WHY, Gate, code_of, log_of, only
from tests.operations.tickets import access_ticket, account, closed, edited, moved
from tests.operations.windows import HOUR, TEN_HOURS, in_hours, plan, scheduled

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.instants import to_text
from ticketgate.domain.requests.ground import Ground
from ticketgate.domain.tickets.ticket import StateClass, Ticket
from ticketgate.operations.grants.enforce import Seen, intend_provision


@pytest.fixture
def planned(gate: Gate) -> Gate:
    return plan(gate)


def ticket_of(gate: Gate) -> Ticket:
    with gate.db() as looking:
        row = looking.tickets.find(only(gate).ticket)
    assert row is not None
    return row.ticket


# --- it waits, begins and ends ----------------------------------------------------------------


def test_what_is_approved_for_later_waits_begins_and_ends(planned: Gate) -> None:
    start = planned.clock.at + 10 * HOUR
    planned.settle()
    assert planned.grant_states() == ["planned"]
    planned.tick(TEN_HOURS - 1)
    assert planned.grant_states() == ["planned"]
    assert planned.members() == set()
    planned.tick(1)
    assert planned.grant_states() == ["active"]
    grant = only(planned)
    assert (grant.since, grant.not_after) == (start, start + HOUR)
    planned.tick(3600)
    assert planned.grant_states() == ["revoked"]
    assert planned.members() == set()


def test_it_does_not_begin_early_however_it_is_called(planned: Gate) -> None:
    """A command that was queued too early, by whatever fault, is put off to the start."""
    with planned.db() as looking:
        command = looking.commands.of(only(planned).id, CommandKind.PROVISION)
    assert command is not None
    planned.write(lambda tx, _: tx.commands.save(replace(command, due_at=planned.clock.at)))
    planned.run_targets()
    assert (planned.grant_states(), planned.members()) == (["planned"], set())
    planned.restart()
    planned.settle()
    assert planned.grant_states() == ["planned"]
    planned.tick(TEN_HOURS)
    assert planned.grant_states() == ["active"]


def test_it_ends_with_its_window_however_late_it_began(planned: Gate) -> None:
    ends = planned.clock.at + 11 * HOUR
    planned.clock.at += 10 * HOUR + HOUR / 2
    planned.settle()
    assert only(planned).not_after == ends


def test_it_ends_after_its_duration_within_a_longer_window(gate: Gate) -> None:
    gate.deliver(
        access_ticket(hours="30m", window_start=in_hours(gate, 1), window_end=in_hours(gate, 100))
    )
    gate.approve("bob", "carol")
    start = gate.clock.at + HOUR
    gate.tick(3600)
    assert only(gate).not_after == start + HOUR / 2


def test_an_end_without_a_start_bounds_what_begins_at_once(gate: Gate) -> None:
    ends = gate.clock.at + HOUR
    gate.deliver(access_ticket(window_end=to_text(ends)))
    gate.approve("bob", "carol")
    gate.settle()
    assert (only(gate).state.value, only(gate).not_after) == ("active", ends)


def test_what_could_not_begin_before_its_end_is_cancelled(gate: Gate) -> None:
    gate.deliver(access_ticket(window_end=in_hours(gate, 0.5)))
    gate.approve("bob", "carol")
    gate.clock.at += HOUR / 2
    gate.settle()
    assert log_of(gate)[-1] == ("cancelled", "window_over")


def test_it_is_given_up_an_hour_after_its_start(gate: Gate) -> None:
    gate.deliver(scheduled(gate, 1, None))
    gate.approve("bob", "carol")
    gate.clock.at += 2 * HOUR
    gate.settle()
    assert log_of(gate)[-1] == ("cancelled", "activate_within")


def test_approvers_may_shorten_it(gate: Gate) -> None:
    gate.deliver(scheduled(gate))
    gate.approve("bob", "carol", seconds=600)
    start = gate.clock.at + 10 * HOUR
    gate.tick(TEN_HOURS)
    assert only(gate).not_after == start + timedelta(seconds=600)


# --- asking -------------------------------------------------------------------------------------


def test_people_decide_before_it_begins_and_see_when(gate: Gate) -> None:
    gate.deliver(scheduled(gate, 2, 3))
    gate.run_mail()
    (request,) = gate.requests()
    view = gate.look("bob")
    assert not isinstance(view, Refusal)
    assert request.decide_by == request.not_before == view.window.not_before
    assert (view.window.ends, request.seconds) == (gate.clock.at + 3 * HOUR, 3600)
    token = gate.tokens("bob")[-1]
    gate.clock.at += 2 * HOUR
    assert code_of(gate.decide("bob", token=token)) == "decision_late"
    gate.tick()
    assert gate.states() == ["timed_out"]
    assert gate.grants() == []


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (-1, 1, "window_past"),
        (0, 1, "window_past"),
        (30 * 24 + 0.01, None, "window_too_far"),
        (2, 1, "window_backwards"),
        (2, 2, "window_backwards"),
        (2, 200, "window_too_long"),
    ],
)
def test_a_window_that_cannot_be_blocks_with_its_reason_and_nothing_is_lost(
    gate: Gate, start: float, end: float | None, reason: str
) -> None:
    gate.deliver(scheduled(gate, start, end))
    assert [(one.state.value, one.reasons) for one in gate.requests()] == [("blocked", (reason,))]
    assert gate.requests()[0].decide_by > gate.clock.at
    gate.deliver(edited(scheduled(gate, 1, 2)))
    assert gate.states() == ["awaiting"]


def test_a_window_at_the_limit_is_asked(gate: Gate) -> None:
    gate.deliver(scheduled(gate, 30 * 24, None))
    assert gate.states() == ["awaiting"]


def test_another_window_before_the_decision_voids_what_was_shown(gate: Gate) -> None:
    ticket = scheduled(gate)
    gate.deliver(ticket)
    gate.run_mail()
    token, shown = gate.tokens("bob")[-1], gate.requests()[0].shown
    gate.deliver(edited(ticket, window_start=in_hours(gate, 9)))
    (request,) = gate.requests()
    assert (request.round, request.shown != shown) == (2, True)
    assert isinstance(gate.decide("bob", token=token, shown=shown), Refusal)
    gate.deliver(edited(edited(ticket, window_start="", window_end="")))
    (request,) = gate.requests()
    assert (request.round, request.not_before, request.window_end) == (3, None, None)


# --- it is looked at again ------------------------------------------------------------------------


def other_window(gate: Gate) -> None:
    gate.deliver(edited(ticket_of(gate), window_end=in_hours(gate, 10.5)))


def no_window(gate: Gate) -> None:
    gate.deliver(edited(ticket_of(gate), window_start="", window_end=""))


def broken_window(gate: Gate) -> None:
    gate.deliver(edited(ticket_of(gate), window_start="soon"))


def other_reason(gate: Gate) -> None:
    gate.deliver(edited(ticket_of(gate), reason="another reason"))


def other_limit(gate: Gate) -> None:
    limits = tuple(replace(one, digest="f" * 64) for one in gate.policy.limits)
    gate.restart(replace(gate.policy, limits=limits, digest="e" * 64))


def shadow(gate: Gate) -> None:
    gate.restart(replace(gate.policy, shadow=True, digest="e" * 64))


def no_limits(gate: Gate) -> None:
    gate.restart(replace(gate.policy, limits=(), digest="e" * 64))


def no_entitlements(gate: Gate) -> None:
    gate.restart(replace(gate.policy, entitlements=(), digest="e" * 64))


def same_policy(gate: Gate) -> None:
    gate.restart(replace(gate.policy, digest="e" * 64))


def closes(gate: Gate) -> None:
    gate.deliver(closed(ticket_of(gate)))


def passes_on(gate: Gate) -> None:
    gate.deliver(edited(ticket_of(gate), requested_for=account("erin")))


def leaves(gate: Gate) -> None:
    gate.directory.leave("alice")


@pytest.mark.parametrize(
    ("happens", "outcome"),
    [
        (other_window, ("cancelled", "window_changed")),
        (no_window, ("cancelled", "window_changed")),
        (broken_window, ("cancelled", "window_unreadable")),
        (other_limit, ("cancelled", "rules_changed")),
        (shadow, ("cancelled", "shadow")),
        (no_limits, ("cancelled", "no_limit")),
        (no_entitlements, ("cancelled", "not_asked")),
        (closes, ("cancelled", "ticket_closed")),
        (passes_on, ("cancelled", "ticket_passed_on")),
        (leaves, ("cancelled", "leaver")),
        (other_reason, ("active", "confirmed")),
        (same_policy, ("active", "confirmed")),
    ],
    ids=lambda one: one.__name__ if callable(one) else one[1],
)
def test_what_was_approved_is_held_against_everything_again(
    planned: Gate, happens: Callable[[Gate], None], outcome: tuple[str, str]
) -> None:
    happens(planned)
    planned.tick(TEN_HOURS)
    assert log_of(planned)[-1] == outcome
    assert planned.members() == ({"alice"} if outcome[0] == "active" else set())


def test_a_requester_who_left_is_answered_no_more(gate: Gate) -> None:
    ticket = access_ticket(
        by="erin", window_start=in_hours(gate, 10), window_end=in_hours(gate, 11)
    )
    gate.deliver(ticket)
    gate.approve("bob", "carol")
    gate.directory.leave("erin")
    gate.tick(TEN_HOURS)
    assert log_of(gate)[-1] == ("cancelled", "requester_left")


def test_who_left_gets_nothing_before_any_sweep(planned: Gate) -> None:
    planned.directory.leave("alice")
    planned.clock.at += 10 * HOUR
    planned.settle()
    assert log_of(planned)[-1] == ("cancelled", "leaver")


@pytest.mark.parametrize("person", ["erin", "alice"])
def test_whose_emergency_was_not_reviewed_is_answered_no_more(gate: Gate, person: str) -> None:
    """Of the requester's as of the beneficiary's."""
    gate.restart(policy_with())
    gate.deliver(access_ticket(by="erin", window_start=in_hours(gate, 40)))
    gate.approve("bob", "carol")
    gate.directory.change("erin", groups=frozenset({"platform-engineering"}))
    invoke(gate, person)
    gate.settle()
    gate.tick(3600)
    gate.tick(39 * 3600)
    scheduled_one = next(one for one in gate.grants() if one.origin == "request")
    assert (scheduled_one.state.value, scheduled_one.cause) == ("cancelled", "person_locked")


def test_one_that_was_cancelled_asks_anew_only_in_another_ticket(planned: Gate) -> None:
    other_window(planned)
    planned.tick(TEN_HOURS)
    assert planned.states() == ["approved"]
    planned.deliver(edited(ticket_of(planned), window_start=in_hours(planned, 1)))
    assert planned.states() == ["approved"]


def test_an_approval_that_is_taken_back_cancels_it(planned: Gate) -> None:
    token = planned.tokens("bob")[-1]
    taken = planned.desk.take_back(token, planned.session("bob"), reason=WHY)
    assert not isinstance(taken, Refusal), taken
    assert log_of(planned)[-1] == ("cancelled", "unapproved")


def test_a_state_that_is_not_listed_and_a_restore_make_it_wait(planned: Gate) -> None:
    listed = ticket_of(planned)
    planned.deliver(moved(listed, StateClass.UNLISTED))
    planned.tick(TEN_HOURS)
    assert planned.grant_states() == ["planned"]
    planned.deliver(edited(moved(listed, StateClass.LIVE)))
    planned.tick()
    assert planned.grant_states() == ["active"]


def test_another_policy_or_directory_than_the_newest_makes_it_wait(planned: Gate) -> None:
    """The look at the target took long: meanwhile both have been replaced."""
    old = Ground(planned.policy, planned.desk.snapshot())
    planned.clock.at += 10 * HOUR
    (command,) = planned.due(CommandKind.PROVISION)
    seen = Seen("id-alice", present=False, at=planned.clock.at)
    for ground in (
        replace(old, policy=replace(old.policy, digest="e" * 64)),
        replace(old, snapshot=replace(old.snapshot, digest="e" * 64)),
    ):
        begin = partial(intend_provision, ident=command.id, seen=seen, ground=ground)
        assert planned.write(begin) is None
        assert planned.grant_states() == ["planned"]
    planned.tick()
    assert planned.grant_states() == ["active"]


def test_a_policy_that_only_watches_gives_nothing(planned: Gate) -> None:
    """Also where the start in shadow, which cancels what waits, was not seen here."""
    planned.clock.at += 10 * HOUR
    (command,) = planned.due(CommandKind.PROVISION)
    seen = Seen("id-alice", present=False, at=planned.clock.at)
    ground = Ground(replace(planned.policy, shadow=True), planned.desk.snapshot())
    planned.write(partial(intend_provision, ident=command.id, seen=seen, ground=ground))
    assert log_of(planned)[-1] == ("cancelled", "shadow")
