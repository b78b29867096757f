"""A ticket's fields: what is there, what is missing, and why."""

from dataclasses import replace
from typing import Any

import pytest

from ticketgate.domain.tickets.ticket import (
    FIELD_TEXT_MAX,
    PLAIN_FIELDS,
    REFERENCE_FIELDS,
    TERMINAL_STATES,
    TEXT_FIELDS,
    Missing,
    Reference,
    StateClass,
    Ticket,
    carried,
    told,
)

ALICE = Reference("62826bf0", "Alice Moreau")
TICKET = Ticket(
    source="snow-prod",
    table="sc_req_item",
    id="9d385017",
    version=4,
    state="2",
    state_class=StateClass.LIVE,
    updated_by="alice.moreau",
    bound_to="requested_for",
    fields={
        "number": "RITM0010001",
        "requested_for": ALICE,
        "opened_by": Reference("62826bf0", None),
        "description": Missing.ABSENT,
        "catalog_item": Reference(None, "Elevated access"),
    },
    variables={"role": "prod-db-admin", "hours": Missing.ABSENT},
)


def test_a_missing_field_says_why_it_is_missing() -> None:
    assert TICKET.value("number") == "RITM0010001"
    assert TICKET.value("description") is Missing.ABSENT
    assert TICKET.value("category") is Missing.NOT_APPLICABLE


def test_a_missing_variable_says_why_it_is_missing() -> None:
    assert TICKET.variable("role") == "prod-db-admin"
    assert TICKET.variable("hours") is Missing.ABSENT
    assert TICKET.variable("not-sent") is Missing.ABSENT
    without = Ticket("s", "t", "1", None, "2", StateClass.LIVE, "u")
    assert without.variable("role") is Missing.NOT_APPLICABLE


def test_only_a_reference_is_a_reference() -> None:
    assert TICKET.reference("requested_for") == ALICE
    assert TICKET.reference("number") is None
    assert TICKET.reference("description") is None
    assert TICKET.reference("assignee") is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("number", "RITM0010001"),
        ("requested_for", "Alice Moreau"),
        ("opened_by", "62826bf0"),
        ("catalog_item", "Elevated access"),
        ("description", ""),
        ("category", ""),
    ],
)
def test_a_field_is_shown_as_its_text_name_or_id(name: str, shown: str) -> None:
    assert TICKET.text(name) == shown


def test_a_reference_with_neither_half_shows_nothing() -> None:
    bare = Ticket(
        "s", "t", "1", None, "2", StateClass.LIVE, "u", fields={"asset": Reference(None, None)}
    )
    assert bare.text("asset") == ""


def test_a_ticket_is_called_by_its_number_else_by_its_id() -> None:
    assert TICKET.number == "RITM0010001"
    assert Ticket("s", "t", "9d", None, "2", StateClass.LIVE, "u").number == "9d"


def test_a_ticket_is_the_same_over_its_revisions() -> None:
    assert TICKET.key == ("snow-prod", "sc_req_item", "9d385017")


def test_the_plain_form_keeps_ids_names_and_what_is_absent() -> None:
    plain = TICKET.plain()
    assert plain["fields"] == {
        "number": "RITM0010001",
        "requested_for": ["62826bf0", "Alice Moreau"],
        "opened_by": ["62826bf0", None],
        "description": None,
        "catalog_item": [None, "Elevated access"],
    }
    assert plain["variables"] == {"role": "prod-db-admin", "hours": None}
    assert (plain["version"], plain["state_class"], plain["bound_to"]) == (
        4,
        "live",
        "requested_for",
    )
    assert Ticket("s", "t", "1", None, "2", StateClass.LIVE, "u").plain()["variables"] is None


def test_a_field_is_of_one_kind_only() -> None:
    assert not REFERENCE_FIELDS & TEXT_FIELDS
    assert not (REFERENCE_FIELDS | TEXT_FIELDS) & PLAIN_FIELDS


def test_closed_and_cancelled_are_the_ends() -> None:
    assert {StateClass.CLOSED, StateClass.CANCELLED} == TERMINAL_STATES


# --- what a revision does not tell again ----------------------------------------------------------

TOLD = replace(
    TICKET, fields={**TICKET.fields, "description": "toner"}, told_in={"description": "104"}
)
LATER = replace(TICKET, version=5, told_in={"description": "104"})


def test_what_the_same_part_of_the_record_said_is_carried_over() -> None:
    assert carried(LATER, TOLD) == replace(TOLD, version=5)
    assert carried(LATER, TOLD).told_in == LATER.told_in
    assert carried(carried(LATER, TOLD), TOLD).value("description") == "toner"


@pytest.mark.parametrize(
    ("later", "last"),
    [
        (replace(LATER, told_in={"description": "90"}), TOLD),
        (replace(LATER, told_in={}), TOLD),
        (LATER, replace(TOLD, told_in={})),
        (LATER, replace(TOLD, told_in={"description": "90"})),
        (LATER, TICKET),
        (LATER, replace(TOLD, fields={})),
    ],
    ids=["another part", "not named", "not known", "was another", "never told", "erased"],
)
def test_of_another_part_nothing_is_carried_over(later: Ticket, last: Ticket) -> None:
    """Mallory's ticket is merged in: what stands first now is another text than was read."""
    assert carried(later, last) is later


def test_what_was_unreadable_stays_absent_and_what_is_told_anew_counts() -> None:
    blind = replace(TOLD, fields=TICKET.fields)
    assert carried(LATER, blind).value("description") is Missing.ABSENT
    fresh = replace(LATER, fields={**TICKET.fields, "description": "grant root"})
    assert carried(fresh, TOLD) is fresh


def test_where_a_field_was_told_is_kept_and_makes_no_other_ticket() -> None:
    assert replace(TOLD, told_in={}) == TOLD
    assert TOLD.plain()["told_in"] == {"description": "104"}
    assert "told_in" not in TICKET.plain()


# --- null ---------------------------------------------------------------------------------------


def nulls(**variables: str | Missing) -> Ticket:
    fields = {**TICKET.fields, "duration": Missing.NULL}
    return replace(TICKET, fields=fields, variables=variables)


def test_what_is_null_is_empty_and_known_to_be_null() -> None:
    found = nulls(hours=Missing.NULL, role="", cut=Missing.CUT)
    assert (found.value("duration"), found.variable("hours")) == ("", "")
    assert found.nulls == {"duration", "variables.hours"}, "and the variable that is only empty not"
    assert found.variable("cut") is found.value("text") is Missing.ABSENT
    assert found.plain()["nulls"] == ["duration", "variables.hours"]
    assert "nulls" not in TICKET.plain()
    assert replace(found, nulls=frozenset()) == found, "as another door would send it"


def test_a_ticket_without_variables_keeps_none() -> None:
    found = replace(TICKET, fields={"duration": Missing.NULL}, variables=None)
    assert found.nulls == {"duration"}
    assert found.variables is None


def test_what_is_filled_in_is_null_no_more() -> None:
    found = nulls(hours=Missing.NULL)
    assert replace(found, variables={"hours": "3"}).nulls == {"duration"}
    assert replace(found, fields={}).nulls == {"variables.hours"}
    assert replace(found, version=9).nulls == found.nulls


@pytest.mark.parametrize(
    ("cell", "text", "read"),
    [
        (None, "", Missing.NULL),
        ({"value": None, "display_value": ""}, "", Missing.NULL),
        ([None], "", Missing.NULL),
        ("", "", ""),
        ({"value": "", "display_value": ""}, "", ""),
        ({"value": "4h", "display_value": None}, "4h", "4h"),
        ([], "", ""),
        ({}, None, Missing.ABSENT),
        ("x" * (FIELD_TEXT_MAX + 1), None, Missing.CUT),
    ],
    ids=["bare", "object", "array", "text", "both", "half", "no items", "no keys", "long"],
)
def test_null_is_told_from_empty(cell: Any, text: str | None, read: str | Missing) -> None:  # noqa: ANN401 -- any JSON
    assert told(text, cell) == read
