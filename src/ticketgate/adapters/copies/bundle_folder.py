"""An exported bundle, read as an attacker could have left it (docs/evidence-format.md).

No link is followed, nothing but plain files is opened, and no line is held that is longer than the
format allows. What is wrong with the files is told as faults; only what cannot be read raises.
"""

import os
import re
import stat
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from hashlib import file_digest
from io import BufferedReader
from pathlib import Path
from typing import Final

from ticketgate.adapters.copies.bundle_tiles import TileMaker
from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.evidence import ENTRY_BYTES_MAX, leaf_hash, parse_disclosure_line
from ticketgate.domain.log.checkpoint import parse_checkpoint
from ticketgate.domain.log.merkle import HASH_BYTES
from ticketgate.domain.log.note import NOTE_BYTES_MAX, is_key_name
from ticketgate.domain.log.tlog_proof import PROOF_BYTES_MAX
from ticketgate.domain.verifying.anchor_check import Vouching
from ticketgate.domain.verifying.disclosure_check import DisclosureRow, LineFault
from ticketgate.domain.verifying.log_check import LayoutFault, LeafRun, Part

SEGMENT_ENTRIES: Final = 65_536
DISCLOSURE_BYTES_MAX: Final = 16_777_216  # of a line
VOUCHING_BYTES_MAX: Final = 1 << 25  # of `checkpoints/` together, and of `anchors/`
CHUNK_BYTES: Final = 1 << 20
FILES_MAX: Final = 250_000
STRAYS_KEPT_MAX: Final = 1000  # of what is no file of a bundle; the rest are counted
PROGRESS: Final = ".progress"
_NUMBER: Final = r"(?:0|[1-9][0-9]{0,15})"
_FILES: Final = re.compile(
    rf"origin|checkpoint|policy|verify\.py|README|disclosures\.jsonl|checkpoints/{_NUMBER}"
    rf"|log/(?:[0-9]{{6}}|[1-9][0-9]{{6,11}})\.(?:jsonl|leaves)|snapshots/(?P<boundary>{_NUMBER})\.json|anchors/{_NUMBER}\.tsr"
    r"|proofs/[A-Za-z0-9._-]+\.tlog-proof"
    r"|tile/(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/)*[0-9]{3}(?:\.p/[1-9][0-9]{0,2})?",
    re.ASCII,
)
_FOLDERS: Final = re.compile(
    r"checkpoints|log|snapshots|anchors|proofs"
    r"|tile(?:/(?:entries|[0-9]{1,2})(?:/x[0-9]{3})*(?:/[0-9]{3}\.p)?)?",
    re.ASCII,
)
_SEGMENT: Final = re.compile(r"log/([0-9]+)\.(jsonl|leaves)\Z", re.ASCII)
FOLDER_CHARS_MAX: Final = 64


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
        self.left_out = False  # whether there are more checkpoints than are read
        self._listing = list_files(folder)
        names = self.names = self._listing.files
        for name in ("origin", "policy"):
            if name not in names:
                raise _unfinished(f"{folder} has no file {name!r}")
        log = folder / "log"
        if log.is_symlink() or not log.is_dir() or PROGRESS in names:
            raise _unfinished(f"{folder} is an unfinished export")
        self.policy = self.small("policy")
        self._segments: dict[int, set[str]] = {}
        for name in names:
            if found := _SEGMENT.match(name):
                self._segments.setdefault(int(found[1]), set()).add(found[2])
        self._last = max(self._segments, default=-1)
        text = self.small("origin").decode(errors="surrogateescape")
        is_name = text.endswith("\n") and is_key_name(text[:-1])
        self.origin = text[:-1] if is_name else ""  # which fits to no checkpoint

    def vouching(self) -> Vouching:
        """Checkpoints and time stamps, by size."""
        names = self.names
        sizes = sorted(int(name[12:]) for name in names if name.startswith("checkpoints/"))
        stamps = sorted(int(name[8:-4]) for name in names if name.startswith("anchors/"))
        newest = [(None, self.small("checkpoint"))] if "checkpoint" in names else []
        kept = self._within(f"checkpoints/{size}" for size in sizes)
        tokens = self._within(f"anchors/{size}.tsr" for size in stamps)
        checkpoints = zip(sizes, kept, strict=False)
        return Vouching((*newest, *checkpoints), dict(zip(stamps, tokens, strict=False)))

    def _within(self, names: Iterable[str]) -> list[bytes]:
        """Small files, so many of them as are read together."""
        found: list[bytes] = []
        room = VOUCHING_BYTES_MAX
        for name in names:
            data = self.small(name)
            room -= len(data)
            if room < 0:
                self.left_out = True
                break
            found.append(data)
        return found

    def snapshots(self) -> Iterator[tuple[int, str]]:
        """(boundary, SHA-256 in hex) of each snapshot."""
        for name in sorted(name for name in self.names if name.startswith("snapshots/")):
            with opened(self.folder / name) as file:
                yield int(name[10:-5]), file_digest(file, "sha256").hexdigest()

    def snapshot(self, boundary: int) -> bytes | None:
        """The snapshot of this boundary, whole; None where there is none."""
        name = f"snapshots/{boundary}.json"
        if name not in self.names:
            return None
        with opened(self.folder / name) as file:
            return file.read()

    def parts(self) -> Iterator[Part]:
        """Faults of the layout, then segment after segment, up to the first that is not whole."""
        yield from self._layout()
        for segment in range(self._last + 1):
            kinds = self._segments.get(segment, set())
            read = self._lines if "jsonl" in kinds else self._leaves
            count = (yield from read(segment)) if kinds else 0
            if count < SEGMENT_ENTRIES and segment < self._last:
                first = segment * SEGMENT_ENTRIES
                yield LayoutFault(f"segment {segment} is not whole, nor the last", first + count)
            if count < SEGMENT_ENTRIES:
                return  # nothing behind a gap can be held against anything before it

    def _layout(self) -> Iterator[LayoutFault]:
        yield from map(LayoutFault, self._listing.faults)
        if self.left_out:
            yield LayoutFault("more checkpoints than are read")
        if not self.origin:
            yield LayoutFault("the file `origin` is not a name and a newline")
        for segment in sorted(self._segments):
            if len(self._segments[segment]) > 1:
                first = segment * SEGMENT_ENTRIES
                yield LayoutFault(f"segment {segment} is there twice", first)

    def disclosures(self) -> Iterator[DisclosureRow | LineFault]:
        """Each line of `disclosures.jsonl`; none of them where it is left out."""
        if "disclosures.jsonl" not in self.names:
            return
        before: tuple[int, str] = (-1, "")
        for line, ended in lines(self.folder / "disclosures.jsonl", DISCLOSURE_BYTES_MAX):
            place = max(before[0], 0)
            if not ended or len(line) > DISCLOSURE_BYTES_MAX:
                yield LineFault("a line that is too long, or does not end in a newline", place)
                return
            try:
                row = parse_disclosure_line(line)
            except EvidenceError as fault:
                yield LineFault(f"a line that is not in form: {fault.reason}", place)
                continue
            if (row[1], row[0]) <= before:
                yield LineFault("a line that is not in order", place)
                continue
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
        made, there = TileMaker(self._tree_size()), set[str]()
        for part in self.parts():
            if not isinstance(part, LayoutFault):
                yield from self._compared(made.take(part), there)
        yield from self._compared(made.close(), there)
        for name in sorted(found - there):
            yield LayoutFault(f"{name} is no tile of this tree")

    def _tree_size(self) -> int:
        """How many records the newest checkpoint is of; 0 where there is none in form."""
        try:
            return parse_checkpoint(self.small("checkpoint")).checkpoint.size
        except (EvidenceError, FileNotFoundError):
            return 0

    def _compared(
        self, tiles: Iterable[tuple[str, bytes]], there: set[str]
    ) -> Iterator[LayoutFault]:
        for name, data in tiles:
            there.add(name)
            if name in self.names:
                with opened(self.folder / name) as file:
                    if file.read(len(data) + 1) != data:
                        yield LayoutFault(f"{name} is not the tile of this tree")

    def small(self, name: str) -> bytes:
        """A small file; what is longer than it may be is cut, so that it is not in form."""
        with opened(self.folder / name) as file:
            return file.read(NOTE_BYTES_MAX + 1)

    def _lines(self, segment: int) -> Generator[Part, None, int]:
        """Its entries; how many there are. Nothing is read behind one that is too long."""
        first, count = segment * SEGMENT_ENTRIES, 0
        for line, ended in lines(self.folder / f"log/{segment:06d}.jsonl", ENTRY_BYTES_MAX):
            if count == SEGMENT_ENTRIES:
                yield LayoutFault(f"segment {segment} has too many lines", first + count)
                return count
            if len(line) > ENTRY_BYTES_MAX:
                yield LayoutFault(
                    "a line that is too long: nothing is read from here on", first + count
                )
                return count
            yield line
            if not ended:
                yield LayoutFault(
                    f"a line of segment {segment} does not end in a newline", first + count
                )
            count += 1
        if not count:
            yield LayoutFault(f"segment {segment} has no lines", first)
        return count

    def _leaves(self, segment: int) -> Generator[Part, None, int]:
        """Its entries out of the base, or its leaf hashes; how many there are."""
        first = segment * SEGMENT_ENTRIES
        with opened(self.folder / f"log/{segment:06d}.leaves") as file:
            hashes = file.read(SEGMENT_ENTRIES * HASH_BYTES + 1)
        if len(hashes) != SEGMENT_ENTRIES * HASH_BYTES:
            yield LayoutFault(f"segment {segment} has not {SEGMENT_ENTRIES} leaf hashes", first)
            return 0
        base = self._base
        if base is None or "jsonl" not in base.kinds(segment):
            yield LeafRun(hashes)
            return SEGMENT_ENTRIES
        path = base.folder / f"log/{segment:06d}.jsonl"
        at = _differs(hashes, lines(path, ENTRY_BYTES_MAX))
        if at is None:
            yield from (line for line, _ in lines(path, ENTRY_BYTES_MAX))
        else:
            yield LayoutFault("the base has another entry than this leaf hash is of", first + at)
            yield LeafRun(hashes)
        return SEGMENT_ENTRIES

    def kinds(self, segment: int) -> set[str]:
        """In what forms a segment is there."""
        return self._segments.get(segment, set())


def _differs(hashes: bytes, given: Iterator[tuple[bytes, bool]]) -> int | None:
    """Where lines are not those of these leaf hashes; None where they are, one for each."""
    count = len(hashes) // HASH_BYTES
    for at in range(count):
        line, ended = next(given, (b"", False))
        if not ended or leaf_hash(line) != hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]:
            return at
    return None if next(given, None) is None else count


def list_files(folder: Path) -> Listing:
    """Every plain file below a folder by its name in it, and every name that is none of a bundle.

    Links are told, never followed; only folders are looked into that a bundle can have.

    Raises:
        BundleUnreadableError: more files than a bundle can have.
    """
    files: set[str] = set()
    faults: list[str] = []
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        with os.scandir(folder / prefix) as found:
            for entry in found:
                name = prefix + entry.name
                if entry.is_dir(follow_symlinks=False) and _is_folder(name):
                    waiting.append(name + "/")
                elif entry.is_file(follow_symlinks=False) and _is_name(name):
                    files.add(name)
                elif len(faults) < STRAYS_KEPT_MAX:
                    faults.append(f"{name!a} is no plain file of a bundle")
                if len(files) > FILES_MAX:
                    raise _unfinished(f"{folder} has more files than a bundle can have")
    return Listing(frozenset(files), tuple(sorted(faults)))


def opened(path: Path) -> BufferedReader:
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
    """(line, whether a newline ended it); a line longer than that is cut to one byte more.

    Of a file whose lines do not end the rest is not read.
    """
    with opened(path) as file:
        rest = b""
        while chunk := file.read(CHUNK_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield line[: bytes_max + 1], True
            if len(rest) > bytes_max:
                break
        if rest:
            yield rest[: bytes_max + 1], False


def _is_folder(name: str) -> bool:
    return len(name) < FOLDER_CHARS_MAX and _FOLDERS.fullmatch(name) is not None


def _is_name(name: str) -> bool:
    if name == PROGRESS:
        return True
    found = _FILES.fullmatch(name)
    return found is not None and int(found["boundary"] or 0) % SEGMENT_ENTRIES == 0


def _unfinished(reason: str) -> BundleUnreadableError:
    return BundleUnreadableError(
        reason,
        next_step="copy or export it again; an export that was cut short goes on where it was",
    )
