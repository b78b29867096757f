"""Delegates and absences in the life of a request: who is asked when, and what is recorded."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.fakes import MORNING
from tests.operations.kit import WHY, Gate, code_of
from tests.operations.own import Own
from tests.operations.test_take_back import back
from tests.operations.tickets import access_ticket, edited

from ticketgate.domain.people.duties import Duties, Shift, Window
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.approval import Link
from ticketgate.operations.deciding.link_view import LinkView

HOUR = timedelta(hours=1)


def links(gate: Gate) -> list[Link]:
    with gate.db() as reading:
        return reading.links.of_request(gate.requests()[0].id)


def ask(gate: Gate) -> None:
    """Alice asks; Bob is her manager, and has delegated to Erin."""
    gate.directory.delegate("bob", "erin", MORNING - HOUR, 4)
    gate.deliver(access_ticket())
    gate.run_mail()


def away(gate: Gate, person: str, hours: int) -> None:
    gate.directory.change(
        person, away=(Window(gate.clock.at - HOUR, gate.clock.at + hours * HOUR),)
    )


def test_a_delegate_decides_and_both_names_are_told(gate: Gate) -> None:
    ask(gate)
    mail = gate.post.to("erin@example.com")[-1]
    until = f"{MORNING + 3 * HOUR:%Y-%m-%d %H:%M} UTC"
    assert f"You stand in for Bob Ng (delegation until {until})." in mail.text
    assert "Bob Ng" in mail.html
    assert "stand in" not in gate.post.to("bob@example.com")[-1].text
    view = gate.look("erin")
    assert isinstance(view, LinkView)
    assert (view.on_behalf_of, view.clause) == ("Bob Ng (bob)", "manager_of:beneficiary")
    assert view.delegated_until == MORNING + 3 * HOUR
    gate.approve("erin")
    (decision,) = gate.records("decision.recorded")
    actors = {one["actor"] for one in gate.records("actor.minted")}
    assert {decision["approver"], decision["on_behalf_of"]} <= actors
    assert decision["approver"] != decision["on_behalf_of"]
    assert decision["delegated_until"].startswith(f"{MORNING + 3 * HOUR:%Y-%m-%dT%H:%M}")
    again = gate.look("carol")
    assert isinstance(again, LinkView)
    assert again.decisions[0][0] == "Erin Walsh for Bob Ng"
    gate.approve("carol")
    assert gate.states() == ["approved"]
    assert gate.verified().failing == ()


def test_the_seat_is_used_once(gate: Gate) -> None:
    """Bob is named at both stages, and Erin, who has decided for him, is too."""
    rule = gate.policy.approve[0]
    line, security = rule.stages
    open_to = (Word("person", "bob"), Word("person", "erin"), Word("person", "carol"))
    rule = replace(rule, never=(), stages=(line, replace(security, any_of=open_to, never=())))
    gate.restart(replace(gate.policy, approve=(rule,)))
    ask(gate)
    gate.approve("erin")
    assert {one.approver for one in links(gate) if one.stage == 2} == {"carol"}
    assert gate.requests()[0].stage == 2


def test_a_delegation_that_is_over_decides_nothing(gate: Gate) -> None:
    ask(gate)
    gate.clock.at = MORNING + 3 * HOUR
    assert code_of(gate.decide("erin")) == "not_entitled"
    assert getattr(gate.decide("bob"), "state", "") == "awaiting"


def test_a_delegation_that_begins_later_asks_the_delegate_then(gate: Gate) -> None:
    gate.directory.delegate("bob", "erin", MORNING + HOUR, 4)
    gate.deliver(access_ticket())
    gate.tick()
    assert {one.approver for one in links(gate)} == {"bob"}
    gate.tick(3600)
    assert {(one.approver, one.on_behalf_of) for one in links(gate)} == {
        ("bob", ""),
        ("erin", "bob"),
    }
    gate.tick(3600)
    assert len(links(gate)) == 2
    assert gate.records("request.awaiting")[-1]["cause"] == "approvers"


def test_somebody_decides_only_as_they_were_asked(gate: Gate) -> None:
    """What Erin was shown says for whom; becoming the manager herself is another capacity."""
    ask(gate)
    gate.directory.change("alice", manager="erin")
    assert code_of(gate.decide("erin")) == "not_entitled"


def test_whoever_is_away_is_not_asked_and_opens_the_request_when_back(gate: Gate) -> None:
    away(gate, "bob", 2)
    gate.deliver(access_ticket())
    (request,) = gate.requests()
    assert (request.state.value, request.reasons) == ("blocked", ("approvers_away",))
    gate.tick(3600)
    assert gate.states() == ["blocked"]
    gate.tick(3600)
    assert gate.states() == ["awaiting"]
    assert {one.approver for one in links(gate)} == {"bob"}


def test_a_delegate_takes_over_for_whoever_is_away(gate: Gate) -> None:
    away(gate, "bob", 8)
    gate.deliver(access_ticket())
    gate.tick()
    assert gate.states() == ["blocked"]
    gate.directory.delegate("bob", "erin", MORNING - HOUR, 4)
    gate.tick()
    assert gate.states() == ["awaiting"]
    assert {(one.approver, one.on_behalf_of) for one in links(gate)} == {("erin", "bob")}


def test_whoever_goes_away_does_not_decide_meanwhile(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    away(gate, "bob", 1)
    assert code_of(gate.decide("bob")) == "approver_away"
    assert getattr(gate.look("bob"), "code", "") == "approver_away"
    gate.clock.at += HOUR
    assert getattr(gate.decide("bob"), "state", "") == "awaiting"


@pytest.mark.parametrize("what", ["stage", "rule"])
def test_a_policy_forbids_delegates(gate: Gate, what: str) -> None:
    rule = gate.policy.approve[0]
    word = (Word("delegate", ""),)
    line, security = rule.stages
    if what == "stage":
        rule = replace(rule, stages=(replace(line, never=word), security))
    else:
        rule = replace(rule, never=(*rule.never, *word))
    gate.restart(replace(gate.policy, approve=(rule,)))
    ask(gate)
    assert {one.approver for one in links(gate)} == {"bob"}


def test_whoever_is_on_call_now_is_asked(gate: Gate) -> None:
    rule = gate.policy.approve[0]
    line, security = rule.stages
    rota = (Word("on_call", "desk"),)
    rule = replace(rule, stages=(replace(line, any_of=rota), security))
    shifts = [Shift(one, Window(MORNING + at * HOUR, MORNING + (at + 1) * HOUR))
              for at, one in ((0, "bob"), (1, "erin"))]  # fmt: skip
    gate.directory.duties = Duties((), {"desk": tuple(shifts)})
    gate.restart(replace(gate.policy, approve=(rule,)))
    gate.deliver(access_ticket())
    gate.run_mail()
    assert {one.approver for one in links(gate)} == {"bob"}
    gate.tick(3600)
    assert {one.approver for one in links(gate)} == {"bob", "erin"}
    assert code_of(gate.decide("bob")) == "not_entitled"
    gate.approve("erin")
    assert gate.records("decision.recorded")[0]["clause"] == "on_call:desk"


def test_whom_a_delegate_stood_in_for_takes_the_approval_back(gate: Gate) -> None:
    ask(gate)
    gate.approve("erin", "carol")
    gate.settle()
    assert gate.members() == {"alice"}
    view = gate.look("bob")
    assert isinstance(view, LinkView)
    assert (view.takeable, view.mine, view.by) == (True, "", "Erin Walsh (erin)")
    assert back(gate, "dan", gate.tokens("bob")[-1]) == "not_found"
    assert back(gate, "bob") == ""
    gate.settle()
    assert gate.members() == set()
    (said,) = gate.records("decision.taken_back")
    assert said["approver"] == gate.records("decision.recorded")[0]["on_behalf_of"]
    assert back(gate, "erin") == "not_offered"
    assert gate.verified().failing == ()


def test_before_the_approval_they_deny_the_request_by_it(gate: Gate) -> None:
    """Two have to approve at the stage, so that it goes on being asked."""
    rule = gate.policy.approve[0]
    line, security = rule.stages
    either = (*line.any_of, Word("person", "dan"))
    rule = replace(rule, stages=(replace(line, any_of=either, need=2), security))
    gate.restart(replace(gate.policy, approve=(rule,)))
    ask(gate)
    gate.approve("erin")
    view = gate.look("bob")
    assert isinstance(view, LinkView)
    assert (view.takeable, view.state, view.by) == (True, "awaiting", "Erin Walsh (erin)")
    assert back(gate, "dan") == "not_offered"
    assert back(gate, "bob") == ""
    assert gate.states() == ["denied"]
    assert gate.verified().failing == ()


def test_what_a_delegate_denied_is_not_taken_back(gate: Gate) -> None:
    ask(gate)
    gate.decide("erin", "deny")
    view = gate.look("bob")
    assert isinstance(view, LinkView)
    assert (view.takeable, view.by) == (False, "Erin Walsh (erin)")
    assert back(gate, "bob") == "not_offered"


def absent_boss(gate: Gate) -> Own:
    """Bob is away, so that he has no link; Erin approves for him."""
    away(gate, "bob", 8)
    ask(gate)
    gate.approve("erin")
    return Own(gate)


def test_whoever_was_away_takes_it_back_on_the_page_of_the_request(gate: Gate) -> None:
    own = absent_boss(gate)
    assert {one.approver for one in links(gate) if one.stage == 1} == {"erin"}
    gate.approve("carol")
    gate.settle()
    assert own.listed("bob") == [own.last()]
    assert own.view("bob").deeds == {"take_back"}
    assert own.do("take_back", "bob", why=" ") == "justification"
    assert own.do("take_back", "bob", why="pw: Summer2026!") == "secret_typed"
    assert own.do("withdraw", "bob") == "not_offered"
    assert gate.members() == {"alice"}
    assert own.do("take_back", "bob", why=WHY) == ""
    gate.settle()
    assert gate.members() == set()
    (said,) = gate.records("decision.taken_back")
    decided = gate.records("decision.recorded")[0]
    assert (said["approver"], said["link"]) == (decided["on_behalf_of"], decided["link"])
    assert own.view("bob").deeds == frozenset()
    assert own.do("take_back", "bob", why=WHY) == "not_offered"


def test_before_the_approval_the_page_of_the_request_denies_it(gate: Gate) -> None:
    own = absent_boss(gate)
    for person in ("erin", "dan", "alice"):  # who decided, attends, or asks
        assert "take_back" not in own.view(person).deeds
        assert own.do("take_back", person, why=WHY) == "not_offered"
    assert own.do("take_back", "mallory", why=WHY) == "not_found"
    assert gate.states() == ["awaiting"]
    assert own.do("take_back", "bob", why=WHY) == ""
    assert gate.states() == ["denied"]


def test_an_approval_of_an_earlier_round_in_ones_place_is_none_any_more(gate: Gate) -> None:
    own = absent_boss(gate)
    gate.deliver(edited(access_ticket(), reason="another migration"))
    assert own.view("bob").deeds == frozenset()
    assert own.do("take_back", "bob", why=WHY) == "not_offered"
    assert gate.states() == ["awaiting"]
