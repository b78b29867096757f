"""How a database comes to the schema of this version; sqlite-utils runs the migrations.

Apart from the schema: who only looks at a database needs no more than to know its version.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from ticketgate.adapters.sqlite import schema
from ticketgate.domain.errors import StoreUnavailableError


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date, one version at a time, each in a transaction of its own.

    Raises:
        StoreUnavailableError: the file was written by a newer version, or cannot be changed;
            nothing of a version that failed is kept.
    """
    database = Database(connection, execute_plugins=False)
    done = connection.execute("PRAGMA user_version").fetchone()[0]
    if done > len(schema.MIGRATIONS):
        raise StoreUnavailableError(
            f"the database has schema {done}; this version knows {len(schema.MIGRATIONS)}",
            next_step="start the version that wrote it, or a newer one",
        )
    for number, script in enumerate(schema.MIGRATIONS[done:], start=done + 1):
        # The script holds the transaction: `executescript` would commit one begun before it.
        whole = f"BEGIN IMMEDIATE;{script}PRAGMA user_version={number};COMMIT;"
        try:
            database.executescript(whole)
        except sqlite3.Error as fault:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise StoreUnavailableError(
                f"the database cannot be brought to schema {number}: {fault}",
                next_step="check that the file is ticketgate's own, and that the disk is not full",
            ) from fault


def create(path: Path) -> None:
    """An empty database, bound to no origin yet; its folder (0700) is made as well.

    Raises:
        StoreUnavailableError: it cannot be made.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(schema.connect(path)) as connection:
        migrate(connection)
