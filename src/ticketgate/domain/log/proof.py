"""Proof: that a record is in a tree, and that one tree goes on from another (RFC 6962 §2.1).

Proofs are made from a tree that is read (`merkle.ReadHashes`) and checked from nothing but their
hashes. A check answers with the roots that the hashes lead to; who checks compares them.
"""

from collections.abc import Sequence

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.merkle import HASH_BYTES, ReadHashes, node_hash, range_root


def inclusion(index: int, size: int, read: ReadHashes) -> tuple[bytes, ...]:
    """PATH(index, D[size]), RFC 6962 §2.1.1: from the leaf's sibling to the root's child.

    Raises:
        EvidenceError: the tree of this size has no such leaf.
    """
    if not 0 <= index < size:
        raise EvidenceError(f"a tree of {size} has no leaf {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _half(end - start)
        if index < split:
            path.append(range_root(split, end, read))
            end = split
        else:
            path.append(range_root(start, split, read))
            start = split
    return tuple(reversed(path))


def consistency(old: int, new: int, read: ReadHashes) -> tuple[bytes, ...]:
    """PROOF(old, D[new]), RFC 6962 §2.1.2; empty where the sizes are equal or `old` is 0.

    Raises:
        EvidenceError: the older tree is the larger one.
    """
    if not 0 <= old <= new:
        raise EvidenceError(f"a tree of {new} does not go on from one of {old}")
    if old in {0, new}:
        return ()
    path: list[bytes] = []
    start, end = 0, new
    while old != end:
        split = start + _half(end - start)
        if old <= split:
            path.append(range_root(split, end, read))
            end = split
        else:
            path.append(range_root(start, split, read))
            start = split
    if start:
        path.append(range_root(start, end, read))
    return tuple(reversed(path))


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that an inclusion proof leads to (RFC 9162 §2.1.3.2).

    Raises:
        EvidenceError: the proof is not one for this index and size.
    """
    if not 0 <= index < size:
        raise EvidenceError(f"a tree of {size} has no leaf {index}")
    _check_hashes((leaf, *proof))
    at, last, found = index, size - 1, leaf
    for step in proof:
        if last == 0:
            raise EvidenceError("an inclusion proof with a hash too many")
        if at & 1 or at == last:
            found = node_hash(step, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, step)
        at, last = at >> 1, last >> 1
    if last:
        raise EvidenceError("an inclusion proof with a hash too few")
    return found


def roots_of_consistency(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes
) -> tuple[bytes, bytes]:
    """The older and the newer root that a consistency proof leads to (RFC 9162 §2.1.4.2).

    `old_root` stands for the older tree where the proof leaves it out: where `old` is a power of
    two, and where the sizes are equal.

    Raises:
        EvidenceError: the proof is not one for these two sizes, or `old` is 0.
    """
    if not 0 < old <= new:
        raise EvidenceError(f"no consistency is proved from {old} to {new}")
    _check_hashes((old_root, *proof))
    if old == new:
        if proof:
            raise EvidenceError("a consistency proof with a hash too many")
        return old_root, old_root
    hashes = [old_root, *proof] if old.bit_count() == 1 else list(proof)
    if not hashes:
        raise EvidenceError("a consistency proof with a hash too few")
    return _climb(old - 1, new - 1, hashes)


def _climb(at: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = hashes[0]
    for step in hashes[1:]:
        if last == 0:
            raise EvidenceError("a consistency proof with a hash too many")
        if at & 1 or at == last:
            older, newer = node_hash(step, older), node_hash(step, newer)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            newer = node_hash(newer, step)
        at, last = at >> 1, last >> 1
    if last:
        raise EvidenceError("a consistency proof with a hash too few")
    return older, newer


def _half(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << ((width - 1).bit_length() - 1)


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise EvidenceError("a hash that has not 32 bytes")
