"""Every test of an operation gets a gate, and its whole log is verified afterwards."""

from collections.abc import Iterator

import pytest
from tests.operations.kit import Gate, approve, folder
from tests.operations.tickets import access_ticket


@pytest.fixture(autouse=True)
def gate() -> Iterator[Gate]:
    """A running gate; at the end its log has structure, semantics and every disclosure."""
    with folder() as path:
        made = Gate(path)
        try:
            yield made
        finally:
            made.stop()
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
