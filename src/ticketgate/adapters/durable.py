"""Durable files: there whole after a power cut, or as they were before."""

import os
from pathlib import Path


def replace_file(path: Path, data: bytes) -> None:
    """Write `data` in place of the file, mode 0600; durable when this returns.

    Raises:
        OSError: nothing was replaced, or the folder could not be made durable.
    """
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        _keep_owner(path, file.fileno())
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


def _keep_owner(path: Path, descriptor: int) -> None:
    """A file that root replaces stays the gateway's own."""
    if os.geteuid() == 0 and path.exists():
        owner = path.stat()
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def sync_folder(folder: Path) -> None:
    """Make what was renamed into a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
