"""Receipts, time-stamp responses and fork proofs."""

from pathlib import Path

import pytest
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer, flipped
from tests.verifier.bundle_writer import LOG_KEY, WITNESS, Log, Signer


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "trust"
    path.write_text(writer.policy())
    return path


def receipt(log: Log, index: int, *signers: Signer) -> bytes:
    """The receipt of a record, as c2sp.org/tlog-proof has it."""
    path = [writer.b64(node) for node in writer.inclusion(index, log.leaves)]
    extra = f"extra {writer.b64(log.entries[index])}"
    rows = ["c2sp.org/tlog-proof@v1", extra, f"index {index}", *path, "", ""]
    note = writer.checkpoint(len(log), writer.root(log.leaves), *signers)
    return "\n".join(rows).encode() + note


def test_a_receipt_stands_alone(tmp_path: Path, trust: Path) -> None:
    log = Log().story()
    for index in range(len(log)):
        path = tmp_path / f"{index}.tlog-proof"
        path.write_bytes(receipt(log, index, LOG_KEY))
        answer = Answer("--proof", path, "--trust", trust)
        assert answer.exit == 0
        assert answer.structure["note"].endswith(f"#{index}")
        assert answer.document["required"] == ["structure", "signed"]


@pytest.mark.untraced
def test_every_byte_of_a_receipt_is_watched(tmp_path: Path, trust: Path) -> None:
    path = tmp_path / "r.tlog-proof"
    path.write_bytes(receipt(Log().opened().beats(2), 1, LOG_KEY))
    for place in range(path.stat().st_size):
        before = flipped(path, place, 1 << place % 7)
        assert Answer("--proof", path, "--trust", trust).exit in {1, 4}, place
        path.write_bytes(before)


def test_a_receipt_signed_by_nobody_trusted_is_exit_4_and_a_missing_one_3(
    tmp_path: Path, trust: Path
) -> None:
    path = tmp_path / "r.tlog-proof"
    path.write_bytes(receipt(Log().story(), 3, Signer(LOG_KEY.name, 1, 9)))
    assert Answer("--proof", path, "--trust", trust).exit == 4
    assert Answer("--proof", tmp_path / "none", "--trust", trust).exit == 3


@pytest.mark.parametrize("data", [b"", b"\n\n", b"c2sp.org/tlog-proof@v1\n\n", bytes(300_000)])
def test_what_is_no_receipt_is_a_fault(tmp_path: Path, trust: Path, data: bytes) -> None:
    path = tmp_path / "r.tlog-proof"
    path.write_bytes(data)
    assert Answer("--proof", path, "--trust", trust).failed == {"structure"}
    assert Answer("--fork", path, "--trust", trust).failed == {"structure"}


def test_the_witness_that_a_trust_file_asks_for_is_asked_of_a_receipt(tmp_path: Path) -> None:
    trust, path = tmp_path / "t", tmp_path / "r.tlog-proof"
    trust.write_text(writer.policy(f"witness w {WITNESS.vkey}", quorum="w"))
    for signers, exit_code in (((LOG_KEY,), 4), ((LOG_KEY, WITNESS), 0)):
        path.write_bytes(receipt(Log().story(), 3, *signers))
        assert Answer("--proof", path, "--trust", trust).exit == exit_code


def test_receipts_in_a_bundle_are_held_against_it(tmp_path: Path) -> None:
    log = Log().story()
    bundle = log.write(tmp_path / "b")
    (bundle / "proofs").mkdir()
    path = bundle / "proofs" / "snow_item-5.tlog-proof"
    path.write_bytes(receipt(log, 5, LOG_KEY))
    assert Answer(bundle).exit == 0
    path.write_bytes(receipt(log, 5, LOG_KEY).replace(b"index 5", b"index 4"))
    assert Answer(bundle).failed == {"structure"}
    path.write_bytes(receipt(Log().opened().beats(7), 5, LOG_KEY))  # of another log, signed as well
    assert Answer(bundle).failed == {"signed"}


# --- fork proofs -------------------------------------------------------------------------------


def fork(notes: list[bytes], path: list[bytes]) -> bytes:
    small, large = notes
    rows = ["ticketgate-fork-proof@v1", *map(writer.b64, path), "", ""]
    return "\n".join(rows).encode() + small + b"\n" + large


def test_two_checkpoints_that_agree_are_no_fork(tmp_path: Path, trust: Path) -> None:
    leaves = Log().story().leaves
    for size in (3, 14):
        hashes = writer.consistency(size, leaves)
        notes = [writer.checkpoint(n, writer.root(leaves[:n]), LOG_KEY) for n in (size, 14)]
        (tmp_path / "f").write_bytes(fork(notes, hashes))
        assert Answer("--fork", tmp_path / "f", "--trust", trust).failed == {"structure"}


def test_a_fork_proof_needs_the_signatures_of_both(tmp_path: Path, trust: Path) -> None:
    other = Signer(LOG_KEY.name, 1, 9)
    for first, second, exit_code in (
        (LOG_KEY, LOG_KEY, 0),
        (other, LOG_KEY, 4),
        (LOG_KEY, other, 4),
    ):
        notes = [
            writer.checkpoint(14, bytes(32), first),
            writer.checkpoint(14, bytes(31) + b"x", second),
        ]
        (tmp_path / "f").write_bytes(fork(notes, []))
        assert Answer("--fork", tmp_path / "f", "--trust", trust).exit == exit_code


# --- time stamps -------------------------------------------------------------------------------


def der(tag: int, *parts: bytes) -> bytes:
    data = b"".join(parts)
    size = len(data)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + data


def time_stamp(imprint: bytes) -> bytes:
    """The frame of a response (RFC 3161 §2.4.2) around an imprint; nobody signed it."""
    sha256 = der(0x30, der(6, bytes.fromhex("608648016503040201")), der(5))
    info = der(
        0x30, der(2, b"\1"), der(6, b"\x2a"), der(0x30, sha256, der(4, imprint)), der(2, b"\7")
    )
    content = der(0x30, der(6, b"\x2a"), der(0xA0, der(4, info)))
    signed = der(0x30, der(2, b"\3"), der(0x31, sha256), content)
    token = der(0x30, der(6, b"\x2a"), der(0xA0, signed))
    return der(0x30, der(0x30, der(2, b"\0")), token)


def test_a_time_stamp_over_the_checkpoint_is_left_to_openssl(tmp_path: Path) -> None:
    log = Log().story()
    bundle = log.write(tmp_path / "b", trust=writer.policy("tsa tsa.pem"))
    (bundle / "anchors").mkdir()
    path = bundle / "anchors" / "5.tsr"
    text = writer.checkpoint_text(5, writer.root(log.leaves[:5]))
    path.write_bytes(time_stamp(writer.sha(text)))
    answer = Answer(bundle)
    assert (answer.anchored["state"], answer.exit) == ("none", 4)
    assert "not verified here: openssl ts -verify" in answer.anchored["note"]
    assert writer.sha(text).hex() in answer.anchored["note"]
    assert Answer(bundle, "--known", bundle / "checkpoint").exit == 0
    whole = path.read_bytes()
    for data in (
        time_stamp(bytes(32)),
        b"",
        whole[:-40],
        b"\x30\x80" + whole,
        whole[:9],
        b"\x30\xff",
    ):
        path.write_bytes(data)
        answer = Answer(bundle)
        assert (answer.failed, answer.anchored["first_bad"]) == ({"anchored"}, 5)
    path.rename(bundle / "anchors" / "15.tsr")
    assert Answer(bundle).anchored["first_bad"] == 14
