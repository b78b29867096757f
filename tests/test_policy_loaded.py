"""Each policy that is loaded is recorded with how it differs from the one before it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.adapters.test_policy_file import GOOD
from tests.operations.fakes import ROOT
from tests.operations.kit import Gate
from tests.operations.tickets import access_ticket

from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.domain.settings import Settings
from ticketgate.wiring.policy_record import note_policy


class Shelf:
    """A store, and a policy file beside it."""

    def __init__(self, folder: Path) -> None:
        self.gate = Gate(folder)
        self.settings = object.__new__(Settings)
        for name in ("data_dir", "policy_file"):
            path = folder if name == "data_dir" else folder / "policy.yaml"
            object.__setattr__(self.settings, name, str(path))

    def load(self, text: str) -> None:
        """A start on a policy file with this text."""
        path = Path(self.settings.policy_file)
        path.write_text(text)
        policy = load_policy(path)
        note_policy(self.gate.store, self.settings, policy, self.gate.desk.snapshot)
        self.gate.in_force.swap(policy)

    def told(self) -> list[str]:
        """The differences recorded."""
        found = self.gate.records("policy.loaded")
        return [str(one["difference"]) for one in found if "difference" in one]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.gate.stop()


def test_each_change_is_recorded_with_its_kind(shelf: Shelf) -> None:
    shelf.load(GOOD)
    shelf.load(GOOD)
    shelf.load("# a comment\n" + GOOD)
    shelf.load(GOOD.replace("max: 2h", "max: 3h"))
    shelf.load(GOOD.replace("default: 1h", "default: 30m"))
    assert shelf.told() == ["unknown", "none", "loosened", "tightened"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    duration_from: { field: ticket.variables.hours, unit: h }\n", ""),
        ("field: ticket.variables.hours", "field: ticket.variables.days"),
        ('any_of: ["manager_of:beneficiary"]', 'any_of: ["person:mallory"]'),
        (
            "{ ticket.variables.role: prod-db-admin }",
            "{ ticket.variables.role|cased: PROD-DB-ADMIN }",
        ),
    ],
)
def test_what_may_let_more_through_is_recorded_as_loosened(
    shelf: Shelf, old: str, new: str
) -> None:
    assert GOOD.count(old) == 1
    shelf.load(GOOD)
    shelf.load(GOOD.replace(old, new))
    assert shelf.told() == ["unknown", "loosened"]


def test_a_value_in_other_letters_is_another_one_where_letters_count(shelf: Shelf) -> None:
    said = "ticket.catalog_item|contains: [elevated, privileged]"
    assert GOOD.count(said) == 1
    for item in ("ADMIN", "admin"):
        shelf.load(GOOD.replace(said, f"ticket.catalog_item|cased: {item}"))
    for item in ("ADMIN", "admin"):  # the control: these are equal
        shelf.load(GOOD.replace(said, f"ticket.catalog_item: {item}"))
    assert shelf.told() == ["unknown", "loosened", "loosened", "none"]


def test_the_log_stays_whole(shelf: Shelf) -> None:
    shelf.load(GOOD)
    assert not shelf.gate.verified().failing


def test_without_the_text_of_the_one_before_it_is_unknown(shelf: Shelf, tmp_path: Path) -> None:
    shelf.load(GOOD)
    for copy in (tmp_path / "policies").iterdir():
        copy.unlink()
    shelf.load(GOOD.replace("max: 2h", "max: 3h"))
    assert shelf.told() == ["unknown", "unknown"]


def test_a_start_on_a_looser_policy_ends_what_is_open(shelf: Shelf) -> None:
    shipped = (ROOT / "config/policy.yaml").read_text()
    shelf.load(shipped)
    shelf.gate.deliver(access_ticket())
    shelf.load(shipped.replace("default: 2h, max: 4h", "default: 2h, max: 5h"))
    assert shelf.gate.states() == ["awaiting"]  # for no longer than before
    shelf.load(shipped.replace("decide_within: 8h", "decide_within: 2d"))
    assert shelf.gate.states() == ["withdrawn"]


def test_a_start_does_not_wait_for_a_directory_that_cannot_be_read(shelf: Shelf) -> None:
    shipped = (ROOT / "config/policy.yaml").read_text()
    shelf.load(shipped)
    shelf.gate.deliver(access_ticket())
    shelf.gate.directory.unreadable = True
    shelf.load(shipped.replace("decide_within: 8h", "decide_within: 2d"))
    assert shelf.gate.states() == ["withdrawn"]


def test_a_start_does_not_wait_for_a_place_to_keep_the_text(shelf: Shelf, tmp_path: Path) -> None:
    (tmp_path / "policies").write_text("no folder")
    shelf.load(GOOD)
    shelf.load(GOOD.replace("max: 2h", "max: 3h"))
    assert shelf.told() == ["unknown", "unknown"]
