"""The line that people keep: the same form wherever it is told."""

import pytest

from ticketgate.domain.log.checkpoint import Checkpoint
from ticketgate.domain.telling.anchoring_text import evidence_line

ORIGIN = "gate.example.com/evidence"
SIGNED = Checkpoint(ORIGIN, 130, bytes.fromhex("3f5a0123456789ab" + "c" * 48))
ROOT = "root 3f5a0123456789ab… at 130"


@pytest.mark.parametrize(
    ("index", "signed", "line"),
    [
        (123, SIGNED, f"Evidence: {ORIGIN}#123, {ROOT}"),
        (0, SIGNED, f"Evidence: {ORIGIN}#0, {ROOT}"),
        (None, SIGNED, f"Evidence: {ORIGIN}, {ROOT}"),
        (123, None, f"Evidence: {ORIGIN}#123, no signed root at hand"),
    ],
    ids=["both", "first record", "no record", "no root"],
)
def test_a_place_is_told_in_one_line(
    index: int | None, signed: Checkpoint | None, line: str
) -> None:
    assert evidence_line(ORIGIN, index, signed) == line
