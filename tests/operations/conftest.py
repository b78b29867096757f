"""Every test of an operation gets a gate, and its whole log is verified afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.operations.kit import Gate


@pytest.fixture(autouse=True)
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A running gate; at the end its log has structure, semantics and every disclosure."""
    made = Gate(tmp_path)
    yield made
    made.stop()
    report = made.verified()
    assert not report.failed(), [verdict.faults for verdict in report.failed()]
