"""ANCHORED and POLICY."""

from pathlib import Path

import pytest
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer, flipped
from tests.verifier.bundle_writer import LOG_KEY, WITNESS, Log, Signer


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return Log().story().write(tmp_path / "b")


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "trust"
    path.write_text(writer.policy())
    return path


def witnessed(tmp_path: Path, *signers: Signer, at: int = writer.START) -> Answer:
    """A bundle cosigned by them, asked with a trust file that names the witness."""
    log = Log().story()
    bundle = log.write(tmp_path / "w")
    note = writer.checkpoint(14, writer.root(log.leaves), *signers, at=at)
    (bundle / "checkpoint").write_bytes(note)
    path = tmp_path / "trust-w"
    path.write_text(writer.policy(f"witness w {WITNESS.vkey}", quorum="w"))
    return Answer(bundle, "--trust", path)


def test_a_cosignature_anchors_and_meets_the_quorum(tmp_path: Path) -> None:
    answer = witnessed(tmp_path, LOG_KEY, WITNESS)
    assert answer.exit == 0
    assert answer.document["anchored"] == [{"by": "w", "size": 14, "at": writer.START}]
    assert answer.document["required"][-2:] == ["anchored", "policy"]


def test_without_the_cosignature_that_is_asked_for_the_exit_is_4(tmp_path: Path) -> None:
    answer = witnessed(tmp_path, LOG_KEY)
    assert answer.exit == 4
    assert (answer.anchored["state"], answer.policy["state"]) == ("none", "none")


@pytest.mark.parametrize(("ahead", "exit_code"), [(310, 0), (311, 1), (2**62, 1)])
def test_a_cosignature_from_the_future_is_a_fault(
    tmp_path: Path, ahead: int, exit_code: int
) -> None:
    answer = witnessed(tmp_path, LOG_KEY, WITNESS, at=writer.START + ahead)
    assert answer.exit == exit_code
    assert answer.failed == ({"anchored"} if exit_code else set())


def test_a_bad_cosignature_of_a_trusted_witness_is_a_fault_also_beside_a_good_one(
    tmp_path: Path,
) -> None:
    log = Log().story()
    bundle = log.write(tmp_path / "b", trust=writer.policy(f"witness w {WITNESS.vkey}", quorum="w"))
    note = writer.checkpoint(14, writer.root(log.leaves), LOG_KEY, WITNESS).decode()
    (bundle / "checkpoint").write_text(note + WITNESS.line(b"another text"))
    answer = Answer(bundle)
    assert answer.failed == {"anchored"}
    assert answer.anchored["first_bad"] == 14


def test_a_bad_signature_of_the_log_is_a_fault_also_beside_a_good_one(bundle: Path) -> None:
    path = bundle / "checkpoint"
    path.write_text(path.read_text() + LOG_KEY.line(b"another text"))
    assert Answer(bundle).failed == {"signed"}


def test_a_known_checkpoint_anchors_if_the_log_agrees(bundle: Path) -> None:
    log = Log().story()
    known = bundle.parent / "known"
    known.write_bytes(writer.checkpoint(5, writer.root(log.leaves[:5]), LOG_KEY))
    answer = Answer(bundle, "--known", known, "--known", bundle / "checkpoint")
    assert answer.exit == 0
    assert [anchor["size"] for anchor in answer.document["anchored"]] == [14, 5]
    assert Answer(bundle, "--known", known, "--require", "anchored").exit == 0


@pytest.mark.parametrize("size", [1, 3, 8, 13, 14, 20])
def test_a_known_checkpoint_that_the_log_contradicts_is_a_fault_and_makes_a_fork_proof(
    bundle: Path, trust: Path, size: int
) -> None:
    known, proof = bundle.parent / "known", bundle.parent / "fork"
    known.write_bytes(writer.checkpoint(size, writer.sha(b"other"), LOG_KEY))
    answer = Answer(bundle, "--known", known, "--fork-proof", proof)
    assert answer.failed == {"anchored"}
    assert answer.anchored["first_bad"] == min(size, 14)
    assert proof.exists() == (size <= 14)
    if proof.exists():
        forked = Answer("--fork", proof, "--trust", trust)
        assert forked.exit == 0
        assert forked.structure["state"] == forked.signed["state"] == "holds"
        for place in range(0, len(proof.read_bytes()), 7):
            before = flipped(proof, place)
            assert Answer("--fork", proof, "--trust", trust).exit in {1, 4}
            proof.write_bytes(before)


@pytest.mark.parametrize("note", [b"", b"nonsense", None])
def test_a_known_checkpoint_that_nobody_trusted_signed_is_exit_2(
    bundle: Path, note: bytes | None
) -> None:
    known = bundle.parent / "known"
    other = Signer(LOG_KEY.name, 1, 9)
    known.write_bytes(writer.checkpoint(5, bytes(32), other) if note is None else note)
    assert Answer(bundle, "--known", known).exit == 2
    assert Answer(bundle, "--known", bundle.parent / "missing").exit == 2
