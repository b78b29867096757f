"""The export: exactly what is signed, in the files that the format names."""

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from tests.filled import evidence_of, fill, pruned
from tests.keys import ORIGIN
from tests.operations.copies import ALICE, LARGE, SEGMENT, Shelf, bytes_of
from typing_extensions import override

from ticketgate.adapters.copies.bundle_writer import BundleWriter
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.merkle import root_of
from ticketgate.domain.log.tiles import tiles_of
from ticketgate.domain.log.tlog_proof import parse_tlog_proof
from ticketgate.operations.evidence.export_evidence import Exported, export_evidence

# --- what is in it --------------------------------------------------------------------------------


def test_a_copy_holds_the_signed_records_and_nothing_behind_them(small: Shelf) -> None:
    wanted = small.wanted()
    fill(small.path, ORIGIN, 310)  # written after it was signed
    place = small.folder / "copy"
    done = small.export(place, replace(wanted, shipped={"README": b"read me\n"}))
    found = bytes_of(place)
    lines = found["log/000000.jsonl"]
    assert lines == b"".join(entry + b"\n" for entry in small.entries()[:300])
    assert done == Exported(ORIGIN, 300, wanted.signed.checkpoint.root.hex(), 300, 37, 0)
    assert found.keys() == {
        "origin", "checkpoint", "policy", "README", "disclosures.jsonl", "log/000000.jsonl",
    }  # fmt: skip
    assert found["origin"] == f"{ORIGIN}\n".encode()
    assert found["policy"].splitlines() == [
        f"log {ALICE.public.text}".encode(),
        b"quorum none",
    ]
    signed = parse_checkpoint(found["checkpoint"]).checkpoint
    assert (signed.size, signed.root) == (300, root_of(map(leaf_hash, lines.split(b"\n")[:-1])))


def test_disclosures_stand_in_the_order_of_their_records(small: Shelf) -> None:
    small.export(small.folder / "copy")
    lines = (small.folder / "copy/disclosures.jsonl").read_bytes().splitlines()
    told = [json.loads(line) for line in lines]
    assert told == sorted(told, key=lambda one: (one["idx"], one["digest"]))
    assert [one["idx"] for one in told] == list(range(8, 300, 8))
    for line, one in zip(lines, told, strict=True):
        assert json.dumps(one, sort_keys=True, separators=(",", ":")).encode() == line
        assert b64encode(sha256(one["encoded"].encode()).digest(), b"-_").rstrip(b"=") == (
            one["digest"].encode()
        )


def test_an_empty_log_has_a_copy_without_segments(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    fill(shelf.path, ORIGIN, 0)
    assert shelf.export(tmp_path / "copy").size == 0
    assert not (tmp_path / "copy/log").exists()


def test_full_segments_and_the_rest_stand_in_files_of_their_own(large: Shelf) -> None:
    told: list[int] = []
    with evidence_of(large.path) as evidence:
        export_evidence(evidence, BundleWriter(large.folder / "copy"), large.wanted(), told.append)
    first, rest = (
        (large.folder / f"copy/log/00000{number}.jsonl").read_bytes() for number in range(2)
    )
    assert (first.count(b"\n"), rest.count(b"\n")) == (SEGMENT, 300)
    assert first + rest == b"".join(entry + b"\n" for entry in large.entries())
    assert told == sorted(told)
    assert told[-1] == LARGE


def test_older_checkpoints_come_with_it_and_none_that_is_newer(small: Shelf) -> None:
    older = [(10, b"ten\n"), (300, b"the same\n"), (301, b"newer\n")]
    stamps = [(10, b"token"), (301, b"newer")]
    small.export(small.folder / "copy", small.wanted(older=older, stamps=stamps))
    assert bytes_of(small.folder / "copy/anchors") == {"10.tsr": b"token"}
    assert bytes_of(small.folder / "copy/checkpoints") == {"10": b"ten\n"}


def test_receipts_stand_beside_the_log(small: Shelf) -> None:
    receipts = {"proofs/INC_1-7.tlog-proof": 7, "proofs/INC_1-300.tlog-proof": 300}
    done = small.export(small.folder / "copy", small.wanted(receipts=receipts))
    assert done.receipts == 1
    found = bytes_of(small.folder / "copy/proofs")
    assert list(found) == ["INC_1-7.tlog-proof"]
    proof = parse_tlog_proof(found["INC_1-7.tlog-proof"])
    assert proof.holds()
    assert proof.extra == small.entries()[7]


def test_tiles_are_those_of_the_tree_and_are_kept_up_with_it(small: Shelf) -> None:
    place = small.folder / "copy"
    small.export(place, small.wanted(tiles=True))
    assert (place / "tile/0/001.p/44").stat().st_size == 44 * 32
    fill(small.path, ORIGIN, 520)
    small.export(place)
    found = bytes_of(place / "tile")
    leaves = b"".join(map(leaf_hash, small.entries()))
    assert found["0/000"] + found["0/001"] + found["0/002.p/8"] == leaves
    assert found["1/000.p/2"] == b"".join(
        root_of([leaves[at : at + 32] for at in range(first, first + 8192, 32)])
        for first in (0, 8192)
    )
    bundle = found["entries/002.p/8"]
    for entry in small.entries()[512:]:
        assert bundle[:2] == len(entry).to_bytes(2, "big")
        assert bundle[2 : 2 + len(entry)] == entry
        bundle = bundle[2 + len(entry) :]
    assert bundle == b""
    assert not (place / "tile/0/001.p/44").exists()
    assert {f"{one.path}" for one in tiles_of(520)} < found.keys()


# --- left out and pruned --------------------------------------------------------------------------


def test_entries_below_since_are_left_out_by_whole_segments(large: Shelf) -> None:
    place = large.folder / "copy"
    done = large.export(place, large.wanted(since=LARGE, tiles=True))
    found = bytes_of(place)
    assert {name for name in found if name.startswith("log/")} == {
        "log/000000.leaves",
        "log/000001.jsonl",
    }
    assert found["log/000000.leaves"] == b"".join(map(leaf_hash, large.entries()[:SEGMENT]))
    assert done.entries == 300
    assert all(json.loads(line)["idx"] >= SEGMENT for line in found["disclosures.jsonl"].split())
    entry_tiles = {name for name in found if name.startswith("tile/entries/")}
    assert entry_tiles == {"tile/entries/256", "tile/entries/257.p/44"}


def test_what_was_left_out_can_be_filled_in_and_what_is_there_stays(large: Shelf) -> None:
    place = large.folder / "copy"
    large.export(place, large.wanted(since=SEGMENT))
    large.export(place)
    whole = bytes_of(place)
    assert "log/000000.leaves" not in whole
    assert whole["log/000000.jsonl"].count(b"\n") == SEGMENT
    large.export(place, large.wanted(since=SEGMENT))
    assert bytes_of(place) == whole


def test_since_inside_a_segment_leaves_it_whole(large: Shelf) -> None:
    assert large.export(large.folder / "copy", large.wanted(since=SEGMENT - 1)).entries == LARGE


def test_pruned_entries_leave_their_hashes_and_the_state_to_replay_from(large: Shelf) -> None:
    leaves = b"".join(map(leaf_hash, large.entries()[:SEGMENT]))
    pruned(large.path, 1)
    place = large.folder / "copy"
    large.export(place, large.wanted(tiles=True))
    assert (place / "log/000000.leaves").read_bytes() == leaves
    assert (place / f"snapshots/{SEGMENT}.json").read_bytes() == b"{}"
    assert not (place / "tile/entries/255").exists()
    assert (place / "tile/0/255").is_file()


def test_a_copy_keeps_what_was_pruned_after_it_was_taken(large: Shelf) -> None:
    place = large.folder / "copy"
    large.export(place)
    before = bytes_of(place)["log/000000.jsonl"]
    pruned(large.path, 1)
    large.export(place)
    assert bytes_of(place)["log/000000.jsonl"] == before


class Gap(SqliteEvidence):
    """A log without its last record."""

    @override
    def entries(self, first: int, end: int) -> Iterator[tuple[int, bytes, bytes]]:
        return super().entries(first, end - 1)


def test_a_record_that_is_missing_in_the_database_is_no_copy(small: Shelf) -> None:
    wanted, bundle = small.wanted(), BundleWriter(small.folder / "copy")
    with (
        evidence_of(small.path) as evidence,
        pytest.raises(EvidenceError, match="has 299 of the records #0 to #299"),
    ):
        export_evidence(Gap(evidence._db), bundle, wanted, lambda _: None)
    assert (small.folder / "copy/.progress").is_file()
