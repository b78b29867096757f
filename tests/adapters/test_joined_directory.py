"""The file and a directory beside it, by several threads and in any order."""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.operations.fakes import MORNING
from typing_extensions import override

from ticketgate.adapters.directories.directory_file import DirectoryFile
from ticketgate.adapters.directories.joined_directory import (
    RETRY_AFTER_SECONDS,
    JoinedDirectory,
    RemoteDirectory,
    in_a_thread,
    unreadable,
)
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.joined_directory import RemotePerson, RemoteReading

EVERY = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
FILE = """
people:
  bob: { name: Bob, mail: bob@example.com, accounts: { corp: [b-1] }, active: true }
  dan: { name: Dan, mail: dan@example.com, accounts: { corp: [d-1] }, active: true }
groups: {}
"""


class Corp(RemoteDirectory):
    """Bob and Dan; what happens while it is asked is a test's to say."""

    name = "corp"
    every = EVERY

    def __init__(self) -> None:
        self.people = {one: RemotePerson(one, one, "") for one in ("b-1", "d-1")}
        self.fault: Exception | None = None
        self.meanwhile: Callable[[], None] = lambda: None
        self.asked: list[str] = []

    def disable(self, ident: str) -> None:
        self.people[ident] = replace(self.people[ident], active=False)

    @override
    def read_all(self, now: datetime) -> RemoteReading:
        self.asked.append("all")
        found = RemoteReading("corp", now, dict(self.people), {})
        self._happen()
        return found

    @override
    def read_some(self, now: datetime, ids: Collection[str]) -> Mapping[str, RemotePerson | None]:
        self.asked.append(" ".join(sorted(ids)))
        found = {one: self.people.get(one) for one in ids}
        self._happen()
        return found

    def _happen(self) -> None:
        if self.fault is not None:
            raise self.fault
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()


class Shelf:
    """A directory joined with Corp; what runs beside waits until a test lets it run."""

    def __init__(self, path: Path) -> None:
        path.write_text(FILE)
        self.path = path
        self.corp = Corp()
        self.seconds = 0.0
        self.beside: list[Callable[[], None]] = []
        self.directory = JoinedDirectory(
            DirectoryFile(path), [self.corp], lambda: self.seconds, self.beside.append
        )

    def active(self, now: datetime, *sure: str) -> set[str]:
        read = self.directory.read(now, sure)
        return {one.id for one in read.people.values() if one.active}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "directory.yaml")


def test_what_is_due_is_read_beside_and_nobody_waits(shelf: Shelf) -> None:
    assert shelf.active(MORNING) == {"bob", "dan"}
    shelf.corp.disable("b-1")
    assert shelf.active(MORNING + EVERY) == {"bob", "dan"}
    assert shelf.active(MORNING + EVERY + SECOND) == {"bob", "dan"}
    (work,) = shelf.beside  # once, however many come meanwhile
    work()
    assert shelf.active(MORNING + EVERY + SECOND) == {"dan"}


def test_what_is_too_old_is_not_used(shelf: Shelf) -> None:
    shelf.active(MORNING)
    with pytest.raises(TicketgateError, match="too old") as refused:
        shelf.active(MORNING + 2 * EVERY)
    assert refused.value.code == "directory_unreadable"
    shelf.beside.pop()()
    assert shelf.active(MORNING + 2 * EVERY) == {"bob", "dan"}


def test_who_was_asked_while_the_whole_was_read_is_as_they_answered(shelf: Shelf) -> None:
    shelf.active(MORNING)
    later = MORNING + EVERY

    def bob_leaves() -> None:
        shelf.corp.disable("b-1")
        assert shelf.active(later + SECOND, "bob") == {"dan"}

    shelf.active(later)
    shelf.corp.meanwhile = bob_leaves
    shelf.beside.pop()()
    assert shelf.active(later + SECOND) == {"dan"}


def test_an_answer_that_is_older_than_what_is_known_is_not_used(shelf: Shelf) -> None:
    shelf.active(MORNING)

    def bob_leaves() -> None:
        shelf.corp.disable("b-1")
        assert shelf.active(MORNING + 2 * SECOND, "bob") == {"dan"}

    shelf.corp.meanwhile = bob_leaves
    assert shelf.active(MORNING + SECOND, "bob") == {"dan"}


def test_one_that_failed_is_left_alone_and_then_asked_beside(shelf: Shelf) -> None:
    shelf.active(MORNING)
    shelf.corp.fault = unreadable("corp", "no answer")
    for _ in range(3):
        with pytest.raises(TicketgateError, match="no answer"):
            shelf.active(MORNING + SECOND, "bob")
    assert shelf.corp.asked == ["all", "b-1"]
    shelf.seconds = RETRY_AFTER_SECONDS
    with pytest.raises(TicketgateError, match="no answer"):
        shelf.active(MORNING + SECOND)
    shelf.corp.fault = None
    shelf.beside.pop()()
    assert shelf.active(MORNING + SECOND) == {"bob", "dan"}


def test_one_that_fails_from_the_first_is_asked_beside_from_then_on(shelf: Shelf) -> None:
    shelf.corp.fault = KeyError("a fault of a program")
    with pytest.raises(TicketgateError, match="KeyError"):
        shelf.active(MORNING)
    shelf.seconds = RETRY_AFTER_SECONDS
    with pytest.raises(TicketgateError, match="KeyError"):
        shelf.active(MORNING)
    shelf.beside.pop()()  # it fails again, and lets go
    shelf.seconds *= 2
    with pytest.raises(TicketgateError, match="KeyError"):
        shelf.active(MORNING)
    shelf.corp.fault = None
    shelf.beside.pop()()
    assert shelf.active(MORNING) == {"bob", "dan"}


@pytest.mark.parametrize(("left", "credible"), [(9, False), (10, True)])
def test_most_accounts_are_not_gone_at_once(shelf: Shelf, *, left: int, credible: bool) -> None:
    more = {f"x-{number}": RemotePerson(f"x-{number}", "", "") for number in range(18)}
    shelf.corp.people |= more
    shelf.active(MORNING)
    kept = dict(list(shelf.corp.people.items())[:left])
    shelf.corp.people = kept
    shelf.active(MORNING + EVERY)
    shelf.beside.pop()()
    if credible:
        assert len(shelf.active(MORNING + EVERY)) == left
    else:
        with pytest.raises(TicketgateError, match="11 of 20 accounts are gone at once"):
            shelf.active(MORNING + EVERY)


def test_who_delegated_to_whoever_decides_is_asked_as_well(shelf: Shelf) -> None:
    shelf.active(MORNING, "bob", "nobody", "corp:x-1", "other:y-1")
    assert shelf.corp.asked[-1] == "b-1 x-1"
    window = f"starts: {MORNING:%Y-%m-%dT%H:%MZ}, ends: {MORNING + EVERY:%Y-%m-%dT%H:%MZ}"
    shelf.path.write_text(
        f"{FILE}delegations: [{{ from: dan, to: bob, {window}, because: on holiday }}]\n"
    )
    shelf.corp.disable("d-1")
    assert shelf.active(MORNING + SECOND, "bob") == {"bob"}
    assert shelf.corp.asked[-1] == "b-1 d-1"


def test_work_beside_runs_in_a_thread_of_its_own() -> None:
    ran: list[str] = []
    done = threading.Event()

    def work() -> None:
        ran.append(threading.current_thread().name)
        done.set()

    in_a_thread(work)
    assert done.wait(10)
    assert ran == ["directory"]
