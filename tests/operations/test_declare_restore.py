"""Declaring a restore and ending it: two people, the same facts, everything in one transaction."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.fakes import MORNING
from tests.operations.kit import Gate, only
from tests.operations.office import LOSS, OPERATORS, WHY, Office
from tests.operations.platforms import Asking
from tests.operations.tickets import SOURCE, access_ticket

from ticketgate.connector_api import Unavailable
from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.command import CommandKind
from ticketgate.domain.log.restore import WORD_LIFE, Loss
from ticketgate.domain.requests.ground import Ground
from ticketgate.operations.deciding.earlier_round import EarlierLink
from ticketgate.operations.desks.restore_desk import RestoreDesk
from ticketgate.operations.grants.enforce import Seen, hold_back, intend_provision
from ticketgate.operations.restoring.declare_restore import Said


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


def test_without_a_loss_there_is_nothing_to_declare_or_to_end(office: Office) -> None:
    assert office.declare("bob") == "not_found"
    assert office.code(office.desk.end(Said("bob", "", WHY))) == "not_found"
    found = office.desk.view("bob")
    assert isinstance(found, Refusal)
    assert found.code == "not_found"


def test_the_loss_is_kept_as_it_was_found_first_and_ends_sessions_and_codes(gate: Gate) -> None:
    office = Office(gate)
    assert gate.desk.ask_code("browser", address="bob@example.com", token=None) is None
    gate.run_mail()
    code = gate.post.to("bob@example.com")[-1].text.split("\n")
    digits = next(word for line in code for word in line.split() if word.isdigit())
    session = gate.desk.enter_code("browser", digits)
    assert not isinstance(session, Refusal)
    assert gate.desk.ask_code("other", address="bob@example.com", token=None) is None
    assert office.lose() == LOSS
    assert gate.desk.session(session.id) is None
    mails = len(gate.post.mails)
    gate.run_mail()
    assert len(gate.post.mails) == mails  # the code that was asked for in the past is void
    later = Loss("forked", 99, "ab" * 32, 3, 20, "ee" * 32, None)
    assert office.lose(later) == LOSS
    assert office.declare("bob") == ""
    other = Loss("forked", 120, "ab" * 32, 3, 20, "ee" * 32, None)
    assert office.lose(other) == other
    assert office.view().loss == other
    assert office.view().said_by == ()  # what was said of another loss does not count
    assert other.missing == (3, 119)


def test_the_second_persons_word_declares_it_with_both_reasons(asked: Gate) -> None:
    office = Office(asked)
    office.lose()
    before = asked.evidence_size()
    assert office.declare("bob") == ""
    assert asked.evidence_size() == before
    assert office.declared == []
    view = office.view()
    assert (view.state, view.mine, view.said_by) == ("declaring", True, ("Bob Ng",))
    assert office.view("carol").mine is False
    asked.restart()  # the first word survives
    office = Office(asked)
    assert office.declare("carol") == ""
    assert office.declared == ["declared"]
    (record,) = asked.records("restore.declared")
    assert (record["lost_size"], record["lost_root"], record["kept"]) == (99, "ab" * 32, 7)
    assert len(set(record["by"])) == len(record["sd"]) == 2
    assert WHY not in str(asked.records())
    assert office.view().state == "held"
    assert office.declare("bob") == "not_found"


@pytest.mark.parametrize(
    ("person", "code"),
    [
        ("erin", "not_operator"),
        ("nobody", "approver_unknown"),
        ("frank", "approver_inactive"),
        ("svc-ticketgate", "not_human"),
    ],
)
def test_only_operators_see_and_say_it(office: Office, person: str, code: str) -> None:
    office.lose()
    assert office.declare(person) == code
    refusal = office.desk.view(person)
    assert isinstance(refusal, Refusal)
    assert refusal.code == code
    refused = office.desk.compare_again(person)
    assert refused is not None
    assert refused.code == code


def test_one_human_counts_once_whatever_the_account(office: Office) -> None:
    office.lose()
    assert office.declare("alice") == ""
    assert office.declare("alice") == "distinct_people"
    assert office.declare("alice-admin") == "distinct_people"
    assert office.declare("bob") == ""


def test_a_word_of_who_is_no_operator_any_more_does_not_count(gate: Gate) -> None:
    office = Office(gate)
    office.lose()
    assert office.declare("bob") == ""
    gate.directory.leave("bob")
    assert office.declare("carol") == ""
    assert not gate.records("restore.declared")
    assert office.declare("dan") == ""
    assert len(gate.records("restore.declared")) == 1


def test_a_word_counts_for_seven_days_and_can_be_said_again(gate: Gate) -> None:
    office = Office(gate)
    office.lose()
    assert office.declare("bob") == ""
    gate.clock.at += WORD_LIFE - timedelta(seconds=1)
    assert office.view("carol").said_by == ("Bob Ng",)
    gate.clock.at += timedelta(seconds=1)
    assert office.view("carol").said_by == ()
    assert office.declare("carol") == ""
    assert not gate.records("restore.declared")
    assert office.declare("bob") == ""
    assert len(gate.records("restore.declared")) == 1


def test_what_was_read_and_why_must_be_said(office: Office) -> None:
    office.lose()
    assert office.declare("bob", shown="0" * 64) == "shown_changed"
    assert office.declare("bob", reason="x " * 19) == "reason"
    assert office.declare("bob", reason="x" * 4001) == "reason"
    assert office.view().said_by == ()


def test_a_directory_that_cannot_be_read_or_is_old_decides_nothing(gate: Gate) -> None:
    office = Office(gate)
    office.lose()
    old = gate.desk.snapshot()
    stale = RestoreDesk(
        store=gate.store,
        clock=gate.clock,
        directory=gate.directory,
        snapshot=lambda *_: old,
        roles=OPERATORS,
        policy=gate.in_force,
        sources=(),
    )
    gate.clock.at += timedelta(seconds=61)
    assert office.code(stale.declare(Said("bob", LOSS.shown, WHY))) == "directory_stale"
    gate.directory.change("erin", name="Erin")
    gate.desk.snapshot()
    gate.clock.at -= timedelta(seconds=61)
    assert office.code(stale.declare(Said("bob", LOSS.shown, WHY))) == "directory_stale"
    gate.directory.unreadable = True
    assert office.declare("bob") == "directory_unreadable"
    for refusal in (office.desk.view("bob"), office.desk.compare_again("bob")):
        assert isinstance(refusal, Refusal)
        assert refusal.code == "directory_unreadable"


def test_links_are_void_and_people_are_asked_anew(held: Office) -> None:
    gate = held.gate
    old = gate.tokens("bob")[-1]
    found = gate.decide("bob", token=old)
    assert isinstance(found, Refusal)
    assert found.code == "restored"
    (request,) = gate.requests()
    assert (request.state.value, request.round, request.stage) == ("awaiting", 2, 1)
    last = gate.records("request.awaiting")[-1]
    assert (last["cause"], last["round"], len(last["links"])) == ("restored", 2, 1)
    gate.run_mail()
    assert gate.tokens("bob")[-1] != old
    view = gate.look("bob", old)
    assert isinstance(view, EarlierLink)
    assert (view.cause, view.state, view.anew != "") == ("restored", "awaiting", True)


def test_who_cannot_be_asked_now_awaits_without_links(asked: Gate) -> None:
    office = Office(asked)
    office.lose()
    asked.directory.change("alice", manager=None)  # nobody fills the first stage
    assert office.declare("dan") == office.declare("carol") == ""
    (request,) = asked.requests()
    assert (request.state.value, request.round) == ("awaiting", 2)
    assert asked.records("request.awaiting")[-1]["links"] == []
    asked.directory.change("alice", manager="bob")


def test_a_blocked_request_stays_as_it_is(gate: Gate) -> None:
    gate.directory.change("alice", manager=None)
    gate.deliver(access_ticket())
    assert gate.states() == ["blocked"]
    office = Office(gate)
    office.lose()
    assert office.declare("dan") == office.declare("carol") == ""
    assert gate.requests()[0].round == 1


def test_approved_access_waits_until_the_restore_is_ended(held: Office) -> None:
    gate = held.gate
    gate.approve("bob", "carol")
    gate.run_mail()
    view = gate.look("carol")
    assert not isinstance(view, Refusal)
    assert view.held
    gate.settle()
    gate.clock.at += timedelta(seconds=3)
    gate.settle()
    assert gate.grant_states() == ["planned"]
    assert gate.members() == set()
    (retried,) = gate.records("command.retried")
    assert retried["outcome"] == "restore_hold"
    assert held.end("bob") == "not_compared"
    held.reconcile()
    assert held.end("bob") == held.end("carol") == ""
    (ended,) = gate.records("restore.ended")
    assert (ended["sources"], ended["drift"]) == ([SOURCE], 0)
    gate.tick(3)
    assert gate.grant_states() == ["active"]
    assert gate.members() == {"alice"}
    assert not gate.verified().failing


def test_an_intent_under_way_when_the_hold_begins_is_not_committed(approved: Gate) -> None:
    """The look at the target was before it; the transaction of the intent asks again."""
    (command,) = approved.due(CommandKind.PROVISION)
    seen = Seen("id-alice", present=False, at=approved.clock.now())
    Office(approved).lose()
    intended = approved.write(
        partial(
            intend_provision,
            ident=command.id,
            seen=seen,
            ground=Ground(approved.policy, approved.directory.read(MORNING)),
        )
    )
    assert intended is None
    approved.write(partial(hold_back, ident=command.id))
    approved.write(partial(hold_back, ident="cmd_none"))
    assert only(approved).state.value == "planned"


def test_what_is_due_is_taken_away_meanwhile(active: Gate) -> None:
    office = Office(active)
    office.lose()
    assert office.declare("bob") == office.declare("carol") == ""
    active.tick(2 * 3600 + 1)
    assert active.grant_states() == ["revoked"]
    assert active.members() == set()


def test_ending_needs_every_source_and_the_same_facts_from_two_people(held: Office) -> None:
    held.reconcile()
    assert held.end("bob", "another") == "sources"
    assert held.end("erin", "another") == "not_operator"
    assert held.end("bob", shown="0" * 64) == "shown_changed"
    assert held.end("bob", reason="short") == "reason"
    assert held.end("alice") == ""
    assert held.end("alice-admin") == "distinct_people"
    held.gate.target.groups["SG-SALES-REPORTS"].add("id-erin")
    assert held.desk.compare_again("bob") is None
    assert held.end("bob") == "not_compared"
    held.reconcile()
    assert held.end("bob") == ""  # Alice has said it of something else
    assert not held.gate.records("restore.ended")
    assert held.end("carol") == ""
    (ended,) = held.gate.records("restore.ended")
    assert ended["drift"] == 1


def test_a_source_that_is_asked_must_be_read_to_its_end_first(held: Office) -> None:
    gate = held.gate
    polled = {SOURCE: ("sc_req_item", "sysapproval_approver")}
    held.desk = replace(held.desk, polled=polled)
    held.reconcile()
    assert held.end("bob") == "not_polled"  # polling has not begun
    asking = Asking(gate)
    asking.platform.faults = [Unavailable("down")]
    asking.polls.step()
    assert held.end("bob") == "not_polled"
    asking.poll()
    assert held.end("bob") == held.end("carol") == ""


def test_what_was_read_before_the_declaration_does_not_count(gate: Gate) -> None:
    asking = Asking(gate)
    asking.polls.step()
    office = Office(gate)
    office.desk = replace(office.desk, polled={SOURCE: ("sc_req_item",)})
    office.lose()
    assert office.declare("bob") == office.declare("carol") == ""
    office.reconcile()
    assert office.end("bob") == "not_polled"
    asking.poll()
    assert office.end("bob") == office.end("carol") == ""


def test_a_gateway_that_waits_to_be_started_anew_ends_nothing(held: Office) -> None:
    office = Office(held.gate, pending=True)
    assert office.view().state == "declared"
    assert office.end("bob", shown="") == "restore_pending"
