"""Why nobody can fill a stage: each case has a code of its own, and mended it has none."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.domain.cast import around_noon, case, directory, person, shaper, stage, word

from ticketgate.domain.policy.policy import Escalation
from ticketgate.domain.requests.approvers import Case, fillable
from ticketgate.domain.requests.unfilled import UNFILLED_REASONS, why_unfilled

ALICE = person("alice", manager="bob", aliases=frozenset({"alice-admin"}))
ADMIN = person("alice-admin", groups=frozenset({"red"}))
BOB, CAROL, DAN = person("bob"), person("carol"), person("dan", groups=frozenset({"red"}))
LINE = stage("manager_of:beneficiary")
RED = stage("group:red", name="red")


def why(about: Case) -> str:
    """The code; empty where the stages can be filled."""
    return "" if fillable(about) else why_unfilled(about)


@pytest.mark.parametrize(
    ("code", "about", "mended"),
    [
        (
            "approvers_none",
            case(directory(person("alice"), BOB), LINE),
            case(directory(ALICE, BOB), LINE),
        ),
        (
            "approvers_none",
            case(directory(ALICE, BOB), LINE, RED),
            case(directory(ALICE, BOB, DAN), LINE, RED),
        ),
        (
            "approvers_unfit",
            case(directory(ALICE), LINE),
            case(directory(ALICE, BOB), LINE),
        ),
        (
            "approvers_unfit",
            case(directory(ALICE, replace(BOB, active=False)), LINE),
            case(directory(ALICE, BOB), LINE),
        ),
        (
            "approvers_unfit",
            case(directory(ALICE, replace(BOB, kind="nhi")), LINE),
            case(directory(ALICE, BOB), LINE),
        ),
        (
            "approvers_parties",
            case(directory(ALICE, ADMIN), RED),
            case(directory(ALICE, ADMIN, DAN), RED),
        ),
        (
            "approvers_parties",
            case(directory(ALICE, BOB), LINE, shapers=(shaper("editor", "bob"),)),
            case(directory(ALICE, BOB), LINE),
        ),
        (
            "unfillable",
            case(directory(ALICE, BOB), LINE, replace(LINE, name="again")),
            case(directory(ALICE, BOB, DAN), LINE, RED),
        ),
        (
            "unfillable",
            case(directory(ALICE, BOB), LINE, never=("person:bob",)),
            case(directory(ALICE, BOB), LINE, never=("person:carol",)),
        ),
        (
            "approvers_away",
            case(directory(ALICE, replace(BOB, away=(around_noon(),))), LINE),
            case(directory(ALICE, replace(BOB, away=(around_noon(-2, -1),))), LINE),
        ),
    ],
    ids=[
        *("no manager", "an empty group", "an unknown manager", "an inactive manager"),
        *("a machine", "the other account of the requester", "an editor", "one for two stages"),
        *("somebody kept apart", "somebody away"),
    ],
)
def test_each_case_has_its_own_code(code: str, about: Case, mended: Case) -> None:
    assert why(about) == code
    assert code in UNFILLED_REASONS
    assert why(mended) == ""


def test_whom_silence_would_ask_counts_as_named() -> None:
    about = case(directory(person("alice")), LINE)
    more = Escalation(timedelta(hours=1), (word("person:alice"),))
    assert why(replace(about, rule=replace(about.rule, escalate=more))) == "approvers_parties"
    assert why(about) == "approvers_none"  # the control
