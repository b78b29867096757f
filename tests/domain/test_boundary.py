"""Boundaries only take certainty away: outside one, or without an owner, a person looks first."""

from dataclasses import replace

import pytest
from tests.domain.cast import SNOW, directory, entitlement, person

from ticketgate.domain.classifying.boundary import OUTSIDE, UNOWNED, automations_of, bounded
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Automation, Policy, Word
from ticketgate.domain.tickets.identity_event import Classification, Outcome, Tier, Verdict
from ticketgate.domain.tickets.ticket import Missing, StateClass, Ticket

PEOPLE = directory(person("alice"))
FLOW = Automation(
    "flow", Clause("ticket.updated_by", "equals", ("svc-flow",), 1), Word("person", "carol"),
    frozenset({"access.grant"}), frozenset({"corp-scim"}), "policy.yaml:90", "a" * 64,
)  # fmt: skip
ASKS = Clause("ticket.variables.role", "equals", ("admin",), 2)
POLICY = Policy("d" * 64, (), (entitlement(asked_by=ASKS),), (), (), (FLOW,))


def ticket(by: str, role: str | Missing = "admin", category: str | Missing = "x") -> Ticket:
    return Ticket(
        SNOW, "sc_req_item", "t1", 1, "2", StateClass.LIVE, by,
        fields={"category": category}, variables={"role": role},
    )  # fmt: skip


def said(*kinds: str, verdict: Verdict = Verdict.IDENTITY) -> Classification:
    return Classification(verdict, kinds, Tier.HIGH, ())


def codes(found: Classification) -> list[str]:
    return [one.code for one in found.breaches]


def test_an_automation_within_its_boundary_is_as_certain_as_before() -> None:
    before = said("access.grant")
    assert bounded(ticket("svc-flow"), before, POLICY, PEOPLE) == before


def test_a_kind_that_it_may_not_ask_makes_it_uncertain_and_names_the_owner() -> None:
    found = bounded(ticket("svc-flow"), said("access.grant", "mfa.reset"), POLICY, PEOPLE)
    assert found.verdict is Verdict.UNCERTAIN
    (breach,) = found.breaches
    assert (breach.code, breach.subject, breach.owner) == (
        OUTSIDE, "automation flow", "person:carol",
    )  # fmt: skip
    assert breach.what == "outside its boundary: kind mfa.reset"
    assert breach.where == "policy.yaml:90"


def test_so_does_a_target_that_it_may_not_ask_for() -> None:
    elsewhere = replace(POLICY, automations=(replace(FLOW, targets=frozenset({"corp-ad"})),))
    found = bounded(ticket("svc-flow"), said("access.grant"), elsewhere, PEOPLE)
    assert found.breaches[0].what == "outside its boundary: target corp-scim"
    silent = bounded(ticket("svc-flow", role="none"), said("access.grant"), elsewhere, PEOPLE)
    assert codes(silent) == []


def test_every_boundary_that_matches_counts() -> None:
    narrow = replace(FLOW, id="narrow", may=frozenset({"mfa.reset"}))
    policy = replace(POLICY, automations=(FLOW, narrow))
    found = bounded(ticket("svc-flow"), said("access.grant"), policy, PEOPLE)
    assert [one.subject for one in found.breaches] == ["automation narrow"]


def test_a_match_that_cannot_be_read_bounds_and_owns_nothing() -> None:
    blind = replace(FLOW, match=Clause("ticket.category", "equals", ("flow",), 1))
    policy = replace(POLICY, automations=(blind,))
    unread = ticket("svc-other", category=Missing.ABSENT)
    assert automations_of(unread, policy) == ((blind, Outcome.UNKNOWN),)
    assert codes(bounded(unread, said("mfa.reset"), policy, PEOPLE)) == [OUTSIDE, UNOWNED]


@pytest.mark.parametrize("account", ["svc-mallory", ""])
def test_an_account_that_nobody_knows_has_no_owner(account: str) -> None:
    found = bounded(ticket(account), said("access.grant"), POLICY, PEOPLE)
    assert (found.verdict, codes(found)) == (Verdict.UNCERTAIN, [UNOWNED])
    assert found.breaches[0].subject == f"account {account or '(none)'} of {SNOW}"


def test_people_and_our_own_users_are_known() -> None:
    assert codes(bounded(ticket("sys-alice"), said("mfa.reset"), POLICY, PEOPLE)) == []
    ours = frozenset({"svc-ticketgate"})
    for spelling in ("svc-ticketgate", "SVC-TicketGate"):
        assert codes(bounded(ticket(spelling), said("mfa.reset"), POLICY, PEOPLE, ours)) == []
    stranger = ticket("svc-ticketgate2")
    assert codes(bounded(stranger, said("mfa.reset"), POLICY, PEOPLE, ours)) == [UNOWNED]


@pytest.mark.parametrize("verdict", [Verdict.UNCERTAIN, Verdict.NOT_IDENTITY])
@pytest.mark.parametrize("account", ["svc-flow", "svc-mallory"])
def test_no_boundary_makes_anything_more_certain(verdict: Verdict, account: str) -> None:
    found = bounded(ticket(account), said("mfa.reset", verdict=verdict), POLICY, PEOPLE)
    assert found.verdict is verdict
    outside = verdict is Verdict.UNCERTAIN and account == "svc-flow"
    assert codes(found) == ([OUTSIDE] if outside else [])
