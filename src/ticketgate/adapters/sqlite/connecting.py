"""How a database file is opened: durable, and readable by its owner alone."""

import sqlite3
from pathlib import Path
from typing import Final

from ticketgate.domain.errors import StoreUnavailableError

BUSY_MILLISECONDS: Final = 5000


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection in WAL mode with synchronous=FULL, both asserted; the file is the owner's alone.

    Raises:
        StoreUnavailableError: the file cannot be opened so.
    """
    try:
        if not read_only:
            _keep_private(path)
        return _opened(path, read_only=read_only)
    except (sqlite3.Error, OSError) as fault:
        raise StoreUnavailableError(
            f"the database {path} cannot be opened: {fault}",
            next_step="check that the folder exists, is writable, and that the disk is not full",
        ) from fault


def _keep_private(path: Path) -> None:
    """Whatever the umask, and whoever may pass through the folder: the files have mode 0600.

    SQLite gives the files that it makes beside it the mode of the database.
    """
    path.touch(mode=0o600)
    for suffix in ("", "-wal", "-shm"):
        file = path.with_name(path.name + suffix)
        if file.is_file():
            file.chmod(0o600)


def _opened(path: Path, *, read_only: bool) -> sqlite3.Connection:
    target = f"{path.absolute().as_uri()}?mode=ro" if read_only else str(path)
    connection = sqlite3.connect(
        target, uri=read_only, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute(f"PRAGMA busy_timeout={BUSY_MILLISECONDS}")
        connection.execute("PRAGMA foreign_keys=ON")
        if not read_only:
            _durable(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _durable(connection: sqlite3.Connection) -> None:
    mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")  # what is erased is overwritten in the file
    level = connection.execute("PRAGMA synchronous").fetchone()[0]
    if mode != "wal" or level != 2:  # noqa: PLR2004 -- 2 is FULL in SQLite's own numbering
        raise StoreUnavailableError(
            f"the database is in mode {mode}/{level}, not WAL and FULL",
            next_step="put the store on a local disk that supports shared memory",
        )
