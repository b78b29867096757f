"""Who may decide: words, standing, and whether distinct people can fill every stage."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.cast import SNOW, case, directory, person, request, shaper, stage, word

from ticketgate.domain.errors import Refusal
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.policy.policy import Word
from ticketgate.domain.requests.access_request import Party, Shaper
from ticketgate.domain.requests.approvers import (
    Case,
    Standing,
    candidates,
    fillable,
    named_by,
    standing,
    triagers_apart,
)

HOUSE = directory(
    person("alice", manager="bob", team="platform", groups=frozenset({"engineers"})),
    person("bob", manager="carol", team="platform"),
    person("carol", team="security", groups=frozenset({"sec-iam"})),
    person("dan", manager="alice", team="security", groups=frozenset({"sec-iam"})),
    person("mallory"),
)
LINE = stage("manager_of:beneficiary")


def code(found: Standing | Refusal) -> str:
    return found.code if isinstance(found, Refusal) else f"may: {found.text}"


def asked(subject: str, about: Case, *earlier: str) -> str:
    return code(standing(about, about.rule.stages[0], subject, frozenset(earlier)))


# --- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("person:mallory", {"mallory"}),
        ("person:ghost", {"ghost"}),
        ("group:sec-iam", {"carol", "dan"}),
        ("group:nobody-in-it", set()),
        ("owner_of:entitlement", {"carol"}),
        ("backup_owner_of:entitlement", {"carol", "dan"}),
        ("manager_of:beneficiary", {"bob"}),
        ("manager_of:requester", set()),
        ("same_team:beneficiary", {"alice", "bob", "mallory"}),
        ("same_team:requester", {"alice", "bob", "carol", "dan", "mallory"}),
        ("requester", {"mallory"}),
        ("beneficiary", {"alice"}),
        ("delegate", set()),
        ("approver", set()),
        ("triager", {"dan"}),
        ("on_call:nobody", set()),
        ("direct_report_of:beneficiary", {"dan"}),
        ("direct_report_of:requester", set()),
    ],
)
def test_a_word_names_people(text: str, named: set[str]) -> None:
    """Alice receives; Mallory, who has no manager and no team, asks.

    Whose team nobody knows may be of any team, so they are kept apart from all.
    """
    asks = Party("mallory", "sys-mallory")
    said = (Shaper("triager", Party("dan", "")), shaper("editor", "bob"))
    about = case(HOUSE, LINE, backup="group:sec-iam", requester=asks, shapers=said)
    assert named_by(word(text), about) == named


def test_words_about_somebody_unknown_and_without_a_backup_owner_name_nobody() -> None:
    about = case(HOUSE, LINE, beneficiary=Party("ghost", "sys-ghost"))
    for text in ("manager_of:beneficiary", "same_team:beneficiary", "backup_owner_of:entitlement"):
        assert named_by(word(text), about) == frozenset()


def test_a_word_that_does_not_exist_is_a_fault_of_ours() -> None:
    with pytest.raises(ValueError, match="friend_of"):
        named_by(Word("friend_of", "requester"), case(HOUSE, LINE))


def test_a_manager_whom_the_directory_does_not_know_is_named_but_cannot_decide() -> None:
    about = case(directory(person("alice", manager="ghost")), LINE)
    assert named_by(word("manager_of:beneficiary"), about) == {"ghost"}
    assert asked("ghost", about) == "approver_unknown"


# --- standing --------------------------------------------------------------------------------


def test_a_person_whom_a_word_names_may_decide() -> None:
    assert asked("bob", case(HOUSE, LINE)) == "may: manager_of:beneficiary"


def test_the_first_word_that_names_the_person_is_the_clause() -> None:
    about = case(HOUSE, stage("group:sec-iam", "owner_of:entitlement"))
    assert asked("carol", about) == "may: group:sec-iam"


def test_somebody_whom_no_word_names_may_not() -> None:
    assert asked("mallory", case(HOUSE, LINE)) == "not_entitled"


def test_refusals_come_in_the_order_that_is_documented() -> None:
    """Mallory has every fault at once; mended one by one, each next one shows."""
    stages = stage("group:sec-iam", never=("person:mallory",))
    unknown = case(directory(person("alice")), stages, requester=Party("mallory", "x"))
    seen = [asked("mallory", unknown, "mallory")]

    def with_(mallory: Person, requester: str, *, apart: bool, earlier: tuple[str, ...]) -> str:
        never = ("person:mallory",) if apart else ()
        people = directory(person("alice"), person("zed"), mallory)
        about = case(
            people, stage("group:sec-iam", never=never), requester=Party(requester, "none")
        )
        return asked("mallory", about, *earlier)

    alias = frozenset({"alice"})
    apart = frozenset({"zed"})
    rungs: list[tuple[Person, str, bool, tuple[str, ...]]] = [
        (person("mallory", active=False, kind="nhi", aliases=alias), "mallory", True, ("mallory",)),
        (person("mallory", kind="nhi", aliases=alias), "mallory", True, ("mallory",)),
        (person("mallory", aliases=alias), "mallory", True, ("mallory",)),
        (person("mallory", aliases=alias), "zed", True, ("mallory",)),
        (person("mallory", aliases=apart), "alice", True, ("zed",)),
        (person("mallory", aliases=apart), "alice", False, ("zed",)),
        (person("mallory", aliases=apart), "alice", False, ()),
        (person("mallory", groups=frozenset({"sec-iam"})), "alice", False, ()),
    ]
    seen += [with_(who, asks, apart=no, earlier=done) for who, asks, no, done in rungs]
    assert seen == [
        "approver_unknown",
        "approver_inactive",
        "not_human",
        "self_approval",
        "alias_of_requester",
        "separation_of_duties",
        "distinct_people",
        "not_entitled",
        "may: group:sec-iam",
    ]


@pytest.mark.parametrize("role", ["requester", "beneficiary", "editor"])
def test_whoever_asks_receives_or_edits_never_decides(role: str) -> None:
    others: dict[str, Any] = {"requester": Party("zed", "z"), "beneficiary": Party("zed", "z")}
    mine: dict[str, Any] = {role: Party("bob", "sys-bob")}
    if role == "editor":
        mine = {"shapers": (shaper("editor", "zed"), shaper("editor", "bob"), shaper("x", ""))}
    about = case(HOUSE, stage("person:bob"), **(others | mine))
    assert asked("bob", about) == "self_approval"


def test_whoever_holds_the_account_now_never_decides() -> None:
    """The ticket's account was given to Bob after the request was opened."""
    people = directory(person("alice", manager="bob"), person("bob", accounts={SNOW: ("old",)}))
    about = case(people, LINE, requester=Party("alice", "old"))
    assert asked("bob", about) == "self_approval"


def test_one_of_several_holders_of_the_account_never_decides() -> None:
    shared = {SNOW: ("old",)}
    people = directory(
        person("alice", manager="bob"), person("bob", accounts=shared), person("x", accounts=shared)
    )
    assert asked("bob", case(people, LINE, requester=Party("alice", "old"))) == "alias_of_requester"


def test_an_alias_of_the_tickets_account_never_decides() -> None:
    """The account itself is gone from the directory; Bob's alias says that it was his."""
    people = directory(
        person("alice", manager="bob"), person("bob", aliases=frozenset({"old.name"}))
    )
    about = case(people, LINE, requester=Party("alice", "old.name"))
    assert asked("bob", about) == "alias_of_requester"


@pytest.mark.parametrize("where", ["rule", "stage"])
def test_separation_of_duties_holds_for_every_account_of_the_human(where: str) -> None:
    people = directory(
        person("alice", team="platform"),
        person("bob", team="platform"),
        person("bob-admin", aliases=frozenset({"bob"})),
    )
    never = ("same_team:requester",)
    about = case(
        people,
        stage("person:bob-admin", never=never if where == "stage" else ()),
        never=never if where == "rule" else (),
    )
    assert asked("bob-admin", about) == "separation_of_duties"


def test_who_is_not_kept_apart_may_decide() -> None:
    about = case(HOUSE, LINE, never=("direct_report_of:beneficiary", "person:mallory"))
    assert asked("bob", about) == "may: manager_of:beneficiary"


def test_an_account_of_somebody_who_decided_already_is_not_a_second_person() -> None:
    people = directory(
        person("alice"), person("bob"), person("bob-admin", aliases=frozenset({"bob"}))
    )
    assert asked("bob-admin", case(people, stage("person:bob-admin")), "bob") == "distinct_people"


def test_candidates_are_all_who_may_decide_with_their_word() -> None:
    about = case(HOUSE, stage("group:sec-iam", "person:bob", "person:ghost", "person:alice"))
    here = about.rule.stages[0]
    assert {who: one.text for who, one in candidates(about, here).items()} == {
        "bob": "person:bob",
        "carol": "group:sec-iam",
        "dan": "group:sec-iam",
    }
    assert set(candidates(about, here, frozenset({"carol"}))) == {"bob", "dan"}


# --- no self-approval through any graph of aliases ----------------------------------------------

NAMES = "abcde"
ACCOUNTS = ["x1", "x2", "x3", "x4"]


@st.composite
def tangled(draw: st.DrawFn) -> DirectorySnapshot:
    """A few people; aliases are subject ids and account names, and accounts may be shared."""
    names = st.frozensets(st.sampled_from([*NAMES, *ACCOUNTS]), max_size=2)
    held = st.lists(st.sampled_from(ACCOUNTS), max_size=2)
    return directory(
        *[
            person(
                name,
                aliases=draw(names),
                accounts={SNOW: tuple(draw(held)), "other": tuple(draw(held))},
            )
            for name in NAMES
        ]
    )


def linked(people: DirectorySnapshot, one: str, other: str) -> bool:
    """Whether aliases lead from one person to another, by walking from person to person."""
    everybody = people.people
    aliases = {alias for p in everybody.values() for alias in p.aliases}

    def names(p: Person) -> set[str]:
        accounts = {a for held in p.accounts.values() for a in held}
        return {p.id} | p.aliases | (accounts & aliases)

    known, before = {one}, 0
    while len(known) > before:
        before = len(known)
        reach = set().union(*(names(everybody[ident]) for ident in known))
        known |= {p.id for p in everybody.values() if names(p) & reach}
    return other in known


@given(tangled(), st.sampled_from(NAMES), st.sampled_from(ACCOUNTS), st.sampled_from(NAMES))
def test_nobody_approves_for_themselves_through_any_graph_of_aliases(
    people: DirectorySnapshot, requester: str, account: str, approver: str
) -> None:
    """The directory is that of the decision: the account may have gone to somebody else since."""
    about = case(
        people, stage(f"person:{approver}"), requester=Party(requester, account),
        beneficiary=Party("zed", "none"),
    )  # fmt: skip
    found = standing(about, about.rule.stages[0], approver)
    meant = {requester} | {
        p.id for p in people.people.values() if account in p.accounts[SNOW] or account in p.aliases
    }
    involved = any(linked(people, one, approver) for one in meant)
    assert isinstance(found, Refusal) == involved
    if isinstance(found, Refusal):
        assert found.code in {"self_approval", "alias_of_requester"}


# --- fillable ---------------------------------------------------------------------------------

CROWD = "pqrst"


@st.composite
def crowded(draw: st.DrawFn) -> Case:
    """Up to three stages that name some of five people, some of whom are the same human."""
    pairs = draw(st.lists(st.sampled_from([(a, b) for a in CROWD for b in CROWD]), max_size=2))
    people = [person(name, aliases=frozenset(b for a, b in pairs if a == name)) for name in CROWD]
    stages = draw(
        st.lists(
            st.tuples(st.lists(st.sampled_from(CROWD), max_size=4), st.integers(1, 2)),
            min_size=1,
            max_size=3,
        )
    )
    made = [
        stage(*[f"person:{one}" for one in names], need=need, name=f"stage-{number}")
        for number, (names, need) in enumerate(stages)
    ]
    return case(directory(person("alice"), *people), *made)


@given(crowded())
def test_fillable_is_what_trying_every_seating_finds(about: Case) -> None:
    people = about.snapshot
    seats = [
        {people.human(one) for word_ in one_stage.any_of for one in named_by(word_, about)}
        for one_stage in about.rule.stages
        for _ in range(one_stage.need)
    ]
    humans = {people.human(one) for one in CROWD}
    possible = any(
        all(human in seat for human, seat in zip(order, seats, strict=True))
        for order in permutations(sorted(humans), len(seats))
    )
    assert fillable(about) == possible


def test_one_person_cannot_fill_two_stages() -> None:
    people = directory(person("alice", manager="bob"), person("bob"))
    assert fillable(case(people, LINE))
    assert not fillable(case(people, LINE, stage("person:bob")))


def test_a_seat_is_given_up_for_somebody_who_can_take_no_other() -> None:
    people = directory(person("alice"), person("bob"), person("carol"))
    about = case(people, stage("person:bob", "person:carol"), stage("person:bob"))
    assert fillable(about)


def test_the_cast_is_whole() -> None:
    """A control of the helpers: Alice asks for herself, by her own account."""
    assert request().requester == request().beneficiary == Party("alice", "sys-alice")


# --- triagers and earlier approvers ----------------------------------------------------------

DAN_SAID = (Shaper("triager", Party("dan", "")),)
SECURITY = stage("group:sec-iam")


@pytest.mark.parametrize("where", ["rule", "stage"])
def test_who_said_what_the_ticket_is_may_not_decide_where_the_policy_says_so(where: str) -> None:
    apart = stage("group:sec-iam", never=("triager",)) if where == "stage" else SECURITY
    never = ("triager",) if where == "rule" else ()
    about = case(HOUSE, apart, never=never, shapers=DAN_SAID)
    assert asked("dan", about) == "separation_of_duties"
    assert asked("carol", about).startswith("may: ")
    assert triagers_apart(about, apart) == {"dan"}


def test_nor_by_another_account_of_theirs() -> None:
    said = (Shaper("triager", Party("dan-admin", "")),)
    house = directory(*HOUSE.people.values(), person("dan-admin", aliases=frozenset({"dan"})))
    about = case(house, SECURITY, never=("triager",), shapers=said)
    assert asked("dan", about) == "separation_of_duties"


def test_they_may_where_it_does_not_say_so() -> None:
    about = case(HOUSE, SECURITY, shapers=DAN_SAID)
    assert asked("dan", about).startswith("may: ")
    assert triagers_apart(about, SECURITY) == frozenset()


def test_nobody_may_where_it_is_not_known_who_said_it() -> None:
    old = ("elevated@policy.yaml:9", "triage@revision 1")
    about = case(HOUSE, SECURITY, never=("triager",), rule_ids=old)
    assert asked("carol", about) == "separation_of_duties"
    assert not fillable(about)
    assert asked("carol", case(HOUSE, SECURITY, rule_ids=old)).startswith("may: ")


def test_who_approved_at_an_earlier_stage_is_told_that_the_policy_says_never() -> None:
    said = case(HOUSE, SECURITY, never=("approver",))
    assert asked("carol", said, "carol") == "separation_of_duties"
    assert asked("carol", case(HOUSE, SECURITY), "carol") == "distinct_people"
    assert asked("carol", said, "dan").startswith("may: ")
