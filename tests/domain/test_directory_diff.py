"""Whether a directory lets more through than the one before it: each change, and the gravest."""

from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cast import around_noon, delegation, directory, person

from ticketgate.domain.changes.directory_diff import between, directions
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.domain.people.duties import Duties, Shift

BOB = person("bob")
AWAY = (around_noon(),)
MORE: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("active again", {"active": False}, {"active": True}),
    ("a human now", {"kind": "nhi"}, {"kind": "human"}),
    ("a group", {}, {"groups": frozenset({"sec"})}),
    ("an account", {"accounts": {}}, {"accounts": {"snow": ("b",)}}),
    ("an account more", {"accounts": {"snow": ("b",)}}, {"accounts": {"snow": ("b", "c")}}),
    ("back", {"away": AWAY}, {"away": ()}),
    ("an address", {"mail": ""}, {"mail": "bob@example.com"}),
    ("a manager", {"manager": None}, {"manager": "carol"}),
]
EITHER: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("another kind", {"kind": "nhi"}, {"kind": "agent"}, "other"),
    ("another name", {}, {"name": "Robert"}, "other"),
    ("another zone", {}, {"zone": ZoneInfo("UTC")}, "other"),
    ("an alias of nobody", {}, {"aliases": frozenset({"bobby"})}, "other"),
    ("another manager", {"manager": "carol"}, {"manager": "dan"}, "other"),
    ("a first team", {}, {"team": "platform"}, "other"),
    ("another team", {"team": "platform"}, {"team": "data"}, "loosened"),
    ("no team", {"team": "platform"}, {"team": None}, "loosened"),
    ("another address", {}, {"mail": "mallory@example.com"}, "loosened"),
]


def ways(old: DirectorySnapshot, new: DirectorySnapshot) -> list[str]:
    return [one.value for one in directions(old, new)]


@pytest.mark.parametrize(("was", "now"), [one[1:] for one in MORE], ids=[one[0] for one in MORE])
def test_what_lets_more_through_takes_it_away_the_other_way_round(
    was: dict[str, Any], now: dict[str, Any]
) -> None:
    less, more = directory(replace(BOB, **was)), directory(replace(BOB, **now))
    assert ways(less, more) == ["loosened"]
    assert ways(more, less) == ["tightened"]
    assert ways(more, more) == []


@pytest.mark.parametrize(
    ("was", "now", "way"), [one[1:] for one in EITHER], ids=[one[0] for one in EITHER]
)
def test_what_is_only_other_or_may_be_more(
    was: dict[str, Any], now: dict[str, Any], way: str
) -> None:
    assert ways(directory(replace(BOB, **was)), directory(replace(BOB, **now))) == [way]


@pytest.mark.parametrize(
    ("active", "added", "removed"), [(True, "loosened", "tightened"), (False, "other", "other")]
)
def test_somebody_is_new_or_gone(active: bool, added: str, removed: str) -> None:  # noqa: FBT001 -- a parameter of the test
    few, many = directory(BOB), directory(BOB, person("carol", active=active))
    assert ways(few, many) == [added]
    assert ways(many, few) == [removed]


def test_one_human_that_becomes_two_could_approve_what_they_asked() -> None:
    two = (BOB, person("bob-admin"))
    one = (replace(BOB, aliases=frozenset({"bob-admin"})), two[1])
    assert ways(directory(*one), directory(*two)) == ["other", "loosened"]
    assert ways(directory(*two), directory(*one)) == ["other", "tightened"]


def test_two_that_a_third_one_linked_are_parted_when_that_one_goes() -> None:
    """Whoever is gone may have held the link: without the look at humans it were only tightened."""
    link = person("link", aliases=frozenset({"bob", "carol"}))
    assert ways(directory(BOB, person("carol"), link), directory(BOB, person("carol"))) == [
        "tightened",
        "loosened",
    ]


def test_a_delegation_and_a_shift_let_somebody_decide() -> None:
    duties = Duties((delegation("bob", "carol"),), {"ops": (Shift("carol", around_noon()),)})
    assert ways(directory(BOB), directory(BOB, duties=duties)) == ["loosened"] * 2
    assert ways(directory(BOB, duties=duties), directory(BOB)) == ["tightened"] * 2


def test_a_group_that_is_called_otherwise_is_only_other() -> None:
    assert ways(directory(BOB), replace(directory(BOB), groups={"sec": "Security"})) == ["other"]


def test_the_gravest_says_what_the_whole_is() -> None:
    old = replace(directory(BOB, person("carol")), digest="o" * 64)
    new = directory(replace(BOB, name="Robert"), person("dan"))
    found = between(old, new, old.digest)
    assert (found.since, found.kind) == (old.digest, "loosened")
    assert found.counts == {"other": 1, "loosened": 1, "tightened": 1}
    assert between(old, replace(old, digest="p" * 64), old.digest).kind == "none"


def test_what_was_before_may_be_nothing_or_not_known() -> None:
    now = directory(BOB)
    assert between(None, now, None).kind == "first"
    assert between(None, now, "o" * 64).kind == "unknown"
    assert between(replace(now, digest="x" * 64), now, "o" * 64).counts == {}


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "active": st.booleans(),
        "groups": st.frozensets(st.sampled_from("abc")),
        "team": st.sampled_from([None, "a", "b"]),
        "manager": st.sampled_from([None, "bob", "carol"]),
        "aliases": st.frozensets(st.sampled_from(["bob", "carol", "dan"])),
    },
)
PEOPLE = st.fixed_dictionaries({}, optional=dict.fromkeys(("bob", "carol", "dan"), CHANGES))


@given(PEOPLE, PEOPLE)
def test_each_change_of_anybody_goes_some_way(
    old: dict[str, dict[str, Any]], new: dict[str, dict[str, Any]]
) -> None:
    was = directory(*(person(ident, **changes) for ident, changes in old.items()))
    now = directory(*(person(ident, **changes) for ident, changes in new.items()))
    assert (ways(was, now) == []) == (was.people == now.people)
