"""I3, I4 and I8 over random histories: asking, deciding, extending, taking back, letting go."""

from collections.abc import Callable  # noqa: TC003 -- as every module here does
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.operations.kit import Gate, code_of, folder
from tests.operations.own import Own
from tests.operations.rebuilt import compared
from tests.operations.test_take_back import back
from tests.operations.tickets import access_ticket

from ticketgate.domain.errors import Refusal
from ticketgate.domain.grants.grant import HOLDING
from ticketgate.operations.deciding.own_request import RequestForm

HARD_MAX = timedelta(hours=8)  # of the tier of prod-db-admin in config/policy.yaml
TIMES = 2
WHY = "the migration runs until the early morning"
DEEDS = st.one_of(
    st.tuples(
        st.just("decide"), st.sampled_from(["bob", "carol"]), st.sampled_from(["approve", "deny"])
    ),
    st.tuples(st.just("extend"), st.integers(1, 5 * 3600)),
    st.tuples(st.just("tick"), st.integers(1, 4 * 3600)),
    st.tuples(st.just("let_pass"), st.integers(1, 9 * 3600)),
    st.tuples(st.just("back"), st.sampled_from(["bob", "carol"])),
    st.tuples(st.sampled_from(["withdraw", "return"])),
    st.tuples(st.just("restart")),
)

MORE: list[tuple[Any, ...]] = [
    ("extend", 4 * 3600),
    ("decide", "bob", "approve"),
    ("decide", "carol", "approve"),
]
LONG = [*MORE, *MORE, ("tick", 5 * 3600), *MORE, ("back", "carol"), ("tick", 1)]


class History:
    """A gate, and what people do there."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.own = Own(gate)

    def do(self, what: str, *said: Any) -> None:  # noqa: ANN401 -- of each deed its own
        deeds: dict[str, Callable[..., object]] = {
            "decide": self._decide,
            "extend": partial(self._say, "extend"),
            "tick": self.gate.tick,
            "let_pass": self._let_pass,
            "back": self._back,
            "restart": self._restart,
        }
        deeds.get(what, partial(self._say, what))(*said)

    def _let_pass(self, seconds: int) -> None:
        """No sweeper runs."""
        self.gate.clock.at += timedelta(seconds=seconds)

    def _back(self, person: str) -> None:
        if self.gate.tokens(person):
            back(self.gate, person)

    def _restart(self) -> None:
        self.gate.restart()
        self.own = Own(self.gate)

    def _decide(self, person: str, decision: str) -> None:
        self.gate.run_mail()
        if not self.gate.tokens(person):
            return
        now, before = self.gate.clock.now(), self.gate.requests()
        size = len(self.gate.records("decision.recorded"))
        code = code_of(self.gate.decide(person, decision))
        if code:
            assert self.gate.requests() == before or code == "request_blocked"
            assert len(self.gate.records("decision.recorded")) == size
        else:
            assert any(one.decide_by > now for one in before)  # I8
        self.gate.settle()

    def _say(self, what: str, seconds: int | None = None) -> None:
        for request in self.gate.requests():
            shown = self.own.view("dan", request.id).shown
            grants = [one.id for one in self.gate.grants() if one.request == request.id]
            form = RequestForm(what, grants[0] if grants else "", WHY, shown, seconds)
            said = self.own.desk.say(request.id, self.gate.session("alice"), form)
            assert isinstance(said, Refusal) or said.id
        self.gate.settle()

    def holds(self) -> None:
        """I3 and I4; and that nothing lives past its end once a sweeper has run."""
        for grant in self.gate.grants():
            if grant.state in HOLDING:
                assert grant.not_after is not None
                assert grant.activated_at is not None
                assert grant.not_after <= grant.activated_at + HARD_MAX
                moved = [
                    one for one in self.gate.records("grant.extended") if one["id"] == grant.id
                ]
                assert len(moved) <= TIMES


def test_a_long_history_extends_twice_and_no_more() -> None:
    """So that the property is about something."""
    with folder() as path:
        gate = begun(Gate(path))
        try:
            for deed in LONG:
                History(gate).do(*deed)
            assert len(gate.records("grant.extended")) == TIMES
            assert gate.members() == set()
        finally:
            gate.stop()


def begun(gate: Gate) -> Gate:
    """Alice has the access, by limits that let it be extended."""
    limits = tuple(replace(one, extend=TIMES) for one in gate.policy.limits)
    gate.restart(replace(gate.policy, digest="2" * 64, limits=limits))
    gate.deliver(access_ticket())
    gate.approve("bob", "carol")
    gate.settle()
    return gate


@pytest.mark.untraced
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@example(deeds=LONG)
@given(deeds=st.lists(DEEDS, max_size=14))
def test_no_history_gives_a_life_beyond_the_longest(deeds: list[tuple[Any, ...]]) -> None:
    with folder() as path:
        gate = Gate(path)
        try:
            begun(gate)
            history = History(gate)
            for deed in deeds:
                history.do(*deed)
                history.holds()
            gate.tick(1)
            history.holds()
            now = gate.clock.now()
            live = [one for one in gate.grants() if one.state in HOLDING]
            assert all(one.not_after is not None and one.not_after > now for one in live)
            assert gate.members() == {one.subject for one in live}
        finally:
            gate.stop()
        assert compared(gate) == []
        report = gate.verified()
        assert not report.failing, [verdict.faults for verdict in report.failing]
