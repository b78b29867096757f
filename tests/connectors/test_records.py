from itertools import pairwise

import pytest

from ticketgate.connector_api import FIELD_TEXT_MAX, JsonValue, Reference
from ticketgate_connectors.records import EMPTY, VALUES_MAX, Shape, count, is_test, millis

SHAPE = Shape(unset=frozenset({"0"}))


@pytest.mark.parametrize(
    ("said", "since"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500),
        ("1970-01-01T01:00:00+0100", 0),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T19:00:00.000-0500", 0),
        ("1970-01-01 00:01 UTC", 60_000),
        ("1970-01-01T00:00Z", 0),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000),
        ("2023-02-29T00:00:00Z", None),
        ("1969-12-31T23:59:59Z", None),
        ("2026-11-22T02:40:00", None),
        ("2026-11-22 02:40:00", None),
        ("2026-11-22T24:40:00Z", None),
        ("2026-11-22T02:60:00Z", None),
        ("2026-11-22T02:40:00+01:60", None),
        ("0000-01-01T00:00:00Z", None),
        ("٢٠٢٦-11-22T02:40:00Z", None),
        ("2026-11-22T02:40:00Z\n", None),
        ("", None),
        (1_606_480_436_302, None),
        (None, None),
        ([], None),
    ],
)
def test_a_time_counts_only_with_its_offset(said: JsonValue, since: int | None) -> None:
    """Without one it is local, and runs back each autumn."""
    assert millis(said) == since


def test_the_hour_that_comes_twice_in_autumn_still_runs_forward() -> None:
    told = [
        "2026-10-25T02:30:00+02:00",
        "2026-10-25T02:59:59+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T02:30:00+01:00",
    ]
    found = [millis(one) or 0 for one in told]
    assert all(before < after for before, after in pairwise(found))


@pytest.mark.parametrize(
    ("said", "number"),
    [("0", 0), (7, 7), ("17", 17), (3.0, 3), ("01", None), (-1, None), ("+1", None), (True, None),
     ("", None), (None, None), ("9" * 16, None), (10**400, None), ([1], None)],
)  # fmt: skip
def test_a_count_is_a_whole_number(said: JsonValue, number: int | None) -> None:
    assert count(said) == number


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("x", "x"),
        (None, ""),
        ({"value": "x", "name": "y"}, "x"),
        ({"name": "y"}, "y"),
        ({"other": "z"}, None),
        ({"value": ["x"]}, None),
        (["a", {"value": "b"}], "a, b"),
        (["a,b"], "a,b"),
        (["a,b", "c"], None),
        (["a", ["b"]], None),
        ([["b"]], None),
        ([], ""),
        (["x"] * VALUES_MAX, ", ".join(["x"] * VALUES_MAX)),
        (["x"] * (VALUES_MAX + 1), None),
        (["x" * FIELD_TEXT_MAX, "y"], None),
    ],
)
def test_a_plain_value_is_never_guessed(cell: JsonValue, text: str | None) -> None:
    """Two values with a comma in one would read like three: whoever may type one could add any."""
    assert SHAPE.plain(cell) == text


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("7", Reference("7", None)),
        (7, Reference("7", None)),
        ({"id": 7, "name": "Bob"}, Reference("7", "Bob")),
        ({"id": 7}, Reference("7", None)),
        ({"name": "Bob"}, Reference(None, "Bob")),
        ({"id": "", "name": "Bob"}, Reference(None, "Bob")),
        ({"id": ["?"], "name": "Bob"}, Reference(None, "Bob")),
        ({"id": "", "name": ""}, EMPTY),
        ({"id": None}, EMPTY),
        ({"id": 0, "name": "nobody"}, EMPTY),
        ("0", EMPTY),
        ("", EMPTY),
        (None, EMPTY),
        ([], EMPTY),
        ([{"id": 7}], Reference("7", None)),
        ([{"id": 7}, {"id": 8}], None),
        ([["7"]], None),
        ({"other": 7}, None),
        ({"id": ["?"]}, None),
        ("x" * (FIELD_TEXT_MAX + 1), None),
    ],
)
def test_a_reference_is_one_person_or_nobody(cell: JsonValue, read: Reference | None) -> None:
    assert SHAPE.reference(cell) == read


@pytest.mark.parametrize(
    ("payload", "tests"),
    [
        ({"test": 2432232314}, True),
        ({"test": 1, "id": "7"}, False),
        ({"id": "{{ticket.id}}"}, True),
        ({"id": "{{ticket.id}} 7"}, False),
        ({"id": "7"}, False),
        ({"id": "{{" + "x" * 200 + "}}"}, False),
        ({}, False),
        ([], False),
        (None, False),
    ],
)
def test_only_what_surely_is_a_test_is_one(payload: JsonValue, tests: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    assert is_test(payload) is tests
