"""`directory.yaml`: people and groups; read afresh, parsed once per content."""

import os
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.adapters.directories.directory_file import DirectoryFile, read_directory
from ticketgate.adapters.files.strict_yaml import Report
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.people.directory import Person

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GOOD = """\
people:
  alice:
    name: Alice Moreau
    mail: Alice@example.com
    manager: bob
    team: platform
    groups: [platform]
    accounts: { snow-prod: [6816, alice], corp-scim: 2819, aliases: [robot] }
    active: true
  bob: { name: Bob Ng, mail: bob@example.com, active: false }
  robot: { name: Robot, kind: nhi, active: true }
groups:
  platform: { name: Platform engineering }
"""


def write(tmp_path: Path, text: str) -> DirectoryFile:
    path = tmp_path / "directory.yaml"
    path.write_text(text)
    return DirectoryFile(path)


def faults_of(text: str) -> list[str]:
    report = Report("d.yaml")
    assert read_directory(text.encode(), report) is None
    return [fault.text for fault in report.faults]


def test_people_and_groups_are_read(tmp_path: Path) -> None:
    found = write(tmp_path, GOOD).read(NOW)
    assert found.people["alice"] == Person(
        id="alice",
        name="Alice Moreau",
        mail="Alice@example.com",
        manager="bob",
        team="platform",
        groups=frozenset({"platform"}),
        accounts={"snow-prod": ("6816", "alice"), "corp-scim": ("2819",)},
        aliases=frozenset({"robot"}),
    )
    assert (found.people["bob"].active, found.people["robot"].kind) == (False, "nhi")
    assert found.groups == {"platform": "Platform engineering"}
    assert (found.digest, found.read_at) == (sha256(GOOD.encode()).hexdigest(), NOW)


def test_an_edit_is_seen_at_the_next_reading(tmp_path: Path) -> None:
    directory = write(tmp_path, GOOD)
    assert directory.read(NOW).people["alice"].active
    write(tmp_path, GOOD.replace("active: true", "active: false", 1))
    assert not directory.read(NOW + timedelta(seconds=1)).people["alice"].active


def test_the_same_bytes_are_parsed_once_and_read_at_their_own_time(tmp_path: Path) -> None:
    directory = write(tmp_path, GOOD)
    first, second = directory.read(NOW), directory.read(NOW + timedelta(minutes=1))
    assert first.people is second.people
    assert second.read_at == NOW + timedelta(minutes=1)


def test_a_directory_that_cannot_be_read_decides_nothing(tmp_path: Path) -> None:
    """What was read before does not stand in for it."""
    directory = write(tmp_path, GOOD)
    directory.read(NOW)
    for harm in (lambda path: path.write_text("people: ["), os.unlink):
        harm(directory.path)
        with pytest.raises(TicketgateError) as caught:
            directory.read(NOW)
        assert caught.value.code == "directory_unreadable"
        assert str(directory.path) in caught.value.reason
    write(tmp_path, GOOD)
    assert directory.read(NOW).people


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("manager: bob", "manager: bobb", "d.yaml:5: people.alice.manager: nobody has the id"),
        ("manager: bob", "manager: bobb", "did you mean 'bob'?"),
        ("manager: bob", "manager: alice", "nobody is their own manager"),
        ("groups: [platform]", "groups: [platfrom]", "there is no group 'platfrom'; did you mean"),
        ("groups: [platform]", "groups: platform", "must be a list"),
        ("aliases: [robot]", "aliases: [robott]", "d.yaml:8: people.alice.accounts.aliases[0]: '"),
        ("aliases: [robot]", "aliases: [robott]", "'robott' is nobody's id and nobody's account;"),
        ("aliases: [robot]", "aliases: [robott]", "account; did you mean 'robot'?"),
        ("aliases: [robot]", "aliases: 28199", "nobody's account; did you mean '2819'?"),
        ("aliases: [robot]", "aliases: []", "the list is empty"),
        ("aliases: [robot]", "aliases: [{}]", "must be text"),
        ("bob@example.com", "ALICE@example.com", "'alice' has this mail address as well"),
        ("bob@example.com", "bob", "'bob' is not a mail address"),
        ("bob@example.com", "Bob <bob@example.com>", "is not a mail address"),
        ("bob@example.com", f"{'b' * 250}@example.com", "is not a mail address"),
        ("mail: bob@example.com, ", "", "people.bob: the key 'mail' is missing"),
        ("bob@example.com, ", "bob@example.com, accounts: { snow-prod: alice }, ",
         "'alice' has the account 'alice' as well"),
        ("bob@example.com, ", "bob@example.com, accounts: { snow-prod: ALICE }, ",
         "'alice' has the account 'ALICE' as well"),
        ("bob@example.com, ", "bob@example.com, accounts: alice, ", "must be a mapping"),
        ("active: false", "active: 'no'", "must be true or false"),
        (", active: false", "", "the key 'active' is missing"),
        ("name: Bob Ng", "name: ''", "people.bob.name: is empty"),
        ("kind: nhi", "kind: robot", "unknown word 'robot'; one of: agent, human, nhi"),
        ("team: platform", "teem: platform", "unknown key 'teem'; did you mean 'team'?"),
        ("  robot:", "  bob:", "the key 'bob' is there twice (first on line 10)"),
        ("  robot:", "  'a b':", "'a b' is not an id"),
        ("  robot: {", "  robot: x # {", "must be a mapping"),
        ("{ name: Platform engineering }", "{ nam: x }", "the key 'name' is missing"),
        ("{ name: Platform engineering }", "x", "must be a mapping"),
        ("groups:\n  platform:", "groups:\n  'a b':", "'a b' is not an id"),
        ("groups:\n  platform", "teams:\n  platform", "the key 'groups' is missing"),
        (GOOD, "[]", "must be a mapping"),
        (GOOD, "people: []\ngroups: []", "must be a mapping"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(old: str, new: str, fault: str) -> None:
    assert old in GOOD
    assert any(fault in one for one in faults_of(GOOD.replace(old, new, 1)))


@pytest.mark.parametrize("alias", ["robot", "6816", "2819", "bob-there"])
def test_an_alias_is_an_id_or_an_account_that_the_file_lists(tmp_path: Path, alias: str) -> None:
    """Anything else is a typing error that would leave somebody's other self unknown."""
    bob = "bob@example.com, accounts: { elsewhere: bob-there }, "
    text = GOOD.replace("[robot]", f"[{alias}]").replace("bob@example.com, ", bob)
    assert write(tmp_path, text).read(NOW).people["alice"].aliases == {alias}


@pytest.mark.parametrize("alias", ["Robot", "ROBOT", "Bob"])
def test_an_alias_in_another_spelling_than_an_id_links_all_the_same(
    tmp_path: Path, alias: str
) -> None:
    found = write(tmp_path, GOOD.replace("[robot]", f"[{alias}]")).read(NOW)
    assert found.same_human("alice", alias.lower())
    assert not found.same_human("alice", "bob" if alias != "Bob" else "robot")


def test_an_id_in_capitals_is_found_by_an_alias_in_small_letters(tmp_path: Path) -> None:
    text = GOOD.replace("  robot:", "  Robot:")
    assert text != GOOD
    found = write(tmp_path, text).read(NOW)
    assert found.same_human("alice", "Robot")


def test_a_name_of_several_lines_is_refused() -> None:
    text = GOOD.replace("name: Bob Ng", 'name: "a\\nb"')
    assert "people.bob.name: must be one line" in faults_of(text)[0]


@given(data=st.data())
def test_only_faults_come_out_of_a_damaged_directory(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(at, min(len(GOOD), at + 20)))
    text = GOOD[:at] + data.draw(st.text("ab:- []{}|&*'\"\n~1é", max_size=12)) + GOOD[end:]
    report = Report("d.yaml")
    assert (read_directory(text.encode(), report) is None) == bool(report.faults)
