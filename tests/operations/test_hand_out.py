"""Handing out over HTTP: only what the newest signed checkpoint covers, and what may be public."""

import shutil
from pathlib import Path

import pytest
from tests.filled import evidence_of, pruned, sign
from tests.keys import ORIGIN, key_of
from tests.operations.copies import LARGE
from tests.operations.kit import Gate

from ticketgate.adapters.keys.signer import CheckpointSigner
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.tlog_proof import parse_tlog_proof
from ticketgate.operations.evidence.checkpoint import Checkpointer
from ticketgate.operations.evidence.hand_out import HandOut

ALICE = key_of("alice")


@pytest.fixture
def signer(tmp_path: Path) -> CheckpointSigner:
    return CheckpointSigner([ALICE], tmp_path / "memory")


def hand_out(gate: Gate, signer: CheckpointSigner, *, public: bool = True) -> HandOut:
    return HandOut(gate.store, signer, public=public)


def test_nothing_is_handed_out_before_anything_was_signed(
    gate: Gate, signer: CheckpointSigner
) -> None:
    out = hand_out(gate, signer)
    assert out.checkpoint() is None
    assert out.tile("0/000.p/1") is None
    assert out.receipt(0) is None


def test_only_what_is_signed_is_handed_out(asked: Gate, signer: CheckpointSigner) -> None:
    checkpointer = Checkpointer(asked.store, signer, ORIGIN)
    note = checkpointer.sign()
    assert note is not None
    size = parse_checkpoint(note).checkpoint.size
    asked.approve("bob")  # writes records behind it
    with asked.store.reading() as looking:
        leaves = b"".join(looking.evidence.hashes(0, 0, size))
        entries = [entry for _, _, entry in looking.evidence.entries(0, size)]
        assert looking.evidence.tree().size > size
    out = hand_out(asked, signer)
    assert out.checkpoint() == note
    assert out.tile(f"0/000.p/{size}") == leaves
    assert out.tile(f"0/000.p/{size - 1}") == leaves[:-32]
    assert out.tile(f"0/000.p/{size + 1}") is None
    assert out.tile("1/000.p/1") is None
    assert out.tile("0/0") is None
    bundle = out.tile(f"entries/000.p/{size}")
    assert bundle is not None
    assert bundle.endswith(entries[-1])
    receipt = out.receipt(size - 1)
    assert receipt is not None
    proof = parse_tlog_proof(receipt)
    assert (proof.index, proof.extra, proof.holds()) == (size - 1, entries[-1], True)
    assert out.receipt(size) is None


def test_entries_are_handed_out_only_where_that_is_wanted(
    asked: Gate, signer: CheckpointSigner
) -> None:
    Checkpointer(asked.store, signer, ORIGIN).sign()
    out = hand_out(asked, signer, public=False)
    assert out.checkpoint() is not None
    assert out.tile("0/000.p/1") is not None
    assert out.tile("entries/000.p/1") is None
    assert out.receipt(0) is None


@pytest.mark.slow
def test_a_pruned_log_has_its_hashes_and_receipts_of_what_is_left(
    filled: Path, tmp_path: Path
) -> None:
    path = tmp_path / "gate.db"
    shutil.copy(filled / "log.db", path)
    sign(path, ALICE, tmp_path / "memory")
    with evidence_of(path) as evidence:
        last = evidence.entry(65_536)
    made = Gate(tmp_path)  # at once a gateway of that log
    try:
        out = hand_out(made, CheckpointSigner([ALICE], tmp_path / "memory"))
        assert out.tile("entries/255") is not None
        pruned(path, 1)
        assert out.tile("entries/255") is None
        assert out.tile("0/255") is not None
        assert out.receipt(5) is None
        receipt = out.receipt(65_536)
    finally:
        made.stop()
    assert receipt is not None
    assert last is not None
    proof = parse_tlog_proof(receipt)
    assert (proof.extra, proof.signed.checkpoint.size, proof.holds()) == (last, LARGE, True)
