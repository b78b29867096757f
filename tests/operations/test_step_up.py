"""A step-up counts for one person, one session, one thing shown, once, and for a while."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.second_factor import keep_step_up
from tests.operations.tickets import access_ticket

from ticketgate.operations.people.sign_in import secret_hash


@pytest.fixture
def strict(gate: Gate) -> Gate:
    """Alice has asked for what needs a second factor."""
    rule = replace(gate.policy.approve[0], assurance=None)
    gate.restart(replace(gate.policy, approve=(rule,)))
    gate.deliver(access_ticket())
    gate.run_mail()
    return gate


def shown(gate: Gate) -> str:
    return gate.shown(gate.tokens("bob")[-1])


def test_a_fresh_one_decides_and_is_used_up(strict: Gate) -> None:
    shown_once = shown(strict)
    keep_step_up(strict, "bob", shown_once)
    assert code_of(strict.decide("bob")) == ""
    (record,) = strict.records("decision.recorded")
    assert record["method"] == "oidc_step_up"
    with strict.db() as db:
        assert db.sign_ins.step_up(secret_hash("secret"), shown_once) is None


def test_one_for_something_else_does_not_decide(strict: Gate) -> None:
    keep_step_up(strict, "bob", "0" * 64)
    assert code_of(strict.decide("bob")) == "assurance"


def test_one_of_another_person_does_not_decide(strict: Gate) -> None:
    keep_step_up(strict, "bob", shown(strict), subject="carol")
    assert code_of(strict.decide("bob")) == "assurance"


def test_one_that_is_over_does_not_decide(strict: Gate) -> None:
    keep_step_up(strict, "bob", shown(strict))
    strict.clock.at += timedelta(minutes=5)
    assert code_of(strict.decide("bob")) == "assurance"


def test_a_refused_decision_uses_nothing_up(strict: Gate) -> None:
    keep_step_up(strict, "bob", shown(strict))
    assert code_of(strict.decide("bob", why="")) == "justification"
    assert code_of(strict.decide("bob")) == ""
