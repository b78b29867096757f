"""What a ticket asks for under the policy, and every reason that stands in its way."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cast import (
    ALWAYS,
    NOON,
    SNOW,
    directory,
    entitlement,
    party,
    person,
    request,
    rule,
    shaper,
    stage,
)

from ticketgate.domain.matching.matcher import Clause, Group
from ticketgate.domain.policy.policy import ApproveRule, DurationField, Entitlement, Limit, Policy
from ticketgate.domain.requests.access_request import (
    AccessRequest,
    Party,
    RequestState,
    Shaper,
    material_of,
)
from ticketgate.domain.requests.automatic import WAITS
from ticketgate.domain.requests.opening import (
    BLOCKED_FOR_MAX,
    REASONS,
    Ask,
    Asked,
    asked,
    beneficiary_field,
    beneficiary_of,
    case_of,
    editor_of,
    fresh_request,
    refreshed,
    requester_of,
)
from ticketgate.domain.text.durations import DURATION_REASONS
from ticketgate.domain.tickets.access_window import WINDOW_REASONS
from ticketgate.domain.tickets.identity_event import (
    Classification,
    Outcome,
    RuleOutcome,
    Tier,
    Verdict,
)
from ticketgate.domain.tickets.mapping import SourceMapping, TableMapping, by_its_table
from ticketgate.domain.tickets.ticket import Missing, Reference, StateClass, Ticket

PEOPLE = directory(
    person("alice", manager="bob", groups=frozenset({"engineers"})),
    person("bob"),
    person("carol"),
    person("frank", active=False),
)
LINE = rule(stage("manager_of:beneficiary"))
LIMIT = Limit(
    ALWAYS, timedelta(hours=2), timedelta(hours=4), timedelta(hours=8), "policy.yaml:70", "l" * 64
)
HOURS = DurationField("ticket.variables.hours", "h")
NEVER = Group("any", (), 1)


def classified(tier: Tier = Tier.MEDIUM, verdict: Verdict = Verdict.IDENTITY) -> Classification:
    kind = "privilege.elevate"
    matched, missed = (
        RuleOutcome(rule_, "policy.yaml:9", rule_, kind, tier, Verdict.IDENTITY, outcome, ())
        for rule_, outcome in (("elevated", Outcome.TRUE), ("printer", Outcome.FALSE))
    )
    return Classification(verdict, (kind,), tier, (matched, missed))


def ticket(
    opened_by: str | None = "sys-alice",
    requested_for: str | None = "sys-alice",
    **changes: Any,  # noqa: ANN401 -- any field
) -> Ticket:
    plain = Ticket(
        *(SNOW, "sc_req_item", "9d38", 1, "2", StateClass.LIVE, "sys-alice", "requested_for"),
        fields={
            "number": "RITM0010001",
            "opened_by": Reference(opened_by, "Alice"),
            "requested_for": Reference(requested_for, "Alice"),
            "catalog_item": Reference("c0", "Elevated access"),
            "short_description": "Elevated access for the migration",
        },
        variables={"hours": "3"},
    )
    return replace(plain, **changes)


def policy(
    *limits: Limit, rule_: ApproveRule | None = LINE, wanted: Entitlement | None = None
) -> Policy:
    rules = () if rule_ is None else (rule_,)
    return Policy("p" * 64, (), (wanted or entitlement(),), rules, limits or (LIMIT,))


def ask(
    ticket_: Ticket,
    wanted: Entitlement | None,
    policy_: Policy | None = None,
    tier: Tier = Tier.MEDIUM,
    *,
    unreadable: bool = False,
) -> Asked:
    return asked(Ask(ticket_, classified(tier), wanted, unreadable, policy_ or policy(), PEOPLE))


PLAIN = entitlement()
TIMED = entitlement(duration_from=HOURS)


# --- what is asked ----------------------------------------------------------------------------


def test_a_whole_ticket_asks_without_a_reason_against_it() -> None:
    found = ask(ticket(), PLAIN)
    assert found.reasons == ()
    assert (found.requester, found.beneficiary) == (party("alice"), party("alice"))
    assert (found.entitlement, found.target, found.access) == (
        "prod-db-admin",
        "corp-scim",
        {"group": "SG"},
    )
    assert (found.catalog_item, found.approve_rule) == ("Elevated access", "two-eyes")
    assert found.rule_ids == ("elevated@policy.yaml:9",)
    assert found.decide_within == timedelta(hours=8)


def test_the_reason_is_the_tickets_own_else_its_title() -> None:
    titled = ask(ticket(), PLAIN)
    assert titled.reason == "Elevated access for the migration"
    told = ticket()
    told = replace(told, fields={**told.fields, "reason": "CHG0031337"})
    assert ask(told, PLAIN).reason == "CHG0031337"


@pytest.mark.parametrize(
    ("classified_as", "entitled", "tier"),
    [
        (Tier.CRITICAL, Tier.LOW, Tier.CRITICAL),
        (Tier.LOW, Tier.HIGH, Tier.HIGH),
        (Tier.LOW, Tier.LOW, Tier.LOW),
    ],
)
def test_the_highest_tier_of_rules_and_entitlement_holds(
    classified_as: Tier, entitled: Tier, tier: Tier
) -> None:
    assert ask(ticket(), entitlement(tier=entitled), tier=classified_as).tier is tier


def test_without_an_entitlement_the_tier_is_that_of_the_rules() -> None:
    assert ask(ticket(), None, tier=Tier.CRITICAL).tier is Tier.CRITICAL


def test_an_assigned_tickets_beneficiary_is_its_assignee() -> None:
    assigned = ticket(bound_to="assignee")
    fields = {**assigned.fields, "assignee": Reference("sys-bob", "Bob")}
    assigned = replace(assigned, fields=fields)
    assert beneficiary_field(assigned) == "assignee"
    assert beneficiary_field(ticket(bound_to="none")) == "requested_for"
    found = beneficiary_of(assigned, PEOPLE)
    assert found is not None
    assert found.id == "bob"
    assert ask(assigned, PLAIN).beneficiary == party("bob")


@pytest.mark.parametrize("account", [None, "", "alice", "Alice", "alice@example.com"])
def test_names_and_addresses_in_a_ticket_are_nobody(account: str | None) -> None:
    assert requester_of(ticket(opened_by=account), PEOPLE) is None
    assert ask(ticket(opened_by=account), PLAIN).requester == Party("", account or "")


def test_the_editor_is_whose_account_wrote_the_revision() -> None:
    assert editor_of(ticket(updated_by="sys-bob"), PEOPLE) == party("bob")
    assert editor_of(ticket(updated_by="ghost"), PEOPLE) == Party("", "ghost")


def test_the_rules_digest_changes_with_every_element_that_matched() -> None:
    first = ask(ticket(), PLAIN).rules
    assert ask(ticket(), PLAIN, policy(replace(LIMIT, digest="m" * 64))).rules != first
    assert ask(ticket(), entitlement(digest="x" * 64)).rules != first
    other = policy(rule_=replace(LINE, digest="y" * 64))
    assert ask(ticket(), PLAIN, other).rules != first
    assert ask(ticket(), PLAIN).rules == first


# --- reasons ------------------------------------------------------------------------------------


def test_an_unknown_requester_blocks() -> None:
    assert ask(ticket(opened_by="ghost"), PLAIN).reasons == ("unknown_requester",)


def test_an_unknown_beneficiary_blocks() -> None:
    assert ask(ticket(requested_for="ghost"), PLAIN).reasons == ("unknown_beneficiary",)


def test_an_inactive_beneficiary_blocks() -> None:
    assert ask(ticket(requested_for="sys-frank"), PLAIN).reasons == ("inactive_beneficiary",)


def test_no_entitlement_blocks_and_says_whether_it_could_be_read() -> None:
    assert ask(ticket(), None).reasons == ("no_entitlement",)
    assert ask(ticket(), None, unreadable=True).reasons == ("entitlement_unreadable",)


def test_somebody_who_may_not_ask_for_it_blocks_and_unknown_is_no() -> None:
    group = Clause("beneficiary.groups", "equals", ("engineers",), 1)
    wanted = entitlement(requestable_by=group)
    assert ask(ticket(), wanted).reasons == ()
    assert ask(ticket(requested_for="sys-bob"), wanted).reasons == ("not_requestable",)
    assert "not_requestable" in ask(ticket(requested_for="ghost"), wanted).reasons


def test_no_approve_rule_blocks_for_a_week_at_the_most() -> None:
    found = ask(ticket(), PLAIN, policy(rule_=None))
    assert found.reasons == ("no_approve_rule",)
    assert (found.approve_rule, found.decide_within) == ("", BLOCKED_FOR_MAX)


def test_no_limit_blocks_and_gives_no_time() -> None:
    found = ask(ticket(), PLAIN, policy(replace(LIMIT, when=NEVER)))
    assert (found.reasons, found.seconds) == (("no_limit",), 0)


@pytest.mark.parametrize("verdict", [Verdict.UNCERTAIN, Verdict.NOT_IDENTITY])
def test_a_ticket_that_is_no_longer_an_identity_event_blocks(verdict: Verdict) -> None:
    question = Ask(ticket(), classified(verdict=verdict), PLAIN, False, policy(), PEOPLE)
    assert asked(question).reasons == ("uncertain",)


def test_an_unlisted_state_blocks() -> None:
    found = ask(ticket(state_class=StateClass.UNLISTED), PLAIN)
    assert found.reasons == ("ticket_state",)


@pytest.mark.parametrize(
    ("hours", "reasons"),
    [
        ("", ()),
        ("soon", ("duration",)),
        ("0", ("duration_zero",)),
        ("-1", ("duration_negative",)),
        ("1e9", ("duration_too_long",)),
        ("9999999", ("duration_too_long",)),
    ],
)
def test_an_unreadable_duration_blocks_and_is_never_unlimited(
    hours: str, reasons: tuple[str, ...]
) -> None:
    found = ask(ticket(variables={"hours": hours}), TIMED)
    assert found.reasons == reasons
    assert found.seconds == 7200


def test_a_duration_that_is_null_blocks_unless_the_mapping_says_that_null_is_empty() -> None:
    found = ticket(variables={"hours": Missing.NULL})
    assert ask(found, TIMED).reasons == ("duration_null",)
    asks_a_field = entitlement(duration_from=DurationField("ticket.duration", "h"))
    fields = {**found.fields, "duration": Missing.NULL}
    assert ask(ticket(fields=fields), asks_a_field).reasons == ("duration_null",)
    table = TableMapping(found.table, null_is_empty=True)
    mapped = by_its_table(found, SourceMapping(SNOW, {found.table: table}))
    assert ask(mapped, TIMED).reasons == ()
    assert by_its_table(found, SourceMapping(SNOW, {found.table: TableMapping("t")})) == found


def test_a_duration_that_could_not_be_read_from_the_ticket_blocks() -> None:
    for variables in ({}, {"hours": Missing.ABSENT}, None):
        assert ask(ticket(variables=variables), TIMED).reasons == ("duration",)


def test_all_reasons_are_told_at_once_and_each_has_its_words() -> None:
    bad = ticket(opened_by="ghost", requested_for="ghost", state_class=StateClass.UNLISTED)
    never = entitlement(requestable_by=NEVER, duration_from=HOURS)
    bad = replace(bad, variables={"hours": "soon"})
    nothing = policy(replace(LIMIT, when=NEVER), rule_=None)
    assert ask(bad, never, nothing).reasons == (
        "unknown_requester",
        "unknown_beneficiary",
        "not_requestable",
        "no_approve_rule",
        "no_limit",
        "duration",
        "ticket_state",
    )
    told = {"inactive_beneficiary", "no_entitlement", "entitlement_unreadable", "unfillable"}
    told |= {
        "unknown_editor",
        "uncertain",
        "velocity",
        *("approvers_away", "approvers_none", "approvers_unfit", "approvers_parties"),
        *WINDOW_REASONS,
        *DURATION_REASONS,
        *WAITS,
        *ask(bad, never, nothing).reasons,
    }
    assert told == set(REASONS)


# --- how long -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hours", "seconds"),
    [("1", 3600), ("3", 10_800), ("30m", 1800), ("PT1H", 3600), ("4", 14_400), ("5", 14_400),
     ("2d", 14_400), (" ", 7200)],
)  # fmt: skip
def test_a_ticket_gets_what_it_asks_for_up_to_the_limit(hours: str, seconds: int) -> None:
    assert ask(ticket(variables={"hours": hours}), TIMED).seconds == seconds


def test_what_was_asked_is_kept_beside_what_is_given() -> None:
    assert ask(ticket(variables={"hours": "9"}), TIMED).seconds_asked == 32_400
    assert ask(ticket(variables={"hours": ""}), TIMED).seconds_asked is None
    assert ask(ticket(), PLAIN).seconds_asked is None


HOUR_COUNTS = st.integers(1, 40)
LIMITS = st.lists(
    st.builds(
        lambda default, most, hard: replace(
            LIMIT,
            default=timedelta(hours=default),
            max=timedelta(hours=most),
            hard_max=timedelta(hours=hard),
        ),
        HOUR_COUNTS,
        HOUR_COUNTS,
        HOUR_COUNTS,
    ),
    min_size=1,
    max_size=3,
)


@given(LIMITS, st.none() | HOUR_COUNTS)
def test_the_shortest_limit_wins_and_nothing_outlives_hard_max(
    limits: list[Limit], hours: int | None
) -> None:
    found = ask(ticket(variables={"hours": str(hours or "")}), TIMED, policy(*limits)).seconds
    assert all(found <= one.hard_max.total_seconds() for one in limits)
    assert all(found <= one.max.total_seconds() for one in limits)
    wanted = min(one.default.total_seconds() for one in limits) if hours is None else hours * 3600
    ceilings = [min(one.max, one.hard_max).total_seconds() for one in limits]
    assert found == min(wanted, *ceilings)


# --- the request ----------------------------------------------------------------------------------


def opened(what: Asked, *shapers: Shaper) -> AccessRequest:
    return fresh_request(
        what, ticket(), 3, shapers=shapers, ident="req_1", salt="00" * 16, now=NOON
    )


def test_a_request_opens_with_all_that_was_asked() -> None:
    what = ask(ticket(), PLAIN)
    found = opened(what, shaper("editor", "bob"))
    assert (found.version, found.round, found.stage, found.revision) == (1, 1, 1, 3)
    assert (found.state, found.shapers) == (RequestState.AWAITING, (shaper("editor", "bob"),))
    assert (found.ticket, found.ticket_number) == (ticket().key, "RITM0010001")
    assert found.decide_by == NOON + what.decide_within
    assert found.material == material_of(found)
    assert found.reasons == what.reasons


def test_an_edit_changes_what_is_asked_and_keeps_the_request() -> None:
    before = opened(ask(ticket(), PLAIN))
    after = refreshed(before, ask(ticket(requested_for="sys-bob"), PLAIN))
    assert after.beneficiary == party("bob")
    assert after.material == material_of(after) != before.material
    kept = ("id", "salt", "round", "stage", "opened_at", "decide_by", "version", "state")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]


def test_an_edit_that_changes_nothing_changes_no_digest() -> None:
    before = opened(ask(ticket(), PLAIN))
    assert refreshed(before, ask(ticket(version=2), PLAIN)) == before


def test_a_request_whose_rule_or_entitlement_is_gone_has_no_approver_question() -> None:
    assert case_of(request(), policy(), PEOPLE, NOON)
    assert not case_of(request(), policy(rule_=None), PEOPLE, NOON)
    assert not case_of(request(entitlement="gone"), policy(), PEOPLE, NOON)
