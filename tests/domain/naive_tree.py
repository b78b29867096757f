"""The tree as RFC 6962 §2.1 writes it down: recursive, over all leaves, and slow."""

from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Final

from ticketgate.domain.log.merkle import TILE_WIDTH, ReadHashes

LARGE: Final = 65_536 + 600  # leaves, of the one large tree that tests share

# The test data of Certificate Transparency: eight entries, and the root of each tree of them.
CT_ENTRIES: Final = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS: Final = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf(index: int) -> bytes:
    """Some leaf hash for each index."""
    return sha256(b"leaf %d" % index).digest()


def leaves(count: int) -> list[bytes]:
    """The leaf hashes of a tree of this size."""
    return [leaf(index) for index in range(count)]


def half(count: int) -> int:
    """k: the largest power of two smaller than `count`."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def mth(hashes: Sequence[bytes]) -> bytes:
    """MTH(D[n]), §2.1, over leaf hashes."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = half(len(hashes))
    return sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def path(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]), §2.1.1."""
    if len(hashes) == 1:
        return []
    k = half(len(hashes))
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def proof(m: int, hashes: Sequence[bytes]) -> list[bytes]:
    """PROOF(m, D[n]), §2.1.2."""
    return subproof(m, hashes, whole=True)


def subproof(m: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b), §2.1.2."""
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = half(len(hashes))
    if m <= k:
        return [*subproof(m, hashes[:k], whole=whole), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], whole=False), mth(hashes[:k])]


def tiles(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Level by level the roots of complete subtrees of 256^level leaves."""
    levels, span = [list(hashes)], TILE_WIDTH
    while span <= len(hashes):
        starts = range(0, len(hashes) - span + 1, span)
        levels.append([mth(hashes[start : start + span]) for start in starts])
        span *= TILE_WIDTH
    return levels


def reader(hashes: Sequence[bytes]) -> ReadHashes:
    """Reads the tree from `tiles`; it may be asked for what is complete there, nothing else."""
    levels = tiles(hashes)

    def read(level: int, first: int, count: int) -> Sequence[bytes]:
        found = levels[level][first : first + count]
        assert len(found) == count, f"not complete: level {level}, {count} from {first}"
        return found

    return read


@cache
def large_tree() -> tuple[list[bytes], ReadHashes]:
    """Leaf hashes of a tree with tiles of three levels, and what reads it; made once."""
    hashes = leaves(LARGE)
    return hashes, reader(hashes)
