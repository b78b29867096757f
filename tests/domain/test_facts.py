"""What a policy may ask about, and what each field says when the shape lacks it."""

from dataclasses import replace

import pytest

from ticketgate.adapters.sqlite.codec import ticket_of_plain as from_plain
from ticketgate.domain.classifying.facts import (
    ENTITLEMENT_FIELDS,
    PEOPLE_FIELDS,
    TICKET_FIELDS,
    WHEN_FIELDS,
    TicketFacts,
)
from ticketgate.domain.matching.matcher import Clause
from ticketgate.domain.people.directory import Person
from ticketgate.domain.policy.policy import Entitlement, Word
from ticketgate.domain.tickets.identity_event import Tier
from ticketgate.domain.tickets.ticket import (
    FIELD_TEXT_MAX,
    Missing,
    Reference,
    StateClass,
    Ticket,
    Value,
    carried,
    unread,
)

ALICE = Person(
    "alice",
    "Alice",
    "alice@example.com",
    manager="bob",
    team="platform",
    groups=frozenset({"b", "a"}),
)
SERVICE = Person("svc", "Service", "", active=False, kind="nhi")
ENTITLEMENT = Entitlement(
    "prod-db-admin", "corp-scim", {"group": "SG"}, Clause("ticket.table", "equals", ("x",), 1),
    None, Word("person", "carol"), None, Tier.HIGH, None, "policy.yaml:1", "d",
)  # fmt: skip
TICKET = Ticket(
    source="snow-prod",
    table="sc_req_item",
    id="9d38",
    version=7,
    state="2",
    state_class=StateClass.LIVE,
    updated_by="alice.moreau",
    fields={
        "number": "RITM0010001",
        "opened_by": Reference("id-a", "Alice Moreau"),
        "requested_for": Reference("id-b", None),
        "catalog_item": Reference(None, "Elevated access"),
        "assignee": "Bob Ng",
        "assignment_group": Missing.ABSENT,
        "short_description": "need it",
        "description": "",
        "reason": "audit",
        "duration": "2h",
        "extra": Reference("i", "n"),
    },
    variables={"role": "prod-db-admin", "size": Missing.ABSENT},
)
ABSENT, NOT_APPLICABLE = Missing.ABSENT, Missing.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("field", "seen"),
    [
        ("ticket.source", ("snow-prod",)),
        ("ticket.table", ("sc_req_item",)),
        ("ticket.id", ("9d38",)),
        ("ticket.version", ("7",)),
        ("ticket.state", ("2",)),
        ("ticket.state_class", ("live",)),
        ("ticket.updated_by", ("alice.moreau",)),
        ("ticket.number", ("RITM0010001",)),
        ("ticket.duration", ("2h",)),
        ("ticket.opened_by", ("Alice Moreau",)),
        ("ticket.opened_by.name", ("Alice Moreau",)),
        ("ticket.opened_by.id", ("id-a",)),
        ("ticket.requested_for", ABSENT),
        ("ticket.requested_for.name", ABSENT),
        ("ticket.requested_for.id", ("id-b",)),
        ("ticket.catalog_item", ("Elevated access",)),
        ("ticket.catalog_item.id", ABSENT),
        ("ticket.assignee", ("Bob Ng",)),
        ("ticket.assignee.id", ABSENT),
        ("ticket.assignment_group", ABSENT),
        ("ticket.assignment_group.id", ABSENT),
        ("ticket.category", NOT_APPLICABLE),
        ("ticket.extra", ("n",)),
        ("ticket.short_description", ("need it",)),
        ("ticket.description", ("",)),
        ("ticket.text", ("need it", "", "audit", "prod-db-admin")),
        ("ticket.variables.role", ("prod-db-admin",)),
        ("ticket.variables.size", ABSENT),
        ("ticket.variables.other", ABSENT),
        ("requester.id", ("alice",)),
        ("requester.kind", ("human",)),
        ("requester.groups", ("a", "b")),
        ("requester.team", ("platform",)),
        ("requester.manager", ("bob",)),
        ("requester.active", ("true",)),
        ("requester.salary", NOT_APPLICABLE),
        ("beneficiary.active", ("false",)),
        ("beneficiary.team", ()),
        ("beneficiary.manager", ()),
        ("entitlement.id", ("prod-db-admin",)),
        ("entitlement.tier", ("high",)),
        ("target.id", ("corp-scim",)),
        ("tier", ("critical",)),
        ("kind", ("access.grant", "leaver")),
        ("moon.phase", NOT_APPLICABLE),
    ],
)
def test_a_field_says(field: str, seen: tuple[str, ...] | Missing) -> None:
    facts = TicketFacts(
        TICKET, ALICE, SERVICE, ENTITLEMENT, Tier.CRITICAL, ("access.grant", "leaver")
    )
    assert facts.seen(field) == seen


def test_every_field_of_the_closed_list_is_known() -> None:
    """A field in the list that no code reads would be a rule that never matches."""
    names = ("category", "priority", "number", "duration", "short_description", "description")
    references = ("opened_by", "requested_for", "assignee", "assignment_group", "catalog_item")
    ticket = Ticket(
        "s", "t", "i", 1, "2", StateClass.OPEN, "u",
        fields=dict.fromkeys(names, "v") | {n: Reference("i", "n") for n in references},
    )  # fmt: skip
    facts = TicketFacts(ticket, ALICE, ALICE, ENTITLEMENT, Tier.LOW, ("leaver",))
    fields = TICKET_FIELDS | PEOPLE_FIELDS | ENTITLEMENT_FIELDS | WHEN_FIELDS
    assert {field for field in fields if isinstance(facts.seen(field), Missing)} == set()


@pytest.mark.parametrize(
    "field", ["requester.id", "beneficiary.groups", "entitlement.tier", "target.id", "tier"]
)
def test_somebody_or_something_unknown_is_absent_never_empty(field: str) -> None:
    assert TicketFacts(TICKET).seen(field) is ABSENT


def test_a_ticket_without_a_version_has_none() -> None:
    ticket = Ticket("s", "t", "i", None, "2", StateClass.OPEN, "u")
    assert TicketFacts(ticket).seen("ticket.version") is ABSENT


def test_a_table_without_variables_makes_them_not_applicable() -> None:
    ticket = Ticket("s", "incident", "i", 1, "2", StateClass.OPEN, "u")
    assert TicketFacts(ticket).seen("ticket.variables.role") is NOT_APPLICABLE
    assert TicketFacts(ticket).seen("ticket.text") is NOT_APPLICABLE


def test_text_is_absent_when_one_text_field_was_cut() -> None:
    """A phrase may stand in the part that nobody could read."""
    ticket = Ticket(
        "s", "t", "i", 1, "2", StateClass.OPEN, "u",
        fields={"short_description": "hello", "description": ABSENT},
    )  # fmt: skip
    assert TicketFacts(ticket).seen("ticket.text") is ABSENT


def test_text_of_a_ticket_with_only_unreadable_variables_is_empty() -> None:
    ticket = Ticket("s", "t", "i", 1, "2", StateClass.OPEN, "u", variables={"role": ABSENT})
    assert TicketFacts(ticket).seen("ticket.text") == ()


def cut(**fields: Value | Missing) -> Ticket:
    variables: dict[str, str | Missing] = {"role": "dba", "why": unread("please " * FIELD_TEXT_MAX)}
    return Ticket(
        "s", "t", "i", 1, "2", StateClass.OPEN, "u",
        fields={"description": "hello", **fields}, variables=variables, told_in={"text": "7"},
    )  # fmt: skip


@pytest.mark.parametrize("fields", [{}, {"text": "labels"}])
def test_text_is_absent_when_a_variable_was_cut(fields: dict[str, Value | Missing]) -> None:
    """Whoever pads what is asked hides it from nobody; no earlier revision's text stands in."""
    ticket = cut(**fields)
    facts = TicketFacts(ticket)
    assert facts.seen("ticket.text") is facts.seen("ticket.variables.why") is ABSENT
    assert facts.seen("ticket.variables.role") == ("dba",)
    assert ticket.told_in == {}
    stored = from_plain(ticket.plain())
    assert TicketFacts(stored).seen("ticket.text") is ABSENT, "in the store as well"
    earlier = replace(stored, fields={"text": "short"}, told_in={"text": "7"})
    assert TicketFacts(carried(ticket, earlier)).seen("ticket.text") is ABSENT


@pytest.mark.parametrize(
    ("cell", "why"),
    [
        ("x" * (FIELD_TEXT_MAX + 1), Missing.CUT),
        ({"display_value": "x" * (FIELD_TEXT_MAX + 1)}, Missing.CUT),
        (["x" * FIELD_TEXT_MAX, "y"], Missing.CUT),
        ([["x"]], ABSENT),
        ({"strange": 1}, ABSENT),
        (2**60, ABSENT),
    ],
)
def test_only_a_text_of_a_variable_is_cut(cell: object, why: Missing) -> None:
    assert unread(cell) is why


def test_a_field_is_looked_at_once() -> None:
    facts = TicketFacts(TICKET)
    assert facts.look("ticket.text") is facts.look("ticket.text")
