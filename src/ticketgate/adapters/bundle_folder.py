"""An exported bundle, read as an attacker could have left it (docs/evidence-format.md).

No link is followed, nothing but plain files is opened, and no line is held that is longer than the
format allows. What is wrong with the files is told as faults; only what cannot be read raises.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ticketgate.adapters.bundle_tiles import TileMaker
from ticketgate.domain.anchor_check import Vouching
from ticketgate.domain.disclosure_check import DisclosureRow
from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.evidence import ENTRY_BYTES_MAX, leaf_hash, parse_disclosure_line
from ticketgate.domain.log_check import LayoutFault, LeafRun, Part
from ticketgate.domain.merkle import HASH_BYTES
from ticketgate.domain.note import NOTE_BYTES_MAX, is_key_name
from ticketgate.domain.tlog_proof import PROOF_BYTES_MAX

SEGMENT_ENTRIES: Final = 65_536
DISCLOSURE_BYTES_MAX: Final = 16_777_216  # of a line
CHUNK_BYTES: Final = 1 << 20
NAMES_MAX: Final = 1_000_000
PROGRESS: Final = ".progress"
_NUMBER: Final = r"(?:0|[1-9][0-9]{0,15})"
_FILES: Final = re.compile(
    rf"origin|checkpoint|policy|verify\.py|README|disclosures\.jsonl|checkpoints/{_NUMBER}"
    rf"|log/(?:[0-9]{{6}}|[1-9][0-9]{{6,9}})\.(?:jsonl|leaves)|snapshots/{_NUMBER}\.json|anchors/{_NUMBER}\.tsr"
    r"|proofs/[A-Za-z0-9._-]+\.tlog-proof"
    r"|tile/(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?",
    re.ASCII,
)
_SEGMENT: Final = re.compile(r"log/([0-9]+)\.(jsonl|leaves)\Z", re.ASCII)
_DEPTH_MAX: Final = 12


class BundleUnreadableError(TicketgateError):
    """The bundle, or a part that must be there, cannot be read: nothing can be said of it."""

    code = "bundle_unreadable"


@dataclass(frozen=True, slots=True)
class Listing:
    """The plain files of a bundle, by their names in it, and what should not be there."""

    files: frozenset[str]
    faults: tuple[str, ...]


class BundleFolder:
    """`verification.Bundle` over a folder, with an earlier one that may have what it leaves out."""

    def __init__(self, folder: Path, base: "BundleFolder | None" = None) -> None:
        """Look at what is there.

        Raises:
            BundleUnreadableError: it is no bundle, or an unfinished copy of one.
        """
        self.folder = folder
        self._base = base
        if not folder.is_dir():
            raise BundleUnreadableError(
                f"there is no folder {folder}", next_step="name an exported bundle's folder"
            )
        self._listing = list_files(folder)
        names = self.names = self._listing.files
        for name in ("origin", "policy"):
            if name not in names:
                raise _unfinished(f"{folder} has no file {name!r}")
        if not any(name.startswith("log/") for name in names) or PROGRESS in names:
            raise _unfinished(f"{folder} is an unfinished export")
        self.policy = self.small("policy")
        self._segments: dict[int, set[str]] = {}
        for name in names:
            if found := _SEGMENT.match(name):
                self._segments.setdefault(int(found[1]), set()).add(found[2])
        self._origin = self.small("origin").decode(errors="replace")
        self.origin = self._origin.removesuffix("\n")

    def vouching(self) -> Vouching:
        """Checkpoints and time stamps, by size."""
        names = self.names
        sizes = sorted(int(name[12:]) for name in names if name.startswith("checkpoints/"))
        stamps = sorted(int(name[8:-4]) for name in names if name.startswith("anchors/"))
        newest = [(None, self.small("checkpoint"))] if "checkpoint" in names else []
        kept = [(size, self.small(f"checkpoints/{size}")) for size in sizes]
        return Vouching(
            (*newest, *kept), {size: self.small(f"anchors/{size}.tsr") for size in stamps}
        )

    def snapshot(self, boundary: int) -> bytes | None:
        """The snapshot of this boundary, whole; None where there is none."""
        name = f"snapshots/{boundary}.json"
        if name not in self.names:
            return None
        with opened(self.folder / name) as file:
            return file.read()

    def parts(self) -> Iterator[Part]:
        """Faults of the layout, then segment after segment."""
        yield from self._layout()
        for segment in range(max(self._segments) + 1):
            kinds = self._segments.get(segment, set())
            if "jsonl" in kinds:
                yield from self._lines(segment)
            elif kinds:
                yield from self._leaves(segment)
            else:
                return  # a gap: nothing behind it can be held against anything before it

    def _layout(self) -> Iterator[LayoutFault]:
        yield from map(LayoutFault, self._listing.faults)
        if not is_key_name(self.origin) or self._origin != f"{self.origin}\n":
            yield LayoutFault("the file `origin` is not a name and a newline")
        for segment in range(max(self._segments) + 1):
            kinds = self._segments.get(segment)
            first = segment * SEGMENT_ENTRIES
            if kinds is None:
                yield LayoutFault(f"segment {segment} is missing", first)
                return
            if len(kinds) > 1:
                yield LayoutFault(f"segment {segment} is there twice", first)

    def disclosures(self) -> Iterator[DisclosureRow | LayoutFault]:
        """Each line of `disclosures.jsonl`; none of them where it is left out."""
        if "disclosures.jsonl" not in self.names:
            return
        before: tuple[int, str] = (-1, "")
        for line, ended in lines(self.folder / "disclosures.jsonl", DISCLOSURE_BYTES_MAX):
            try:
                row = parse_disclosure_line(line)
            except EvidenceError as fault:
                yield LayoutFault(f"a line of disclosures.jsonl is not in form: {fault.reason}")
                continue
            if not ended or (row[1], row[0]) <= before:
                yield LayoutFault("disclosures.jsonl is not in order, or its last line is cut")
            before = (row[1], row[0])
            yield row

    def receipts(self) -> Iterator[tuple[str, bytes]]:
        """(name, bytes) of its receipts."""
        for name in sorted(name for name in self.names if name.startswith("proofs/")):
            with opened(self.folder / name) as file:
                yield name, file.read(PROOF_BYTES_MAX + 1)

    def tiles(self) -> Iterator[LayoutFault]:
        """What is wrong with the tiles, if there are any: each is made again from the entries."""
        found = frozenset(name for name in self.names if name.startswith("tile/"))
        if not found:
            return
        made = TileMaker()
        there: set[str] = set()
        for part in self.parts():
            if not isinstance(part, LayoutFault):
                yield from self._compared(made.take(part), there)
        yield from self._compared(made.close(), there)
        for name in sorted(found - there):
            yield LayoutFault(f"{name} is no tile of this tree")

    def _compared(
        self, tiles: Iterable[tuple[str, bytes]], there: set[str]
    ) -> Iterator[LayoutFault]:
        for name, data in tiles:
            there.add(name)
            if name not in self.names:
                yield LayoutFault(f"{name} is missing")
                continue
            with opened(self.folder / name) as file:
                if file.read(len(data) + 1) != data:
                    yield LayoutFault(f"{name} is not the tile of this tree")

    def small(self, name: str) -> bytes:
        """A small file; what is longer than it may be is cut, so that it is not in form."""
        with opened(self.folder / name) as file:
            return file.read(NOTE_BYTES_MAX + 1)

    def _lines(self, segment: int) -> Iterator[Part]:
        is_last = segment == max(self._segments)
        count = 0
        for line, ended in lines(self.folder / f"log/{segment:06d}.jsonl", ENTRY_BYTES_MAX):
            count += 1
            yield line
            if not ended:
                at = segment * SEGMENT_ENTRIES + count - 1
                yield LayoutFault(f"a line of segment {segment} does not end in a newline", at)
        if count > SEGMENT_ENTRIES or (count < SEGMENT_ENTRIES and not is_last) or not count:
            yield LayoutFault(f"segment {segment} has {count} lines", segment * SEGMENT_ENTRIES)

    def _leaves(self, segment: int) -> Iterator[Part]:
        name = f"log/{segment:06d}.leaves"
        with opened(self.folder / name) as file:
            hashes = file.read(SEGMENT_ENTRIES * HASH_BYTES + 1)
        if len(hashes) != SEGMENT_ENTRIES * HASH_BYTES:
            first = segment * SEGMENT_ENTRIES
            yield LayoutFault(f"segment {segment} has not {SEGMENT_ENTRIES} leaf hashes", first)
            hashes = hashes[: len(hashes) // HASH_BYTES * HASH_BYTES]
        if self._base is None or f"log/{segment:06d}.jsonl" not in self._base.names:
            yield LeafRun(hashes)
            return
        at = 0
        for line, _ in lines(self._base.folder / f"log/{segment:06d}.jsonl", ENTRY_BYTES_MAX):
            if leaf_hash(line) != hashes[at : at + HASH_BYTES]:
                index = segment * SEGMENT_ENTRIES + at // HASH_BYTES
                yield LayoutFault("the base has another entry than this leaf hash is of", index)
                break
            yield line
            at += HASH_BYTES
        if rest := hashes[at:]:
            yield LeafRun(rest)


def list_files(folder: Path) -> Listing:
    """Every plain file below a folder by its name in it, and every name that is none of a bundle.

    Links are told, never followed; folders are looked into as deep as a bundle's can be.
    """
    files: set[str] = set()
    faults: list[str] = []
    waiting = [("", 0)]
    while waiting:
        prefix, depth = waiting.pop()
        with os.scandir(folder / prefix) as found:
            for entry in found:
                name = prefix + entry.name
                if len(files) + len(faults) > NAMES_MAX:
                    faults.append("more files than a bundle can have")
                    return Listing(frozenset(files), tuple(faults))
                if entry.is_dir(follow_symlinks=False) and depth < _DEPTH_MAX:
                    waiting.append((name + "/", depth + 1))
                elif entry.is_file(follow_symlinks=False) and _is_name(name):
                    files.add(name)
                else:
                    faults.append(f"{name!a} is no plain file of a bundle")
    return Listing(frozenset(files), tuple(sorted(faults)))


def opened(path: Path) -> BinaryIO:
    """The file, if it is a plain one.

    Raises:
        OSError: it cannot be opened, is a link, or is no plain file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(f"{path} is no plain file")
    return os.fdopen(descriptor, "rb")


def lines(path: Path, bytes_max: int) -> Iterator[tuple[bytes, bool]]:
    """(line, whether a newline ended it); a line longer than that is cut to one byte more."""
    with opened(path) as file:
        rest = b""
        while chunk := file.read(CHUNK_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line[: bytes_max + 1], True
            rest = _bounded(rest, bytes_max)
        if rest:
            yield rest[: bytes_max + 1], False


def _bounded(rest: bytes, bytes_max: int) -> bytes:
    """So much of an unfinished line as shows that it is too long."""
    return rest if len(rest) <= bytes_max else rest[: bytes_max + 1]


def _is_name(name: str) -> bool:
    return _FILES.fullmatch(name) is not None or name == PROGRESS


def _unfinished(reason: str) -> BundleUnreadableError:
    return BundleUnreadableError(
        reason,
        next_step="copy or export it again; an export that was cut short goes on where it was",
    )
