"""`ports.Bundle`: a folder of plain files, each made durable before it bears its name."""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ticketgate.adapters.durable import sync_folder
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.log.bundle import UNFINISHED

CHUNK_BYTES: Final = 1 << 20
FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600  # disclosures are personal data


class BundleWriter:
    """The folder at `path`, which need not be there yet; files 0600, folders 0700."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unsettled: dict[str, None] = {}
        self._folders: dict[Path, None] = {}

    def names(self) -> frozenset[str]:
        """Every file; an empty folder as its name and a slash."""
        if not os.path.lexists(self._path):
            return frozenset()
        return frozenset(self._walk(self._path, ""))

    def read(self, name: str, bytes_max: int) -> bytes:
        """The first bytes of a file, at most so many."""
        with (self._path / name).open("rb") as file:
            return file.read(bytes_max)

    def chunks(self, name: str) -> Iterator[bytes]:
        """A file from its beginning to its end."""
        with (self._path / name).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def write(self, name: str, chunks: Iterable[bytes]) -> None:
        """Put a file in its place; durable when this returns."""
        path = self._put(name, chunks, durable=True)
        sync_folder(path.parent)

    def write_soon(self, name: str, data: bytes) -> None:
        """The same, durable only after `settle`."""
        self._put(name, (data,), durable=False)
        self._unsettled[name] = None

    def remove(self, name: str) -> None:
        """Take a file away."""
        path = self._path / name
        path.unlink(missing_ok=True)
        self._unsettled.pop(name, None)
        self._folders[path.parent] = None

    def settle(self) -> None:
        """Make all that was written or taken away durable: files first, then where they stand."""
        for name in self._unsettled:
            with (self._path / name).open("rb") as file:
                os.fsync(file.fileno())
        for folder in self._folders:
            sync_folder(folder)
        self._unsettled.clear()
        self._folders.clear()

    def _put(self, name: str, chunks: Iterable[bytes], *, durable: bool) -> Path:
        path = self._path / name
        self._make(path.parent)
        fresh = path.with_name(path.name + UNFINISHED)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(fresh, flags, FILE_MODE), "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
        self._folders[path.parent] = None
        return path

    def _make(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self._path:
            self._make(folder.parent)
        folder.mkdir(mode=FOLDER_MODE, parents=True)
        self._folders[folder.parent] = None

    def _walk(self, folder: Path, before: str) -> Iterator[str]:
        """The files below; nothing but plain files and folders may be there."""
        empty = True
        with os.scandir(folder) as found:
            for one in found:
                empty = False
                name = f"{before}{one.name}"
                mode = one.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    yield from self._walk(folder / one.name, f"{name}/")
                elif stat.S_ISREG(mode):
                    yield name
                else:
                    raise TicketgateError(
                        f"{name!a} in {self._path} is neither a file nor a folder",
                        code="usage",
                        next_step="name a new folder, or one with an earlier copy of this log",
                    )
        if empty and before:
            yield before
