"""Signals of the gate: what was approved opens exceptions, once while one is open, and blocks none.

The patterns themselves are in tests/domain/test_signals.py.
"""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate
from tests.operations.lane import Lane
from tests.operations.own import Own
from tests.operations.tickets import closed, report_ticket

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.looking import SqliteLook
from ticketgate.domain.cases.exception_case import ExceptionCase, ExceptionState
from ticketgate.domain.evidence import parse_disclosure
from ticketgate.domain.log.retention import Retention
from ticketgate.domain.policy.signal_rules import QUIET, InTurn, Load, SignalRules
from ticketgate.operations.cases.exceptions import resolve_exception
from ticketgate.operations.cases.signals import (
    HABITS_EVERY,
    LOOK_EVERY,
    OWNER,
    found_signals,
    tell_signals,
    told_subject,
)
from ticketgate.operations.desks.exception_desk import ExceptionView
from ticketgate.operations.evidence.erase import Eraser, What
from ticketgate.operations.people.actors import actor_of
from ticketgate.operations.workers.housekeeping import Housekeeper

LOOK = LOOK_EVERY.total_seconds()
DAY = HABITS_EVERY.total_seconds()


def watch(gate: Gate, rules: SignalRules) -> None:
    """The policy says these rules from now on."""
    gate.signals = rules
    gate.restart()


def cases(gate: Gate, state: str | None = None) -> list[ExceptionCase]:
    """All exceptions, oldest first."""
    with gate.db() as looking:
        return looking.exceptions.listed(state, 100)[::-1]


def codes(gate: Gate, state: str | None = None) -> list[str]:
    return [one.code for one in cases(gate, state)]


def actor(gate: Gate, subject: str) -> str:
    return gate.write(lambda tx, _: actor_of(tx, subject))


def hidden(gate: Gate, case: ExceptionCase) -> dict[str, str]:
    with gate.db() as looking:
        people = looking.exceptions.named(case)
    return dict.fromkeys(sorted(people), case.subject)


def report_approved(gate: Gate, ident: str, person: str = "bob", *, look: bool = True) -> None:
    """A request of Alice's for sales reports, approved by one person a minute after looking."""
    gate.deliver(report_ticket(ident))
    gate.run_mail()
    if look:
        gate.look(person)
        gate.clock.at += timedelta(minutes=1)
    gate.approve(person)


def test_who_approves_without_looking_is_told_once(gate: Gate) -> None:
    watch(gate, replace(QUIET, unseen=True))
    report_approved(gate, "r1", look=False)
    gate.tick(LOOK)
    (case,) = cases(gate)
    assert (case.code, case.owner, case.about) == ("approved_unseen", OWNER, gate.requests()[0].id)
    assert case.subject == f"approver {actor(gate, 'bob')}"
    assert list(hidden(gate, case)) == ["bob"]
    report_approved(gate, "r2", look=False)
    gate.tick(LOOK)
    gate.tick(DAY)
    gate.restart()
    gate.tick(LOOK)
    assert len(cases(gate)) == 1
    assert gate.grants()[-1].request == gate.requests()[1].id  # nothing was held up


def test_who_looks_and_waits_is_not_told(gate: Gate) -> None:
    watch(gate, SignalRules())
    report_approved(gate, "r1")
    gate.tick(LOOK)
    assert codes(gate) == []


def test_who_approves_at_once_is_told(gate: Gate) -> None:
    watch(gate, SignalRules(unseen=False))
    gate.deliver(report_ticket("r1"))
    gate.run_mail()
    gate.look("bob")
    gate.clock.at += timedelta(seconds=9)
    gate.approve("bob")
    gate.tick(LOOK)
    assert codes(gate) == ["approved_at_once"]


def test_a_denial_is_no_approval(gate: Gate) -> None:
    watch(gate, SignalRules())
    gate.deliver(report_ticket("r1"))
    gate.run_mail()
    gate.decide("bob", "deny")
    gate.tick(LOOK)
    assert codes(gate) == []


def test_once_resolved_only_what_comes_after_counts(gate: Gate) -> None:
    watch(gate, replace(QUIET, unseen=True))
    report_approved(gate, "r1", look=False)
    gate.tick(LOOK)
    (case,) = cases(gate)
    gate.write(partial(resolve_exception, ident=case.id, person="dan", reason="asked Bob"))
    gate.tick(DAY)
    gate.restart()
    gate.tick(LOOK)
    assert codes(gate, "opened") == []
    report_approved(gate, "r2", look=False)
    gate.tick(LOOK)
    assert codes(gate, "opened") == ["approved_unseen"]
    (again,) = cases(gate, "opened")
    gate.write(partial(resolve_exception, ident=again.id, person="dan", reason="asked again"))
    gate.tick(DAY)
    assert codes(gate, "opened") == []


def test_what_was_resolved_while_it_was_looked_for_is_not_opened_again(gate: Gate) -> None:
    watch(gate, replace(QUIET, unseen=True))
    report_approved(gate, "r1", look=False)
    with gate.db() as looking:
        found = found_signals(
            looking, gate.clock.now(), gate.in_force.now.signals, gate.desk.snapshot()
        )
    assert gate.write(partial(tell_signals, signals=found)) == 1
    assert gate.write(partial(tell_signals, signals=found)) == 0
    (case,) = cases(gate)
    gate.write(partial(resolve_exception, ident=case.id, person="dan", reason="asked Bob"))
    assert gate.write(partial(tell_signals, signals=found)) == 0
    assert len(cases(gate)) == 1


def test_without_a_directory_it_is_looked_at_later(gate: Gate) -> None:
    watch(gate, replace(QUIET, unseen=True))
    gate.tick(LOOK)
    report_approved(gate, "r1", look=False)
    gate.directory.unreadable = True
    gate.clock.at += timedelta(seconds=LOOK)
    gate.keeper.step()
    assert codes(gate) == []
    gate.directory.unreadable = False
    gate.tick(LOOK)
    assert codes(gate) == ["approved_unseen"]


def test_nothing_is_looked_for_where_nothing_was_decided_since(gate: Gate) -> None:
    watch(gate, SignalRules())
    gate.tick(LOOK)
    asked = len(gate.directory.asked)
    gate.keeper.step()
    plain = len(gate.directory.asked) - asked  # of what housekeeping asks anyway
    gate.clock.at += timedelta(seconds=LOOK)
    gate.keeper.step()
    assert len(gate.directory.asked) - asked == 2 * plain


def test_denied_by_one_and_approved_by_another_soon_is_told(gate: Gate) -> None:
    watch(gate, replace(QUIET, shopping=timedelta(days=7)))
    gate.deliver(report_ticket("r1"))
    gate.run_mail()
    gate.decide("bob", "deny")
    gate.tick(3600)
    report_approved(gate, "r2", "erin")
    gate.tick(LOOK)
    (case,) = cases(gate)
    assert (case.code, case.about) == ("approver_shopping", gate.requests()[1].id)
    assert case.subject == f"sales-reports for {actor(gate, 'alice')}"
    assert list(hidden(gate, case)) == ["alice"]


def test_a_ticket_that_is_closed_and_asked_anew_of_others_is_told(gate: Gate) -> None:
    watch(gate, replace(QUIET, shopping=timedelta(days=7)))
    gate.deliver(report_ticket("r1"))
    gate.deliver(closed(report_ticket("r1")))
    gate.directory.change("alice", manager="carol")
    report_approved(gate, "r2", "carol")
    gate.tick(LOOK)
    assert codes(gate) == ["approver_shopping"]


@pytest.mark.parametrize("again", ["bob", "erin"])
def test_what_is_taken_back_and_asked_anew_of_the_same_people_is_quiet(
    gate: Gate, again: str
) -> None:
    watch(gate, replace(QUIET, shopping=timedelta(days=7)))
    gate.deliver(report_ticket("r1"))
    assert Own(gate).do("withdraw") == ""
    report_approved(gate, "r2", again)
    gate.tick(LOOK)
    assert codes(gate) == []


def test_habits_are_looked_at_once_a_day(gate: Gate) -> None:
    watch(gate, replace(QUIET, load=Load(a_day=1)))
    gate.tick(LOOK)
    report_approved(gate, "r1")
    report_approved(gate, "r2")
    gate.tick(LOOK)
    assert codes(gate) == []
    gate.tick(DAY)
    assert codes(gate) == ["approver_overloaded"]


def test_two_who_approve_for_each_other_are_one_exception(gate: Gate) -> None:
    watch(gate, replace(QUIET, in_turn=InTurn(each=1)))
    report_approved(gate, "r1")
    gate.directory.change("bob", manager="alice")
    gate.deliver(report_ticket("r2", by="bob", beneficiary="bob"))
    gate.run_mail()
    gate.approve("alice")
    gate.restart()
    gate.tick(LOOK)
    (case,) = cases(gate)
    both = sorted([actor(gate, "alice"), actor(gate, "bob")])
    assert (case.code, case.subject) == ("approved_in_turn", f"approvers {' and '.join(both)}")
    assert list(hidden(gate, case)) == ["alice", "bob"]
    assert "approved for each other, 1 and 1 times" in what_of(gate, case)
    gate.tick(DAY)
    assert len(cases(gate)) == 1


def what_of(gate: Gate, case: ExceptionCase) -> str:
    with closing(schema.connect(gate.path, read_only=True)) as db:
        seen = SqliteLook(db, "gate.example.com/evidence").disclosed(case.index)
    return " ".join(str(parse_disclosure(text)[2]) for _, text in seen if text is not None)


def test_no_record_names_anybody_in_clear(gate: Gate) -> None:
    watch(gate, SignalRules(load=Load(a_day=1)))
    report_approved(gate, "r1", look=False)
    report_approved(gate, "r2", look=False)
    gate.tick(LOOK)
    gate.tick(DAY)
    told = gate.records("exception.opened")
    assert {one["code"] for one in told} == {"approved_unseen", "approver_overloaded"}
    assert "bob" not in str(told)


def test_who_was_erased_is_in_no_signal(gate: Gate) -> None:
    watch(gate, replace(QUIET, unseen=True))
    report_approved(gate, "r1", look=False)
    gate.tick(LOOK)
    (case,) = cases(gate)
    gate.write(partial(resolve_exception, ident=case.id, person="dan", reason="asked Bob"))
    gate.deliver(closed(report_ticket("r1")))
    gate.settle()
    gate.tick(DAY)
    keep = Retention(decisions=timedelta(hours=1))
    done = Eraser(gate.store, keep, gate.clock.now).erase(What(person="bob"), "os:0@host", "left")
    assert done.retained == ()
    gate.restart()
    gate.tick(LOOK)
    assert [(one.id, one.subject) for one in cases(gate)] == [(case.id, "")]


def test_without_a_policy_nobody_looks(gate: Gate) -> None:
    report_approved(gate, "r1", look=False)
    keeper = Housekeeper(
        store=gate.store,
        clock=gate.clock,
        policy=None,
        snapshot=gate.known,
        raw_body_keep=timedelta(days=30),
        kept_clock=gate.clock.kept,
        counts=lambda: ({}, 0),
        alarm=lambda *_: None,
    )
    keeper.step()
    assert codes(gate) == []


def test_people_see_names_and_nobody_judges_what_is_about_themself(gate: Gate) -> None:
    watch(gate, replace(QUIET, unseen=True))
    report_approved(gate, "r1", look=False)
    gate.tick(LOOK)
    (case,) = cases(gate)
    desk = Lane(gate).exceptions
    seen = desk.view(case.id, "erin")
    assert isinstance(seen, ExceptionView)
    assert (seen.subject, seen.owner, seen.barred) == ("approver Bob Ng", OWNER, None)
    for own in ("bob", "alice"):  # who approved, and whose ticket it is
        view = desk.view(case.id, own)
        assert isinstance(view, ExceptionView)
        assert view.barred is not None


def test_an_actor_of_nobody_and_other_exceptions_stay_as_they_are(gate: Gate) -> None:
    bob = actor(gate, "bob")
    case = ExceptionCase(
        "exc_1", "approved_unseen", f"approver {bob} act_0", "req_1", OWNER,
        ExceptionState.OPENED, gate.clock.now(), 1,
    )  # fmt: skip
    with gate.db() as looking:
        assert told_subject(looking, case, str.upper) == "approver BOB act_0"
        other = replace(case, code="automation_unowned")
        assert told_subject(looking, other, str.upper) == case.subject
