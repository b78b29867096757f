"""What other directories say, laid over the file."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.operations.fakes import MORNING

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot, Person
from ticketgate.domain.people.joined_directory import RemotePerson, RemoteReading, join

ALICE = RemotePerson("a-1", "Alice", "alice@corp.example", manager="b-1", team="platform")
BOB = RemotePerson("b-1", "Bob", "bob@corp.example", groups=frozenset({"sec-iam"}))


def reading(*people: RemotePerson, **changes: Any) -> RemoteReading:  # noqa: ANN401 -- of any field
    whole = {one.id: one for one in people}
    found = RemoteReading("corp", MORNING, whole, {"sec-iam": "IAM security"})
    return replace(found, **changes)


def person(who: str, *accounts: str, **changes: Any) -> Person:  # noqa: ANN401 -- of any field
    found = Person(who, who.title(), f"{who}@file.example", accounts={"corp": accounts})
    return replace(found, **changes)


def file(*people: Person) -> DirectorySnapshot:
    return DirectorySnapshot("f" * 64, MORNING, {one.id: one for one in people}, {"it-ops": "IT"})


def test_who_is_linked_has_what_the_directory_says_and_the_address_of_the_file() -> None:
    alice = person("alice", "A-1", manager="mallory", team="old", groups=frozenset({"it-ops"}))
    found = join(file(alice, person("bob", "b-1")), [reading(ALICE, BOB, tells_teams=True)])
    assert found.people["alice"].manager == "bob"
    assert found.people["alice"].team == "platform"
    assert found.people["alice"].groups == {"it-ops"}
    assert found.people["alice"].mail == "alice@file.example"
    assert found.people["bob"].groups == {"sec-iam"}
    assert found.people["bob"].team is None
    assert found.groups == {"it-ops": "IT", "sec-iam": "IAM security"}
    assert set(found.people) == {"alice", "bob"}


def test_what_is_not_taken_from_a_directory_stays_with_the_file() -> None:
    alice = person("alice", "a-1", manager="bob", team="old")
    found = join(file(alice), [reading(ALICE, tells_managers=False)])
    assert (found.people["alice"].manager, found.people["alice"].team) == ("bob", "old")


@pytest.mark.parametrize(
    ("by_file", "there", "active"),
    [
        (True, (True, True), True),
        (False, (True, True), False),
        (True, (True, False), False),
        (True, (False, True), False),
        (True, (True, None), False),
        (True, (None, True), False),
        (True, (None, None), False),
    ],
)
def test_active_is_who_is_active_everywhere(
    *, by_file: bool, there: tuple[bool | None, bool | None], active: bool
) -> None:
    accounts = [
        replace(BOB, id=f"b-{number}", active=one)
        for number, one in enumerate(there)
        if one is not None
    ]
    bob = person("bob", "b-0", "b-1", active=by_file)
    found = join(file(bob), [reading(*accounts, tells_teams=True)])
    assert found.people["bob"].active is active
    assert set(found.people) == {"bob"}


def test_who_is_not_linked_is_a_subject_of_their_own_whatever_they_are_called() -> None:
    bob = person("bob", mail="other@file.example", name="Bob")
    found = join(file(bob), [reading(ALICE, BOB)])
    own = found.people["corp:b-1"]
    assert own.groups == {"sec-iam"}
    assert own.active
    assert found.people["corp:a-1"].manager == "corp:b-1"
    assert found.people["bob"].groups == set()
    assert not found.same_human("bob", "corp:b-1")
    assert found.by_account("corp", "B-1") == own


def test_an_address_that_is_another_s_as_well_makes_who_is_not_linked_nobody() -> None:
    bob = person("bob", mail="BOB@corp.example")
    found = join(file(bob), [reading(BOB, replace(ALICE, mail=""))])
    assert not found.people["corp:b-1"].active
    assert found.by_mail("bob@corp.example") == found.people["bob"]
    assert found.people["corp:a-1"].active  # no address is no shared one
    twins = join(file(), [reading(BOB, replace(BOB, id="b-2"))])
    assert [one.active for one in twins.people.values()] == [False, False]


def test_a_group_that_would_mean_two_things_is_refused() -> None:
    with pytest.raises(TicketgateError, match="'sec-iam' is defined twice") as refused:
        join(file(), [reading(BOB), reading(BOB, name="other")])
    assert refused.value.code == "directory_unreadable"


def test_the_digest_is_of_what_is_said_and_not_of_when() -> None:
    one = join(file(), [reading(ALICE, BOB)])
    later = join(file(), [reading(BOB, ALICE, read_at=MORNING + timedelta(hours=1))])
    assert one.digest == later.digest
    assert [name for name, _ in one.sources] == ["file", "corp"]
    changed = (
        reading(ALICE, replace(BOB, active=False)),
        reading(ALICE, replace(BOB, groups=frozenset())),
        reading(ALICE, replace(BOB, manager="a-1")),
        reading(ALICE, BOB, groups={"sec-iam": "Renamed"}),
        reading(BOB),
    )
    assert len({one.digest, *(join(file(), [other]).digest for other in changed)}) == 6


def test_accounts_read_again_replace_those_before() -> None:
    gone = reading(ALICE, BOB).with_people({"b-1": None, "a-1": replace(ALICE, manager="")})
    assert gone.people == {"a-1": replace(ALICE, manager="")}


def test_what_is_said_of_somebody_is_as_old_as_where_it_was_asked() -> None:
    later = MORNING + timedelta(minutes=4)
    read = join(file(), [reading(BOB)]).read_again(later, MORNING, frozenset({"corp:b-1"}))
    assert read.read_of("corp:b-1", "") == later
    assert read.read_of("corp:b-1", "alice") == MORNING
    assert file().read_of("alice") == MORNING
