"""A directory that is asked now and then: whom a decision is about is asked at once (rule 5)."""

from collections.abc import Collection
from datetime import datetime, timedelta

import pytest
from tests.operations.fakes import MORNING, FakeDirectory
from tests.operations.kit import Gate, code_of
from typing_extensions import override

from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot


class Remembering(FakeDirectory):
    """Beside the file stands a directory that was read whole this morning, and is asked again."""

    deaf = False  # what it is asked at once, it does not answer so
    down = False

    @override
    def read(self, now: datetime, sure: Collection[str] = ()) -> DirectorySnapshot:
        if self.down and sure:
            raise TicketgateError("no answer", code="directory_unreadable")
        asked = frozenset() if self.deaf else frozenset(sure)
        return super().read(now, sure).read_again(now, MORNING, asked)


@pytest.fixture
def remembering(asked: Gate) -> Remembering:
    """In place of the directory of the gate, ten minutes later."""
    found = Remembering()
    found.people = asked.directory.people
    asked.directory = found
    asked.restart(asked.policy)
    asked.clock.at += timedelta(minutes=10)
    return found


def test_whoever_decides_and_whom_it_is_about_are_asked_at_once(
    asked: Gate, remembering: Remembering
) -> None:
    assert code_of(asked.decide("bob")) == ""
    assert any(one >= {"alice", "bob"} for one in remembering.asked)
    (record,) = asked.records("decision.recorded")
    assert record["authority_basis"] == "verified"
    assert record["directory_read_at"] == record["_ts"]


def test_what_is_only_remembered_decides_nothing(asked: Gate, remembering: Remembering) -> None:
    remembering.deaf = True
    assert code_of(asked.decide("bob")) == "directory_stale"
    assert asked.states() == ["awaiting"]
    remembering.deaf = False
    assert code_of(asked.decide("bob")) == ""


def test_while_it_is_down_nobody_decides_and_nothing_is_lost(
    asked: Gate, remembering: Remembering
) -> None:
    remembering.down = True
    assert code_of(asked.decide("bob")) == "directory_unreadable"
    assert asked.states() == ["awaiting"]
    assert asked.records("decision.recorded") == []
    remembering.down = False
    assert code_of(asked.decide("bob")) == ""
