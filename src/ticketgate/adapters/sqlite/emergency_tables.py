"""Emergencies and their notices in SQLite."""

import json
import sqlite3
from collections.abc import Collection
from datetime import datetime, timedelta

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.emergencies.emergency import Emergency, ReviewState
from ticketgate.domain.errors import StoreConflictError
from ticketgate.domain.instants import from_text, to_text


class SqliteEmergencies:
    """`ports.Emergencies`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, ident: str) -> Emergency | None:
        """The emergency with this id."""
        found = one(self._db, "SELECT * FROM emergency WHERE id = ?", ident)
        return None if found is None else _emergency(found)

    def save(self, emergency: Emergency) -> None:
        """Insert version 1, or replace version n-1 by n (StoreConflictError otherwise)."""
        at = codec.moment_text(emergency.reviewed_at)
        if emergency.version == 1:
            self._db.execute(
                "INSERT INTO emergency VALUES"
                " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    emergency.id,
                    emergency.version,
                    emergency.state.value,
                    int(emergency.drill),
                    emergency.subject,
                    emergency.entitlement,
                    emergency.target,
                    emergency.grant,
                    emergency.seconds,
                    int(emergency.within.total_seconds()),
                    emergency.clause,
                    to_text(emergency.invoked_at),
                    emergency.index,
                    emergency.outcome,
                    emergency.reviewer,
                    at,
                    emergency.entered_by,
                    codec.moment_text(emergency.access_from),
                    codec.moment_text(emergency.access_until),
                ),
            )
            return
        cursor = self._db.execute(
            "UPDATE emergency SET version = ?, state = ?, outcome = ?, reviewer = ?,"
            " reviewed_at = ?, access_grant = ?, seconds = ?, within = ?, clause = ?,"
            " invoked_at = ?, idx = ? WHERE id = ? AND version = ?",
            (
                emergency.version,
                emergency.state.value,
                emergency.outcome,
                emergency.reviewer,
                at,
                emergency.grant,
                emergency.seconds,
                int(emergency.within.total_seconds()),
                emergency.clause,
                to_text(emergency.invoked_at),
                emergency.index,
                emergency.id,
                emergency.version - 1,
            ),
        )
        if cursor.rowcount != 1:
            raise StoreConflictError(f"emergency {emergency.id} is not at {emergency.version - 1}")

    def unreviewed(self) -> list[Emergency]:
        """All that have begun and whose review is not done, oldest first."""
        sql = (
            "SELECT * FROM emergency WHERE state <> 'done' AND state NOT IN ('asked', 'consented')"
            " ORDER BY invoked_at, idx"
        )
        return [_emergency(row) for row in rows(self._db, sql)]

    def asks(self, since: datetime) -> list[Emergency]:
        """Those that wait for a consent, or have one and have not begun, oldest first."""
        sql = (
            "SELECT * FROM emergency WHERE state IN ('asked', 'consented') AND invoked_at > ?"
            " ORDER BY invoked_at, idx"
        )
        return [_emergency(row) for row in rows(self._db, sql, to_text(since))]

    def of_entitlement(self, entitlement: str) -> list[Emergency]:
        """All of an entitlement that gave access, or were to; newest first."""
        sql = (
            "SELECT * FROM emergency WHERE entitlement = ? AND access_grant <> ''"
            " ORDER BY invoked_at DESC, idx DESC"
        )
        return [_emergency(row) for row in rows(self._db, sql, entitlement)]

    def listed(self, limit: int, behind: str = "") -> list[Emergency]:
        """Those that have begun, newest first, from behind the one with an id on, for looking."""
        after = "AND (invoked_at, idx) < (SELECT invoked_at, idx FROM emergency WHERE id = ?2)"
        sql = (
            "SELECT * FROM emergency WHERE state NOT IN ('asked', 'consented')"  # noqa: S608 -- of constants alone
            f" {after if behind else ''} ORDER BY invoked_at DESC, idx DESC LIMIT ?1"
        )
        given = (limit, behind) if behind else (limit,)
        return [_emergency(row) for row in rows(self._db, sql, *given)]

    def concern(self, subjects: Collection[str]) -> bool:
        """Whether one that has begun is of one of these people, or was entered by them."""
        sql = (
            "SELECT EXISTS (SELECT 1 FROM emergency WHERE state NOT IN ('asked', 'consented')"
            " AND subject IN (SELECT value FROM json_each(?1)))"
            " OR EXISTS (SELECT 1 FROM emergency WHERE entered_by <> ''"
            " AND entered_by IN (SELECT value FROM json_each(?1)))"
        )
        return bool(scalar(self._db, sql, json.dumps(sorted(subjects))))

    def add_notice(self, ident: str, emergency: str, subject: str) -> None:
        """Store whom a notice is for."""
        self._db.execute("INSERT INTO notice VALUES (?, ?, ?)", (ident, emergency, subject))

    def notice(self, ident: str) -> tuple[str, str] | None:
        """Emergency and subject of a notice."""
        found = one(self._db, "SELECT * FROM notice WHERE id = ?", ident)
        return None if found is None else (found["emergency"], found["subject"])


def _emergency(row: Row) -> Emergency:
    return Emergency(
        id=row["id"],
        version=row["version"],
        state=ReviewState(row["state"]),
        drill=bool(row["drill"]),
        subject=row["subject"],
        entitlement=row["entitlement"],
        target=row["target"],
        grant=row["access_grant"],
        seconds=row["seconds"],
        within=timedelta(seconds=row["within"]),
        clause=row["clause"],
        invoked_at=from_text(row["invoked_at"]),
        index=row["idx"],
        outcome=row["outcome"],
        reviewer=row["reviewer"],
        reviewed_at=codec.moment(row["reviewed_at"]),
        entered_by=row["entered_by"],
        access_from=codec.moment(row["access_from"]),
        access_until=codec.moment(row["access_until"]),
    )
