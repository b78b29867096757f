"""Whose own word came too late is told who decided, and when."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.fakes import MORNING
from tests.operations.kit import Gate
from tests.operations.own import Own
from tests.operations.tickets import access_ticket, edited, moved

from ticketgate.connector_api import StateClass
from ticketgate.domain.errors import Refusal
from ticketgate.domain.instants import to_text
from ticketgate.operations.deciding import who_decided
from ticketgate.operations.deciding.decide_request import Decided
from ticketgate.operations.deciding.own_request import RequestForm
from ticketgate.operations.deciding.take_back import TakenBack

AT = to_text(MORNING)
LATER = to_text(MORNING + timedelta(minutes=5))
WHY = "not needed after all, we found another way"


def why(outcome: object) -> str:
    assert isinstance(outcome, Refusal), outcome
    return outcome.reason


@pytest.fixture
def asked(gate: Gate) -> Gate:
    gate.deliver(access_ticket())
    gate.run_mail()
    return gate


def decided(gate: Gate, *people: str, decision: str = "approve") -> None:
    for person in people:
        assert isinstance(gate.decide(person, decision), Decided)
        gate.run_mail()


def late(gate: Gate) -> None:
    gate.clock.at += timedelta(minutes=5)


def posted(gate: Gate, what: str, shown: str, person: str = "alice") -> object:
    form = RequestForm(what, "", WHY, shown)
    return Own(gate).desk.say(gate.requests()[-1].id, gate.session(person), form)


def test_the_others_are_told_who_approved(asked: Gate) -> None:
    decided(asked, "bob", "carol")
    told = f"The request is approved already. Carol Adeyemi (carol) approved it at {AT}."
    assert why(asked.decide("dan")) == told


def test_the_others_are_told_who_denied(asked: Gate) -> None:
    decided(asked, "bob")
    late(asked)
    decided(asked, "dan", decision="deny")
    assert why(asked.decide("carol")).endswith(f" Dan Kowalski (dan) denied it at {LATER}.")


def test_the_others_of_a_stage_are_told_while_the_next_one_waits(gate: Gate) -> None:
    rule = gate.policy.approve[0]
    gate.restart(replace(gate.policy, approve=(replace(rule, stages=rule.stages[::-1]),)))
    gate.deliver(access_ticket())
    gate.run_mail()
    decided(gate, "carol")
    told = f"Others have decided at this stage. Carol Adeyemi (carol) approved it at {AT}."
    assert why(gate.decide("dan")) == told


def test_who_decides_twice_is_told_what_they_said(asked: Gate) -> None:
    decided(asked, "bob")
    late(asked)
    assert why(asked.decide("bob")).endswith(f"works once. Bob Ng (bob) approved it at {AT}.")


def test_a_delegate_is_told_with_whom_they_stood_in_for(asked: Gate) -> None:
    asked.directory.delegate("bob", "erin", MORNING, 48)
    asked.tick(60)
    decided(asked, "erin")
    at = to_text(asked.clock.at)
    told = f" Erin Walsh (erin), for Bob Ng (bob), approved it at {at}."
    assert why(asked.decide("bob")).endswith(told)


def test_an_approver_is_told_who_withdrew(asked: Gate) -> None:
    own = Own(asked)
    late(asked)
    assert own.do("withdraw") == ""
    assert why(asked.decide("bob")).endswith(f" Alice Moreau (alice) withdrew it at {LATER}.")


def test_who_withdraws_too_late_is_told_who_denied(asked: Gate) -> None:
    shown = Own(asked).view().shown
    decided(asked, "bob", decision="deny")
    said = posted(asked, "withdraw", shown)
    told = f"This is not what the page shows now. Bob Ng (bob) denied it at {AT}."
    assert why(said) == told


def test_the_others_are_told_who_took_their_approval_back(asked: Gate) -> None:
    decided(asked, "bob")
    late(asked)
    token = asked.tokens("bob")[-1]
    back = asked.desk.take_back(token, asked.session("bob"), reason=WHY)
    assert isinstance(back, TakenBack)
    told = f" Bob Ng (bob) took an approval back at {LATER}."
    assert why(asked.decide("carol")).endswith(told)
    again = asked.desk.take_back(token, asked.session("bob"), reason=WHY)
    assert why(again).endswith(told)


def test_what_no_person_ended_is_told_with_its_cause(asked: Gate) -> None:
    late(asked)
    asked.deliver(moved(access_ticket(), StateClass.CANCELLED))
    assert why(asked.decide("bob")).endswith(f" It ended at {LATER}: ticket_closed.")


def test_what_time_ended_is_told_with_the_moment(asked: Gate) -> None:
    asked.clock.at += timedelta(hours=8)
    asked.keeper.step()
    at = to_text(MORNING + timedelta(hours=8))
    assert why(asked.decide("bob")) == f"The time to decide was over at {at}."


def test_a_ticket_that_was_changed_tells_of_nobody_while_it_waits(asked: Gate) -> None:
    token = asked.tokens("bob")[-1]
    asked.deliver(edited(access_ticket(), reason="another reason"))
    assert why(asked.decide("bob", token=token)).endswith("the old link is void.")
    with asked.db() as looking:
        assert who_decided.of_end(looking, asked.requests()[0], asked.desk.snapshot()) == ""


def test_who_has_left_is_told_of_nobody(asked: Gate) -> None:
    decided(asked, "bob", "carol")
    asked.directory.leave("dan")
    assert why(asked.decide("dan")) == "The request is approved already."


def test_who_has_been_erased_is_told_by_the_id_in_the_log(
    asked: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Own(asked).do("withdraw") == ""
    (record,) = asked.records("request.withdrawn")
    with asked.db() as looking:
        monkeypatch.setattr(looking.people, "subject", lambda _: None)
        said = who_decided.of_end(looking, asked.requests()[0], asked.desk.snapshot())
    assert said == f"{record['by']} withdrew it at {AT}"


def test_who_is_gone_from_the_directory_is_told_by_their_id(asked: Gate) -> None:
    decided(asked, "bob", "carol")
    del asked.directory.people["carol"]
    assert why(asked.decide("dan")).endswith(f" carol approved it at {AT}.")


def test_without_its_record_the_end_is_told_without_a_name(
    asked: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a segment was pruned."""
    assert Own(asked).do("withdraw") == ""
    with asked.db() as looking:
        monkeypatch.setattr(looking.requests, "newest_record", lambda _: None)
        said = who_decided.of_end(looking, asked.requests()[0], asked.desk.snapshot())
        assert said == f"It ended at {AT}: requester"
