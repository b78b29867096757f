"""Names of a copy's files, its lines of disclosures, and the operator's own policy."""

from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import canonical
from ticketgate.domain.log import bundle
from ticketgate.domain.log.bundle import disclosure_line, is_bundle_name
from ticketgate.domain.log.tiles import Tile


@pytest.mark.parametrize(
    "name",
    [
        "origin", "checkpoint", "policy", "README", "verify.py", ".progress", "disclosures.jsonl",
        "log/000000.jsonl", "log/1234567.leaves", "checkpoints/0", "snapshots/65536.json",
        "anchors/12.tsr", "proofs/INC0010001-12.tlog-proof", "tile/0/x001/000.p/3",
        "tile/entries/000", "log/", "proofs/", "tile/", "tile/0/x001/",
    ],
)  # fmt: skip
def test_these_are_names_of_a_copy(name: str) -> None:
    assert is_bundle_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "Origin", "origin\n", "origin/", "log/00000.jsonl", "log/0000000.jsonl", "log/x/",
        "log/000000.jsonl.new", "checkpoints/01", "snapshots/1", "anchors/1.json", "a/",
        "proofs/../a.tlog-proof", "proofs/a b-1.tlog-proof", "tile/0/1", "tile/a", "../origin",
    ],
)  # fmt: skip
def test_these_are_not(name: str) -> None:
    assert not is_bundle_name(name)


@given(st.text(min_size=1), st.integers(0, 2**53 - 1))
def test_a_receipt_of_any_ticket_has_a_name_of_a_copy(ticket: str, index: int) -> None:
    assert is_bundle_name(bundle.proof_name(ticket, index))


@given(st.integers(0, 2**37))
def test_every_name_that_is_made_is_one_of_a_copy(number: int) -> None:
    made = (
        bundle.segment_name(number),
        bundle.leaves_name(number),
        bundle.checkpoint_name(number),
        bundle.snapshot_name(number),
        bundle.stamp_name(number),
        bundle.tile_name(Tile(0, number)),
    )
    assert all(map(is_bundle_name, made))


@given(st.text(), st.integers(0, 2**53 - 1), st.one_of(st.none(), st.text()))
@example("AAECAwQFBgcICQoLDA0ODw", 7, "WyJBQUVDQXdRRkJnY0lDUW9MREEwT0R3Iiwic3ViamVjdCIsImJvYiJd")
def test_a_disclosures_line_is_canonical(digest: str, index: int, encoded: str | None) -> None:
    line = disclosure_line(digest, index, encoded)
    assert line == canonical({"digest": digest, "encoded": encoded, "idx": index}) + b"\n"


def test_what_is_no_text_in_a_damaged_store_is_no_line() -> None:
    with pytest.raises(EvidenceError):
        disclosure_line("digest", 1, cast("str", b"\xff"))  # what SQLite may give
