"""Tiles: the tree, and the entries below it, cut into files (C2SP tlog-tiles).

A tile has 256 hashes of one level, or 256 entries; the last one of a level may be partial.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ticketgate.domain.evidence import INTEGER_MAX
from ticketgate.domain.log.merkle import TILE_HEIGHT, TILE_WIDTH

LEVELS_MAX: Final = 7  # above it a tree of 2^53 leaves has no hash
TILE_TYPE: Final = "application/octet-stream"
_LENGTH_BYTES: Final = 2
_ENTRIES: Final = "entries"
_DIGITS: Final = 3
_PATH: Final = re.compile(
    r"(?P<level>entries|[0-6])/(?P<index>(?:x[0-9]{3}/){0,5}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Tile:
    """The first `width` hashes of the `index`-th tile of a level; of entries where it is None."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def first(self) -> int:
        """The index, in its level, of its first hash; of the first record, where it is entries."""
        return self.index * TILE_WIDTH

    @property
    def path(self) -> str:
        """Its path below `tile/`: `<L>/<N>[.p/<W>]`."""
        level = _ENTRIES if self.level is None else str(self.level)
        partial = f".p/{self.width}" if self.width < TILE_WIDTH else ""
        return f"{level}/{index_path(self.index)}{partial}"

    def is_of(self, size: int) -> bool:
        """Whether the tree of `size` leaves has all of it."""
        return self.first + self.width <= size >> (TILE_HEIGHT * (self.level or 0))


def index_path(index: int) -> str:
    """The index of a tile as path elements of three digits: 1234067 is `x001/x234/067`."""
    text = str(index)
    text = text.zfill(-(-len(text) // _DIGITS) * _DIGITS)
    parts = [text[at : at + _DIGITS] for at in range(0, len(text), _DIGITS)]
    return "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])


def parse_tile(path: str) -> Tile | None:
    """The tile of a path below `tile/`; None where it is not exactly what `path` would give."""
    found = _PATH.match(path)
    if found is None:
        return None
    index = int(found["index"].replace("x", "").replace("/", ""))
    level = None if found["level"] == _ENTRIES else int(found["level"])
    tile = Tile(level, index, int(found["width"] or TILE_WIDTH))
    return tile if tile.path == path and tile.first <= INTEGER_MAX else None


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of hashes that the tree of `size` leaves has, level by level."""
    for level in range(LEVELS_MAX):
        yield from _cut(level, size >> (TILE_HEIGHT * level))


def entry_tiles_of(size: int) -> Iterator[Tile]:
    """Every bundle of entries that the tree of `size` leaves has."""
    return _cut(None, size)


def encoded_entries(entries: Iterable[bytes]) -> bytes:
    """A bundle of entries: each behind its length, a big-endian uint16."""
    return b"".join(len(one).to_bytes(_LENGTH_BYTES, "big") + one for one in entries)


def _cut(level: int | None, count: int) -> Iterator[Tile]:
    full, rest = divmod(count, TILE_WIDTH)
    for index in range(full):
        yield Tile(level, index)
    if rest:
        yield Tile(level, full, rest)
