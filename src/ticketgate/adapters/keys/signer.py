"""`ports.Signer`: keys from a file, and the newest checkpoint in a folder outside the database.

The folder is the signer's memory: `latest`, and one file for each older checkpoint that was kept.
It resists accidents (a restored backup, a lost WAL, two gateways), not who can write it.
"""

import fcntl
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Final

from ticketgate.adapters.durable import replace_file, sync_folder
from ticketgate.adapters.keys import ed25519
from ticketgate.adapters.keys.signing_keys import SigningKey
from ticketgate.domain.errors import EvidenceError, TicketgateError
from ticketgate.domain.log.checkpoint import Checkpoint, SignedCheckpoint, parse_checkpoint
from ticketgate.domain.log.merkle import ReadHashes, root_at
from ticketgate.domain.log.note import NOTE_BYTES_MAX, Note, SignatureLine, VerifierKey
from ticketgate.domain.log.proof import consistency, roots_of_consistency
from ticketgate.ports import Committed

LATEST: Final = "latest"
STAMP_SUFFIX: Final = ".tsr"
PREFIX_DIGITS: Final = 16  # of a lost checkpoint's root, in its name
KEEP_EVERY: Final = 65_536  # entries: one checkpoint of each segment is kept in any case
_SIZE: Final = re.compile(r"(0|[1-9][0-9]{0,15})\Z", re.ASCII)


class CheckpointSigner:
    """Signs with every key; the memory is compared and swapped under a lock over processes.

    The folder (0700) is made when something is first kept in it, never for looking.
    """

    def __init__(self, keys: Sequence[SigningKey], folder: Path) -> None:
        self._keys = tuple(keys)
        self._folder = folder
        self._lock = Lock()

    def use(self, keys: Sequence[SigningKey]) -> None:
        """Sign with these keys from now on, the current one first; what is being signed ends first.

        So a key never signs a log whose record of its end it has seen, nor one of before it began.
        """
        with self._lock:
            self._keys = tuple(keys)

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The public keys that sign, the current one first."""
        return tuple(key.public for key in self._keys)

    def newest(self) -> bytes | None:
        """The newest checkpoint that was signed."""
        return self._read(LATEST)

    def kept(self) -> list[int]:
        """The sizes of the checkpoints that were kept, in order."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as fault:
            raise _cannot(f"{self._folder} cannot be read: {fault.strerror}") from fault
        return sorted(int(name) for name in names if _SIZE.match(name))

    def note(self, size: int) -> bytes:
        """The kept checkpoint of this size, with what was added to it."""
        found = self._read(str(size))
        if found is None:
            raise _cannot(f"no checkpoint of size {size} was kept")
        return found

    def sign(self, committed: Committed) -> bytes:
        """Sign, and remember first; see the port."""
        with self._lock, self._alone(), committed() as (checkpoint, read):
            before = self._newest()
            made = Note(checkpoint.text, ())
            if before is not None:
                self._compare(before.checkpoint, checkpoint, read)
                if before.checkpoint == checkpoint:
                    made = before.note
                    if self._signed_all(made):
                        return made.encoded()
            data = made.with_lines(key.line(checkpoint.text) for key in self._keys).encoded()
            segment = checkpoint.size // KEEP_EVERY
            if before is None or segment > before.checkpoint.size // KEEP_EVERY:
                replace_file(self._folder / str(checkpoint.size), data)
            replace_file(self._folder / LATEST, data)
            return data

    def add(self, data: bytes, lines: Iterable[SignatureLine]) -> bytes:
        """Keep a checkpoint that was signed here, with lines that others added; the whole note."""
        with self._alone():
            note = parse_checkpoint(data)
            size = note.checkpoint.size
            known = self._parsed(str(size))
            before = () if known is None else known.note.lines
            whole = note.note.with_lines((*before, *lines)).encoded()
            replace_file(self._folder / str(size), whole)
            newest = self._newest()
            if newest is not None and newest.checkpoint == note.checkpoint:
                replace_file(self._folder / LATEST, whole)
            return whole

    def keep_token(self, size: int, token: bytes) -> None:
        """Keep a time-stamp response over the checkpoint of this size."""
        with self._alone():
            replace_file(self._folder / f"{size}{STAMP_SUFFIX}", token)

    def token(self, size: int) -> bytes | None:
        """The time-stamp response over the checkpoint of this size."""
        return self._read(f"{size}{STAMP_SUFFIX}")

    def forget(self, lost: Checkpoint, kept: int) -> None:
        """Begin anew after a restore that two people declared, which left `kept` records.

        What was signed of the rest stays as `lost-<size>-<root prefix>`, for who asks later; of a
        crash any part may be done, the newest goes last.

        Raises:
            TicketgateError: code `signer`; the newest one is not the one that was declared lost.
        """
        with self._alone():
            newest = self._newest()
            if newest is None or newest.checkpoint != lost:
                raise _cannot("the newest checkpoint is not the one that was declared lost")
            for size in [one for one in self.kept() if one > kept]:
                name = self._folder / _lost(self._kept(size).checkpoint)
                stamp = self._folder / f"{size}{STAMP_SUFFIX}"
                if stamp.exists():
                    stamp.rename(f"{name}{STAMP_SUFFIX}")
                (self._folder / str(size)).rename(name)
            before = self._parsed(_lost(lost))
            whole = newest.note.with_lines(() if before is None else before.note.lines)
            replace_file(self._folder / _lost(lost), whole.encoded())
            (self._folder / LATEST).unlink()
            sync_folder(self._folder)

    def loss(self, now: Checkpoint, read: ReadHashes) -> tuple[str, Checkpoint, int]:
        """What `sign` refused: its code, the newest checkpoint, how many records both have.

        A database that ends before has all of its own, unless a kept checkpoint says otherwise;
        of a fork only what a kept checkpoint proves is counted.
        """
        newest = self._newest()
        if newest is None:
            raise _cannot("nothing was signed, so nothing is lost")
        lost = newest.checkpoint
        agreed = self._agreed(min(lost.size, now.size + 1), read)
        same = [one for one in self.kept() if one <= now.size]
        if now.size < lost.size and agreed == max(same, default=0):
            return "rolled_back", lost, now.size
        return "forked", lost, agreed

    def _compare(self, before: Checkpoint, now: Checkpoint, read: ReadHashes) -> None:
        if before.origin != now.origin:
            raise _cannot(f"the memory is of the log {before.origin!a}")
        if now.size < before.size:
            raise TicketgateError(
                f"the database ends before record #{now.size}, and #{before.size - 1} was signed: "
                f"records #{now.size} to #{before.size - 1} are missing",
                code="rolled_back",
                next_step=_RESTORE,
            )
        if before.size == 0:
            return
        if now.size == before.size:
            same = before.root == now.root
        else:
            path = consistency(before.size, now.size, read)
            same = roots_of_consistency(before.size, now.size, path, before.root) == (
                before.root,
                now.root,
            )
        if not same:
            agreed = self._agreed(before.size, read)
            raise TicketgateError(
                f"a record between #{agreed} and #{before.size - 1} is not the one that was signed",
                code="forked",
                next_step=_RESTORE,
            )

    def _agreed(self, below: int, read: ReadHashes) -> int:
        """The largest kept size, below this one, at which the tree is the one that was signed."""
        for size in reversed([one for one in self.kept() if one < below]):
            if self._kept(size).checkpoint.root == root_at(size, read):
                return size
        return 0

    def _signed_all(self, note: Note) -> bool:
        return all(
            any(
                line.is_of(key) and ed25519.verify(key.public, note.text.encode(), line.signature)
                for line in note.lines
            )
            for key in self.keys
        )

    def _newest(self) -> SignedCheckpoint | None:
        return self._parsed(LATEST)

    def _kept(self, size: int) -> SignedCheckpoint:
        found = self._parsed(str(size))
        if found is None or found.checkpoint.size != size:
            raise _cannot(f"{self._folder / str(size)} is no checkpoint of that size")
        return found

    def _parsed(self, name: str) -> SignedCheckpoint | None:
        data = self._read(name)
        if data is None:
            return None
        try:
            return parse_checkpoint(data)
        except EvidenceError as fault:
            raise _cannot(f"{self._folder / name} is no checkpoint: {fault.reason}") from fault

    def _read(self, name: str) -> bytes | None:
        try:
            with (self._folder / name).open("rb") as file:
                return file.read(NOTE_BYTES_MAX + 1)
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise _cannot(f"{self._folder / name} cannot be read: {fault.strerror}") from fault

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else, of any process or thread; what cannot be read or written is told as ours."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self._folder / "lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as fault:
            raise _cannot(f"{self._folder} cannot be used: {fault.strerror or fault}") from fault


_RESTORE: Final = (
    "put the newest database (with its -wal file) back; if that is lost, two operators declare the "
    'restore: docs/operations.md, "Restore"'
)


def _lost(checkpoint: Checkpoint) -> str:
    return f"lost-{checkpoint.size}-{checkpoint.root.hex()[:PREFIX_DIGITS]}"


def _cannot(reason: str) -> TicketgateError:
    return TicketgateError(
        reason, code="signer", next_step="look at data/checkpoints: it must be this log's own"
    )
