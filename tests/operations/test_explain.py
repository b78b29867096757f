"""Explain: the verdict of `classify`, asked again for each field of the rules that matched."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ticketgate.domain.matching.matcher import Clause, Group
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.policy.policy import (
    ApproveRule,
    ClassifyRule,
    Entitlement,
    Limit,
    Policy,
    Word,
)
from ticketgate.domain.policy.policy import Stage as ApproveStage
from ticketgate.domain.text.language import Covered
from ticketgate.domain.tickets.identity_event import Tier, Verdict
from ticketgate.domain.tickets.ticket import Reference, StateClass, Ticket, Value
from ticketgate.operations.trying.explain import Explanation, explain

NOW = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALICE, BOB = "62826bf0", "5137153c"
EVERYTHING = Group("all", (), 1)

ITEM = Clause("ticket.catalog_item", "equals", ("elevated access",), 3)
TABLE = Clause("ticket.table", "equals", ("sc_req_item",), 4)
PRIORITY = Clause("ticket.priority", "equals", ("1",), 5)

POLICY = Policy(
    digest="d" * 64,
    classify=(
        ClassifyRule(
            "elevated",
            "privilege.elevate",
            Tier.HIGH,
            Verdict.IDENTITY,
            Group("all", (TABLE, Group("any", (ITEM, PRIORITY), 3)), 2),
            "policy.yaml:2",
            "e" * 64,
        ),
    ),
    entitlements=(
        Entitlement(
            "prod-db-admin",
            "corp-scim",
            {"group": "SG"},
            Clause("ticket.variables.role", "equals", ("prod-db-admin",), 9),
            None,
            Word("person", "bob"),
            None,
            Tier.HIGH,
            None,
            "policy.yaml:9",
            "f" * 64,
        ),
    ),
    approve=(
        ApproveRule(
            "line",
            EVERYTHING,
            (ApproveStage("line", (Word("manager_of", "beneficiary"),), 1, ()),),
            (),
            10,
            "mail_code",
            "why",
            HOUR,
            "policy.yaml:20",
            "a" * 64,
        ),
    ),
    limits=(Limit(EVERYTHING, HOUR, HOUR, HOUR, "policy.yaml:30", "b" * 64),),
)
DIRECTORY = DirectorySnapshot(
    "c" * 64,
    NOW,
    {
        "alice": Person(
            "alice", "Alice", "a@x", manager="bob", accounts={"snow": (ALICE, "alice")}
        ),
        "bob": Person("bob", "Bob", "b@x", accounts={"snow": (BOB,)}),
    },
)


def explained(
    item: str, *, role: str = "prod-db-admin", state: StateClass = StateClass.LIVE
) -> Explanation:
    """The explanation of Alice's ticket for an item."""
    fields: dict[str, Value] = {
        "opened_by": Reference(ALICE, "Alice"),
        "requested_for": Reference(ALICE, "Alice"),
        "catalog_item": Reference("c", item),
        "priority": "4",
    }
    ticket = Ticket(
        "snow", "sc_req_item", "t1", 1, "2", state, "alice", fields=fields, variables={"role": role}
    )
    return explain(ticket, POLICY, DIRECTORY, NOW)


def test_only_fields_whose_lack_changes_the_verdict_are_named() -> None:
    found = explained("Elevated access")
    assert found.classification.verdict is Verdict.IDENTITY
    assert found.without == (
        ("ticket.table", Verdict.NOT_IDENTITY),
        ("ticket.catalog_item", Verdict.NOT_IDENTITY),
    )


def test_a_ticket_that_matches_nothing_hangs_on_nothing() -> None:
    found = explained("A printer")
    assert found.classification.verdict is Verdict.NOT_IDENTITY
    assert found.without == ()
    assert found.wishes == ()


def test_a_wish_says_who_would_be_asked() -> None:
    (wish,) = explained("Elevated access").wishes
    assert wish.reasons == ()
    assert wish.rule is POLICY.approve[0]
    ((stage, people),) = wish.stages
    assert stage.name == "line"
    assert people == {"bob": "manager_of:beneficiary"}


def test_a_wish_for_nothing_known_is_blocked_and_asks_nobody() -> None:
    (wish,) = explained("Elevated access", role="root").wishes
    assert wish.what.entitlement == ""
    assert wish.reasons == ("no_entitlement",)
    assert (wish.rule, wish.stages) == (None, ())


def test_a_closed_ticket_wishes_nothing() -> None:
    found = explained("Elevated access", state=StateClass.CLOSED)
    assert found.classification.verdict is Verdict.IDENTITY
    assert found.wishes == ()


def test_what_nobody_answers_for_is_uncertain_and_says_why() -> None:
    ticket = replace(explained("Elevated access").ticket, updated_by="svc-mallory")
    found = explain(ticket, POLICY, DIRECTORY, NOW)
    assert found.classification.verdict is Verdict.UNCERTAIN
    assert [one.code for one in found.classification.breaches] == ["automation_unowned"]
    assert found.wishes == ()
    assert found.without == explained("Elevated access").without
    ours = explain(ticket, POLICY, DIRECTORY, NOW, frozenset({"svc-mallory"}))
    assert ours.classification.verdict is Verdict.IDENTITY


def test_text_that_only_a_hint_speaks_of_is_named() -> None:
    """German text under rules for English: without the text there is nothing to look at."""
    hinted = replace(POLICY, languages=Covered(("en",), "policy.yaml:50", 50, "l" * 64))
    text = "bitte setzen sie mein kennwort zurück, ich kann mich nicht anmelden"
    what = Ticket(
        "snow", "incident", "1", 1, "1", StateClass.OPEN, ALICE, fields={"description": text}
    )
    found = explain(what, hinted, DIRECTORY, NOW)
    assert found.classification.verdict is Verdict.UNCERTAIN
    assert found.without == (("ticket.text", Verdict.NOT_IDENTITY),)
