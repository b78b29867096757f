"""Who owes a review uses no role: nothing is triaged, judged, vouched for or restored by them."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.operations.emergencies import code_of as emergency_code
from tests.operations.emergencies import faults_of, policy_with, review
from tests.operations.kit import Gate, folder
from tests.operations.lane import Lane, doubtful
from tests.operations.office import Office
from tests.operations.passkeys import Keys
from tests.operations.test_attend import opened
from tests.operations.test_emergency_lock import unreviewed
from tests.operations.test_quarantine import without_source
from tests.operations.tickets import access_ticket
from tests.verifier.authenticator import Passkey

from ticketgate.domain.errors import Refusal


class Locked:
    """Bob, whose emergency nobody has reviewed in time."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.begun = unreviewed(gate)

    def let_go(self) -> None:
        assert emergency_code(review(self.gate, self.begun)) == ""


@pytest.fixture
def locked() -> Iterator[Locked]:
    with folder() as place:
        gate = Gate(place, policy_with())
        try:
            yield Locked(gate)
        finally:
            gate.stop()


def test_they_triage_nothing_until_the_review_is_done(locked: Locked) -> None:
    lane = Lane(locked.gate)
    locked.gate.deliver(doubtful())
    view = lane.view("carol")
    assert lane.say("bob", view=view) == "person_locked"
    assert len(locked.gate.records("ticket.classified")) == 1
    locked.let_go()
    assert lane.say("bob", view=view) == ""


def test_their_other_account_does_not_either(locked: Locked) -> None:
    locked.gate.directory.change("carol", aliases=frozenset({"bob"}))
    locked.gate.deliver(doubtful())
    lane = Lane(locked.gate)
    assert lane.say("carol", view=lane.view("dan")) == "person_locked"


@pytest.mark.parametrize("owes", [True, False], ids=["owes a review", "owes none"])
def test_a_first_no_of_theirs_does_not_count_meanwhile(owes: bool) -> None:  # noqa: FBT001
    """Bob says no first; then he is locked, and Carol's is the first."""
    with folder() as place:
        gate = Gate(place, policy_with())
        lane = Lane(gate)
        assert gate.deliver(access_ticket(version=0, updated_by="carol2")) == "uncertain"
        view = lane.view("bob")
        assert lane.say("bob", "not_identity", view=view) == "second_word"
        if owes:
            unreviewed(gate)
        assert lane.say("carol", "not_identity", view=view) == ("second_word" if owes else "")
        gate.stop()


def test_they_judge_no_delivery_and_no_exception(locked: Locked) -> None:
    gate, lane = locked.gate, Lane(locked.gate)
    without_source(gate)
    assert lane.judge("release", "bob", view=lane.parked("carol")) == "person_locked"
    opened(gate)
    assert lane.attend("take", "bob", view=lane.excepted("carol")) == "person_locked"
    locked.let_go()
    assert lane.attend("take", "bob", view=lane.excepted("carol")) == ""


def test_they_vouch_for_nobody_s_passkey(locked: Locked) -> None:
    keys = Keys(locked.gate)
    row = keys.enrol("alice", Passkey("alice"))
    refusal = keys.vouch("bob", row)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "person_locked"
    locked.let_go()
    assert not isinstance(keys.vouch("bob", row), Refusal)


def test_they_declare_no_restore_and_a_word_of_before_does_not_count() -> None:
    with folder() as place:
        gate = Gate(place, policy_with())
        locked = Locked(gate)
        office = Office(gate)
        office.lose()
        assert office.declare("bob") == "person_locked"
        assert office.declare("carol") == ""
        assert gate.records("restore.declared") == []
        locked.let_go()
        assert office.declare("bob") == ""
        assert len(gate.records("restore.declared")) == 1
        gate.stop()


def told(gate: Gate, kind: str) -> list[dict[str, Any]]:
    """The records with the lock's review left out: what the locked person did is there still."""
    kept = [one for one in gate.records() if one["type"] != "review.done"]
    assert any(one["type"] == kind for one in kept)
    return kept


def test_both_verifiers_see_a_triage_by_somebody_locked(locked: Locked) -> None:
    lane = Lane(locked.gate)
    locked.gate.deliver(doubtful())
    locked.let_go()
    assert lane.say("bob") == ""
    assert faults_of(locked.gate.records()) == (set(), set())
    records = told(locked.gate, "ticket.classified")
    at = max(n for n, one in enumerate(records) if one.get("cause") == "triage")
    assert [at in found for found in faults_of(records)] == [True, True]


def test_both_verifiers_see_a_vouching_by_somebody_locked(locked: Locked) -> None:
    keys = Keys(locked.gate)
    row = keys.enrol("alice", Passkey("alice"))
    locked.let_go()
    assert not isinstance(keys.vouch("bob", row), Refusal)
    assert faults_of(locked.gate.records()) == (set(), set())
    records = told(locked.gate, "passkey.vouched")
    at = next(n for n, one in enumerate(records) if one["type"] == "passkey.vouched")
    assert [at in found for found in faults_of(records)] == [True, True]
