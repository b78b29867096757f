"""Verdicts, tiers, entitlements, approve rules and limits over what is known of a ticket."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ticketgate.domain.classifying.classify import (
    Asked,
    LimitSeconds,
    approve_rule_for,
    asked_entitlements,
    classify,
    limit_for,
    may_request,
)
from ticketgate.domain.classifying.facts import TicketFacts
from ticketgate.domain.matching.matcher import Clause, Group, Matcher
from ticketgate.domain.people.directory import Person
from ticketgate.domain.policy.policy import (
    ApproveRule,
    ClassifyRule,
    Entitlement,
    Limit,
    Policy,
    Word,
)
from ticketgate.domain.tickets.identity_event import Outcome, Tier, Verdict
from ticketgate.domain.tickets.ticket import Missing, Reference, StateClass, Ticket, Value

IDENTITY, UNCERTAIN, NOT_IDENTITY = Verdict.IDENTITY, Verdict.UNCERTAIN, Verdict.NOT_IDENTITY
ELEVATED = Clause("ticket.catalog_item", "contains", ("elevated",), 1)
PHRASE = Clause("ticket.text", "contains", ("access to",), 2)
PRINTER = Clause("ticket.category", "equals", ("printer",), 3)


def ticket(**fields: Value | Missing) -> Ticket:
    return Ticket(
        "snow-prod", "sc_req_item", "9d38", 1, "2", StateClass.LIVE, "alice",
        fields=fields, variables={"role": "prod-db-admin"},
    )  # fmt: skip


def rule(
    ident: str, match: Matcher, tier: Tier = Tier.MEDIUM, verdict: Verdict = IDENTITY
) -> ClassifyRule:
    return ClassifyRule(ident, f"kind-of-{ident}", tier, verdict, match, "policy.yaml:1", ident)


def entitlement(ident: str, asked_by: Matcher, requestable: Matcher | None = None) -> Entitlement:
    return Entitlement(
        ident, "corp-scim", {"group": "SG"}, asked_by, None, Word("person", "carol"), None,
        Tier.HIGH, requestable, "policy.yaml:2", ident,
    )  # fmt: skip


def approve(ident: str, when: Matcher) -> ApproveRule:
    hour = timedelta(hours=1)
    return ApproveRule(ident, when, (), (), 20, None, "", hour, "policy.yaml:3", ident)


def limit(ident: str, when: Matcher, hours: int) -> Limit:
    hour = timedelta(hours=hours)
    return Limit(when, hour, hour * 2, hour * 3, "policy.yaml:4", ident)


def policy(*rules: ClassifyRule) -> Policy:
    return Policy("digest", rules, (), (), ())


def item(name: str | None) -> Reference:
    return Reference("c0ffee", name)


def test_a_rule_that_matches_makes_an_identity_event() -> None:
    facts = TicketFacts(ticket(catalog_item=item("Elevated access")))
    found = classify(policy(rule("elevated", ELEVATED, Tier.HIGH)), facts)
    assert (found.verdict, found.kinds, found.tier) == (
        IDENTITY,
        ("kind-of-elevated",),
        Tier.HIGH,
    )
    assert found.matched[0].clauses[0].seen == "Elevated access"


@pytest.mark.parametrize("name", ["Elevated access", "A mouse", None])
def test_without_a_trace_the_verdict_is_the_same_and_has_no_clauses(name: str | None) -> None:
    facts = TicketFacts(ticket(catalog_item=item(name)))
    rules = policy(rule("elevated", ELEVATED, Tier.HIGH), rule("printer", PRINTER))
    told, lean = classify(rules, facts), classify(rules, facts, traced=False)
    bare = tuple(one._replace(clauses=()) for one in told.rules)
    assert lean == replace(told, rules=bare)


def test_a_ticket_that_no_rule_matches_is_none() -> None:
    facts = TicketFacts(ticket(catalog_item=item("A mouse")))
    found = classify(policy(rule("elevated", ELEVATED, Tier.HIGH)), facts)
    assert (found.verdict, found.kinds, found.tier) == (NOT_IDENTITY, (), Tier.LOW)
    assert [one.outcome for one in found.rules] == [Outcome.FALSE]


def test_a_printer_incident_without_a_catalog_item_is_acquitted() -> None:
    found = classify(policy(rule("elevated", ELEVATED)), TicketFacts(ticket(category="printer")))
    assert found.verdict is NOT_IDENTITY


def test_a_catalog_request_whose_item_could_not_be_read_is_uncertain() -> None:
    for unread in (Missing.ABSENT, item(None)):
        facts = TicketFacts(ticket(catalog_item=unread))
        found = classify(policy(rule("elevated", ELEVATED)), facts)
        assert (found.verdict, found.kinds) == (UNCERTAIN, ("kind-of-elevated",))
        assert [one.rule for one in found.blind] == ["elevated"]


def test_a_rule_that_says_uncertain_makes_the_ticket_uncertain() -> None:
    doubt = rule("doubt", PRINTER, verdict=UNCERTAIN)
    assert classify(policy(doubt), TicketFacts(ticket(category="Printer"))).verdict is UNCERTAIN


def test_one_full_rule_is_enough_even_when_others_are_blind() -> None:
    facts = TicketFacts(ticket(category="printer", catalog_item=Missing.ABSENT))
    found = classify(policy(rule("full", PRINTER), rule("blind", ELEVATED)), facts)
    assert (found.verdict, found.kinds) == (IDENTITY, ("kind-of-full", "kind-of-blind"))


def test_a_rule_that_could_not_be_read_never_lowers_the_tier() -> None:
    facts = TicketFacts(ticket(category="printer", catalog_item=Missing.ABSENT))
    rules = policy(rule("full", PRINTER, Tier.LOW), rule("blind", ELEVATED, Tier.CRITICAL))
    assert classify(rules, facts).tier is Tier.CRITICAL


def test_the_highest_tier_and_every_kind_once_are_kept() -> None:
    facts = TicketFacts(ticket(category="printer", catalog_item=item("elevated")))
    rules = (rule("a", PRINTER, Tier.HIGH), rule("b", ELEVATED, Tier.LOW), rule("a", PRINTER))
    found = classify(policy(*rules), facts)
    assert (found.tier, found.kinds) == (Tier.HIGH, ("kind-of-a", "kind-of-b"))


def test_a_match_that_needs_free_text_is_uncertain_at_most() -> None:
    facts = TicketFacts(ticket(category="printer", description="give me access to it"))
    both = Group("all", (PRINTER, PHRASE), 1)
    found = classify(policy(rule("both", both)), facts)
    assert (found.verdict, found.rules[0].outcome) == (UNCERTAIN, Outcome.TRUE)


def test_a_match_that_stands_without_its_free_text_is_an_identity_event() -> None:
    facts = TicketFacts(ticket(category="printer", description="give me access to it"))
    either = Group("any", (PRINTER, PHRASE), 1)
    assert classify(policy(rule("either", either)), facts).verdict is IDENTITY


def test_free_text_reached_through_another_field_decides_nothing_either() -> None:
    facts = TicketFacts(ticket(category="secret", description="secret"))
    same = Clause("ticket.category", "fieldref", ("ticket.description",), 1)
    assert classify(policy(rule("same", same)), facts).verdict is UNCERTAIN


def test_entitlements_are_asked_for_by_structured_facts() -> None:
    wanted = entitlement("db", Clause("ticket.variables.role", "equals", ("prod-db-admin",), 1))
    other = entitlement("crm", Clause("ticket.variables.role", "equals", ("crm",), 1))
    rules = Policy("d", (), (wanted, other), (), ())
    assert asked_entitlements(rules, TicketFacts(ticket())) == Asked((wanted,), unknown=False)


def test_an_entitlement_that_may_be_asked_for_is_told() -> None:
    unread = entitlement("db", Clause("ticket.variables.job", "equals", ("x",), 1))
    found = asked_entitlements(Policy("d", (), (unread,), (), ()), TicketFacts(ticket()))
    assert found == Asked((), unknown=True)


def test_who_may_ask_is_checked_and_unknown_is_no() -> None:
    engineers = Clause("beneficiary.groups", "equals", ("platform",), 1)
    member = Person("alice", "Alice", "a@example.com", groups=frozenset({"platform"}))
    wanted = entitlement("db", ELEVATED, engineers)
    assert may_request(wanted, TicketFacts(ticket(), beneficiary=member))
    assert not may_request(wanted, TicketFacts(ticket()))
    assert may_request(entitlement("open", ELEVATED), TicketFacts(ticket()))


HIGH = Clause("tier", "equals", ("high", "critical"), 1)
ALWAYS = Group("all", (), 1)


def test_the_first_approve_rule_that_matches_holds() -> None:
    rules = (approve("high", HIGH), approve("rest", ALWAYS))
    whole = Policy("d", (), (), rules, ())
    assert approve_rule_for(whole, TicketFacts(ticket(), tier=Tier.CRITICAL)) is rules[0]
    assert approve_rule_for(whole, TicketFacts(ticket(), tier=Tier.LOW)) is rules[1]


def test_an_earlier_rule_that_is_unknown_blocks() -> None:
    """The laxer rule below it must not hold by default."""
    whole = Policy("d", (), (), (approve("high", HIGH), approve("rest", ALWAYS)), ())
    assert approve_rule_for(whole, TicketFacts(ticket())) is None


def test_no_approve_rule_blocks() -> None:
    whole = Policy("d", (), (), (approve("high", HIGH),), ())
    assert approve_rule_for(whole, TicketFacts(ticket(), tier=Tier.LOW)) is None


@pytest.mark.parametrize(
    ("tier", "found"),
    [
        (Tier.LOW, LimitSeconds(28_800, 57_600, 86_400, ("all",))),
        (Tier.HIGH, LimitSeconds(7200, 14_400, 21_600, ("high", "all"))),
        (None, LimitSeconds(7200, 14_400, 21_600, ("high", "all"))),
    ],
)
def test_the_shortest_limit_holds_and_an_unknown_one_applies(
    tier: Tier | None, found: LimitSeconds
) -> None:
    whole = Policy("d", (), (), (), (limit("high", HIGH, 2), limit("all", ALWAYS, 8)))
    assert limit_for(whole, TicketFacts(ticket(), tier=tier)) == found


def test_without_a_limit_there_is_none() -> None:
    whole = Policy("d", (), (), (), (limit("high", HIGH, 2),))
    assert limit_for(whole, TicketFacts(ticket(), tier=Tier.LOW)) is None
