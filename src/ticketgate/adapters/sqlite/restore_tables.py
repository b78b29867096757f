"""A restore, and the keys that the log has brought, in SQLite."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.log.restore import Compared, Drift, Hold, Loss, Place, Statement

_LOSS, _HOLD = "loss", "hold"


class SqliteLogKeys:
    """`ports.LogKeys`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def rotated(self, vkey: str) -> bool:
        """Whether a `key.rotated` has brought this key."""
        sql = "SELECT count(*) FROM log_key WHERE vkey = ? AND began IS NOT NULL"
        return bool(scalar(self._db, sql, vkey))

    def ended(self, vkey: str) -> bool:
        """Whether a `key.ended` has ended this key."""
        sql = "SELECT count(*) FROM log_key WHERE vkey = ? AND ended IS NOT NULL"
        return bool(scalar(self._db, sql, vkey))

    def first(self) -> list[str]:
        """The keys that it did not bring itself: of before its first rotation."""
        sql = "SELECT vkey FROM log_key WHERE began IS NULL ORDER BY vkey"
        return [row["vkey"] for row in rows(self._db, sql)]

    def add(self, vkey: str, index: int, old: str) -> None:
        """Note the key that the record at `index` brought, and the one that it follows."""
        sql = "INSERT INTO log_key VALUES (?, NULL, NULL) ON CONFLICT DO NOTHING"
        self._db.execute(sql, (old,))
        self._db.execute("INSERT INTO log_key VALUES (?, ?, NULL)", (vkey, index))

    def end(self, vkey: str, index: int) -> None:
        """Note that the record at `index` has ended this key."""
        self._db.execute("UPDATE log_key SET ended = ? WHERE vkey = ?", (index, vkey))


class SqliteRestores:
    """`ports.Restores`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def loss(self) -> Loss | None:
        """The loss that waits to be declared."""
        found = self._kept(_LOSS)
        if found is None:
            return None
        return Loss(**(found | {"last_at": codec.moment(found["last_at"])}))

    def note_loss(self, loss: Loss) -> None:
        """Keep it in place of what was kept; what people said of another one is dropped."""
        said = {
            "code": loss.code,
            "lost_size": loss.lost_size,
            "lost_root": loss.lost_root,
            "kept": loss.kept,
            "opened_size": loss.opened_size,
            "opened_root": loss.opened_root,
            "last_at": codec.moment_text(loss.last_at),
        }
        self._forget()
        self._keep(_LOSS, said)

    def hold(self) -> Hold | None:
        """The hold of a restore that was declared and has not ended."""
        found = self._kept(_HOLD)
        if found is None:
            return None
        times = {"at": from_text(found["at"]), "since": codec.moment(found["since"])}
        return Hold(**(found | times))

    def declare(self, hold: Hold) -> None:
        """The loss is declared: the hold begins, and nothing is compared yet."""
        said = {
            "index": hold.index,
            "lost_size": hold.lost_size,
            "lost_root": hold.lost_root,
            "kept": hold.kept,
            "at": to_text(hold.at),
            "since": codec.moment_text(hold.since),
        }
        self._forget()
        self._keep(_HOLD, said)

    def end(self) -> None:
        """The hold ends, with everything that was kept for it."""
        self._forget()

    def statements(self, purpose: str) -> list[Statement]:
        """What people said for this purpose, oldest first."""
        sql = "SELECT * FROM restore_statement WHERE purpose = ? ORDER BY at, subject"
        return [
            Statement(
                row["purpose"], row["subject"], row["shown"], row["reason"], from_text(row["at"])
            )
            for row in rows(self._db, sql, purpose)
        ]

    def state(self, statement: Statement) -> None:
        """Keep a person's word in place of their earlier one for this purpose."""
        self._db.execute(
            "INSERT OR REPLACE INTO restore_statement VALUES (?, ?, ?, ?, ?)",
            (
                statement.purpose,
                statement.subject,
                statement.shown,
                statement.reason,
                to_text(statement.at),
            ),
        )

    def drop(self, purpose: str) -> None:
        """Forget what people said for this purpose."""
        self._db.execute("DELETE FROM restore_statement WHERE purpose = ?", (purpose,))

    def compared(self) -> list[Compared]:
        """The places that were compared since the declaration, by target and entitlement."""
        sql = "SELECT * FROM restore_compared ORDER BY target, entitlement, access"
        return [_compared(row) for row in rows(self._db, sql)]

    def found(self, place: Place, outcome: Compared, drift: Sequence[Drift]) -> None:
        """Keep how a place compares; where it was listed, `drift` replaces what was found there."""
        access = _access(place)
        self._db.execute(
            "INSERT OR REPLACE INTO restore_compared VALUES (?, ?, ?, ?, ?, ?)",
            (
                place.target,
                access,
                place.entitlement,
                outcome.code,
                outcome.held,
                to_text(outcome.at),
            ),
        )
        if not outcome.listed:
            return
        self._db.execute(
            "DELETE FROM restore_drift WHERE target = ? AND access = ?", (place.target, access)
        )
        for one_ in drift:
            self._db.execute(
                "INSERT INTO restore_drift VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    place.target,
                    access,
                    place.entitlement,
                    one_.principal,
                    one_.found,
                    one_.grant,
                    one_.index,
                ),
            )

    def compared_at(self, place: Place) -> Compared | None:
        """How a place compared last; None where it was not since the declaration."""
        sql = "SELECT * FROM restore_compared WHERE target = ? AND access = ?"
        found = one(self._db, sql, place.target, _access(place))
        return None if found is None else _compared(found)

    def compare_again(self) -> None:
        """Forget that anything was compared; drift stays until it is looked at again."""
        self._db.execute("DELETE FROM restore_compared")

    def drift(self) -> list[Drift]:
        """Everything that was found, by target, entitlement and principal."""
        sql = "SELECT * FROM restore_drift ORDER BY target, entitlement, principal, found, grant_id"
        return [_drift(row) for row in rows(self._db, sql)]

    def drift_of(self, place: Place) -> list[Drift]:
        """What was found at one place."""
        sql = "SELECT * FROM restore_drift WHERE target = ? AND access = ?"
        return [_drift(row) for row in rows(self._db, sql, place.target, _access(place))]

    def _kept(self, what: str) -> dict[str, Any] | None:
        content = scalar(self._db, "SELECT content FROM restore WHERE what = ?", what)
        found: dict[str, Any] | None = None if content is None else json.loads(content)
        return found

    def _keep(self, what: str, said: dict[str, Any]) -> None:
        self._db.execute("INSERT INTO restore VALUES (?, ?)", (what, json.dumps(said)))

    def _forget(self) -> None:
        for table in ("restore", "restore_statement", "restore_compared", "restore_drift"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608 -- the four names above


def _access(place: Place) -> str:
    return json.dumps(sorted(place.access.items()))


def _compared(row: Row) -> Compared:
    return Compared(
        row["target"], row["entitlement"], row["code"], row["held"], from_text(row["at"])
    )


def _drift(row: Row) -> Drift:
    return Drift(
        row["target"],
        row["entitlement"],
        row["principal"],
        row["found"],
        row["grant_id"],
        row["idx"],
    )
