"""The directory file under the contract of all directories."""

from pathlib import Path

import pytest
import yaml
from tests.adapters.directory_contract import STAFF, DirectoryContract, House
from typing_extensions import override

from ticketgate.adapters.directories.directory_file import DirectoryFile


class FileHouse(House):
    """The staff in a file, where the key of a person and of a group is the immutable id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whole: dict[str, dict[str, dict[str, object]]] = {
            "groups": {"sec-iam": {"name": "IAM security"}},
            "people": {
                who: {"name": who.title(), "mail": f"{who}@corp.example", "active": True}
                for who in STAFF
            },
        }
        for who in ("bob", "carol"):
            self.whole["people"][who]["groups"] = ["sec-iam"]
        self.set_manager("alice", "bob")

    def write(self) -> None:
        self.path.write_text(yaml.safe_dump(self.whole))

    @override
    def directory(self) -> DirectoryFile:
        return DirectoryFile(self.path)

    @override
    def disable(self, who: str) -> None:
        self.whole["people"][who]["active"] = False
        self.write()

    @override
    def delete(self, who: str) -> None:
        del self.whole["people"][who]
        for person in self.whole["people"].values():
            if person.get("manager") == who:
                del person["manager"]
        self.write()

    @override
    def rename(self, who: str, name: str) -> None:
        self.whole["people"][who] |= {"name": name, "mail": f"{name}@corp.example"}
        self.write()

    @override
    def set_manager(self, who: str, manager: str) -> None:
        self.whole["people"][who]["manager"] = manager
        self.write()

    @override
    def take_out(self, who: str) -> None:
        self.whole["people"][who]["groups"] = []
        self.write()


@pytest.fixture
def house(tmp_path: Path) -> FileHouse:
    return FileHouse(tmp_path / "directory.yaml")


class TestDirectoryFile(DirectoryContract):
    """The contract over the file."""
