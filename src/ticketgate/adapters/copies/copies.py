"""Copies of checkpoints where the operator cannot take them back: a folder, or a locked bucket.

Both hold `<origin>/checkpoints/<size>` and, where there is a token, `<size>.tsr`; what is there is
never written over.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

from ticketgate.adapters.durable import sync_folder
from ticketgate.adapters.thread_ban import check_outward_call
from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.log.anchor import AnchorError, AnchorKind, origin_slug
from ticketgate.domain.log.note import NOTE_BYTES_MAX, parse_note
from ticketgate.domain.settings import FolderSettings
from ticketgate.ports import Asked, Vouched

FILE_MODE: Final = 0o444  # anybody may look; nobody needs to write


class Place(Protocol):
    """Where copies go, by name such as `gate.example.com_evidence/checkpoints/130`."""

    def put_once(self, name: str, data: bytes, asked: Asked) -> bytes:
        """Put it there unless something of that name is; what is there, read back.

        Raises:
            AnchorError: it cannot be put or read.
        """


class Copies:
    """`ports.Anchor` over a place."""

    kind = AnchorKind.COPY

    def __init__(self, name: str, place: Place) -> None:
        self.name = name
        self._place = place

    def vouch(self, asked: Asked) -> Vouched:
        """Put the checkpoint there, with what others said of it.

        A copy that was put before the gateway ended may have fewer cosignatures; it stays.

        Raises:
            AnchorError: see `docs/errors.md`, "Anchors".
        """
        size = asked.checkpoint.size
        name = f"{origin_slug(asked.checkpoint.origin)}/checkpoints/{size}"
        there = self._place.put_once(name, asked.note, asked)
        if there != asked.note and not _is_earlier(there, asked.note):
            raise _conflict(name)
        if asked.token is not None:
            stamp = self._place.put_once(f"{name}.tsr", asked.token, asked)
            if stamp != asked.token:
                raise _conflict(f"{name}.tsr")
        return Vouched()


class FolderPlace:
    """An existing folder: what is put there is whole and durable, or not there."""

    def __init__(self, settings: FolderSettings) -> None:
        self._folder = Path(settings.folder)

    def put_once(self, name: str, data: bytes, asked: Asked) -> bytes:
        """See the protocol. A missing folder is not made: the storage may not be mounted."""
        del asked
        check_outward_call("copy")
        if not self._folder.is_dir():
            raise AnchorError(
                f"the folder {self._folder} is not there",
                code="anchor_unreachable",
                next_step="mount the storage, and make the folder there",
            )
        try:
            return self._put(self._folder / name, data)
        except OSError as fault:
            raise AnchorError(
                f"the copy cannot be written or read: {fault.strerror or fault}",
                code="copy_failed",
                next_step="look at the folder: its rights, its room, and that it knows hard links",
            ) from fault

    def _put(self, path: Path, data: bytes) -> bytes:
        for folder in _missing(path.parent):
            folder.mkdir()
            sync_folder(folder.parent)
        fresh = path.with_name(f".{path.name}.new")
        with suppress(FileNotFoundError):
            fresh.unlink()
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):  # then it is read, and held against ours
                os.link(fresh, path)
        finally:
            fresh.unlink()
        sync_folder(path.parent)
        with path.open("rb") as file:
            return file.read(max(len(data), NOTE_BYTES_MAX) + 1)


def _missing(folder: Path) -> Iterator[Path]:
    """The folders that are not there, outermost first."""
    if not folder.is_dir():
        yield from _missing(folder.parent)
        yield folder


def _is_earlier(there: bytes, note: bytes) -> bool:
    """Whether it is the same checkpoint with some of the same signatures."""
    try:
        before, now = parse_note(there), parse_note(note)
    except EvidenceError:
        return False
    return before.text == now.text and set(before.lines) <= set(now.lines)


def _conflict(name: str) -> AnchorError:
    return AnchorError(
        f"another content stands there as {name}",
        code="copy_conflict",
        next_step="keep both; either another log is copied there, or this one was rewritten",
    )
