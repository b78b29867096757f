"""Escalation over time: silence asks others, a decision starts it anew, and nothing is approved."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.tickets import access_ticket, edited

from ticketgate.domain.instants import to_text
from ticketgate.domain.policy.policy import Escalation, Word
from ticketgate.operations.evidence.gateway_records import note_loaded
from ticketgate.operations.requests.escalate import escalate

HOUR = 3600


@pytest.fixture
def silent(gate: Gate) -> Gate:
    """Alice has asked; after four hours without a word Erin may decide too."""
    rule = gate.policy.approve[0]
    to = (Word("person", "erin"), Word("person", "alice"))
    rule = replace(rule, escalate=Escalation(timedelta(hours=4), to))
    gate.restart(replace(gate.policy, approve=(rule, *gate.policy.approve[1:])))
    gate.deliver(access_ticket())
    gate.settle()
    return gate


def asked(gate: Gate) -> set[str]:
    """Who holds a link for the open stage."""
    (request,) = gate.requests()
    with gate.db() as reading:
        found = reading.links.of_request(request.id)
    here = (request.round, request.stage)
    return {one.approver for one in found if (one.round, one.stage) == here}


def causes(gate: Gate) -> list[str]:
    return [one["cause"] for one in gate.records("request.awaiting")]


def test_silence_asks_others_once_and_approves_nothing(silent: Gate) -> None:
    silent.tick(4 * HOUR - 60)
    assert asked(silent) == {"bob"}
    silent.tick(60)
    assert asked(silent) == {"bob", "erin"}
    silent.tick(HOUR)
    assert causes(silent) == ["escalated"]
    assert silent.states() == ["awaiting"]
    assert silent.post.to("erin@example.com")
    silent.approve("erin")
    (decision,) = silent.records("decision.recorded")
    assert decision["clause"].startswith("person:act_")
    assert silent.requests()[0].stage == 2
    assert silent.verified().failing == ()


def test_a_window_that_cuts_the_time_to_decide_begins_no_silence_before_the_ask(
    silent: Gate,
) -> None:
    """Its time to decide is five hours in place of eight: the other three are not over."""
    start = to_text(silent.clock.at + timedelta(hours=5))
    silent.deliver(access_ticket("t2", window_start=start))
    silent.settle()
    silent.tick(4 * HOUR - 60)
    assert causes(silent) == []
    silent.tick(60)
    assert causes(silent) == ["escalated", "escalated"]


def test_the_earlier_link_stays_good(silent: Gate) -> None:
    silent.tick(4 * HOUR)
    assert getattr(silent.decide("bob"), "state", "") == "awaiting"
    assert code_of(silent.decide("erin")) == "already_decided"


def test_each_stage_has_a_silence_of_its_own(silent: Gate) -> None:
    silent.tick(3 * HOUR)
    silent.approve("bob")
    silent.tick(2 * HOUR)
    assert "erin" not in asked(silent)
    silent.tick(2 * HOUR)
    assert "erin" in asked(silent)
    assert causes(silent) == ["next_stage", "escalated"]


def test_a_new_round_begins_with_a_silence_of_its_own(silent: Gate) -> None:
    silent.tick(4 * HOUR)
    silent.deliver(edited(access_ticket(hours="1")))
    assert (silent.requests()[0].round, silent.requests()[0].escalated) == (2, 0)
    assert asked(silent) == {"bob"}
    silent.tick(4 * HOUR)
    assert asked(silent) == {"bob", "erin"}


def test_silence_to_the_end_times_out(silent: Gate) -> None:
    silent.tick(9 * HOUR)
    assert silent.states() == ["timed_out"]
    assert causes(silent) == []


def test_too_few_who_are_there_ask_others_at_once(silent: Gate) -> None:
    silent.directory.leave("bob")
    silent.tick()
    assert asked(silent) == {"bob", "erin"}
    silent.approve("erin")
    assert silent.requests()[0].stage == 2


def test_without_a_rule_that_escalates_nobody_is_looked_for(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.tick(5 * HOUR)
    assert asked(gate) == {"bob"}


def test_a_request_that_is_decided_or_gone_meanwhile_is_let_be(silent: Gate) -> None:
    """Between looking and writing: somebody has decided, or there is no such request."""
    (request,) = silent.requests()
    snapshot = silent.desk.snapshot()
    asking = partial(escalate, policy=silent.policy, snapshot=snapshot)
    for ident in (request.id, "req_gone"):
        silent.write(partial(asking, ident=ident))
    assert causes(silent) == []


def test_while_the_directory_cannot_be_read_nobody_is_asked(silent: Gate) -> None:
    silent.directory.unreadable = True
    silent.clock.at += timedelta(hours=4)
    silent.keeper.step()
    assert asked(silent) == {"bob"}
    silent.directory.unreadable = False
    silent.tick(60)
    assert asked(silent) == {"bob", "erin"}


def test_what_cannot_be_escalated_is_loud_and_tried_again(silent: Gate) -> None:
    """A fault of the store is not the race with another policy, which the next turn settles."""
    with closing(sqlite3.connect(silent.path)) as plain:
        plain.execute(
            "CREATE TRIGGER planted BEFORE INSERT ON link BEGIN SELECT RAISE(ABORT, 'planted'); END"
        )
    silent.clock.at += timedelta(hours=4)
    with pytest.raises(sqlite3.IntegrityError, match="planted"):
        silent.keeper.step()
    assert asked(silent) == {"bob"}
    with closing(sqlite3.connect(silent.path)) as plain:
        plain.execute("DROP TRIGGER planted")
    silent.tick(60)
    assert asked(silent) == {"bob", "erin"}


def test_under_a_policy_that_another_took_the_place_of_nobody_is_asked(silent: Gate) -> None:
    silent.write(partial(note_loaded, kind="policy", digest="e" * 64))
    silent.clock.at += timedelta(hours=4)
    silent.keeper.step()
    assert asked(silent) == {"bob"}
    silent.write(partial(note_loaded, kind="policy", digest=silent.policy.digest))
    silent.tick(60)
    assert asked(silent) == {"bob", "erin"}
