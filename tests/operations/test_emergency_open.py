"""Whether the page of emergencies has anything for somebody: as the page says, in few queries."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import pytest
from tests.operations.emergencies import (
    HOUR,
    RULES,
    STEP_UP,
    code_of,
    desk_of,
    invoke,
    policy_with,
    try_to_invoke,
)
from tests.operations.kit import Gate, folder
from tests.operations.test_claim_emergency import claim

from ticketgate.domain.emergencies.emergency import CONSENT_LIFE
from ticketgate.domain.errors import Refusal
from ticketgate.domain.policy.policy import Word
from ticketgate.operations.desks.emergency_desk import EmergencyDesk

PEOPLE: Final = ("alice", "bob", "carol", "erin", "mallory")


@pytest.fixture
def gate() -> Iterator[Gate]:
    with folder() as place:
        made = Gate(place, policy_with())
        try:
            yield made
        finally:
            made.stop()


def opened(gate: Gate, desk: EmergencyDesk | None = None) -> set[str]:
    """For whom it is open; fails where the page says otherwise."""
    desk, found = desk or desk_of(gate), set()
    for person in PEOPLE:
        session = gate.session(person, STEP_UP)
        ground = desk.ground_now(session)
        is_open = not isinstance(ground, Refusal) and desk.is_open(person, ground)
        assert is_open != isinstance(desk.page(session), Refusal), person
        found |= {person} if is_open else set()
    return found


def overdue(gate: Gate) -> None:
    """Nobody reviewed Alice's emergency: she is locked, and the next one needs a consent."""
    invoke(gate, "alice")
    gate.settle()
    gate.tick(HOUR)
    gate.tick(25 * HOUR)


def test_it_is_open_to_whom_a_word_of_the_policy_names(gate: Gate) -> None:
    operators = {"erin"}
    helped, reviewers = {"alice", "bob"}, {"carol", "erin"}  # Erin owns another entitlement
    assert opened(gate) == helped | reviewers | operators
    assert opened(gate, replace(desk_of(gate), roles={})) == helped | reviewers
    group = (Word("group", "sec-iam"),)
    gate.in_force.swap(policy_with(replace(RULES, review_by=group)))
    assert opened(gate, replace(desk_of(gate), roles={})) == helped | {"carol"}
    gate.in_force.swap(policy_with(replace(RULES, allow=())))
    assert opened(gate) == reviewers | operators
    gate.in_force.swap(policy_with(replace(RULES, review_by=())))
    assert opened(gate) == helped | operators
    gate.in_force.swap(policy_with(None))
    assert opened(gate) == set()


def test_it_stays_open_while_somebody_is_locked_and_another_one_is_asked_for(gate: Gate) -> None:
    before = opened(gate)
    overdue(gate)
    assert opened(gate) == before
    assert code_of(try_to_invoke(gate)) == "consent_needed"
    assert opened(gate) == before


def test_who_asks_for_consent_sees_it_though_the_policy_names_them_no_more(gate: Gate) -> None:
    overdue(gate)
    assert code_of(try_to_invoke(gate)) == "consent_needed"
    gate.in_force.swap(policy_with(None))
    assert opened(gate) == {"alice", "bob"}
    gate.clock.at += CONSENT_LIFE
    assert opened(gate) == {"alice"}


def test_without_rules_it_is_open_to_whose_emergency_it_was_by_any_account(gate: Gate) -> None:
    invoke(gate, "alice")
    gate.in_force.swap(policy_with(None))
    assert opened(gate) == {"alice"}
    gate.directory.change("mallory", aliases=frozenset({"alice"}))
    assert opened(gate) == {"alice", "mallory"}


def test_without_rules_it_is_open_to_who_entered_one(gate: Gate) -> None:
    claim(gate, "erin")
    gate.in_force.swap(policy_with(None))
    assert opened(gate) == {"bob", "erin"}


def test_it_is_open_to_auditors_and_to_nobody_who_is_gone(gate: Gate) -> None:
    desk = replace(desk_of(gate), roles={"auditor": (Word("person", "mallory"),)})
    assert opened(gate, desk) - opened(gate) == {"mallory"}
    gate.directory.leave("mallory")
    assert "mallory" not in opened(gate, desk)
    gate.directory.unreadable = True
    assert opened(gate, desk) == set()


class Counted:
    """A store that counts which tables are looked at."""

    def __init__(self, gate: Gate) -> None:
        self._store = gate.store
        self.looked: list[str] = []

    @contextmanager
    def reading(self) -> Iterator[Any]:
        with self._store.reading() as looking:
            yield Looking(looking, self.looked)


class Looking:
    """What one reading gives, noted by the name of each table."""

    def __init__(self, looking: object, looked: list[str]) -> None:
        self._looking, self._looked = looking, looked

    def __getattr__(self, name: str) -> object:
        self._looked.append(name)
        return getattr(self._looking, name)


def test_however_many_emergencies_there_are_two_queries_say_whether_it_is_open(gate: Gate) -> None:
    counted, whole = Counted(gate), Counted(gate)
    quick: Any = replace(desk_of(gate), store=counted)  # type: ignore[arg-type]
    slow: Any = replace(desk_of(gate), store=whole)  # type: ignore[arg-type]
    session = gate.session("mallory", STEP_UP)
    seen = []
    for person in ("alice", "bob"):
        invoke(gate, person)
        counted.looked.clear()
        whole.looked.clear()
        assert not quick.is_open("mallory", quick.ground_now(session))
        assert isinstance(slow.page(session), Refusal)
        seen.append(len(whole.looked))
        assert counted.looked == ["emergencies", "emergencies"]
    assert seen[1] > seen[0] > 2  # what the whole page takes
