"""Exceptions in SQLite."""

import sqlite3

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.cases.exception_case import ExceptionCase, ExceptionState
from ticketgate.domain.errors import StoreConflictError
from ticketgate.domain.instants import from_text, to_text


class SqliteExceptions:
    """`ports.Exceptions`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, ident: str) -> ExceptionCase | None:
        """The exception with this id."""
        found = one(self._db, "SELECT * FROM exception WHERE id = ?", ident)
        return None if found is None else case_of(found)

    def opened(self, code: str, subject: str) -> ExceptionCase | None:
        """The open one of this code and subject; at most one is."""
        sql = (
            "SELECT * FROM exception WHERE state <> 'resolved' AND subject <> ''"
            " AND code = ? AND subject = ?"
        )
        found = one(self._db, sql, code, subject)
        return None if found is None else case_of(found)

    def open_of(self, code: str) -> list[ExceptionCase]:
        """All of this code that are open, oldest first."""
        sql = (
            "SELECT * FROM exception WHERE state <> 'resolved' AND code = ? ORDER BY opened_at, idx"
        )
        return [case_of(row) for row in rows(self._db, sql, code)]

    def count(self, code: str) -> int:
        """How many of this code are open."""
        sql = "SELECT count(*) FROM exception WHERE state <> 'resolved' AND code = ?"
        return int(scalar(self._db, sql, code))

    def add(self, case: ExceptionCase) -> None:
        """Store one that has opened (StoreConflictError when its like is open)."""
        if case.subject and self.opened(case.code, case.subject) is not None:
            raise StoreConflictError(f"an exception {case.code} of the same subject is open")
        self._db.execute(
            "INSERT INTO exception VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                case.id,
                case.code,
                case.subject,
                case.about,
                case.owner,
                case.state.value,
                to_text(case.opened_at),
                codec.moment_text(case.resolved_at),
                case.resolved_by,
                case.index,
            ),
        )

    def move(self, case: ExceptionCase) -> None:
        """Replace an open one by itself, moved (StoreConflictError when it is not open)."""
        sql = (
            "UPDATE exception SET state = ?, owner = ?, resolved_at = ?, resolved_by = ?"
            " WHERE id = ? AND state <> 'resolved'"
        )
        at = codec.moment_text(case.resolved_at)
        values = (case.state.value, case.owner, at, case.resolved_by, case.id)
        if self._db.execute(sql, values).rowcount != 1:
            raise StoreConflictError(f"the exception {case.id} is not open")

    def listed(self, state: str | None, limit: int) -> list[ExceptionCase]:
        """Newest first, for looking."""
        sql = (
            "SELECT * FROM exception WHERE ?1 IS NULL OR state = ?1"
            " ORDER BY opened_at DESC, idx DESC LIMIT ?2"
        )
        return [case_of(row) for row in rows(self._db, sql, state, limit)]

    def waiting(self, limit: int, behind: str = "") -> list[ExceptionCase]:
        """The open ones, oldest first; from behind the one with that id on, whatever its state."""
        after = "AND (opened_at, idx) > (SELECT opened_at, idx FROM exception WHERE id = ?2)"
        sql = (
            f"SELECT * FROM exception WHERE state <> 'resolved' {after if behind else ''}"  # noqa: S608 -- of constants alone
            " ORDER BY opened_at, idx LIMIT ?1"
        )
        return [case_of(row) for row in rows(self._db, sql, limit, *([behind] if behind else []))]

    def named(self, case: ExceptionCase) -> frozenset[str]:
        """The directory subjects whom what its opening hides concerns; erased ones as actors."""
        sql = "SELECT subject FROM evidence_disclosure WHERE idx = ? AND subject <> ''"
        return frozenset(row["subject"] for row in rows(self._db, sql, case.index))

    def open_by_code(self) -> list[ExceptionCase]:
        """All that are open, the oldest of each code first, sorted by code."""
        sql = "SELECT * FROM exception WHERE state <> 'resolved' ORDER BY code, opened_at, idx"
        return [case_of(row) for row in rows(self._db, sql)]


def case_of(row: Row) -> ExceptionCase:
    """The exception in a row of the table."""
    return ExceptionCase(
        id=row["id"],
        code=row["code"],
        subject=row["subject"],
        about=row["about"],
        owner=row["owner"],
        state=ExceptionState(row["state"]),
        opened_at=from_text(row["opened_at"]),
        index=row["idx"],
        resolved_at=codec.moment(row["resolved_at"]),
        resolved_by=row["resolved_by"],
    )
