"""Receipts: what is written is read, byte for byte, and nothing else is."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.domain.naive_tree import mth, path
from tests.domain.signing import signer

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.checkpoint import Checkpoint, SignedCheckpoint
from ticketgate.domain.log.note import Note
from ticketgate.domain.log.tlog_proof import PROOF_BYTES_MAX, TlogProof, parse_tlog_proof

ORIGIN = "gate.example.com/evidence"
ENTRIES = [b'{"_seq":%d}' % number for number in range(11)]


def signed(size: int) -> SignedCheckpoint:
    checkpoint = Checkpoint(ORIGIN, size, mth([leaf_hash(one) for one in ENTRIES[:size]]))
    line = signer(ORIGIN, "alice").line(checkpoint.text)
    return SignedCheckpoint(checkpoint, Note(checkpoint.text, (line,)))


def receipt(index: int, size: int) -> TlogProof:
    hashes = tuple(path(index, [leaf_hash(one) for one in ENTRIES[:size]]))
    return TlogProof(index, hashes, signed(size), ENTRIES[index])


SIGNED = signed(11)
PROOFS = st.builds(
    TlogProof,
    st.integers(0, 2**53 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=53).map(tuple),
    st.just(SIGNED),
    st.one_of(st.none(), st.binary(max_size=300)),
)


@given(PROOFS)
def test_what_is_written_is_read(proof: TlogProof) -> None:
    assert parse_tlog_proof(proof.encoded()) == proof


@given(PROOFS, st.data())
def test_a_changed_byte_is_refused_or_is_another_receipt(
    proof: TlogProof, data: st.DataObject
) -> None:
    whole = bytearray(proof.encoded())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    try:
        found = parse_tlog_proof(bytes(whole))
    except EvidenceError:
        return
    assert found != proof
    assert found.encoded() == bytes(whole)


@pytest.mark.parametrize("size", range(1, 12))
def test_a_receipt_leads_from_its_entry_to_the_signed_root(size: int) -> None:
    for index in range(size):
        assert receipt(index, size).holds()


def test_a_receipt_of_another_record_or_without_its_entry_does_not_hold() -> None:
    right = receipt(3, 11)
    assert not TlogProof(4, right.hashes, right.signed, right.extra).holds()
    assert not TlogProof(3, right.hashes[1:], right.signed, right.extra).holds()
    assert not TlogProof(3, right.hashes, right.signed, ENTRIES[4]).holds()
    assert not TlogProof(3, (bytes(32), *right.hashes[1:]), right.signed, right.extra).holds()
    assert not TlogProof(3, right.hashes, right.signed).holds()


@pytest.mark.parametrize("entry", [b'{"_seq":1}', b'{"_seq":false}', b'{"_seq": 0}', b"{}", b""])
def test_the_entry_of_a_receipt_is_the_record_of_its_index(entry: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, 1, leaf_hash(entry))
    note = Note(checkpoint.text, (signer(ORIGIN, "alice").line(checkpoint.text),))
    assert not TlogProof(0, (), SignedCheckpoint(checkpoint, note), entry).holds()


def test_the_form_is_that_of_the_standard() -> None:
    text = receipt(0, 2).encoded().decode()
    assert text.split("\n")[:5] == [
        "c2sp.org/tlog-proof@v1",
        f"extra {b64encode(ENTRIES[0]).decode()}",
        "index 0",
        b64encode(leaf_hash(ENTRIES[1])).decode(),
        "",
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"c2sp.org/tlog-proof@v1", b"c2sp.org/tlog-proof@v2"),
        (b"index 3", b"index 03"),
        (b"index 3", b"index -3"),
        (b"index 3", b"index 9007199254740992"),
        (b"index 3\n", b""),
        (b"index 3\n", b"index 3\nAAAA\n"),
        (b"index 3\n", b"index 3\r\n"),
        (b"extra ", b"extra  "),
        (b"extra ", "extra é".encode()),
        (b"index 3\n", b"index 3\n" + 60 * (b64encode(bytes(32)) + b"\n")),
        (b"\n\n", b"\n"),
        (b"\n11\n", b"\n011\n"),
    ],
)
def test_any_other_form_is_refused(old: bytes, new: bytes) -> None:
    whole = receipt(3, 11).encoded()
    with pytest.raises(EvidenceError):
        parse_tlog_proof(whole.replace(old, new, 2 if old == b"\n\n" else 1))


@pytest.mark.parametrize(
    "data",
    [b"", b"c2sp.org/tlog-proof@v1\n\n", b"c2sp.org/tlog-proof@v1\n", b"x" * (PROOF_BYTES_MAX + 1)],
)
def test_less_and_more_than_a_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_tlog_proof(data)
