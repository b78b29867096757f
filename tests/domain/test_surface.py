"""The surface: what a revision shows of what touches access, and who answers for it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.domain.cast import NOON, SNOW, directory, person

from ticketgate.domain.classifying.surface import (
    ITEM_CHARS_MAX,
    SurfaceRow,
    beyond,
    seen_again,
    surface_of,
)
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.policy.policy import Automation, Policy, Word
from ticketgate.domain.tickets.identity_event import Classification, Tier, Verdict
from ticketgate.domain.tickets.ticket import Reference, StateClass, Ticket, Value

FLOW = Automation(
    "flow", Clause("ticket.updated_by", "equals", ("svc-flow",), 1), Word("group", "sec-iam"),
    frozenset({"access.grant"}), frozenset[str](), "policy.yaml:90", "a" * 64,
)  # fmt: skip
POLICY = Policy("d" * 64, (), (), (), (), (FLOW, replace(FLOW, id="again")))
PEOPLE = directory(
    person("alice"),
    person("robot", kind="nhi", manager="carol", accounts={SNOW: ("svc-robot",)}),
    person("orphan", kind="nhi", accounts={SNOW: ("svc-orphan",)}),
)


def shown(
    by: str,
    *,
    verdict: Verdict = Verdict.IDENTITY,
    policy: Policy = POLICY,
    **fields: Value,
) -> tuple[SurfaceRow, ...]:
    ticket = Ticket(SNOW, "sc_req_item", "t1", 1, "2", StateClass.LIVE, by, fields=fields)
    said = Classification(verdict, ("mfa.reset", "access.grant"), Tier.HIGH, ())
    return surface_of(ticket, said, policy, PEOPLE, frozenset({"svc-ours"}), NOON)


@pytest.mark.parametrize(
    ("by", "account", "owner", "unowned"),
    [
        ("sys-alice", "", "", False),
        ("svc-ours", "", "", False),
        ("SVC-Ours", "", "", False),
        ("svc-robot", "svc-robot", "person:carol", False),
        ("svc-orphan", "svc-orphan", "", True),
        ("svc-mallory", "svc-mallory", "", True),
    ],
)
def test_a_machine_is_listed_with_who_answers_for_it(
    by: str, account: str, owner: str, *, unowned: bool
) -> None:
    (row,) = shown(by)
    assert (row.account, row.owner, row.unowned) == (account, owner, unowned)
    assert row.kinds == ("access.grant", "mfa.reset")


def test_every_automation_that_wrote_it_has_a_row_with_its_boundary() -> None:
    rows = shown("svc-flow")
    assert [one.automation for one in rows] == ["flow", "again"]
    assert {one.owner for one in rows} == {"group:sec-iam"}
    assert rows[0].boundary == "access.grant at no target"
    assert not rows[0].unowned


def test_the_item_is_the_catalog_item_else_the_category_and_never_long() -> None:
    item = Reference("c", "Elevated access")
    assert shown("sys-alice", catalog_item=item, category="x")[0].item == "Elevated access"
    assert shown("sys-alice", category="account")[0].item == "account"
    assert len(shown("sys-alice", category="x" * 999)[0].item) == ITEM_CHARS_MAX
    assert shown("sys-alice")[0].item == ""


def test_what_is_no_identity_event_is_not_on_it() -> None:
    assert shown("svc-mallory", verdict=Verdict.NOT_IDENTITY) == ()
    assert len(shown("svc-mallory", verdict=Verdict.UNCERTAIN)) == 1


def test_what_is_seen_again_adds_up() -> None:
    (row,) = shown("svc-mallory")
    later = replace(row, kinds=("leaver",), owner="person:bob", last_seen=NOON + timedelta(hours=1))
    both = seen_again(row, later)
    assert both.kinds == ("access.grant", "leaver", "mfa.reset")
    assert (both.count, both.owner) == (2, "person:bob")
    assert (both.first_seen, both.last_seen) == (NOON, later.last_seen)


def test_what_is_beyond_is_one_row_that_nobody_answers_for() -> None:
    (one,) = shown("svc-mallory")
    (other,) = shown("svc-robot", category="other")
    assert beyond(one).key == beyond(other).key
    assert beyond(other).unowned
