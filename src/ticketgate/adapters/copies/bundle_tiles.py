"""Tiles of a log, made again from its entries (C2SP tlog-tiles), to hold a bundle's against."""

from collections.abc import Iterator

from ticketgate.domain.evidence import leaf_hash
from ticketgate.domain.log.merkle import HASH_BYTES, TILE_WIDTH, reduced
from ticketgate.domain.log.tiles import Tile
from ticketgate.domain.verifying.log_check import LayoutFault, LeafRun, Part


class TileMaker:
    """Takes the parts of a log in order and gives each tile of a tree of `size` once it is full.

    A run of leaves has no entries: its `tile/entries` are not made.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._entries = bytearray()
        self._count = 0  # of entries in the entry bundle that is under way
        self._whole = True  # whether all of its entries are there
        self._place = 0
        self._levels: list[list[bytes]] = [[]]
        self._done: list[int] = [0]  # full tiles of each level

    def take(self, part: Part) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of the tiles that this part fills."""
        match part:
            case LayoutFault():
                return
            case LeafRun(hashes):
                for at in range(0, min(len(hashes), self._left * HASH_BYTES), HASH_BYTES):
                    self._whole = False
                    yield from self._leaf(hashes[at : at + HASH_BYTES])
            case entry if self._left:
                self._entries += len(entry).to_bytes(2, "big") + entry
                yield from self._leaf(leaf_hash(entry))
            case _:
                return

    def close(self) -> Iterator[tuple[str, bytes]]:
        """The tiles that are not full, at the end of the log."""
        if self._count and self._whole:
            yield self._entry_tile(), bytes(self._entries)
        for level, hashes in enumerate(self._levels):
            if hashes:
                yield _name(Tile(level, self._done[level], len(hashes))), b"".join(hashes)

    def _leaf(self, leaf: bytes) -> Iterator[tuple[str, bytes]]:
        self._count += 1
        self._left -= 1
        if self._count == TILE_WIDTH:
            if self._whole:
                yield self._entry_tile(), bytes(self._entries)
            self._entries, self._count, self._whole = bytearray(), 0, True
        yield from self._add(0, leaf)

    def _entry_tile(self) -> str:
        return _name(Tile(None, self._done[0], self._count))

    def _add(self, level: int, one: bytes) -> Iterator[tuple[str, bytes]]:
        if level == len(self._levels):
            self._levels.append([])
            self._done.append(0)
        hashes = self._levels[level]
        hashes.append(one)
        if len(hashes) < TILE_WIDTH:
            return
        yield _name(Tile(level, self._done[level])), b"".join(hashes)
        self._done[level] += 1
        self._levels[level] = []
        yield from self._add(level + 1, reduced(hashes))


def _name(tile: Tile) -> str:
    return f"tile/{tile.path}"
