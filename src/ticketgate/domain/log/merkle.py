"""Merkle: the tree over the leaf hashes of the log (RFC 6962 §2.1), grown leaf by leaf.

A tree is read through complete subtrees whose height is a multiple of 8: those are what a store
keeps and what tiles hold (C2SP tlog-tiles). Every other hash is computed from them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from ticketgate.domain.errors import EvidenceError

HASH_BYTES: Final = 32
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
EMPTY_ROOT: Final = sha256(b"").digest()  # RFC 6962 §2.1: of no leaves

# (level, first, count) -> hashes: level n has the roots of complete subtrees of 256^n leaves, and
# those asked for are complete in the tree that is read. Level 0 are the leaf hashes.
ReadHashes = Callable[[int, int, int], Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class TileHash:
    """The root of a complete subtree of 256^`level` leaves, its `index`-th, `level` from 1 up."""

    level: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """What a tree of `size` leaves needs to grow: the roots of its complete subtrees.

    `nodes` are those of the binary digits of `size`, the largest first.
    """

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.nodes:
            return EMPTY_ROOT
        found = self.nodes[-1]
        for node in self.nodes[-2::-1]:
            found = node_hash(node, found)
        return found

    def encoded(self) -> bytes:
        """The nodes in one row of bytes; with the size, all of it."""
        return b"".join(self.nodes)


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right), RFC 6962 §2.1."""
    return sha256(b"\x01" + left + right).digest()


def grow(frontier: Frontier, leaf: bytes) -> tuple[Frontier, tuple[TileHash, ...]]:
    """The frontier with one leaf more, and the tile hashes above level 0 that it completes."""
    size = frontier.size
    if not size & 1:
        return Frontier(size + 1, (*frontier.nodes, leaf)), ()
    nodes, done, height = list(frontier.nodes), [], 0
    while size >> height & 1:
        leaf = node_hash(nodes.pop(), leaf)
        height += 1
        if height % TILE_HEIGHT == 0:
            done.append(TileHash(height // TILE_HEIGHT, size >> height, leaf))
    return Frontier(size + 1, (*nodes, leaf)), tuple(done)


def decoded(size: int, nodes: bytes) -> Frontier:
    """The frontier that `encoded` wrote.

    Raises:
        EvidenceError: not as many hashes as the size needs.
    """
    if size < 0 or len(nodes) != HASH_BYTES * size.bit_count():
        raise EvidenceError("the frontier is not that of a tree of this size")
    return Frontier(size, tuple(_split(nodes)))


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of a tree of these leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier, _ = grow(frontier, leaf)
    return frontier.root()


def reduced(hashes: Sequence[bytes]) -> bytes:
    """The root of a complete subtree over a power of two of hashes.

    Raises:
        EvidenceError: not a power of two of them.
    """
    if len(hashes).bit_count() != 1:
        raise EvidenceError("a complete subtree has a power of two of leaves")
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=True)
        hashes = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return hashes[0]


def range_root(start: int, end: int, read: ReadHashes) -> bytes:
    """MTH(D[start:end]) of RFC 6962, where the range is one that its recursion meets.

    Raises:
        EvidenceError: an empty range, or one that no recursion of it meets.
    """
    width = end - start
    if width < 1 or start % (1 << (width - 1).bit_length()):
        raise EvidenceError("no subtree of an RFC 6962 tree spans this range")
    if width.bit_count() == 1:
        return _complete(start, width.bit_length() - 1, read)
    split = start + (1 << (width.bit_length() - 1))
    right = range_root(split, end, read)
    return node_hash(_complete(start, (split - start).bit_length() - 1, read), right)


def root_at(size: int, read: ReadHashes) -> bytes:
    """The root that the tree had with `size` leaves."""
    return range_root(0, size, read) if size else EMPTY_ROOT


def frontier_at(size: int, read: ReadHashes) -> Frontier:
    """The frontier that the tree had with `size` leaves."""
    nodes: list[bytes] = []
    start = 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            nodes.append(_complete(start, height, read))
            start += 1 << height
    return Frontier(size, tuple(nodes))


def _complete(start: int, height: int, read: ReadHashes) -> bytes:
    level, above = divmod(height, TILE_HEIGHT)
    first, count = start >> (level * TILE_HEIGHT), 1 << above
    hashes = read(level, first, count)
    if len(hashes) != count or any(len(one) != HASH_BYTES for one in hashes):
        raise EvidenceError("a hash of the tree is missing, or has not 32 bytes")
    return reduced(hashes)


def _split(data: bytes) -> list[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
