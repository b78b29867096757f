"""`roles:` of ticketgate.yaml: groups and persons of the directory, and nothing else."""

import shutil
from pathlib import Path

import pytest
from tests.adapters.test_configuration import SECRETS, SHIPPED, edit, faults_of, load, put_secret

from ticketgate.domain.policy.policy import Word

OPERATORS = '["group:sec-iam", "person:bob"]'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped configuration, with secrets."""
    for path in SHIPPED.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "secrets").mkdir()
    for name, text in SECRETS.items():
        put_secret(tmp_path, name, text)
    return tmp_path


def test_the_shipped_roles_are_read(folder: Path) -> None:
    assert load(folder).settings.roles == {
        "operator": (Word("group", "sec-iam"), Word("person", "bob")),
        "triage": (Word("group", "sec-iam"),),
        "auditor": (Word("person", "erin"),),
        "voucher": (Word("group", "sec-iam"), Word("person", "bob"), Word("person", "erin")),
    }


def test_roles_may_be_left_out(folder: Path) -> None:
    path = folder / "ticketgate.yaml"
    head, _, tail = path.read_text().partition("\nroles:\n")
    rest = "".join(line for line in tail.splitlines(keepends=True) if line[0] != " ")
    path.write_text(f"{head}\n{rest}")
    assert load(folder).settings.roles == {}


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('["person:bobb"]', "the directory has no person 'bobb'; did you mean 'bob'?"),
        ('["group:sec"]', "the directory has no group 'sec'"),
        ("[bob]", "'bob' is not group:ID or person:ID"),
        ('["person:"]', "'person:' is not group:ID or person:ID"),
        ('["manager_of:bob"]', "is not group:ID or person:ID"),
        ("[[bob]]", "must be text"),
        ("[]", "the list is empty"),
        ("bob", "must be a list"),
    ],
)
def test_a_word_that_names_nobody_is_a_fault_at_its_line(
    folder: Path, written: str, message: str
) -> None:
    line = edit(folder, "ticketgate.yaml", OPERATORS, written)
    (fault,) = faults_of(folder)
    assert fault.startswith(f"ticketgate.yaml:{line}: roles.operator")
    assert message in fault


def test_a_role_that_is_not_known_and_roles_that_are_no_mapping_are_faults(folder: Path) -> None:
    edit(folder, "ticketgate.yaml", "  operator:", "  operators:")
    (fault,) = faults_of(folder)
    assert "unknown key 'operators'; did you mean 'operator'?" in fault
    path = folder / "ticketgate.yaml"
    head, _, tail = path.read_text().partition("\nroles:\n")
    rest = "".join(line for line in tail.splitlines(keepends=True) if line[0] != " ")
    path.write_text(f"{head}\nroles: bob\n{rest}")
    (fault,) = faults_of(folder)
    assert "must be a mapping" in fault
