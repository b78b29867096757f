"""Passkeys and ceremonies in SQLite."""

import json
import sqlite3
from datetime import datetime

from ticketgate.adapters.sqlite.rows import Row, one, rows
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.people.passkey_row import Ceremony, Passkey, PasskeyState


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else to_text(moment)


def _passkey(row: Row) -> Passkey:
    return Passkey(
        id=row["id"],
        person=row["person"],
        state=PasskeyState(row["state"]),
        key=row["key"],
        cose=row["cose"],
        credential=row["credential"],
        rp_id=row["rp_id"],
        origin=row["origin"],
        counter=row["counter"],
        enrolled_at=from_text(row["enrolled_at"]),
        voucher=row["voucher"] or "",
        confirmed_at=None if row["confirmed_at"] is None else from_text(row["confirmed_at"]),
    )


class SqlitePasskeys:
    """`ports.Passkeys`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, ident: str) -> Passkey | None:
        """The passkey with this id."""
        row = one(self._db, "SELECT * FROM passkey WHERE id = ?", ident)
        return None if row is None else _passkey(row)

    def of_person(self, actor: str) -> list[Passkey]:
        """All of a person's, the oldest first."""
        sql = "SELECT * FROM passkey WHERE person = ? ORDER BY enrolled_at, id"
        return [_passkey(row) for row in rows(self._db, sql, actor)]

    def confirmed(self) -> list[str]:
        """Whose passkeys may be used, or once might: actors, each once."""
        sql = "SELECT DISTINCT person FROM passkey WHERE state = 'usable' OR confirmed_at NOT NULL"
        return [row["person"] for row in rows(self._db, sql)]

    def pending(self) -> list[Passkey]:
        """Those that wait for somebody to vouch, the oldest first."""
        sql = "SELECT * FROM passkey WHERE state = 'pending' ORDER BY enrolled_at, id"
        return [_passkey(row) for row in rows(self._db, sql)]

    def add(self, passkey: Passkey) -> None:
        """Store one that was enrolled."""
        self._db.execute(
            "INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                passkey.id,
                passkey.person,
                passkey.state.value,
                passkey.key,
                passkey.cose,
                passkey.credential,
                passkey.rp_id,
                passkey.origin,
                passkey.counter,
                to_text(passkey.enrolled_at),
                passkey.voucher or None,
                _instant(passkey.confirmed_at),
            ),
        )

    def save(self, passkey: Passkey) -> None:
        """Keep its state, counter and voucher, and since when it could be used."""
        confirmed = _instant(passkey.confirmed_at)
        self._db.execute(
            "UPDATE passkey SET state = ?, counter = ?, voucher = ?, confirmed_at = ? WHERE id = ?",
            (passkey.state.value, passkey.counter, passkey.voucher or None, confirmed, passkey.id),
        )

    def begin(self, ceremony: Ceremony, now: datetime) -> None:
        """Store it in place of the session's last of this purpose; those that are over go."""
        self._db.execute("DELETE FROM passkey_ceremony WHERE expires_at <= ?", (to_text(now),))
        self._db.execute(
            "INSERT OR REPLACE INTO passkey_ceremony VALUES (?, ?, ?, ?, ?)",
            (
                ceremony.session_hash,
                ceremony.purpose,
                json.dumps(ceremony.payload),
                ceremony.salt,
                to_text(ceremony.expires_at),
            ),
        )

    def ceremony(self, session_hash: str, purpose: str) -> Ceremony | None:
        """What this session was asked to sign."""
        sql = "SELECT * FROM passkey_ceremony WHERE session_hash = ? AND purpose = ?"
        row = one(self._db, sql, session_hash, purpose)
        if row is None:
            return None
        return Ceremony(
            session_hash=row["session_hash"],
            purpose=row["purpose"],
            payload=json.loads(row["payload"]),
            salt=row["salt"],
            expires_at=from_text(row["expires_at"]),
        )

    def end(self, session_hash: str, purpose: str) -> None:
        """Nothing more comes of it."""
        self._db.execute(
            "DELETE FROM passkey_ceremony WHERE session_hash = ? AND purpose = ?",
            (session_hash, purpose),
        )
