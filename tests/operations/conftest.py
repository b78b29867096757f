"""Every test of an operation gets a gate, and its whole log is verified afterwards."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.filled import fill
from tests.keys import ORIGIN
from tests.operations.copies import LARGE, Shelf
from tests.operations.kit import MEMORY, Gate, approve, folder
from tests.operations.rebuilt import compared
from tests.operations.tickets import access_ticket


@pytest.fixture(autouse=True)
def gate() -> Iterator[Gate]:
    """A running gate; at the end its log holds, and the tables are what it makes them."""
    with folder() as path:
        made = Gate(path)
        try:
            yield made
        finally:
            made.stop()
        assert compared(made) == []
        report = made.verified()
        assert not report.failing, [verdict.faults for verdict in report.failing]


@pytest.fixture
def asked(gate: Gate) -> Gate:
    """Alice has asked for prod-db-admin; Bob has his mail."""
    gate.deliver(access_ticket())
    gate.run_mail()
    return gate


@pytest.fixture
def approved(gate: Gate) -> Gate:
    """Alice's request is approved, and the command to provision it is due."""
    approve(gate)
    return gate


@pytest.fixture
def active(approved: Gate) -> Gate:
    """Alice has the access, for two hours."""
    approved.run_targets()
    assert approved.members() == {"alice"}
    return approved


@pytest.fixture
def small(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path)
    fill(shelf.path, ORIGIN, 300)
    return shelf


@pytest.fixture(scope="session")
def filled() -> Iterator[Path]:
    """A log of more than one segment; never changed."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        fill(Path(folder) / "log.db", ORIGIN, LARGE)
        yield Path(folder)


@pytest.fixture
def large(filled: Path, tmp_path: Path) -> Shelf:
    shutil.copytree(filled, tmp_path, dirs_exist_ok=True)
    return Shelf(tmp_path)
