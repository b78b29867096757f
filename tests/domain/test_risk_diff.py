"""What a higher tier, another kind or another verdict lets through."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.domain.cast import ALWAYS, entitlement, rule, stage, word
from tests.domain.matchers import block, both, clause

from ticketgate.domain.changes.policy_change import Change
from ticketgate.domain.changes.policy_diff import compare
from ticketgate.domain.matching.matcher import Matcher
from ticketgate.domain.policy.policy import Automation, ClassifyRule, Limit, Policy
from ticketgate.domain.tickets.identity_event import Tier, Verdict

HOUR = timedelta(hours=1)
TWO = (stage("manager_of:beneficiary"), stage("group:sec-iam", name="security"))
SEES = ClassifyRule(
    "reports", "access.grant", Tier.LOW, Verdict.IDENTITY, both("ticket.table=req"), "", "c"
)
UNSURE = replace(SEES, id="unsure", verdict=Verdict.UNCERTAIN, tier=Tier.HIGH)
HIGH = replace(rule(*TWO), id="high", when=both("tier=high,critical"))
LOW = replace(rule(TWO[0]), id="low", when=both("tier=low,medium"))
SHORT = Limit(both("tier=high,critical"), HOUR, HOUR, HOUR, "", "s")
LONG = Limit(both("tier=low,medium"), 2 * HOUR, 4 * HOUR, 8 * HOUR, "", "l")
REPORTS = entitlement(tier=Tier.LOW)
OLD = Policy("0" * 64, (SEES,), (REPORTS,), (HIGH, LOW), (SHORT, LONG))


def told(old: Policy, new: Policy) -> str:
    (found,) = compare(old, new)
    assert found.reason
    return found.direction.value


def added(old: Policy) -> str:
    """What it is that a rule of tier high, which is not sure, sees more."""
    return told(old, replace(old, classify=(*old.classify, UNSURE)))


@pytest.mark.parametrize(
    ("parts", "direction"),
    [
        ({}, "tightened"),
        ({"approve": (replace(HIGH, stages=TWO[:1]), replace(LOW, stages=TWO))}, "loosened"),
        ({"approve": (HIGH,)}, "loosened"),  # low was blocked
        ({"approve": (LOW,)}, "tightened"),  # high is blocked
        ({"approve": (replace(HIGH, because="x"), LOW)}, "tightened"),
        ({"approve": (replace(LOW, when=ALWAYS),)}, "tightened"),
        ({"approve": (HIGH, replace(LOW, when=both("ticket.table=req")))}, "loosened"),
        ({"limits": (replace(SHORT, default=3 * HOUR), LONG)}, "loosened"),
        ({"limits": (replace(SHORT, max=5 * HOUR), LONG)}, "loosened"),
        ({"limits": (replace(SHORT, hard_max=9 * HOUR), LONG)}, "loosened"),
        ({"limits": (replace(SHORT, start_within=31 * 24 * HOUR), LONG)}, "loosened"),
        ({"limits": (replace(SHORT, extend=1), LONG)}, "loosened"),
        ({"limits": (replace(SHORT, extend=2), replace(LONG, extend=1))}, "loosened"),
        ({"limits": (replace(SHORT, extend=1), replace(LONG, extend=1))}, "tightened"),
        ({"limits": (SHORT, replace(LONG, extend=1))}, "tightened"),
        ({"limits": (SHORT,)}, "loosened"),  # low had no end to give
        ({"limits": (LONG,)}, "tightened"),
        ({"limits": (replace(SHORT, when=both("tier=high", "ticket.table=x")), LONG)}, "loosened"),
        ({"limits": (replace(LONG, when=ALWAYS),)}, "tightened"),
        (
            {"entitlements": (replace(REPORTS, requestable_by=both("tier=high")),)},
            "loosened",
        ),
        ({"entitlements": (replace(REPORTS, requestable_by=both("kind=mover")),)}, "loosened"),
        ({"approve": (replace(HIGH, when=clause("ticket.priority|fieldref=tier")),)}, "loosened"),
        ({"approve": (replace(HIGH, when=clause("ticket.priority|fieldref=kind")),)}, "loosened"),
        ({"entitlements": ()}, "tightened"),
        ({"entitlements": (replace(REPORTS, tier=Tier.CRITICAL),)}, "tightened"),
    ],
)
def test_a_higher_tier_is_tighter_where_as_much_was_shown_to_be_asked(
    parts: dict[str, Any], direction: str
) -> None:
    assert added(replace(OLD, **parts)) == direction


@pytest.mark.parametrize(
    ("when", "direction"),
    [
        (block("none", "tier=low"), "tightened"),
        (block("none", "tier=low", "ticket.table=x"), "tightened"),  # else it is blocked
        (block("any", "tier=high,critical", "ticket.table=x"), "loosened"),
        (both(block("any", "tier=high", "tier=critical,medium")), "tightened"),
        (both(both(), "tier=high,critical,medium"), "tightened"),
    ],
)
def test_what_a_rule_asks_beside_the_tier_counts(when: Matcher, direction: str) -> None:
    """Of a low ticket the rule that asks for two; what is left of it may ask for one."""
    old = replace(OLD, approve=(replace(HIGH, when=when), replace(LOW, when=both("tier=low"))))
    assert added(old) == direction


def test_an_identity_event_already_may_be_told_by_more_rules() -> None:
    again = replace(SEES, id="again")
    assert told(OLD, replace(OLD, classify=(SEES, again))) == "other"
    lax = replace(OLD, approve=(replace(HIGH, stages=TWO[:1]), replace(LOW, stages=TWO)))
    high = replace(again, tier=Tier.HIGH)
    assert told(lax, replace(lax, classify=(SEES, high))) == "loosened"


def test_the_tier_of_a_rule_or_an_entitlement_that_rises_is_held_against_what_is_asked() -> None:
    lax = replace(OLD, approve=(replace(HIGH, stages=TWO[:1]), replace(LOW, stages=TWO)))
    for old, direction in ((OLD, "tightened"), (lax, "loosened")):
        assert told(old, replace(old, classify=(replace(SEES, tier=Tier.HIGH),))) == direction
        risen = replace(REPORTS, tier=Tier.HIGH)
        assert told(old, replace(old, entitlements=(risen,))) == direction
    asking = replace(OLD, limits=(replace(LONG, when=both("entitlement.tier=low")),))
    risen_too = replace(asking, entitlements=(replace(REPORTS, tier=Tier.HIGH),))
    assert told(asking, risen_too) == "loosened"


def test_the_tier_of_what_a_persons_word_opens_is_held_against_what_is_asked() -> None:
    """Of tier low it was blocked, also where no rule is sure, or none is there at all."""
    unsure = replace(UNSURE, tier=Tier.LOW)
    risen = replace(unsure, tier=Tier.MEDIUM)
    for sure in ((), (replace(SEES, tier=Tier.HIGH),)):
        old = replace(
            OLD, classify=(*sure, unsure), approve=(replace(LOW, when=both("tier=medium")),)
        )
        assert told(old, replace(old, classify=(*sure, risen))) == "loosened"
        medium = replace(REPORTS, tier=Tier.MEDIUM)
        assert told(old, replace(old, entitlements=(medium,))) == "loosened"
        asked = replace(old, approve=(replace(LOW, when=both("tier=low,medium")),))
        assert told(asked, replace(asked, classify=(*sure, risen))) == "tightened", "the control"


FLOW = Automation(
    "flow", clause("ticket.updated_by=svc"), word("person:carol"), frozenset({"access.grant"}),
    frozenset({"corp-scim"}), "", "a",
)  # fmt: skip
BOUND = replace(OLD, automations=(FLOW,))
ELEVATES = replace(SEES, kind="privilege.elevate")


def test_a_kind_that_an_automation_may_ask_in_place_of_one_that_it_may_not_is_looser() -> None:
    old = replace(BOUND, classify=(ELEVATES,))
    assert told(old, replace(old, classify=(SEES,))) == "loosened"
    assert told(BOUND, old) == "other"
    assert told(old, replace(old, classify=(replace(SEES, kind="mover"),))) == "other"


def test_a_kind_that_broke_a_boundary_and_is_not_sure_any_more_is_looser() -> None:
    """Beside a rule that says identity event, it is what the boundary was broken by."""

    def unsure(one: ClassifyRule) -> ClassifyRule:
        return replace(one, verdict=Verdict.UNCERTAIN)

    old = replace(BOUND, classify=(ELEVATES,))
    assert told(old, replace(old, classify=(unsure(ELEVATES),))) == "loosened"
    assert told(BOUND, replace(BOUND, classify=(unsure(SEES),))) == "other"


def changes(target: str, **parts: Any) -> tuple[Change, ...]:  # noqa: ANN401 -- of a policy
    old = replace(BOUND, entitlements=(replace(REPORTS, target=target),))
    return compare(old, replace(old, **parts))


def test_a_target_outside_a_boundary_that_is_not_asked_for_any_more_is_looser() -> None:
    narrower = both("ticket.table=req")
    for target, direction in (("corp-scim", "tightened"), ("corp-ad", "loosened")):
        (gone,) = changes(target, entitlements=())
        less = replace(REPORTS, target=target, asked_by=narrower)
        (narrowed,) = changes(target, entitlements=(less,))
        assert [gone.direction.value, narrowed.direction.value] == [direction, direction]
