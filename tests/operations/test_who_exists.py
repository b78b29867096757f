"""While the directory cannot be read an exception is open, and taking away goes on."""

from collections.abc import Callable

import pytest
from tests.operations.kit import Gate

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.operations.cases.who_exists import WhoExists


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def people(gate: Gate, told: list[str]) -> WhoExists:
    return WhoExists(gate.store, gate.clock, gate.desk.snapshot, told.append)


def states(gate: Gate) -> list[str]:
    kinds = ("exception.opened", "exception.resolved")
    found = [one for kind in kinds for one in gate.records(kind)]
    return [str(one["to"]) for one in found if one["code"] == "directory_down"]


def test_an_exception_is_open_until_it_can_be_read_again(
    gate: Gate, people: WhoExists, told: list[str]
) -> None:
    assert people.known() is not None
    assert states(gate) == []
    gate.directory.unreadable = True
    assert people.known() is None
    assert people.known() is None
    assert people.at_any_rate().people == {}
    assert states(gate) == ["opened"]
    assert told == ["directory_unreadable"] * 3
    gate.directory.unreadable = False
    assert "bob" in people.at_any_rate().people
    assert states(gate) == ["opened", "resolved"]


def test_one_that_was_open_before_a_start_is_closed(
    gate: Gate, people: WhoExists, told: list[str]
) -> None:
    gate.directory.unreadable = True
    people.known()
    again = WhoExists(gate.store, gate.clock, gate.desk.snapshot, told.append)
    again.known()
    assert states(gate) == ["opened"]
    gate.directory.unreadable = False
    WhoExists(gate.store, gate.clock, gate.desk.snapshot, told.append).known()
    assert states(gate) == ["opened", "resolved"]


def test_with_faults_nobody_is_looked_up(gate: Gate, told: list[str]) -> None:
    people = WhoExists(gate.store, gate.clock, gate.desk.snapshot, told.append, whole=False)
    assert people.known() is None
    assert gate.directory.asked == []


def test_another_failure_is_told_and_is_no_exception(gate: Gate, told: list[str]) -> None:
    people = WhoExists(gate.store, gate.clock, failing(), told.append)
    assert people.known() is None
    assert told == ["store_unavailable"]
    assert states(gate) == []


def failing() -> Callable[[], DirectorySnapshot]:
    def fails() -> DirectorySnapshot:
        raise TicketgateError("it is full", code="store_unavailable")

    return fails
