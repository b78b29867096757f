"""A bundle's tiles (`c2sp.org/tlog-tiles`) of a log that is made for it, from the domain alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.domain.naive_tree import tiles
from tests.domain.signing import Signer

from ticketgate.domain.checkpoint import Checkpoint
from ticketgate.domain.evidence import Draft, genesis, leaf_hash, seal
from ticketgate.domain.merkle import TILE_WIDTH, root_of
from ticketgate.domain.note import Note

NOON: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def write_bundle(folder: Path, gate: Signer, size: int, older: Sequence[int]) -> None:
    """A log of `size` records in `folder`, its checkpoint, and those of the `older` sizes."""
    entries = made_entries(gate.key.name, size)
    leaves = [leaf_hash(entry) for entry in entries]
    (folder / "origin").write_text(f"{gate.key.name}\n")
    (folder / "checkpoint").write_bytes(signed(gate, leaves))
    (folder / "checkpoints").mkdir()
    for count in older:
        (folder / "checkpoints" / str(count)).write_bytes(signed(gate, leaves[:count]))
    prefixed = [len(entry).to_bytes(2, "big") + entry for entry in entries]
    write_tiles(folder / "tile" / "entries", prefixed)
    for level, hashes in enumerate(tiles(leaves)):
        write_tiles(folder / "tile" / str(level), hashes)


def made_entries(origin: str, size: int) -> list[bytes]:
    """The entries of a log: opened, then heartbeats."""
    entries, head = [], genesis(origin)
    opened = Draft("log.opened", {"origin": origin, "format": 1, "version": "0.1.0"})
    beat = Draft("heartbeat", {"duplicates": 0, "refused": []})
    for index in range(size):
        sealed = seal(head, beat if index else opened, NOON + timedelta(seconds=index), ())
        entries.append(sealed.entry)
        head = sealed.head
    return entries


def signed(gate: Signer, leaves: Sequence[bytes]) -> bytes:
    """The signed checkpoint of a tree of these leaves."""
    text = Checkpoint(gate.key.name, len(leaves), root_of(leaves)).text
    return Note(text, (gate.line(text),)).encoded()


def write_tiles(folder: Path, items: Sequence[bytes]) -> None:
    """The items in tiles of 256; the last one is partial where it is not full."""
    for start in range(0, len(items), TILE_WIDTH):
        tile = items[start : start + TILE_WIDTH]
        path = folder / tile_name(start // TILE_WIDTH, len(tile))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(tile))


def tile_name(index: int, width: int) -> str:
    """`x001/234`, and `.p/<width>` behind it where the tile is not full."""
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    name = "/".join((*(f"x{part}" for part in parts[:-1]), parts[-1]))
    return name if width == TILE_WIDTH else f"{name}.p/{width}"
