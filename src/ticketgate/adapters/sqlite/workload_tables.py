"""Who was asked, who answered, and who was reminded, in SQLite."""

import sqlite3
from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import one, rows, scalar
from ticketgate.domain.instants import from_text, to_text
from ticketgate.ports.workload import Answer, OpenLink

_OPEN: Final = """
SELECT link.id, link.approver, link.request, link.on_behalf_of, request.decide_by,
  (SELECT min(minted_at) FROM link_token WHERE link_token.link = link.id) AS asked_at
FROM link JOIN request ON request.id = link.request
WHERE link.state = 'issued' AND request.state = 'awaiting' AND (?1 IS NULL OR link.approver = ?1)
ORDER BY request.decide_by, link.id
"""
_ANSWERS: Final = """
SELECT approver, decided_at,
  (SELECT min(minted_at) FROM link_token JOIN link ON link.id = link_token.link
   WHERE link.request = approval.request AND link.round = approval.round
     AND link.stage = approval.stage AND link.approver = approval.approver) AS asked_at
FROM approval WHERE decided_at >= ? ORDER BY decided_at
"""


class SqliteWorkload:
    """`ports.Workload`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def open_links(self, approver: str | None = None) -> Sequence[OpenLink]:
        """Links of the open stages of requests that await a decision, soonest deadline first."""
        return [
            OpenLink(
                id=row["id"],
                approver=row["approver"],
                request=row["request"],
                on_behalf_of=row["on_behalf_of"],
                decide_by=from_text(row["decide_by"]),
                asked_at=codec.moment(row["asked_at"]),
            )
            for row in rows(self._db, _OPEN, approver)
        ]

    def answers(self, since: datetime) -> Sequence[Answer]:
        """Decisions from then on, oldest first."""
        return [
            Answer(row["approver"], codec.moment(row["asked_at"]), from_text(row["decided_at"]))
            for row in rows(self._db, _ANSWERS, to_text(since))
        ]

    def is_reminded(self, key: str) -> bool:
        """Whether this reminder was dealt with: mailed, or left to the day's digest."""
        return bool(scalar(self._db, "SELECT count(*) FROM reminder WHERE key = ?", key))

    def reminders(self, approver: str, day: date) -> int:
        """How many reminders with a mail of their own somebody has had on this day (UTC)."""
        sql = "SELECT count(*) FROM reminder WHERE approver = ? AND day = ? AND mailed = 1"
        return int(scalar(self._db, sql, approver, day.isoformat()))

    def add_reminder(self, key: str, approver: str, day: date, *, mailed: bool) -> None:
        """Note a reminder; `mailed`: it has a mail of its own."""
        self._db.execute(
            "INSERT INTO reminder VALUES (?, ?, ?, ?)",
            (key, approver, day.isoformat(), int(mailed)),
        )

    def has_digest(self, approver: str, day: date) -> bool:
        """Whether somebody has the digest of this day."""
        sql = "SELECT count(*) FROM digest WHERE approver = ? AND day = ?"
        return bool(scalar(self._db, sql, approver, day.isoformat()))

    def add_digest(self, ident: str, approver: str, day: date) -> None:
        """Note a digest under an id of its own."""
        self._db.execute("INSERT INTO digest VALUES (?, ?, ?)", (ident, approver, day.isoformat()))

    def digest_for(self, ident: str) -> str | None:
        """Whom a digest is for."""
        found = one(self._db, "SELECT approver FROM digest WHERE id = ?", ident)
        return None if found is None else str(found["approver"])
