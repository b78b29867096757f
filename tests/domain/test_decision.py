"""What the approvals of a round come to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cast import NOON, rule, stage

from ticketgate.domain.requests.approval import Approval
from ticketgate.domain.requests.decision import Decision, Verdict, decide, seconds_of

TWO_STAGES = rule(stage("person:bob", name="line"), stage("group:sec-iam", need=2, name="security"))


def approval(
    approver: str, stage_: int, decision: str = "approve", round_: int = 1, seconds: int = 7200
) -> Approval:
    return Approval("req_1", round_, stage_, approver, decision, seconds, NOON, 1)


def test_nothing_decided_waits_for_the_first_stage() -> None:
    assert decide(TWO_STAGES, [], 1) == Decision(Verdict.PENDING, 1, (), ("line: 1 of 1",))


def test_a_filled_stage_opens_the_next() -> None:
    found = decide(TWO_STAGES, [approval("bob", 1), approval("carol", 2)], 1)
    assert found == Decision(Verdict.PENDING, 2, ("line: 1 of 1",), ("security: 1 of 2",))


def test_every_stage_filled_approves() -> None:
    given_ = [approval("bob", 1), approval("carol", 2), approval("dan", 2)]
    assert decide(TWO_STAGES, given_, 1) == Decision(
        Verdict.APPROVED, 2, ("line: 1 of 1", "security: 2 of 2"), ()
    )


def test_one_person_counts_once_at_a_stage() -> None:
    given_ = [approval("bob", 1), approval("carol", 2), approval("carol", 2)]
    assert decide(TWO_STAGES, given_, 1).verdict is Verdict.PENDING


def test_a_later_stage_never_fills_an_earlier_one() -> None:
    given_ = [approval("carol", 2), approval("dan", 2)]
    assert decide(TWO_STAGES, given_, 1).missing == ("line: 1 of 1",)


def test_approvals_of_an_earlier_round_are_void() -> None:
    given_ = [approval("bob", 1), approval("carol", 2), approval("dan", 2)]
    assert decide(TWO_STAGES, given_, 2) == Decision(Verdict.PENDING, 1, (), ("line: 1 of 1",))


def test_a_denial_of_an_earlier_round_denies_nothing() -> None:
    assert decide(TWO_STAGES, [approval("bob", 1, "deny")], 2).verdict is Verdict.PENDING


def test_one_denial_ends_the_request() -> None:
    given_ = [approval("bob", 1), approval("carol", 2), approval("dan", 2, "deny")]
    assert decide(TWO_STAGES, given_, 1) == Decision(
        Verdict.DENIED, 2, ("line: 1 of 1",), (), ("denied at stage security",)
    )


@pytest.mark.parametrize("where", [1, 2, 3])
def test_a_denial_counts_at_whatever_stage_it_was_given(where: int) -> None:
    given_ = [approval("mallory", where, "deny")]
    assert decide(TWO_STAGES, given_, 1).verdict is Verdict.DENIED
    full = [approval("bob", 1), approval("carol", 2), approval("dan", 2)]
    assert decide(TWO_STAGES, [*full, *given_], 1).verdict is Verdict.DENIED


APPROVALS = st.lists(
    st.builds(
        approval,
        st.sampled_from(["bob", "carol", "dan", "erin"]),
        st.integers(1, 3),
        st.sampled_from(["approve", "approve", "approve", "deny"]),
        st.integers(1, 2),
        st.integers(60, 7200),
    ),
    max_size=8,
)
NEEDS = st.lists(st.integers(1, 2), min_size=1, max_size=3)


@given(APPROVALS, NEEDS)
def test_approved_means_every_stage_has_its_people_and_nobody_denied(
    given_: list[Approval], needs: list[int]
) -> None:
    rule_ = rule(*[stage("person:bob", need=need, name=str(n)) for n, need in enumerate(needs)])
    now = [one for one in given_ if one.round == 1]
    denied = any(one.decision == "deny" for one in now)
    filled = all(
        len({one.approver for one in now if one.stage == n and one.decision == "approve"}) >= need
        for n, need in enumerate(needs, start=1)
    )
    found = decide(rule_, given_, 1)
    assert (found.verdict is Verdict.DENIED) == denied
    assert (found.verdict is Verdict.APPROVED) == (filled and not denied)
    assert bool(found.missing) == (found.verdict is Verdict.PENDING)
    assert 1 <= found.stage <= len(needs)


@given(APPROVALS, st.integers(60, 7200))
def test_approvers_may_shorten_and_never_lengthen(given_: list[Approval], seconds: int) -> None:
    found = seconds_of(given_, 1, seconds)
    assert found <= seconds
    assert all(found <= one.seconds for one in given_ if one.round == 1)
    assert found == seconds or found in {one.seconds for one in given_ if one.round == 1}
