"""Delegates, absences and rotas: who stands in for whom, and for whom nobody ever does."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.domain.cast import (
    NOON,
    around_noon,
    case,
    delegation,
    directory,
    party,
    person,
    shaper,
    stage,
)
from tests.domain.graphs import everybody_asked, graph, wrong

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import Person
from ticketgate.domain.people.duties import Delegation, Duties, Shift
from ticketgate.domain.policy.policy import Stage
from ticketgate.domain.requests import approvers
from ticketgate.domain.requests.approvers import (
    Case,
    Standing,
    absent,
    candidates,
    fillable,
    standing,
)

LINE = stage("manager_of:beneficiary")
ALICE = person("alice", manager="bob", team="platform")
FOR_BOB = delegation("bob", "dan")
AWAY = (around_noon(),)
GRAPHS = 300


def house(
    *given: Delegation,
    others: tuple[Person, ...] = (),
    stages: tuple[Stage, ...] = (LINE,),
    never: tuple[str, ...] = (),
    editor: str = "",
) -> Case:
    """Alice asks, Bob is her manager, and Dan, Carol and Mallory are there."""
    people = {one: person(one, team="security") for one in ("bob", "carol", "dan", "mallory")}
    people |= {one.id: one for one in (ALICE, *others)}
    shapers = (shaper("editor", editor),) if editor else ()
    snapshot = directory(*people.values(), duties=Duties(given))
    return case(snapshot, *stages, never=never, shapers=shapers)


def asked(about: Case, subject: str, *earlier: str, behalf: str | None = None) -> str:
    found = standing(about, about.rule.stages[0], subject, frozenset(earlier), behalf)
    if isinstance(found, Refusal):
        return found.code
    return f"for {found.on_behalf_of}" if found.on_behalf_of else found.clause


# --- standing in ------------------------------------------------------------------------------


def test_a_delegate_may_decide_for_whom_a_word_names_and_so_may_that_one() -> None:
    about = house(FOR_BOB)
    assert (asked(about, "dan"), asked(about, "bob")) == ("for bob", "manager_of:beneficiary")
    found = candidates(about, LINE)
    assert found["dan"] == Standing("manager_of:beneficiary", "bob", FOR_BOB.window.ends)
    assert "for bob until 2026-11-22T13" in found["dan"].text
    assert found["bob"].text == "manager_of:beneficiary"


@pytest.mark.parametrize(("hours", "may"), [((0, 1), True), ((-1, 0), False), ((1, 2), False)])
def test_a_delegation_holds_from_its_start_and_not_at_its_end(
    hours: tuple[int, int], *, may: bool
) -> None:
    about = house(delegation("bob", "dan", around_noon(*hours)))
    assert (asked(about, "dan") == "for bob") is may


def test_the_two_are_one_seat_whoever_uses_it() -> None:
    about = house(FOR_BOB, delegation("carol", "mallory"), stages=(stage("person:bob"),))
    assert asked(about, "dan", "bob") == "distinct_people"
    assert asked(about, "bob", "dan", "bob") == "distinct_people"
    assert asked(about, "dan", "dan", "carol") == "distinct_people"
    assert asked(about, "dan", "mallory", "carol") == "for bob"


def test_a_delegates_delegate_is_nobody() -> None:
    about = house(FOR_BOB, delegation("dan", "mallory"))
    assert asked(about, "mallory") == "not_entitled"
    named = house(FOR_BOB, delegation("dan", "mallory"), stages=(stage("person:dan"),))
    assert asked(named, "mallory") == "for dan"


def test_a_loop_of_delegations_names_nobody_more() -> None:
    about = house(FOR_BOB, delegation("dan", "bob"), delegation("dan", "mallory"))
    assert set(candidates(about, LINE)) == {"bob", "dan"}


@pytest.mark.parametrize("role", ["requester", "editor"])
def test_nobody_delegates_back_to_whoever_shaped_it(role: str) -> None:
    """Dan asks for Alice, or has edited her ticket; Bob has delegated to him."""
    about = house(FOR_BOB, editor="dan" if role == "editor" else "")
    if role == "requester":
        about = replace(about, request=replace(about.request, requester=party("dan")))
    assert asked(about, "dan") == "self_approval"


def test_nobody_delegates_back_to_another_account_of_whoever_asks() -> None:
    about = house(
        delegation("bob", "alice-admin"),
        others=(person("alice-admin", aliases=frozenset({"alice"})),),
    )
    assert asked(about, "alice-admin") == "alias_of_requester"


def test_whoever_asks_has_no_delegate() -> None:
    """A word names Alice herself, and Dan would decide in her place."""
    about = house(delegation("alice", "dan"), stages=(stage("person:alice"),))
    assert asked(about, "dan") == "delegation_void"


def test_the_bans_of_the_policy_hold_for_both() -> None:
    for_both = stage("person:bob", never=("person:dan",))
    assert asked(house(FOR_BOB, stages=(for_both,)), "dan") == "separation_of_duties"
    of_bob = stage("person:bob", never=("person:bob",))
    assert asked(house(FOR_BOB, stages=(of_bob,)), "dan") == "delegation_void"


def test_where_the_policy_says_never_delegate_people_decide_themselves() -> None:
    about = house(FOR_BOB, never=("delegate",))
    assert asked(about, "dan") == "separation_of_duties"
    assert asked(about, "bob") == "manager_of:beneficiary"


@pytest.mark.parametrize("fault", [{"active": False}, {"kind": "nhi"}])
def test_whoever_is_gone_or_no_person_neither_is_a_delegate_nor_has_one(
    fault: dict[str, object],
) -> None:
    machine = house(FOR_BOB, others=(replace(person("dan"), **fault),))  # type: ignore[arg-type]
    assert asked(machine, "dan") in {"approver_inactive", "not_human"}
    gone = house(FOR_BOB, others=(replace(person("bob"), **fault),))  # type: ignore[arg-type]
    assert asked(gone, "dan") == "delegation_void"


def test_an_account_of_ones_own_is_no_delegate() -> None:
    other = person("bob-admin", aliases=frozenset({"bob"}))
    about = house(delegation("bob", "bob-admin"), others=(other,))
    assert asked(about, "bob-admin") == "delegation_void"


def test_somebody_decides_as_they_were_asked_to() -> None:
    """Dan is named himself, and is Bob's delegate: each is a capacity of its own."""
    about = house(FOR_BOB, stages=(stage("person:bob", "person:dan"),))
    assert asked(about, "dan") == "person:dan"
    assert asked(about, "dan", behalf="bob") == "for bob"
    assert asked(about, "dan", behalf="") == "person:dan"
    assert asked(about, "dan", behalf="carol") == "not_entitled"
    assert asked(house(FOR_BOB), "dan", behalf="") == "not_entitled"


# --- away -------------------------------------------------------------------------------------


def test_whoever_is_away_is_not_asked_and_does_not_decide() -> None:
    about = house(others=(person("bob", away=AWAY),))
    assert asked(about, "bob") == "approver_away"
    assert (candidates(about, LINE), fillable(about), absent(about)) == ({}, False, ("bob",))
    later = replace(about, now=NOON + timedelta(hours=1))
    assert (asked(later, "bob"), absent(later)) == ("manager_of:beneficiary", ())


def test_the_delegate_of_whoever_is_away_fills_their_seat() -> None:
    about = house(FOR_BOB, others=(person("bob", away=AWAY),))
    assert set(candidates(about, LINE)) == {"dan"}
    assert fillable(about)


def test_a_delegate_and_whom_they_stand_in_for_do_not_fill_two_seats() -> None:
    both = stage("person:bob", need=2)
    assert not fillable(house(FOR_BOB, stages=(both,)))
    assert not fillable(house(FOR_BOB, stages=(LINE, LINE)))
    # Dan is one person, whether for himself or for Bob.
    pair = stage("person:bob", "person:dan", need=2)
    assert fillable(house(FOR_BOB, stages=(pair,)))
    assert not fillable(house(FOR_BOB, others=(person("bob", away=AWAY),), stages=(pair,)))


def test_a_delegate_of_two_stands_in_first_for_whoever_is_away() -> None:
    two = stage("person:carol", "person:bob", need=2)
    given = (delegation("carol", "dan"), FOR_BOB)
    about = house(*given, others=(person("bob", away=AWAY),), stages=(two,))
    assert asked(about, "dan") == "for bob"
    assert fillable(about)
    assert asked(house(*given, stages=(two,)), "dan") == "for carol"
    ghost = house(delegation("ghost", "dan"), stages=(stage("person:ghost"),))
    assert asked(ghost, "dan") == "delegation_void"


# --- rotas and turns --------------------------------------------------------------------------


def test_a_rota_names_whoever_is_on_call_now() -> None:
    shifts = (Shift("dan", around_noon(-1, 0)), Shift("carol", around_noon(0, 1)))
    people = directory(ALICE, *map(person, ("carol", "dan")), duties=Duties((), {"dba": shifts}))
    about = case(people, stage("on_call:dba"))
    assert set(candidates(about, about.rule.stages[0])) == {"carol"}
    before = replace(about, now=NOON - timedelta(minutes=1))
    assert set(candidates(before, about.rule.stages[0])) == {"dan"}


def test_a_turn_tells_that_other_duties_hold() -> None:
    duties = Duties((FOR_BOB,), {"dba": (Shift("dan", around_noon(1, 3)),)})
    people = directory(person("bob", away=(around_noon(2, 3),)), duties=duties)
    hours = [people.turn(NOON + timedelta(hours=one)) for one in (-2, -1, 0, 1, 2, 3, 4)]
    assert hours == [0, 1, 1, 2, 3, 4, 4]
    assert people.read_again(NOON).turn(NOON) == 1


# --- any graph ----------------------------------------------------------------------------------


def faults() -> list[str]:
    found = [(graph(seed), seed) for seed in range(GRAPHS)]
    said = [(seed, wrong(about, *one)) for about, seed in found for one in everybody_asked(about)]
    return [f"graph {seed}: {one}" for seed, one in said if one]


def test_nobody_decides_on_their_own_request_through_any_graph() -> None:
    assert faults() == []


def test_the_graphs_have_delegates_and_refuse_some() -> None:
    """A control of the generator: both sides of the question come up."""
    asked_ = [one for seed in range(GRAPHS) for one in everybody_asked(graph(seed))]
    assert sum(bool(found.on_behalf_of) for _, _, found in asked_) >= GRAPHS // 20
    assert sum(not fillable(graph(seed)) for seed in range(GRAPHS)) >= GRAPHS // 10


@pytest.mark.parametrize("bug", ["ids alone", "delegates first", "principals unasked"])
def test_a_planted_bug_shows_in_the_graphs(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    involved, as_delegate = approvers._involved, approvers._as_delegate
    if bug == "ids alone":

        def by_id(about: Case, subject: str) -> Refusal | None:
            found = involved(about, subject)
            return found if found and found.code == "self_approval" else None

        monkeypatch.setattr(approvers, "_involved", by_id)
    elif bug == "delegates first":
        whole = approvers._standing

        def first(
            about: Case,
            here: Stage,
            subject: str,
            earlier: frozenset[str] = frozenset(),
            behalf: str | None = None,
        ) -> Standing | Refusal:
            found = as_delegate(about, here, subject, earlier, None)
            return found if isinstance(found, Standing) else whole(about, here, subject, earlier)

        monkeypatch.setattr(approvers, "_standing", first)
    else:
        monkeypatch.setattr(approvers, "_void", lambda *_: None)
    assert faults()
