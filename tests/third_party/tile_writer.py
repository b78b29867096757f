"""A bundle's tiles (`c2sp.org/tlog-tiles`) of a log that is made for it, from the domain alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.domain.naive_tree import tiles
from tests.domain.signing import Signer

from ticketgate.domain.checkpoint import Checkpoint
from ticketgate.domain.evidence import Draft, genesis, leaf_hash, seal
from ticketgate.domain.merkle import root_of
from ticketgate.domain.note import Note
from ticketgate.domain.tiles import encoded_entries, entry_tiles_of, tiles_of

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
    for tile in entry_tiles_of(size):
        bundle = entries[tile.first : tile.first + tile.width]
        write(folder / "tile" / tile.path, encoded_entries(bundle))
    levels = tiles(leaves)
    for tile in tiles_of(size):
        hashes = levels[tile.level or 0][tile.first : tile.first + tile.width]
        write(folder / "tile" / tile.path, b"".join(hashes))


def write(path: Path, data: bytes) -> None:
    """The file, and the folders that it needs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


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
