"""What a token had to confirm at a decision: both verifiers see one that is not of then."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.agreement.test_step_up import faults, said
from tests.verifier.bundle_writer import DECISION, REQUEST, Log

from ticketgate.domain.instants import from_text, to_text

ALONE = "a claim without its time, or the other way round"
LATE = "a claim not of then"


def decided(minutes: float | None, **changes: Any) -> Log:  # noqa: ANN401 -- of any field
    """A request approved on a token of so many minutes before."""
    log = Log().opened()
    log.move("request", "r1", "", "awaiting", "request.opened", **REQUEST)
    fields = DECISION | {"method": "oidc", "authority_basis": "claimed"}
    if minutes is not None:
        at = from_text(log.stamp(len(log))) - timedelta(minutes=minutes)
        fields |= {"claimed_at": to_text(at)}
    log.add("decision.recorded", {"justification": "it is needed"}, **fields | changes)
    steps = REQUEST | {"stages": [1]}
    log.move("request", "r1", "awaiting", "approved", "request.approved", **steps)
    return log


@pytest.mark.parametrize("minutes", [0, 15, 60, -1])
def test_a_claim_of_then_holds(tmp_path: Path, minutes: float) -> None:
    assert said(decided(minutes), tmp_path).states["semantics"] == "holds"


@pytest.mark.parametrize(
    ("minutes", "changes", "fault"),
    [
        (None, {}, ALONE),
        (1, {"authority_basis": "verified"}, ALONE),
        (1, {"claimed_at": None}, ALONE),
        (60.01, {}, LATE),
        (-1.01, {}, LATE),
        (1, {"claimed_at": "soon"}, LATE),
        (1, {"claimed_at": 7}, LATE),
        (1, {"claimed_at": ["x"]}, LATE),
    ],
    ids=["no time", "no claim", "null", "old", "of the future", "word", "number", "list"],
)
def test_a_claim_that_is_not_as_it_must_be_is_told(
    tmp_path: Path, minutes: float | None, changes: dict[str, Any], fault: str
) -> None:
    assert "semantics" in said(decided(minutes, **changes), tmp_path).bad
    assert fault in faults(tmp_path, "semantics")
