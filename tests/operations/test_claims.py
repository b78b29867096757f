"""Groups that a sign-in must confirm: who decides, and what the record says."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.tickets import access_ticket

from ticketgate.domain.instants import to_text
from ticketgate.domain.people.claims import Claimed, ClaimRules
from ticketgate.domain.policy.policy import Stage, Word
from ticketgate.operations.people.sign_in import secret_hash

SEC = Word("group", "sec-iam")
OWNER = Word("owner_of", "entitlement")
RULES = ClaimRules("groups", {"sec-iam": "G1"}, timedelta(minutes=15))


def claim(gate: Gate, person: str, *values: str, ago: timedelta = timedelta(0)) -> None:
    """The session that `person` decides in began with a token that says so."""
    told = Claimed(person, gate.clock.now() - ago, "groups", frozenset(values))
    gate.write(lambda tx, _now: tx.sign_ins.save_claimed(secret_hash("secret"), told))


def ask(gate: Gate, *words: Word, assurance: str = "mail_code") -> None:
    """Alice asks; whoever `words` name decides."""
    stages = (Stage("security", words, 1, ()),)
    rule = replace(gate.policy.approve[0], stages=stages, never=(), assurance=assurance)
    gate.directory.claims = RULES
    gate.restart(replace(gate.policy, approve=(rule,)))
    gate.deliver(access_ticket())
    gate.run_mail()


@pytest.fixture
def held(gate: Gate) -> Gate:
    """Who is in sec-iam decides, as far as their sign-in says so too."""
    ask(gate, SEC)
    return gate


def test_a_fresh_claim_confirms_and_the_record_says_of_when_it_is(held: Gate) -> None:
    claim(held, "dan", "G1", ago=timedelta(minutes=3))
    at = held.clock.now() - timedelta(minutes=3)
    assert code_of(held.decide("dan")) == ""
    (record,) = held.records("decision.recorded")
    assert (record["authority_basis"], record["claimed_at"]) == ("claimed", to_text(at))
    assert record["clause"] == "group:sec-iam"
    assert held.verified().failing == ()


@pytest.mark.parametrize("decision", ["approve", "deny"])
def test_without_a_claim_nobody_of_the_group_decides(held: Gate, decision: str) -> None:
    assert code_of(held.decide("dan", decision)) == "claims_old"
    assert [one["code"] for one in held.records("decision.refused")] == ["claims_old"]
    claim(held, "dan", "G1")
    assert code_of(held.decide("dan", decision)) == "", "nothing was used up"


def test_a_claim_gets_old_while_the_session_lives(held: Gate) -> None:
    claim(held, "dan", "G1")
    held.clock.at += timedelta(minutes=15)
    assert code_of(held.decide("dan")) == "claims_old"


def test_a_claim_takes_away_whom_the_directory_names(held: Gate) -> None:
    claim(held, "dan")
    assert code_of(held.decide("dan")) == "not_in_claims"
    assert held.records("decision.recorded") == []


def test_a_claim_of_another_person_counts_for_nobody(held: Gate) -> None:
    claim(held, "carol", "G1")
    assert code_of(held.decide("dan")) == "claims_old"


def test_a_claim_adds_nobody_whom_the_directory_does_not_name(held: Gate) -> None:
    held.directory.change("dan", groups=frozenset())
    claim(held, "dan", "G1")
    assert code_of(held.decide("dan")) == "not_entitled"


def test_another_word_that_names_the_person_needs_no_claim(gate: Gate) -> None:
    ask(gate, SEC, Word("person", "dan"))
    assert code_of(gate.decide("dan")) == ""
    (record,) = gate.records("decision.recorded")
    assert record["authority_basis"] == "verified"
    assert record["clause"].startswith("person:")
    assert "claimed_at" not in record


def test_a_group_that_owns_what_is_asked_is_confirmed_as_well(gate: Gate) -> None:
    owned = tuple(replace(one, owner=SEC) for one in gate.policy.entitlements)
    gate.policy = replace(gate.policy, entitlements=owned)
    ask(gate, OWNER)
    assert code_of(gate.decide("dan")) == "claims_old"
    claim(gate, "dan", "G1")
    assert code_of(gate.decide("dan")) == ""
    (record,) = gate.records("decision.recorded")
    assert (record["clause"], record["authority_basis"]) == ("owner_of:entitlement", "claimed")


def test_who_is_no_owner_by_a_group_needs_no_claim(gate: Gate) -> None:
    ask(gate, OWNER)
    assert code_of(gate.decide("carol")) == ""
    assert gate.records("decision.recorded")[0]["authority_basis"] == "verified"


def test_what_was_claimed_is_forgotten_with_its_session(held: Gate) -> None:
    claim(held, "dan", "G1")
    held.clock.at += timedelta(hours=3)
    later = Claimed("carol", held.clock.now(), "groups", frozenset())
    held.write(lambda tx, _now: tx.sign_ins.save_claimed("another", later))
    with held.db() as db:
        assert db.sign_ins.claimed(secret_hash("secret")) is None
        assert db.sign_ins.claimed("another") == later
