"""Fork proofs: made from leaf hashes read once, read byte for byte, and proving or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.naive_tree import leaf, mth
from tests.domain.signing import signer

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.checkpoint import Checkpoint, SignedCheckpoint
from ticketgate.domain.log.fork_proof import (
    FORK_BYTES_MAX,
    ForkProof,
    ForkProofError,
    find_fork,
    parse_fork_proof,
)
from ticketgate.domain.log.note import Note

ORIGIN = "gate.example.com/evidence"
GATE = signer(ORIGIN, "gate")
LEAVES = [leaf(number) for number in range(20)]
OTHER = bytes(32)


def signed(size: int, root: bytes, origin: str = ORIGIN) -> SignedCheckpoint:
    checkpoint = Checkpoint(origin, size, root)
    return SignedCheckpoint(checkpoint, Note(checkpoint.text, (GATE.line(checkpoint.text),)))


def true(size: int) -> SignedCheckpoint:
    return signed(size, mth(LEAVES[:size]))


def proof(size: int, larger: int) -> ForkProof:
    found = find_fork(signed(size, OTHER), true(larger), LEAVES)
    assert found is not None
    return found


@pytest.mark.parametrize("larger", [1, 2, 3, 4, 7, 8, 13, 20])
def test_two_histories_are_proved_to_be_two_at_every_size(larger: int) -> None:
    for size in range(1, larger + 1):
        found = proof(size, larger)
        found.check()
        assert parse_fork_proof(found.encoded()) == found


def test_what_goes_on_is_no_fork_and_gives_no_proof() -> None:
    for size in range(1, 14):
        assert find_fork(true(size), true(13), LEAVES) is None
    assert find_fork(signed(0, OTHER), true(13), LEAVES) is None
    assert find_fork(signed(14, OTHER), true(13), LEAVES) is None


def test_equal_sizes_need_no_hashes() -> None:
    assert proof(5, 5).hashes == ()
    with pytest.raises(ForkProofError, match="needs no hashes"):
        ForkProof((OTHER,), signed(5, OTHER), true(5)).check()
    with pytest.raises(ForkProofError, match="by two roots"):
        ForkProof((), true(5), true(5)).check()


@pytest.mark.parametrize("size", [3, 4])
def test_hashes_that_lead_elsewhere_or_to_both_prove_nothing(size: int) -> None:
    found = proof(size, 13)
    honest = ForkProof(found.hashes, true(size), found.larger)
    with pytest.raises(ForkProofError, match="both roots"):
        honest.check()
    with pytest.raises(ForkProofError, match="larger root"):
        ForkProof(found.hashes, found.smaller, signed(13, OTHER)).check()
    with pytest.raises(ForkProofError, match="no hashes"):
        ForkProof((), found.smaller, found.larger).check()
    with pytest.raises(EvidenceError, match="too many"):
        ForkProof((*found.hashes, OTHER), found.smaller, found.larger).check()
    with pytest.raises(EvidenceError, match="too few"):
        ForkProof(found.hashes[:-1], found.smaller, found.larger).check()
    with pytest.raises(EvidenceError, match="no consistency"):
        ForkProof(found.hashes, found.larger, found.smaller).check()


def test_two_logs_are_no_fork() -> None:
    with pytest.raises(ForkProofError, match="two logs"):
        ForkProof((), signed(5, OTHER, "other.example.com"), true(5)).check()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"ticketgate", b""),
        (b"@v1", b"@v2"),
        (b"@v1", b"@v\xff"),
        (b"@v1\n", b"@v1\nAAAA\n"),
        (b"@v1\n", b"@v1\nx\n"),
        (b"@v1\n", b"@v1\n" + (b"A" * 43 + b"=\n") * 128),
        (b"\n3\n", b"\n03\n"),
        (b"\n\n", b"\n\n\n\n"),
        (b"\n\n", b"\n"),
        (b"@v1\n", b"@v1\n" + b"x" * FORK_BYTES_MAX),
    ],
)
def test_any_other_form_is_refused(old: bytes, new: bytes) -> None:
    changed = proof(3, 13).encoded().replace(old, new, 1)
    with pytest.raises(EvidenceError):
        parse_fork_proof(changed).check()


@given(st.integers(0, 600), st.integers(1, 255))
def test_a_changed_byte_makes_another_proof_or_none(at: int, bits: int) -> None:
    right = proof(3, 13)
    data = bytearray(right.encoded())
    data[at % len(data)] ^= bits
    try:
        found = parse_fork_proof(bytes(data))
    except EvidenceError:
        return
    assert found != right
    assert found.encoded() == bytes(data)
