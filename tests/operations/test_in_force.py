"""One transaction decides under exactly one policy: the one that was recorded last."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from tests.operations.kit import Gate, code_of
from tests.operations.lane import Lane, doubtful
from tests.operations.test_loosened import rule_changed
from tests.operations.tickets import access_ticket

from ticketgate.domain.policy.policy import Policy
from ticketgate.operations.requests.in_force import PolicyStaleError, take_policy, under
from ticketgate.ports import Transaction


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    assert not made.verified().failing
    made.stop()


def other(policy: Policy) -> Policy:
    return replace(policy, digest="d" * 64)


def take(gate: Gate, new: Policy, difference: str = "other") -> int:
    """Record the new policy; the holder is not swapped yet."""
    old, snapshot = gate.in_force.now, gate.desk.snapshot()
    taking = partial(take_policy, old=old, new=new, difference=difference, snapshot=snapshot)
    return gate.write(taking)


def nothing(tx: Transaction, now: datetime) -> str:
    del tx, now
    return "done"


def test_an_operation_runs_only_under_the_policy_recorded_last(gate: Gate) -> None:
    new = other(gate.policy)
    assert gate.write(under(gate.policy, nothing)) == "done"
    with pytest.raises(PolicyStaleError):
        gate.write(under(new, nothing))
    take(gate, new)
    assert gate.write(under(new, nothing)) == "done"
    with pytest.raises(PolicyStaleError):
        gate.write(under(gate.policy, nothing))


def test_a_looser_policy_ends_what_is_open_in_the_same_transaction(gate: Gate) -> None:
    gate.deliver(access_ticket())
    fewer = gate.policy.approve[0].stages[:1]
    new = other(rule_changed(gate.policy, stages=fewer))
    before = gate.evidence_size()
    assert take(gate, new, "loosened") == 1
    assert gate.states() == ["withdrawn"]
    types = [one["type"] for one in gate.records()[before:]]
    assert types[-1] == "policy.loaded"
    assert gate.records("policy.loaded")[-1]["difference"] == "loosened"


def test_a_tighter_policy_ends_nothing(gate: Gate) -> None:
    gate.deliver(access_ticket())
    assert take(gate, other(gate.policy), "tightened") == 0
    assert gate.states() == ["awaiting"]


def test_what_was_recorded_already_is_not_recorded_twice(gate: Gate) -> None:
    new = other(gate.policy)
    take(gate, new)
    before = gate.evidence_size()
    assert take(gate, new) == 0
    assert gate.evidence_size() == before


def test_a_policy_takes_only_the_place_of_the_one_that_was_read(gate: Gate) -> None:
    take(gate, other(gate.policy))
    third = replace(gate.policy, digest="c" * 64)
    with pytest.raises(PolicyStaleError):
        take(gate, third)


def test_between_record_and_swap_nobody_decides(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    new = other(gate.policy)
    take(gate, new)
    assert code_of(gate.decide("bob")) == "policy_stale"
    assert gate.waits, "it was tried again"
    gate.in_force.swap(new)
    assert code_of(gate.decide("bob")) == ""
    assert gate.records("decision.recorded")[-1]["policy"] == new.digest


def test_a_decision_that_a_swap_overtakes_is_made_under_the_new_policy(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.run_mail()
    new = other(gate.policy)
    take(gate, new)
    gate.on_wait = lambda _: gate.in_force.swap(new)
    assert code_of(gate.decide("bob")) == ""
    assert gate.records("decision.recorded")[-1]["policy"] == new.digest


def test_deliveries_that_another_policy_overtook_wait_for_it(gate: Gate) -> None:
    new = other(gate.policy)
    take(gate, new)
    gate.receive(access_ticket())
    assert gate.work() == 0
    assert gate.states() == []
    gate.in_force.swap(new)
    assert gate.work() == 1
    assert gate.states() == ["awaiting"]
    assert gate.records("ticket.classified")[-1]["policy"] == new.digest


def test_a_word_in_triage_is_refused_meanwhile(gate: Gate) -> None:
    gate.deliver(doubtful())
    lane = Lane(gate)
    view = lane.view()
    new = other(gate.policy)
    take(gate, new)
    assert lane.say(view=view) == "policy_stale"


def test_housekeeping_asks_again_once_the_new_policy_is_in_force(gate: Gate) -> None:
    gate.deliver(access_ticket())
    gate.keeper.step()
    new = other(rule_changed(gate.policy, justification_chars_min=500))
    take(gate, new)
    gate.directory.change("erin", name="Erin")
    gate.keeper.step()
    assert [one.round for one in gate.requests()] == [1]
    gate.in_force.swap(new)
    gate.keeper.step()
    assert [one.round for one in gate.requests()] == [2]
