"""Somebody is always left who can review: no entries lock every reviewer, and there is a way out.

Carol and Dan review; Erin is the operator.
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.emergencies import (
    HOUR,
    RULES,
    code_of,
    form_of,
    invoke,
    policy_with,
    review,
    try_to_invoke,
)
from tests.operations.kit import Gate
from tests.operations.test_claim_emergency import (
    assert_sound,
    claim,
    code_of_claim,
    gate,
    minutes_ago,
)

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.policy.policy import Allowed, EmergencyRules, Word
from ticketgate.operations.emergencies import claim_emergency

__all__ = ["gate"]

DAY = 24 * HOUR
REVIEWERS = (Word("person", "carol"), Word("person", "dan"))
TWO = replace(RULES, review_by=REVIEWERS)  # who are pre-authorised themselves, as in a small team
SMALL = replace(TWO, allow=(Allowed(RULES.allow[0].entitlement, REVIEWERS, "policy.yaml:90"),))


def start(gate: Gate, rules: EmergencyRules) -> None:
    gate.restart(policy_with(rules))
    with_account = gate.directory.people["carol"].accounts
    gate.directory.change("dan", accounts=dict.fromkeys(with_account, ("dan.k",)))


def test_entries_however_many_leave_a_reviewer_who_is_not_locked(gate: Gate) -> None:
    start(gate, TWO)
    of_carol = claim(gate, person="carol")
    assert code_of_claim(gate, person="dan") == "no_reviewer"
    of_bob = claim(gate, person="bob")
    gate.settle()
    gate.tick(DAY)
    for entered in (of_carol, of_bob):
        assert isinstance(review(gate, entered, "dan"), Emergency)
    assert code_of_claim(gate, person="dan") == ""
    assert_sound(gate)


def test_an_account_of_a_reviewer_who_owes_is_no_other_reviewer(gate: Gate) -> None:
    start(gate, replace(TWO, review_by=(Word("person", "alice-admin"), Word("person", "dan"))))
    claim(gate, person="alice")
    assert code_of_claim(gate, person="dan") == "no_reviewer"


def test_once_it_is_reviewed_the_next_is_entered(gate: Gate) -> None:
    start(gate, TWO)
    of_carol = claim(gate, person="carol")
    gate.settle()
    assert code_of_claim(gate, person="dan") == "no_reviewer"
    review(gate, of_carol, "dan")
    assert code_of_claim(gate, person="dan") == ""


def test_a_drill_of_a_reviewer_binds_nobody(gate: Gate) -> None:
    start(gate, SMALL)
    invoke(gate, "carol", form=form_of(gate, "carol", drill=True))
    gate.tick(DAY)
    assert code_of_claim(gate, person="dan") == ""


def test_two_who_review_each_other_both_begin_in_one_night(gate: Gate) -> None:
    start(gate, SMALL)
    invoke(gate, "carol")
    assert code_of(try_to_invoke(gate, "dan")) == ""
    assert code_of_claim(gate, person="bob") == "no_reviewer"


@pytest.mark.parametrize("drill", [False, True])
def test_none_begins_while_all_who_could_review_it_are_locked(gate: Gate, *, drill: bool) -> None:
    start(gate, SMALL)
    of_carol = invoke(gate, "carol")
    gate.settle()
    gate.tick(HOUR)
    gate.settle()
    gate.tick(DAY + HOUR)
    refusal = try_to_invoke(gate, "dan", form=form_of(gate, "dan", drill=drill))
    assert code_of(refusal) == "no_reviewer"
    assert "locked" in getattr(refusal, "reason", "")
    review(gate, of_carol, "dan")
    assert code_of(try_to_invoke(gate, "dan", form=form_of(gate, "dan", drill=drill))) == ""


def test_a_reviewer_added_to_the_policy_is_the_way_out_when_all_are_locked(gate: Gate) -> None:
    start(gate, SMALL)
    begun = {who: invoke(gate, who) for who in ("carol", "dan")}
    gate.settle()
    gate.tick(HOUR)
    gate.settle()
    gate.tick(DAY + HOUR)
    for who, other in (("carol", "dan"), ("dan", "carol")):
        assert code_of(review(gate, begun[other], who)) == "person_locked"
    assert code_of(review(gate, begun["carol"], "erin")) == "not_reviewer"
    start(gate, replace(SMALL, review_by=(*REVIEWERS, Word("person", "erin"))))
    assert code_of(review(gate, begun["carol"], "erin")) == ""
    assert code_of(review(gate, begun["dan"], "carol")) == ""
    start(gate, SMALL)
    assert code_of(try_to_invoke(gate, "carol")) == ""
    assert_sound(gate)


def test_nobody_enters_more_than_five_within_a_day(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_emergency, "_LOOKED", 2)  # more than one look
    invoke(gate, "alice")
    for count in range(claim_emergency.CLAIMS_MAX):
        claim(gate, since=minutes_ago(gate, 100 - count), until=minutes_ago(gate, 99 - count))
    late = {"since": minutes_ago(gate, 50), "until": minutes_ago(gate, 49)}
    assert code_of_claim(gate, **late) == "claim_limit"
    assert gate.records("emergency.refused")[-1]["code"] == "claim_limit"
    gate.directory.change("carol", aliases=frozenset({"erin"}))
    assert code_of_claim(gate, "carol", **(late | {"person": "carol"})) == "claim_limit"
    assert code_of_claim(gate, "bob", **late) == ""
    gate.clock.at += timedelta(days=1)
    assert code_of_claim(gate) == ""
