"""Signals: quiet histories make none, and each planted pattern makes just the one that it is."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.domain.approvals import HOUR, MONDAY, NOW, approval, ended, found, in_office, nights

from ticketgate.domain.cases.signals import (
    AT_ONCE,
    IN_TURN,
    OUT_OF_HOURS,
    OVERLOADED,
    SHOPPING,
    SIGNALS,
    UNSEEN,
    SeenApproval,
)

# --- random histories ----------------------------------------------------------------------------

OFFICE = st.builds(
    lambda day, minutes: MONDAY + timedelta(days=day // 5 * 7 + day % 5, minutes=minutes),
    st.integers(0, 19),
    st.integers(0, 8 * 60),
)


@st.composite
def quiet_history(draw: st.DrawFn) -> list[SeenApproval]:
    """In working hours, after a look; who approves never asks; nobody carries too much."""
    moments = draw(st.lists(OFFICE, max_size=29))
    return [
        approval(
            at,
            by=draw(st.sampled_from(["bob", "carol"])),
            of=draw(st.sampled_from(["alice", "dan", "erin"])),
            viewed=timedelta(seconds=draw(st.integers(10, 90_000))),
            number=number,
        )
        for number, at in enumerate(moments)
    ]


PLANTED = {
    AT_ONCE: [approval(MONDAY, by="dan", of="erin", viewed=timedelta(seconds=3))],
    UNSEEN: [approval(MONDAY, by="dan", of="erin", viewed=None)],
    IN_TURN: in_office(3, by="dan", of="erin") + in_office(3, by="erin", of="dan"),
    OUT_OF_HOURS: nights(5, by="dan"),
    OVERLOADED: [approval(MONDAY + n * HOUR / 4, by="dan", number=n) for n in range(31)],
}


@settings(max_examples=100, deadline=None)
@given(quiet_history())
def test_a_quiet_history_makes_no_signal(history: list[SeenApproval]) -> None:
    closed = [ended(one.decided_at, people=[one.approver], of=one.beneficiary) for one in history]
    assert found(history, closed) == []


@pytest.mark.parametrize("code", PLANTED)
@settings(max_examples=40, deadline=None)
@given(history=quiet_history(), order=st.randoms(use_true_random=False))
def test_each_planted_pattern_makes_just_its_own(
    code: str, history: list[SeenApproval], order: Random
) -> None:
    mixed = [*history, *PLANTED[code]]
    order.shuffle(mixed)
    (signal,) = found(mixed)
    assert signal.key.code == code
    assert signal.key.people in {("dan",), ("dan", "erin")}
    assert found(mixed, settled={signal.key: NOW}.get) == []


def test_each_code_is_planted() -> None:
    assert {*PLANTED, SHOPPING} == {*SIGNALS}
