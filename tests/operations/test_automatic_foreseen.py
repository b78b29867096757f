"""A rule that approves without a person, foreseen: by `policy test`, by `diff`, by `backtest`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.operations.kit import Gate, approve
from tests.operations.test_automatic import automatic_in, report
from tests.operations.test_backtest import run, told
from tests.operations.test_policy_test import case, missed, move
from tests.operations.tickets import REPORT_ITEM, access_ticket
from tests.shipped import own_policy

from ticketgate.domain.changes.policy_diff import compare, difference
from ticketgate.domain.evidence import digest_of
from ticketgate.domain.policy.policy import Automatic, Policy

ASKED = own_policy()
WITHOUT = automatic_in(ASKED)
REPORT = access_ticket("t1", item=REPORT_ITEM, role="sales-reports")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    made = Gate(tmp_path)
    yield made
    made.stop()


def capped(most: int, because: str = "reports show nothing of people") -> Policy:
    """The same automatic rule, so often a day, for this reason."""
    first, *rest = WITHOUT.approve
    rule = replace(first, automatic=Automatic(because, most), digest=digest_of([most, because]))
    return replace(WITHOUT, digest="a" * 64, approve=(rule, *rest))


def test_a_case_expects_that_a_rule_approves_and_that_it_does_not() -> None:
    given = case(ticket=REPORT, state="approved", automatic=True, grant="active", waiting_for=[])
    assert missed(given, WITHOUT) == []
    assert missed(case(ticket=REPORT, automatic=False), WITHOUT) == [("automatic", True)]
    assert missed(case(ticket=REPORT, automatic=True), ASKED) == [("automatic", False)]


def test_what_people_approve_is_not_automatic_at_any_step() -> None:
    steps = (
        move("approve", "bob", automatic=False, state="awaiting"),
        move("approve", "carol", automatic=False, state="approved"),
    )
    assert missed(case(*steps, automatic=False), WITHOUT) == []


def test_a_rule_with_no_room_asks_nobody_and_approves_nothing() -> None:
    full = case(ticket=REPORT, state="blocked", automatic=False, waiting_for=[], grant="none")
    assert missed(full, capped(0)) == []
    assert missed(full, capped(1)) != [], "the control"


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        (ASKED, WITHOUT, "loosened"),
        (WITHOUT, ASKED, "loosened"),  # what it took goes to a later rule, which may ask for less
        (capped(2), capped(3), "loosened"),
        (capped(3), capped(2), "tightened"),
        (capped(2), capped(2, "agreed anew"), "other"),
    ],
    ids=["added", "removed", "more", "fewer", "words"],
)
def test_a_rule_that_is_added_or_approves_more_is_a_loosening(
    old: Policy, new: Policy, kind: str
) -> None:
    assert difference(compare(old, new)) == kind


def test_a_backtest_says_that_no_person_would_be_asked(gate: Gate) -> None:
    report(gate)
    ticket, decision = told(run(gate, automatic_in(gate.policy)))
    assert ticket[:2] == ("loosened", "is approved without a person")
    assert decision == ("loosened", "would need no person now", "approve reports")


def test_a_backtest_says_that_people_would_be_asked_again(gate: Gate) -> None:
    people, gate.policy = gate.policy, automatic_in(gate.policy)
    report(gate)
    found = told(run(gate, people))
    assert ("tightened", "waits for a person") in [one[:2] for one in found]
    assert ("tightened", "approvals given would not be enough now") in [one[:2] for one in found]


@pytest.mark.parametrize(
    ("most", "because", "way", "what"),
    [
        (3, "reports show nothing of people", "loosened", "more often in a day"),
        (1, "reports show nothing of people", "tightened", "less often in a day"),
        (2, "agreed anew", "other", "for a reason in other words"),
    ],
    ids=["more", "fewer", "words"],
)
def test_a_backtest_says_how_often(
    gate: Gate, most: int, because: str, way: str, what: str
) -> None:
    gate.policy = capped(2)
    report(gate)
    (found,) = told(run(gate, capped(most, because)))
    assert found[0] == way
    assert found[1].endswith(what)


def test_a_backtest_says_what_was_blocked_and_is_approved(gate: Gate) -> None:
    gate.policy = replace(gate.policy, approve=())
    report(gate)
    found = told(run(gate, automatic_in(ASKED)))
    assert ("loosened", "was blocked (no_approve_rule), is approved without a person") in [
        one[:2] for one in found
    ]


def test_what_people_approved_stays_approved(gate: Gate) -> None:
    approve(gate)
    assert told(run(gate, automatic_in(gate.policy))) == []
