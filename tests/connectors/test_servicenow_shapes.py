import pytest

from ticketgate.connector_api import FIELD_TEXT_MAX, JsonValue, Reference
from ticketgate_connectors.itsm.servicenow.shapes import plain, reference
from ticketgate_connectors.records import EMPTY, find, scalar

BOB = "6816f79cc0a8016401c5a33be04be441"
LINK = f"https://acme.service-now.example/api/now/table/sys_user/{BOB}"
LONG = "x" * (FIELD_TEXT_MAX + 1)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("x", "x"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (3, "3"),
        (3.0, "3"),
        (-0.0, "0"),
        (2.5, "2.5"),
        (2**53, str(2**53)),
        (2**53 + 1, None),
        (1e300, None),
        ("2026-11-22 02:40:00", "2026-11-22 02:40:00"),
        (LONG, None),
        ([], None),
        ({}, None),
    ],
)
def test_a_scalar_is_read_as_servicenow_writes_it(raw: JsonValue, text: str | None) -> None:
    assert scalar(raw) == text


def test_an_integer_of_thousands_of_digits_is_unreadable() -> None:
    """Python refuses to write it as text."""
    assert scalar(10**5000) is None


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("hardware", "hardware"),
        ({"display_value": "3 - Moderate", "value": "3"}, "3"),
        ({"display_value": "Closed", "value": 3.0}, "3"),
        ({"link": LINK, "value": BOB}, BOB),
        (
            {"display_value": "2026-11-21 18:40:00", "value": "2026-11-22 02:40:00"},
            "2026-11-22 02:40:00",
        ),
        ({"display_value": "3 - Moderate"}, None),
        ({"display_value": "x", "value": ["x"]}, None),
        ({}, None),
        ([], None),
    ],
)
def test_a_plain_field_is_its_value_in_every_shape(cell: JsonValue, text: str | None) -> None:
    assert plain(cell) == text


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        (BOB, Reference(BOB, None)),
        ("Bob Ng", Reference(None, "Bob Ng")),
        (BOB.upper(), Reference(None, BOB.upper())),
        ({"link": LINK, "value": BOB}, Reference(BOB, None)),
        ({"display_value": "Bob Ng", "value": BOB}, Reference(BOB, "Bob Ng")),
        ({"display_value": "Bob Ng", "value": BOB, "link": LINK}, Reference(BOB, "Bob Ng")),
        ({"display_value": "Bob Ng", "link": LINK}, Reference(None, "Bob Ng")),
        ({"display_value": "", "value": BOB}, Reference(BOB, None)),
        ({"display_value": "Bob Ng", "value": ""}, Reference(None, "Bob Ng")),
        ({"display_value": ["?"], "value": BOB}, Reference(BOB, None)),
        ({"display_value": LONG, "value": BOB}, Reference(BOB, None)),
        ("", EMPTY),
        (None, EMPTY),
        ({"display_value": "", "value": ""}, EMPTY),
        ({"display_value": None, "value": ""}, EMPTY),
        ({"value": ""}, EMPTY),
        ({"display_value": ["?"], "value": ""}, None),
        ({"display_value": "", "value": {}}, None),
        ({"link": LINK}, None),
        ({}, None),
        ([BOB], None),
        (LONG, None),
    ],
)
def test_a_reference_has_the_halves_that_its_shape_has(
    cell: JsonValue, read: Reference | None
) -> None:
    assert reference(cell) == read


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", ({"b": {"c": 1}, "b.c": 2},)),
        ("a.b.c", (2,)),
        ("a.b", ({"c": 1},)),
        ("x.y", (3,)),
        ("n", (None,)),
        ("n.x", ()),
        ("a.z", ()),
        ("z", ()),
        ("l.0.m", (4,)),
        ("l.1", (5,)),
        ("l.1.m", ()),
        ("l.2", ()),
        ("l.-1", ()),
        ("l.m", ()),
        ("", ()),
        ("a.", ()),
        (".", ()),
    ],
)
def test_a_path_finds_the_longest_key_first(path: str, found: tuple[JsonValue, ...]) -> None:
    record: JsonValue = {"a": {"b": {"c": 1}, "b.c": 2}, "x.y": 3, "n": None, "l": [{"m": 4}, 5]}
    assert find(record, path) == found
