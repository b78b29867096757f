"""Bundle: the names of the files that a copy of the log consists of (docs/evidence-format.md)."""

import re
from typing import Final

from ticketgate.domain.evidence import canonical
from ticketgate.domain.log.tiles import Tile, parse_tile

ORIGIN: Final = "origin"
CHECKPOINT: Final = "checkpoint"
POLICY: Final = "policy"
DISCLOSURES: Final = "disclosures.jsonl"
PROGRESS: Final = ".progress"  # while an export is under way; holds its checkpoint
UNFINISHED: Final = ".new"  # what a file that is being written ends in, until it is whole
_TILE: Final = "tile/"
_NUMBER: Final = "(?:0|[1-9][0-9]{0,15})"
_NAME: Final = re.compile(
    r"origin|checkpoint|policy|disclosures\.jsonl|verify\.py|README|\.progress"
    r"|log/(?:[0-9]{6}|[1-9][0-9]{6,11})\.(?:jsonl|leaves)"
    rf"|checkpoints/{_NUMBER}|snapshots/{_NUMBER}\.json|anchors/{_NUMBER}\.tsr"
    r"|proofs/[A-Za-z0-9._-]+\.tlog-proof"
    r"|(?:log|checkpoints|snapshots|anchors|proofs|tile(?:/[0-9a-z.]+)*)/",
    re.ASCII,
)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def is_bundle_name(name: str) -> bool:
    """Whether a file of this name, relative and with slashes, may be in a bundle.

    An empty folder's name ends in a slash.
    """
    if name.startswith(_TILE) and not name.endswith("/"):
        return parse_tile(name.removeprefix(_TILE)) is not None
    return _NAME.fullmatch(name) is not None


def segment_name(number: int) -> str:
    """The file of the entries of a segment."""
    return f"log/{number:06d}.jsonl"


def leaves_name(number: int) -> str:
    """The file of its leaf hashes, where its entries are not there."""
    return f"log/{number:06d}.leaves"


def checkpoint_name(size: int) -> str:
    """The file of an older checkpoint."""
    return f"checkpoints/{size}"


def stamp_name(size: int) -> str:
    """The file of the time-stamp token over a checkpoint."""
    return f"anchors/{size}.tsr"


def snapshot_name(boundary: int) -> str:
    """The file of what replaying starts from."""
    return f"snapshots/{boundary}.json"


def tile_name(tile: Tile) -> str:
    """The file of a tile."""
    return _TILE + tile.path


def proof_name(ticket: str, index: int) -> str:
    """The file of the receipt of a ticket's record."""
    return f"proofs/{_UNSAFE.sub('_', ticket)}-{index}.tlog-proof"


def disclosure_line(digest: str, index: int, encoded: str | None) -> bytes:
    """The line of a disclosure, with its newline; None where it was erased.

    Raises:
        EvidenceError: what is stored is no text.
    """
    if _is_plain(digest) and _is_plain(encoded):
        return f'{{"digest":"{digest}","encoded":"{encoded}","idx":{index}}}\n'.encode()
    return canonical({"digest": digest, "encoded": encoded, "idx": index}) + b"\n"


def _is_plain(value: object) -> bool:
    """Whether it is base64url, which needs no escapes; a damaged store may give anything."""
    return isinstance(value, str) and _TEXT.fullmatch(value) is not None
