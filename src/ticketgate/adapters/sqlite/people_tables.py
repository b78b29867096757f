"""Actor ids, codes, sessions, loaded configuration and the kept clock in SQLite."""

import sqlite3
from datetime import datetime

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.people.sign_in import Code, SessionRow
from ticketgate.domain.timekeeping import Kept


def _code(row: Row) -> Code:
    return Code(
        id=row["id"],
        browser_hash=row["browser_hash"],
        subject=row["subject"],
        link=row["link"],
        asked_at=from_text(row["asked_at"]),
        code_hash=row["code_hash"],
        expires_at=codec.moment(row["expires_at"]),
        tries=row["tries"],
        state=row["state"],
    )


class SqlitePeople:
    """`ports.People`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def actor(self, subject: str) -> str | None:
        """The random id that stands for a subject in evidence."""
        found: str | None = scalar(self._db, "SELECT id FROM actor WHERE subject = ?", subject)
        return found

    def add_actor(self, subject: str, actor: str) -> None:
        """Store a minted actor id."""
        self._db.execute("INSERT INTO actor VALUES (?, ?)", (subject, actor))

    def subject(self, actor: str) -> str | None:
        """The subject behind an actor id."""
        found: str | None = scalar(self._db, "SELECT subject FROM actor WHERE id = ?", actor)
        return found

    def loaded(self, kind: str) -> str | None:
        """The digest of the policy, directory or settings loaded last."""
        found: str | None = scalar(self._db, "SELECT digest FROM loaded WHERE kind = ?", kind)
        return found

    def loaded_at(self, kind: str) -> datetime | None:
        """When what is loaded was read."""
        return codec.moment(scalar(self._db, "SELECT at FROM loaded WHERE kind = ?", kind))

    def note_loaded(self, kind: str, digest: str, read_at: datetime) -> None:
        """Note what is loaded, and when it was read."""
        self._db.execute(
            "INSERT OR REPLACE INTO loaded VALUES (?, ?, ?)", (kind, digest, to_text(read_at))
        )

    def codes_since(self, subject: str, link: str | None, since: datetime) -> int:
        """How many codes were asked for since then by a link, or by address without one.

        By a link: for this person or this link. By address: for this person.
        """
        sql = (
            "SELECT count(*) FROM code WHERE (subject = ?1 OR link = ?2)"
            " AND (link IS NULL) = (?2 IS NULL) AND asked_at > ?3"
        )
        return int(scalar(self._db, sql, subject, link, to_text(since)))

    def add_code(self, code: Code) -> None:
        """Store a code that was asked for."""
        self._db.execute(
            "INSERT INTO code VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                code.id,
                code.browser_hash,
                code.subject,
                code.link,
                to_text(code.asked_at),
                code.code_hash,
                codec.moment_text(code.expires_at),
                code.tries,
                code.state,
            ),
        )

    def code(self, ident: str) -> Code | None:
        """The code with this id."""
        row = one(self._db, "SELECT * FROM code WHERE id = ?", ident)
        return None if row is None else _code(row)

    def codes_of_browser(self, browser_hash: str) -> list[Code]:
        """Open codes that this browser session asked for, newest first."""
        sql = "SELECT * FROM code WHERE browser_hash = ? AND state = 'open' ORDER BY rowid DESC"
        return [_code(row) for row in rows(self._db, sql, browser_hash)]

    def save_code(self, code: Code) -> None:
        """Replace."""
        self._db.execute(
            "UPDATE code SET code_hash = ?, expires_at = ?, tries = ?, state = ? WHERE id = ?",
            (code.code_hash, codec.moment_text(code.expires_at), code.tries, code.state, code.id),
        )

    def add_session(self, session: SessionRow) -> None:
        """Store a session by the hash of its id."""
        self._db.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?, ?, ?)",
            (
                session.id_hash,
                session.subject,
                session.method,
                to_text(session.signed_in_at),
                to_text(session.expires_at),
                codec.moment_text(session.ended_at),
            ),
        )

    def session(self, id_hash: str) -> SessionRow | None:
        """The session with this hash."""
        row = one(self._db, "SELECT * FROM session WHERE id_hash = ?", id_hash)
        if row is None:
            return None
        return SessionRow(
            id_hash=row["id_hash"],
            subject=row["subject"],
            method=row["method"],
            signed_in_at=from_text(row["signed_in_at"]),
            expires_at=from_text(row["expires_at"]),
            ended_at=codec.moment(row["ended_at"]),
        )

    def end_session(self, id_hash: str, now: datetime) -> None:
        """End it."""
        self._db.execute(
            "UPDATE session SET ended_at = ? WHERE id_hash = ? AND ended_at IS NULL",
            (to_text(now), id_hash),
        )

    def end_sign_ins(self, now: datetime) -> None:
        """End every session, and void every code that was asked for."""
        self._db.execute("UPDATE session SET ended_at = ? WHERE ended_at IS NULL", (to_text(now),))
        self._db.execute("UPDATE code SET state = 'void' WHERE state = 'open'")

    def keep_clock(self, kept: Kept) -> None:
        """Store the last clock reading."""
        self._db.execute(
            "INSERT OR REPLACE INTO clock VALUES (1, ?, ?, ?)",
            (kept.boot_id, kept.boot_seconds, to_text(kept.now)),
        )

    def kept_clock(self) -> Kept | None:
        """The last clock reading stored."""
        row = one(self._db, "SELECT * FROM clock WHERE id = 1")
        if row is None:
            return None
        return Kept(row["boot_id"], row["boot_seconds"], from_text(row["now"]))
