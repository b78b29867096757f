"""What every directory must do, whoever keeps it. `DirectoryContract` is run over each of them."""

from abc import ABC, abstractmethod
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
)
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import DirectorySnapshot
from ticketgate.ports import Directory

EVERY = timedelta(minutes=5)
STAFF = ("alice", "bob", "carol")  # Alice's manager is Bob; Bob and Carol are in sec-iam
OTHER = "corp"  # the name of the directory beside the file


class House(ABC):
    """A directory of Alice, Bob and Carol, and whoever keeps it."""

    now: datetime = MORNING

    @abstractmethod
    def directory(self) -> Directory:
        """What is under test."""

    @abstractmethod
    def disable(self, who: str) -> None:
        """Close an account."""

    @abstractmethod
    def delete(self, who: str) -> None:
        """Remove it."""

    @abstractmethod
    def rename(self, who: str, name: str) -> None:
        """The same account under another name of its own, not only for display."""

    @abstractmethod
    def set_manager(self, who: str, manager: str) -> None:
        """Another manager."""

    @abstractmethod
    def take_out(self, who: str) -> None:
        """Out of sec-iam."""


class RemoteHouse(House):
    """One that is asked over the network; `file` is the directory file that links people."""

    file: Path
    seconds: float = 0.0

    @abstractmethod
    def remote(self) -> RemoteDirectory:
        """What is asked."""

    @abstractmethod
    def ident(self, who: str) -> str:
        """The immutable id."""

    @abstractmethod
    def rename_group(self) -> None:
        """The same group under another name."""

    @abstractmethod
    def make_group_anew(self) -> None:
        """Another group of the same name, with the same members."""

    @abstractmethod
    def look_alike(self, who: str) -> None:
        """Somebody else, `mallory`, in sec-iam, with this person's address and display name."""

    @abstractmethod
    def stop(self) -> None:
        """Nobody answers any more."""

    @abstractmethod
    def remote_with(self, *, page: int, people_max: int) -> RemoteDirectory:
        """What is asked, in small pages, or taking fewer people."""

    @override
    def directory(self) -> JoinedDirectory:
        """The file, with what is asked beside it."""
        self.link(*STAFF)
        file = DirectoryFile(self.file)
        return JoinedDirectory(file, [self.remote()], lambda: self.seconds, lambda work: work())

    def link(self, *people: str) -> None:
        """Write who is who. Nobody's name or address in the file tells it."""
        lines = ["groups: {}", "people:"]
        for who in people:
            lines += [
                f"  {who}:",
                f"    name: {who.title()}",
                f"    mail: {who}@file.example",
                f"    accounts: {{ {OTHER}: ['{self.ident(who).upper()}'] }}",
                "    active: true",
            ]
        self.file.write_text("\n".join(lines) + "\n")


def is_active(read: DirectorySnapshot, who: str) -> bool:
    """Whether somebody may act: known, and active."""
    person = read.person(who)
    return person is not None and person.active


def in_sec_iam(read: DirectorySnapshot) -> set[str]:
    """Who is in the group, and active."""
    return {one.id for one in read.people.values() if "sec-iam" in one.groups and one.active}


class DirectoryContract:
    """For a fixture `house`."""

    @pytest.fixture
    def directory(self, house: House) -> Directory:
        return house.directory()

    def _again(self, house: House, directory: Directory, *sure: str) -> DirectorySnapshot:
        house.now += timedelta(seconds=1)
        return directory.read(house.now, sure)

    def test_everybody_is_read_with_manager_and_groups(
        self, house: House, directory: Directory
    ) -> None:
        read = directory.read(house.now)
        assert all(is_active(read, who) for who in STAFF)
        assert read.people["alice"].manager == "bob"
        assert in_sec_iam(read) == {"bob", "carol"}
        assert "sec-iam" in read.groups

    def test_who_is_disabled_is_known_to_be_at_once_where_it_is_asked(
        self, house: House, directory: Directory
    ) -> None:
        before = directory.read(house.now)
        house.disable("bob")
        read = self._again(house, directory, "bob", "alice")
        assert not is_active(read, "bob")
        assert is_active(read, "alice")
        assert read.digest != before.digest
        assert read.read_of("bob", "alice") == house.now

    def test_who_is_deleted_is_not_active(self, house: House, directory: Directory) -> None:
        directory.read(house.now)
        house.delete("bob")
        assert not is_active(self._again(house, directory, "bob"), "bob")

    def test_who_is_renamed_is_the_same_person(self, house: House, directory: Directory) -> None:
        directory.read(house.now)
        house.rename("bob", "robert")
        read = self._again(house, directory, "bob", "alice")
        assert is_active(read, "bob")
        assert read.people["alice"].manager == "bob"
        assert "bob" in in_sec_iam(read)

    def test_another_manager_is_seen_where_it_is_asked(
        self, house: House, directory: Directory
    ) -> None:
        directory.read(house.now)
        house.set_manager("alice", "carol")
        assert self._again(house, directory, "alice").people["alice"].manager == "carol"

    def test_who_left_a_group_is_not_in_it_where_it_is_asked(
        self, house: House, directory: Directory
    ) -> None:
        directory.read(house.now)
        house.take_out("bob")
        assert "bob" not in in_sec_iam(self._again(house, directory, "bob"))

    def test_what_did_not_change_has_the_same_digest(
        self, house: House, directory: Directory
    ) -> None:
        before = directory.read(house.now)
        assert self._again(house, directory, "bob").digest == before.digest


class RemoteContract(DirectoryContract):
    """For a fixture `house` that is a `RemoteHouse`."""

    def test_what_is_known_is_asked_again_only_when_it_is_due(
        self, house: RemoteHouse, directory: Directory
    ) -> None:
        directory.read(house.now)
        house.disable("bob")
        house.now += EVERY - timedelta(seconds=1)
        read = directory.read(house.now)
        assert is_active(read, "bob")
        assert house.now - read.read_of("bob") == EVERY - timedelta(seconds=1)
        house.now += timedelta(seconds=1)
        assert not is_active(directory.read(house.now), "bob")

    def test_a_group_of_another_name_is_the_same_group(
        self, house: RemoteHouse, directory: Directory
    ) -> None:
        directory.read(house.now)
        house.rename_group()
        assert "bob" in in_sec_iam(self._again(house, directory, "bob"))
        house.now += EVERY
        assert in_sec_iam(directory.read(house.now)) == {"bob", "carol"}

    def test_another_group_of_the_same_name_is_another_group(
        self, house: RemoteHouse, directory: Directory
    ) -> None:
        directory.read(house.now)
        house.make_group_anew()
        assert "bob" not in in_sec_iam(self._again(house, directory, "bob"))
        house.now += EVERY
        assert in_sec_iam(directory.read(house.now)) == set()

    def test_somebody_who_looks_alike_is_nobody_and_takes_nothing_away(
        self, house: RemoteHouse, directory: Directory
    ) -> None:
        house.look_alike("bob")
        read = directory.read(house.now)
        mallory = read.people[f"{OTHER}:{house.ident('mallory')}"]
        assert mallory.groups == {"sec-iam"}  # it is there, and is not taken for Bob
        assert mallory.active  # for the file says another address of Bob
        assert not read.same_human(mallory.id, "bob")
        text = house.file.read_text().replace("bob@file.example", mallory.mail)
        house.file.write_text(text)
        read = self._again(house, directory)
        assert not is_active(read, mallory.id)
        assert read.people[mallory.id].mail == ""
        found = read.by_mail(text.partition("mail: bob")[2].partition("\n")[0].join(("bob", "")))
        assert found is not None
        assert found.id == "bob"

    def test_who_is_linked_is_one_person_with_all_accounts(
        self, house: RemoteHouse, directory: Directory
    ) -> None:
        house.look_alike("bob")
        link = f"['{house.ident('bob')}', '{house.ident('mallory')}']"
        text = house.file.read_text()
        house.file.write_text(text.replace(f"['{house.ident('bob').upper()}']", link))
        read = directory.read(house.now)
        assert set(read.people) == set(STAFF)
        assert is_active(read, "bob")
        house.delete("mallory")
        assert not is_active(self._again(house, directory, "bob"), "bob")

    def test_who_is_not_linked_is_a_subject_of_their_own(
        self, house: RemoteHouse, directory: Directory
    ) -> None:
        house.link("alice", "carol")
        read = directory.read(house.now)
        bob = f"{OTHER}:{house.ident('bob')}"
        assert read.people["alice"].manager == bob
        assert is_active(read, bob)
        house.disable("bob")
        assert not is_active(self._again(house, directory, bob), bob)

    def test_a_directory_that_is_down_tells_nobody_from_memory(
        self, house: RemoteHouse, directory: Directory
    ) -> None:
        directory.read(house.now)
        house.stop()
        with pytest.raises(TicketgateError) as refused:
            self._again(house, directory, "bob")
        assert refused.value.code == "directory_unreadable"
        assert OTHER in refused.value.reason
        with pytest.raises(TicketgateError):
            self._again(house, directory)
        house.seconds += RETRY_AFTER_SECONDS
        with pytest.raises(TicketgateError):
            self._again(house, directory)

    def test_every_page_is_read(self, house: RemoteHouse) -> None:
        whole = house.remote().read_all(house.now)
        paged = house.remote_with(page=1, people_max=10).read_all(house.now)
        assert paged == whole
        assert len(whole.people) >= len(STAFF)

    def test_more_people_than_are_taken_are_no_reading(self, house: RemoteHouse) -> None:
        with pytest.raises(TicketgateError, match="more than 2"):
            house.remote_with(page=2, people_max=2).read_all(house.now)
