"""A looser policy never takes effect for a request that is open already: the request ends."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket

from ticketgate.domain.policy.policy import Policy
from ticketgate.operations.requests.loosened import end_loosened


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    made.deliver(access_ticket())
    yield made
    assert not made.verified().failing
    made.stop()


def rule_changed(policy: Policy, **changes: Any) -> Policy:  # noqa: ANN401 -- any field
    """Its first approve rule is another one."""
    first, *rest = policy.approve
    return replace(policy, approve=(replace(first, digest="e" * 64, **changes), *rest))


def load(gate: Gate, new: Policy, *, forgotten: bool = False) -> int:
    """The new policy is loaded; how many requests that ended."""
    old, snapshot = None if forgotten else gate.policy, gate.desk.snapshot()
    ended = gate.write(partial(end_loosened, old=old, new=new, snapshot=snapshot))
    gate.restart(new)
    gate.keeper.step()
    return ended


def test_fewer_approvals_end_what_is_open(gate: Gate) -> None:
    assert load(gate, rule_changed(gate.policy, stages=gate.policy.approve[0].stages[:1])) == 1
    assert gate.states() == ["withdrawn"]
    gate.deliver(access_ticket(version=2))
    assert gate.states() == ["withdrawn", "awaiting"]


def test_more_approvals_open_a_new_round_instead(gate: Gate) -> None:
    assert load(gate, rule_changed(gate.policy, justification_chars_min=500)) == 0
    (request,) = gate.requests()
    assert (request.state.value, request.round) == ("awaiting", 2)


def test_other_words_open_a_new_round_too(gate: Gate) -> None:
    assert load(gate, rule_changed(gate.policy, because="other words")) == 0
    assert [one.round for one in gate.requests()] == [2]


def test_a_rule_that_no_open_request_met_touches_none(gate: Gate) -> None:
    low = replace(gate.policy.approve[1], stages=(), digest="e" * 64)
    assert load(gate, replace(gate.policy, approve=(gate.policy.approve[0], low))) == 0
    assert [one.round for one in gate.requests()] == [1]


def test_a_lower_tier_is_looser(gate: Gate) -> None:
    tiers = {"tier": gate.policy.classify[1].tier, "digest": "e" * 64}
    first, *rules = gate.policy.classify
    entitlement, *others = gate.policy.entitlements
    new = replace(
        gate.policy,
        classify=(replace(first, **tiers), *rules),  # type: ignore[arg-type]
        entitlements=(replace(entitlement, **tiers), *others),  # type: ignore[arg-type]
        approve=tuple(
            replace(one, when=gate.policy.limits[-1].when) for one in gate.policy.approve
        ),
    )
    assert load(gate, new) == 1


def test_what_is_not_asked_any_more_is_left_to_the_revalidation(gate: Gate) -> None:
    assert load(gate, replace(gate.policy, entitlements=())) == 0
    assert gate.states()[0] == "withdrawn"


def test_without_the_old_policy_other_rules_count_as_looser(gate: Gate) -> None:
    strict = rule_changed(gate.policy, justification_chars_min=500)
    assert load(gate, strict, forgotten=True) == 1


def test_without_the_old_policy_the_same_rules_touch_nothing(gate: Gate) -> None:
    assert load(gate, gate.policy, forgotten=True) == 0
    assert gate.states() == ["awaiting"]


def test_without_a_directory_every_open_request_ends(gate: Gate) -> None:
    blind = partial(end_loosened, old=gate.policy, new=gate.policy, snapshot=None)
    assert gate.write(blind) == 1
    assert gate.states() == ["withdrawn"]
