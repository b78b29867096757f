"""Looking at a store that another process may be writing: read-only, and never creating it."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ticketgate.adapters.sqlite import evidence_tables, recorded, schema, state_rows
from ticketgate.adapters.sqlite.held_rows import Held, HeldRows
from ticketgate.adapters.sqlite.rows import one, rows, scalar
from ticketgate.adapters.sqlite.transaction import SqliteReading
from ticketgate.domain.errors import StoreUnavailableError
from ticketgate.domain.evidence import Head, parse_disclosure, parse_entry
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.domain.verifying.chain_check import EntryRow
from ticketgate.domain.verifying.disclosure_check import DisclosureRow
from ticketgate.domain.verifying.state_check import TableRow
from ticketgate.domain.verifying.verification import Stored

_CLASSIFIED: Final = b'"type":"ticket.classified"'


class SqliteLook(SqliteReading):
    """A snapshot of the state tables and of the evidence as stored, which is not trusted."""

    def __init__(self, connection: sqlite3.Connection, origin: str) -> None:
        super().__init__(connection)
        self._db = connection
        self.origin = origin

    def delivery(self, ident: str) -> DeliveryRow | None:
        """The delivery with this id."""
        found = one(self._db, "SELECT source, webhook_id FROM delivery WHERE id = ?", ident)
        if found is None:
            return None
        same = self.deliveries.find(found["source"], found["webhook_id"])
        return next(row for row in same if row.id == ident)

    def head(self) -> Head | None:
        """The head row as stored."""
        found = one(self._db, "SELECT size, leaf FROM evidence_head")
        return None if found is None else Head(found["size"], found["leaf"])

    def entries(self) -> Iterator[EntryRow]:
        """Every entry as stored, in the order of its index."""
        return evidence_tables.entries(self._db)

    def disclosures(self) -> Iterator[DisclosureRow]:
        """Every disclosure as stored."""
        return evidence_tables.disclosures(self._db)

    def tables(self) -> Iterator[TableRow]:
        """Every row of the state tables, for holding them against the log."""
        return state_rows.table_rows(self._db)

    def stored(self, *, tables: bool = True) -> Stored:
        """All of it, for verifying; with `tables`, the state tables too."""
        return Stored(
            self.origin,
            self.entries(),
            self.disclosures(),
            self.head(),
            self.tables() if tables else None,
            self.evidence.pruned(),
            self.evidence.pruned_leaves(),
        )

    def held_rows(self) -> Iterable[Held]:
        """Every row of the state tables, as a rebuilding from the log would have it."""
        return HeldRows(self._db)

    def untouched(self) -> bool:
        """Whether no gateway has ever opened the log of this database."""
        return state_rows.is_untouched(self._db)

    def entry(self, index: int) -> bytes | None:
        """The bytes of one entry."""
        found: bytes | None = scalar(
            self._db, "SELECT entry FROM evidence_entry WHERE idx = ?", index
        )
        return found

    def disclosed(self, index: int) -> list[tuple[str, str | None]]:
        """(digest, encoded or None when erased) of one entry's disclosures."""
        sql = "SELECT digest, encoded FROM evidence_disclosure WHERE idx = ? ORDER BY rowid"
        return [(row["digest"], row["encoded"]) for row in rows(self._db, sql, index)]

    def next_about(self, ident: str, index: int) -> bytes | None:
        """The first entry after `index` that holds the id `ident`."""
        sql = "SELECT entry FROM evidence_entry WHERE idx > ? AND instr(entry, ?) LIMIT 1"
        found: bytes | None = scalar(self._db, sql, index, f'"{ident}"'.encode())
        return found

    def newest_classified(self, ident: str, index: int) -> bytes | None:
        """The newest record of a verdict on this ticket, among those after `index`."""
        sql = (
            "SELECT entry FROM evidence_entry WHERE idx > ? AND instr(entry, ?)"
            " AND instr(entry, ?) ORDER BY idx DESC LIMIT 1"
        )
        found: bytes | None = scalar(self._db, sql, index, f'"id":"{ident}"'.encode(), _CLASSIFIED)
        return found

    def classified(self, cause: str) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Every record of a verdict with this cause, and its ticket; None where that was erased."""
        sql = (
            "SELECT idx, entry FROM evidence_entry WHERE instr(entry, ?) AND instr(entry, ?)"
            " ORDER BY idx"
        )
        for row in rows(self._db, sql, _CLASSIFIED, f'"cause":"{cause}"'.encode()):
            told = [one for _, one in self.disclosed(row["idx"]) if one is not None]
            named = {name: value for _, name, value in map(parse_disclosure, told)}
            ticket = named.get("ticket")
            yield (
                dict(parse_entry(row["entry"])),
                dict(ticket) if isinstance(ticket, dict) else None,
            )

    def count_recorded(self) -> int:
        """How many ticket revisions are recorded, those included that were erased."""
        return recorded.count(self._db)

    def recorded_tickets(self, since: datetime) -> Iterator[recorded.Stored]:
        """Every ticket revision recorded since then, as stored, oldest first.

        Raises:
            TicketgateError: code `cannot_replay`; a record has no time or no id.
        """
        return recorded.stored(self._db, since)


@contextmanager
def look(path: Path, origin: str) -> Iterator[SqliteLook]:
    """A look at the database file at `path`.

    Raises:
        StoreUnavailableError: there is none, or it cannot be read; also from inside the block.
    """
    if not path.is_file():
        raise StoreUnavailableError(
            f"there is no database at {path}",
            next_step="run `ticketgate serve` once, or mend `store` in ticketgate.yaml",
        )
    try:
        with closing(schema.connect(path, read_only=True)) as connection:
            connection.text_factory = _text
            connection.execute("BEGIN")
            _check(connection, path)
            yield SqliteLook(connection, origin)
    except sqlite3.Error as fault:
        raise StoreUnavailableError(
            f"the database {path} cannot be read: {fault}",
            next_step="read it as the gateway's user; a damaged file is restored from a backup",
        ) from fault


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = scalar(connection, "PRAGMA user_version")
    if found != len(schema.MIGRATIONS):
        raise StoreUnavailableError(
            f"the database {path} has schema {found}; this version reads {len(schema.MIGRATIONS)}",
            next_step="start `ticketgate serve` of this version once, or use the one that wrote it",
        )


def _text(data: bytes) -> str | bytes:
    """Text that is none stays bytes, so that it is seen as a fault instead of hiding the rest."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data
