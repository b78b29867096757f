"""One place that turns cursors into rows by name."""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]  # values as SQLite gives them; each repository knows its columns


def rows(connection: sqlite3.Connection, sql: str, *args: object) -> Iterator[Row]:
    """All rows of a query."""
    cursor = connection.execute(sql, args)
    first = cursor.fetchone()  # mostly there is none: then nothing needs its names
    if first is None:
        return
    names = [column[0] for column in cursor.description]
    yield dict(zip(names, first, strict=True))
    for values in cursor:
        yield dict(zip(names, values, strict=True))


def one(connection: sqlite3.Connection, sql: str, *args: object) -> Row | None:
    """The first row of a query, or None."""
    return next(rows(connection, sql, *args), None)


def scalar(connection: sqlite3.Connection, sql: str, *args: object) -> Any:  # noqa: ANN401 -- a column
    """The first value of the first row, or None."""
    found = connection.execute(sql, args).fetchone()
    return None if found is None else found[0]
