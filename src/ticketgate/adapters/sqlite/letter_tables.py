"""Letters about outcomes in SQLite."""

import sqlite3

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import one, scalar
from ticketgate.domain.errors import StoreConflictError
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.telling.outcomes import Outcome, OutcomeLetter


class SqliteOutcomeLetters:
    """`ports.OutcomeLetters`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, letter: OutcomeLetter) -> None:
        """Store one (StoreConflictError where the person has one of the same key)."""
        try:
            self._db.execute(
                "INSERT INTO letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    letter.id,
                    letter.key,
                    letter.outcome.value,
                    letter.about,
                    letter.thread,
                    letter.subject,
                    letter.text,
                    letter.next,
                    letter.index,
                    to_text(letter.queued_at),
                    codec.moment_text(letter.until),
                ),
            )
        except sqlite3.IntegrityError as fault:
            raise StoreConflictError(f"a letter {letter.key} for the same person") from fault

    def get(self, ident: str) -> OutcomeLetter | None:
        """The letter with this id."""
        row = one(self._db, "SELECT * FROM letter WHERE id = ?", ident)
        if row is None:
            return None
        return OutcomeLetter(
            id=row["id"],
            outcome=Outcome(row["outcome"]),
            about=row["about"],
            thread=row["thread"],
            subject=row["subject"],
            text=row["text"],
            next=row["next"],
            index=row["idx"],
            queued_at=from_text(row["queued_at"]),
            until=codec.moment(row["until"]),
        )

    def has(self, key: str) -> bool:
        """Whether somebody has one of this key."""
        return bool(scalar(self._db, "SELECT count(*) FROM letter WHERE key = ?", key))
