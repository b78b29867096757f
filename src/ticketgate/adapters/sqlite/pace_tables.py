"""How much each source may bring about, and what it brought about of late, in SQLite."""

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from ticketgate.adapters.sqlite.rows import one, rows, scalar
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.requests.velocity import REASON, HeldClosing, Rate, Velocity

_HELD: Final = "state = 'blocked' AND json_extract(content, '$.reasons') = ?"
# Left alone, SQLite would read every request there ever was.
_BLOCKED: Final = "request INDEXED BY request_blocked"
_REQUESTS: Final = "requests"
_CLOSINGS: Final = "closings"
_APPROVED: Final = "approved"  # by a rule, whose id stands in the place of the source
_MAILED_AGAIN: Final = "mailed_again"  # to an actor, whose id stands in the place of the source
_ONLY: Final = f'["{REASON}"]'


class SqlitePace:
    """`ports.Pace`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def limit(self, source: str) -> Rate | None:
        """How many requests go to their approvers; None for a source that never had a limit."""
        return self._limit(source, _REQUESTS)

    def closings(self, source: str) -> Rate | None:
        """How many grants its tickets may end; None for a source that never had a limit."""
        return self._limit(source, _CLOSINGS)

    def set_limits(self, limits: Mapping[str, Velocity]) -> None:
        """These from now on. A source that had limits and is not among them has counts of 0."""
        self._db.execute("UPDATE pace SET count = 0")
        rates = [
            (name, what, rate.count, int(rate.per.total_seconds()))
            for name, one in limits.items()
            for what, rate in ((_REQUESTS, one.requests), (_CLOSINGS, one.closings))
        ]
        self._db.executemany("INSERT OR REPLACE INTO pace VALUES (?, ?, ?, ?)", rates)

    def passed(self, source: str, since: datetime) -> int:
        """How many requests went to their approvers later than `since`."""
        return self._count(source, _REQUESTS, since)

    def closed(self, source: str, since: datetime) -> int:
        """How many grants its tickets ended later than `since`, without those that were held."""
        return self._count(source, _CLOSINGS, since)

    def note_passed(self, source: str, request: str, at: datetime, since: datetime) -> None:
        """Note that one did; what is not later than `since` is forgotten."""
        self._note(source, _REQUESTS, request, at, since)

    def note_closed(self, source: str, grant: str, at: datetime, since: datetime) -> None:
        """Note that one was ended; what is not later than `since` is forgotten."""
        self._note(source, _CLOSINGS, grant, at, since)

    def approved(self, rule: str, since: datetime) -> int:
        """How many requests an automatic rule approved later than `since`."""
        return self._count(rule, _APPROVED, since)

    def note_approved(self, rule: str, request: str, at: datetime, since: datetime) -> None:
        """Note that it did; what is not later than `since` is forgotten."""
        self._note(rule, _APPROVED, request, at, since)

    def mailed_again(self, actor: str, since: datetime) -> int:
        """How often an actor had a link mailed to them again later than `since`."""
        return self._count(actor, _MAILED_AGAIN, since)

    def note_mailed_again(self, actor: str, link: str, at: datetime, since: datetime) -> None:
        """Note that they had; what is not later than `since` is forgotten."""
        self._note(actor, _MAILED_AGAIN, link, at, since)

    def _limit(self, source: str, what: str) -> Rate | None:
        row = one(self._db, "SELECT * FROM pace WHERE source = ? AND what = ?", source, what)
        return None if row is None else Rate(row["count"], timedelta(seconds=row["seconds"]))

    def _count(self, source: str, what: str, since: datetime) -> int:
        sql = "SELECT count(*) FROM passed WHERE source = ? AND what = ? AND at > ?"
        return int(scalar(self._db, sql, source, what, to_text(since)))

    def _note(self, source: str, what: str, about: str, at: datetime, since: datetime) -> None:
        sql = "DELETE FROM passed WHERE source = ? AND what = ? AND at <= ?"
        self._db.execute(sql, (source, what, to_text(since)))
        values = (source, what, about, to_text(at))
        self._db.execute("INSERT INTO passed VALUES (?, ?, ?, ?)", values)

    def hold_closing(self, held: HeldClosing) -> None:
        """Hold the end of a grant that is not held."""
        values = (held.grant, held.cause, to_text(held.until))
        self._db.execute("INSERT INTO held_closing VALUES (?, ?, ?)", values)

    def held_closing(self, grant: str) -> HeldClosing | None:
        """How the end of a grant is held, if it is."""
        row = one(self._db, "SELECT * FROM held_closing WHERE access_grant = ?", grant)
        if row is None:
            return None
        return HeldClosing(row["access_grant"], row["cause"], from_text(row["until"]))

    def held_until(self, now: datetime) -> list[str]:
        """The grants whose hold is over, oldest first."""
        sql = "SELECT access_grant FROM held_closing WHERE until <= ? ORDER BY until, rowid"
        return [row["access_grant"] for row in rows(self._db, sql, to_text(now))]

    def let_go(self, grant: str) -> None:
        """A grant ends: nothing of it is held any more."""
        self._db.execute("DELETE FROM held_closing WHERE access_grant = ?", (grant,))

    def held_sources(self) -> list[str]:
        """The sources of requests that nothing but their limit blocks."""
        sql = f"SELECT DISTINCT source FROM {_BLOCKED} WHERE {_HELD} ORDER BY source"  # noqa: S608 -- of constants alone
        return [row["source"] for row in rows(self._db, sql, _ONLY)]

    def held(self, source: str, limit: int) -> list[str]:
        """The ids of such requests of one source, oldest first."""
        sql = (
            f"SELECT id FROM {_BLOCKED} WHERE {_HELD} AND source = ?"  # noqa: S608 -- of constants alone
            " ORDER BY opened_at, rowid LIMIT ?"
        )
        return [row["id"] for row in rows(self._db, sql, _ONLY, source, limit)]
