"""Rule 9 over random histories with a clock that is set: whatever people try, emergencies end.

The controls plant a bug each, and the same histories find it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.operations.emergencies import (
    HOUR,
    RULES,
    code_of,
    desk_of,
    faults_of,
    form_of,
    policy_with,
    review,
    try_to_invoke,
)
from tests.operations.kit import Gate, folder

from ticketgate.domain.emergencies.emergency import Emergency
from ticketgate.domain.grants.grant import Grant, GrantState
from ticketgate.operations.emergencies import invoke_emergency as invoking
from ticketgate.operations.emergencies import review_emergency as reviewing

PEOPLE = ("alice", "alice-admin", "bob")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("invoke"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("drill"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("return"), st.sampled_from(PEOPLE)),
        st.tuples(st.just("review"), st.sampled_from(("carol", "alice-admin", "bob"))),
        st.tuples(st.just("wait"), st.sampled_from((60, HOUR, 12 * HOUR, 25 * HOUR))),
    ),
    min_size=4,
    max_size=14,
)
Step = tuple[str, Any]


def known(gate: Gate) -> list[tuple[Emergency, Grant | None]]:
    with gate.db() as looking:
        found = looking.emergencies.listed(1000)
        return [(one, looking.grants.get(one.grant)) for one in reversed(found)]


def act(gate: Gate, step: Step) -> None:
    """One thing that somebody tries; refused or not."""
    what, value = step
    if what == "wait":
        gate.tick(value)
    elif what in {"invoke", "drill"}:
        try_to_invoke(gate, value, form=form_of(gate, value, drill=what == "drill"))
    elif known(gate):
        newest = known(gate)[-1][0]
        if what == "return":
            desk_of(gate).give_back(gate.session(value), newest.id)
        else:
            review(gate, newest, value)
    gate.settle()


def play(gate: Gate, steps: list[Step]) -> None:
    """The history; then what must hold of it, by the tables alone."""
    gate.directory.change("alice-admin", groups=frozenset({"platform-engineering", "sec-iam"}))
    for step in steps:
        act(gate, step)
    snapshot = gate.directory.read(gate.clock.now())
    found = known(gate)
    given_access = [(one, grant) for one, grant in found if grant is not None]
    for number, (one, grant) in enumerate(given_access):
        assert not one.drill
        assert grant.seconds <= RULES.hard_max.total_seconds()
        assert grant.not_after is None or grant.not_after - one.invoked_at <= (
            RULES.hard_max + timedelta(hours=1)
        )
        for other, later in given_access[number + 1 :]:
            if snapshot.same_human(one.subject, other.subject):
                assert _rested(grant, other.invoked_at), (one, other, later)
        assert grant.not_after is None or not (
            grant.state is GrantState.ACTIVE and gate.clock.now() >= grant.not_after
        )
    for one, _ in found:
        assert not one.reviewer or not snapshot.same_human(one.reviewer, one.subject)
    assert gate.verified().failing == ()
    assert faults_of(gate.records()) == (set(), set())


def _rested(before: Grant, moment: datetime) -> bool:
    if before.state is GrantState.CANCELLED:
        return True
    return before.ended_at is not None and moment >= before.ended_at + RULES.cooldown


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_whatever_people_try_emergencies_end_and_are_owed(steps: list[Step]) -> None:
    with folder() as place:
        gate = Gate(place, policy_with())
        try:
            play(gate, steps)
        finally:
            gate.stop()


AGAIN: list[Step] = [("invoke", "alice"), ("wait", HOUR), ("invoke", "alice-admin")]
LATE: list[Step] = [("invoke", "bob"), ("wait", HOUR), ("wait", 25 * HOUR), ("invoke", "bob")]
OWN: list[Step] = [("invoke", "alice"), ("wait", HOUR), ("review", "alice-admin")]


@pytest.mark.parametrize(
    ("module", "names", "bug", "steps"),
    [
        (invoking, ("_too_soon",), lambda *_: None, AGAIN),
        (invoking, ("_too_soon", "lock_on", "needs_consent"), lambda *_: None, LATE),
        (reviewing, ("may_review",), lambda *_: "group:sec-iam", OWN),
    ],
    ids=["no cooldown", "no lock", "own review"],
)
def test_a_planted_bug_is_found(
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    names: tuple[str, ...],
    bug: Callable[..., object],
    steps: list[Step],
) -> None:
    """The control: the same history without the rule does not hold."""
    for name in names:
        monkeypatch.setattr(module, name, bug)
    with folder() as place:
        gate = Gate(place, policy_with())
        try:
            with pytest.raises(AssertionError):
                play(gate, steps)
        finally:
            gate.stop()


@pytest.mark.parametrize("steps", [AGAIN, LATE, OWN], ids=["cooldown", "lock", "own"])
def test_with_the_rules_the_same_histories_hold(steps: list[Step]) -> None:
    with folder() as place:
        gate = Gate(place, policy_with())
        try:
            play(gate, steps)
            assert code_of(try_to_invoke(gate, "mallory")) == "not_preauthorised"
        finally:
            gate.stop()
