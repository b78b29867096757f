"""Who exists, whose account it is, and who is the same human."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cast import SNOW, directory, person

from ticketgate.domain.people.directory import DirectorySnapshot, Person


def test_a_person_is_found_by_subject_id_only() -> None:
    people = directory(person("alice"), person("bob"))
    found = people.person("alice")
    assert found is not None
    assert found.name == "Alice"
    assert people.person("Alice") is None
    assert people.person("alice@example.com") is None


def test_an_account_names_its_one_holder_in_that_system() -> None:
    people = directory(person("alice"), person("bob", accounts={"corp-scim": ("sys-alice",)}))
    found = people.by_account(SNOW, "sys-alice")
    assert found is not None
    assert found.id == "alice"
    assert people.by_account("jira", "sys-alice") is None


@pytest.mark.parametrize(
    "claim", ["alice", "Alice", "alice@example.com", "sys_alice", "\u017fys-alice", ""]
)
def test_names_addresses_and_other_spellings_are_no_accounts(claim: str) -> None:
    assert directory(person("alice")).by_account(SNOW, claim) is None


@pytest.mark.parametrize("spelling", ["SYS-ALICE", "Sys-Alice", "sys-alice"])
def test_an_account_is_the_same_in_capitals_and_small_letters(spelling: str) -> None:
    people = directory(person("alice"), person("dan", aliases=frozenset({"Sys-ALICE"})))
    found = people.by_account(SNOW, spelling)
    assert found is not None
    assert found.id == "alice"
    assert people.holders(SNOW, spelling) == {"alice", "dan"}
    assert people.same_human("alice", "dan")


def test_accounts_that_differ_in_case_alone_are_nobodys() -> None:
    people = directory(
        person("alice", accounts={SNOW: ("Shared", "SHARED", "hers")}),
        person("bob", accounts={SNOW: ("shared",)}),
    )
    assert people.by_account(SNOW, "Shared") is None
    assert people.holders(SNOW, "SHARED") == {"alice", "bob"}
    assert people.by_account(SNOW, "HERS") is not None


def test_an_account_of_two_people_is_nobodys() -> None:
    shared = {SNOW: ("shared",)}
    people = directory(person("alice", accounts=shared), person("bob", accounts=shared))
    assert people.by_account(SNOW, "shared") is None
    assert people.holders(SNOW, "shared") == {"alice", "bob"}


def test_an_account_may_also_mean_whoever_has_it_as_an_alias() -> None:
    people = directory(person("alice"), person("mallory", aliases=frozenset({"sys-alice"})))
    assert people.holders(SNOW, "sys-alice") == {"alice", "mallory"}
    assert people.holders(SNOW, "nobody") == frozenset()


def test_mail_finds_one_active_person_whatever_the_case() -> None:
    people = directory(person("alice"), person("frank", active=False))
    found = people.by_mail(" Alice@Example.COM ")
    assert found is not None
    assert found.id == "alice"
    assert people.by_mail("frank@example.com") is None
    assert people.by_mail("nobody@example.com") is None


def test_an_address_of_two_people_is_nobodys() -> None:
    people = directory(person("alice"), person("bob", mail="ALICE@example.com"))
    assert people.by_mail("alice@example.com") is None


def test_an_alias_is_the_same_human_both_ways() -> None:
    people = directory(person("alice", aliases=frozenset({"alice-admin"})), person("alice-admin"))
    assert people.same_human("alice", "alice-admin")
    assert people.same_human("alice-admin", "alice")


@pytest.mark.parametrize(("ident", "alias"), [("alice", "Alice"), ("Alice", "alice")])
def test_an_alias_links_to_an_id_and_to_an_alias_in_any_spelling(ident: str, alias: str) -> None:
    people = directory(
        person(ident),
        person("alice-adm", aliases=frozenset({alias})),
        person("alice-ops", aliases=frozenset({"ALICE"})),
        person("alicia", aliases=frozenset({"alic\u00cb"})),  # no letter of A to Z is another
    )
    assert people.same_human(ident, "alice-adm")
    assert people.same_human("alice-ops", "alice-adm")
    assert not people.same_human(ident, "alicia")


def test_two_ids_that_differ_in_capitals_alone_are_two_people_unless_an_alias_means_both() -> None:
    two = [person("Alice"), person("alice")]
    assert not directory(*two).same_human("Alice", "alice")
    assert directory(*two, person("x", aliases=frozenset({"alice"}))).same_human("Alice", "alice")


def test_a_party_may_be_who_it_was_taken_for_and_whoever_holds_the_account_now() -> None:
    people = directory(person("alice"), person("carol", accounts={SNOW: ("desk",)}))
    assert people.meant("alice", SNOW, "Desk") == {"alice", "carol"}
    assert people.meant("", SNOW, "desk") == {"carol"}
    assert people.meant("", SNOW, "") == frozenset()


def test_chains_and_loops_of_aliases_are_one_human() -> None:
    people = directory(
        person("a", aliases=frozenset({"b"})),
        person("b", aliases=frozenset({"c"})),
        person("c", aliases=frozenset({"a"})),
        person("d", aliases=frozenset({"c"})),
        person("e"),
    )
    assert {people.human(one) for one in "abcd"} == {"a"}
    assert people.human("e") == "e"


def test_two_who_share_an_alias_that_is_nobodys_id_are_one_human() -> None:
    name = frozenset({"the-one"})
    people = directory(person("a", aliases=name), person("b", aliases=name), person("c"))
    assert people.same_human("a", "b")
    assert not people.same_human("a", "c")


def test_an_alias_that_is_an_account_name_links_to_its_holder() -> None:
    """`aliases` are subject ids or account names: an admin account listed by its name counts."""
    people = directory(
        person("alice", aliases=frozenset({"alice.admin"})),
        person("u-77", accounts={SNOW: ("a8f98bb0", "alice.admin")}),
        person("u-78", accounts={"corp-scim": ("alice.admin",)}),
    )
    assert people.same_human("alice", "u-77")
    assert people.same_human("u-78", "alice")


def test_the_same_account_name_in_two_systems_alone_makes_nobody_one_human() -> None:
    people = directory(
        person("a", accounts={SNOW: ("admin",)}), person("b", accounts={"corp-scim": ("admin",)})
    )
    assert not people.same_human("a", "b")


def test_a_subject_id_that_equals_somebody_elses_account_alone_links_nobody() -> None:
    people = directory(person("bob"), person("carol", accounts={SNOW: ("bob",)}))
    assert not people.same_human("bob", "carol")


def test_somebody_unknown_is_themselves() -> None:
    people = directory(person("alice"))
    assert people.human("ghost") == "ghost"
    assert people.same_human("ghost", "ghost")
    assert not people.same_human("ghost", "alice")


NAMES = "abcdef"
ACCOUNTS = ["x1", "x2", "x3"]
SPELLINGS = ["A", "C", "X1", "X3"]  # of some of them, again


@st.composite
def tangled(draw: st.DrawFn) -> DirectorySnapshot:
    """A few people, with aliases and accounts drawn from a few names."""
    names = st.frozensets(st.sampled_from([*NAMES, *ACCOUNTS, *SPELLINGS]), max_size=2)
    accounts = st.dictionaries(
        st.sampled_from([SNOW, "corp-scim"]), st.lists(st.sampled_from(ACCOUNTS), max_size=2)
    )
    people: list[Person] = []
    for name in NAMES:
        held = {system: tuple(some) for system, some in draw(accounts).items()}
        people.append(person(name, aliases=draw(names), accounts=held))
    return directory(*people)


def one_human(people: DirectorySnapshot) -> set[frozenset[str]]:
    """The pairs that are one human, by going over all pairs until nothing changes."""
    everybody = list(people.people.values())
    aliases = {alias.lower() for one in everybody for alias in one.aliases}
    accounts = [{a for held in one.accounts.values() for a in held} for one in everybody]
    sets = [
        {one.id, *(alias.lower() for alias in one.aliases), *(held & aliases)}
        for one, held in zip(everybody, accounts, strict=True)
    ]
    changed = True
    while changed:
        changed = False
        for left, right in combinations(sets, 2):
            if left & right and left != right:
                left.update(right)
                right.update(left)
                changed = True
    return {
        frozenset({a, b}) for known in sets for a in known for b in known if {a, b} <= set(NAMES)
    }


@given(tangled())
def test_a_directory_that_is_read_again_says_the_same_at_another_time(
    people: DirectorySnapshot,
) -> None:
    again = people.read_again(people.read_at + timedelta(seconds=5))
    assert again == replace(people, read_at=again.read_at)
    assert again.read_at > people.read_at
    for name in (*NAMES, *ACCOUNTS):
        assert again.human(name) == people.human(name)
        assert again.by_account(SNOW, name) == people.by_account(SNOW, name)
        assert again.holders(SNOW, name) == people.holders(SNOW, name)


@given(tangled())
def test_who_holds_an_account_is_what_going_over_everybody_finds(people: DirectorySnapshot) -> None:
    for name in (*NAMES, *ACCOUNTS):
        having = [p for p in people.people.values() if name in p.accounts.get(SNOW, ())]
        assert people.by_account(SNOW, name) == (having[0] if len(having) == 1 else None)
        named = {p.id: set(map(str.lower, p.aliases)) for p in people.people.values()}
        meant = having + [p for p in people.people.values() if name in named[p.id]]
        assert people.holders(SNOW, name) == {p.id for p in meant}


@given(tangled())
def test_one_human_is_what_going_over_all_pairs_finds(people: DirectorySnapshot) -> None:
    expected = one_human(people)
    for a in NAMES:
        for b in NAMES:
            assert people.same_human(a, b) == (frozenset({a, b}) in expected), (a, b)
