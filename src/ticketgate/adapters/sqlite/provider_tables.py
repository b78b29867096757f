"""Sign-ins at an identity provider in SQLite."""

import json
import sqlite3
from datetime import datetime

from ticketgate.adapters.sqlite.rows import one, rows
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.people.claims import Claimed
from ticketgate.domain.people.sign_in import SESSION_LIFE, StepUp


class SqliteProviderSignIns:
    """`ports.ProviderSignIns`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def spend(self, ident: str, now: datetime, until: datetime) -> bool:
        """Use up `ident`; what could not count any more is forgotten."""
        self._db.execute("DELETE FROM spent WHERE until <= ?", (to_text(now),))
        sql = "INSERT OR IGNORE INTO spent VALUES (?, ?)"
        return self._db.execute(sql, (ident, to_text(until))).rowcount == 1

    def note(self, id_hash: str, subject: str, sub: str, sid: str) -> None:
        """Note where a session is from."""
        values = (id_hash, subject, sub, sid)
        self._db.execute("INSERT INTO provider_session VALUES (?, ?, ?, ?)", values)

    def sessions(self, sub: str, sid: str) -> list[str]:
        """The hashes of the sessions from `sid` and `sub`, as far as each is told."""
        sql = (
            "SELECT id_hash FROM provider_session"
            " WHERE (?1 = '' OR sub = ?1) AND (?2 = '' OR sid = ?2) AND ?1 || ?2 <> ''"
        )
        return [row["id_hash"] for row in rows(self._db, sql, sub, sid)]

    def save_claimed(self, id_hash: str, claimed: Claimed) -> None:
        """Keep what was claimed; what is older than any session is forgotten."""
        before = to_text(claimed.at - 2 * SESSION_LIFE)
        self._db.execute("DELETE FROM provider_claims WHERE at < ?", (before,))
        values = json.dumps(sorted(claimed.values))
        row = (id_hash, claimed.subject, to_text(claimed.at), claimed.claim, values)
        self._db.execute("INSERT OR REPLACE INTO provider_claims VALUES (?, ?, ?, ?, ?)", row)

    def claimed(self, id_hash: str) -> Claimed | None:
        """What was claimed at the newest sign-in of this session."""
        row = one(self._db, "SELECT * FROM provider_claims WHERE id_hash = ?", id_hash)
        if row is None:
            return None
        values = frozenset(json.loads(row["told"]))
        return Claimed(row["subject"], from_text(row["at"]), row["claim"], values)

    def save_step_up(self, step_up: StepUp) -> None:
        """Keep a step-up; those whose time is over are forgotten, their tokens with them."""
        self._db.execute("DELETE FROM step_up WHERE until <= ?", (to_text(step_up.at),))
        self._db.execute(
            "INSERT OR REPLACE INTO step_up VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                step_up.id_hash,
                step_up.subject,
                step_up.shown,
                to_text(step_up.at),
                to_text(step_up.until),
                to_text(step_up.auth_time),
                step_up.acr,
                step_up.salt,
                step_up.token,
            ),
        )

    def step_up(self, id_hash: str, shown: str) -> StepUp | None:
        """The step-up of this session for this `shown`."""
        sql = "SELECT * FROM step_up WHERE id_hash = ? AND shown = ?"
        row = one(self._db, sql, id_hash, shown)
        if row is None:
            return None
        return StepUp(
            id_hash=row["id_hash"],
            subject=row["subject"],
            shown=row["shown"],
            at=from_text(row["at"]),
            until=from_text(row["until"]),
            auth_time=from_text(row["auth_time"]),
            acr=row["acr"],
            salt=row["salt"],
            token=row["token"],
        )

    def drop_step_up(self, id_hash: str, shown: str) -> None:
        """It is used up."""
        self._db.execute("DELETE FROM step_up WHERE id_hash = ? AND shown = ?", (id_hash, shown))
