"""Grants and the outbox in SQLite."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.indexes import UNENDED
from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.errors import StoreConflictError
from ticketgate.domain.grants.command import Command, CommandKind, CommandState
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.instants import from_text, to_text


def _grants(found: Iterable[Row]) -> list[Grant]:
    return [codec.grant_of(row) for row in found]


class SqliteGrants:
    """`ports.Grants`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, ident: str) -> Grant | None:
        """The grant with this id."""
        row = one(self._db, "SELECT * FROM access_grant WHERE id = ?", ident)
        return None if row is None else codec.grant_of(row)

    def of_ticket(self, key: tuple[str, str, str]) -> list[Grant]:
        """All grants of a ticket that are not ended."""
        sql = (
            "SELECT * FROM access_grant WHERE source = ? AND tbl = ? AND ticket_id = ?"  # noqa: S608 -- of constants alone
            f" AND {UNENDED}"
        )
        return _grants(rows(self._db, sql, *key))

    def of_request(self, request: str) -> list[Grant]:
        """All grants of a request, ended ones too; oldest first."""
        sql = (
            "SELECT * FROM access_grant WHERE"
            " CASE WHEN json_valid(content) THEN json_extract(content, '$.request') END = ?"
            " ORDER BY rowid"
        )
        return _grants(rows(self._db, sql, request))

    def sharing(self, holding: str | None) -> list[Grant]:
        """All grants with the same holding, ended ones too."""
        return _grants(rows(self._db, "SELECT * FROM access_grant WHERE holding = ?", holding))

    def due(self, now: datetime) -> list[Grant]:
        """Live grants whose time is up."""
        sql = (
            "SELECT * FROM access_grant WHERE state IN ('provisioning', 'active')"
            " AND not_after <= ? ORDER BY not_after"
        )
        return _grants(rows(self._db, sql, to_text(now)))

    def revoking_since(self, moment: datetime) -> list[Grant]:
        """Grants that are revoking, not overdue, and have been since then or earlier."""
        sql = "SELECT * FROM access_grant WHERE state = 'revoking' AND revoking_since <= ?"
        return _grants(rows(self._db, sql, to_text(moment)))

    def count_unended(self) -> Mapping[str, int]:
        """How many grants are not ended, by state."""
        sql = (
            "SELECT state, count(*) AS many FROM access_grant INDEXED BY grant_unended"  # noqa: S608 -- of constants alone
            f" WHERE {UNENDED} GROUP BY state"
        )
        return {row["state"]: row["many"] for row in rows(self._db, sql)}

    def beside_parked(self) -> list[Grant]:
        """Grants that begin or are live, of whose ticket a delivery is quarantined."""
        sql = (
            "SELECT access_grant.* FROM"
            " (SELECT DISTINCT source, ticket FROM delivery INDEXED BY delivery_parked"
            "  WHERE state = 'quarantined' AND ticket IS NOT NULL) AS parked"
            " CROSS JOIN access_grant ON access_grant.source = parked.source"
            " AND access_grant.ticket_id = parked.ticket"
            " AND access_grant.state IN ('planned', 'provisioning', 'active')"
            " ORDER BY access_grant.rowid"
        )
        return _grants(rows(self._db, sql))

    def holders(self) -> list[str]:
        """The subjects of grants that begin or are live, each once."""
        sql = (
            "SELECT DISTINCT subject FROM access_grant INDEXED BY grant_living"
            " WHERE state IN ('planned', 'provisioning', 'active')"
        )
        return [row["subject"] for row in rows(self._db, sql)]

    def next_due(self) -> datetime | None:
        """When the next live grant's time is up."""
        sql = "SELECT min(not_after) FROM access_grant WHERE state IN ('provisioning', 'active')"
        return codec.moment(scalar(self._db, sql))

    def save(self, grant: Grant) -> None:
        """Insert version 1, or replace version n-1 by n."""
        due, since = codec.moment_text(grant.not_after), codec.moment_text(grant.revoking_since)
        if grant.version == 1:
            self._db.execute(
                "INSERT INTO access_grant VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    grant.id,
                    grant.version,
                    grant.state.value,
                    *grant.ticket,
                    grant.subject,
                    grant.target,
                    grant.entitlement,
                    due,
                    grant.holding,
                    since,
                    codec.grant_text(grant),
                ),
            )
            return
        cursor = self._db.execute(
            "UPDATE access_grant SET version = ?, state = ?, not_after = ?, holding = ?,"
            " revoking_since = ?, content = ? WHERE id = ? AND version = ?",
            (
                grant.version,
                grant.state.value,
                due,
                grant.holding,
                since,
                codec.grant_text(grant),
                grant.id,
                grant.version - 1,
            ),
        )
        if cursor.rowcount != 1:
            raise StoreConflictError(f"grant {grant.id} is not at {grant.version - 1}")

    def listed(self, state: str | None, limit: int) -> list[Grant]:
        """Newest first, for looking."""
        sql = (
            "SELECT * FROM access_grant WHERE ?1 IS NULL OR state = ?1 ORDER BY rowid DESC LIMIT ?2"
        )
        return _grants(rows(self._db, sql, state, limit))

    def of_target(self, target: str) -> list[Grant]:
        """All grants of a target, ended ones too."""
        return _grants(rows(self._db, "SELECT * FROM access_grant WHERE target = ?", target))

    def held(self) -> list[tuple[str, str, Mapping[str, str]]]:
        """(target, entitlement, access) of grants that are not ended, each once, oldest first."""
        sql = (
            "SELECT target, entitlement, json_extract(content, '$.access') AS access"  # noqa: S608 -- of constants alone
            f" FROM access_grant INDEXED BY grant_unended WHERE {UNENDED}"
            " GROUP BY target, entitlement, access ORDER BY min(rowid)"
        )
        found = rows(self._db, sql)
        return [(row["target"], row["entitlement"], json.loads(row["access"])) for row in found]

    def matching(self, *, subject: str | None, target: str | None) -> list[Grant]:
        """Grants that are not ended, of a person or a target."""
        sql = (
            "SELECT * FROM access_grant WHERE (?1 IS NULL OR subject = ?1)"  # noqa: S608 -- of constants alone
            " AND (?2 IS NULL OR target = ?2)"
            f" AND {UNENDED}"
        )
        return _grants(rows(self._db, sql, subject, target))


_TARGETS: Final = """
WITH RECURSIVE one (target) AS (
  SELECT min(target) FROM command WHERE kind = ?1 AND state = 'queued'
  UNION ALL
  SELECT (SELECT min(target) FROM command
          WHERE kind = ?1 AND state = 'queued' AND target > one.target)
  FROM one WHERE one.target IS NOT NULL)
SELECT target FROM one WHERE target IS NOT NULL
"""  # a step in the index for each target, however many commands one has


def command_of(row: Row) -> Command:
    """A command from its row."""
    return Command(
        id=row["id"],
        kind=CommandKind(row["kind"]),
        about=row["about"],
        target=row["target"],
        state=CommandState(row["state"]),
        due_at=from_text(row["due_at"]),
        tries=row["tries"],
        last_outcome=row["last_outcome"],
        deadline=codec.moment(row["deadline"]),
    )


def _marks(kinds: Iterable[CommandKind]) -> tuple[str, list[str]]:
    names = [kind.value for kind in kinds]
    return ",".join("?" * len(names)), names


class SqliteCommands:
    """`ports.Commands`."""

    def __init__(self, connection: sqlite3.Connection, touched: set[str]) -> None:
        """`touched` is told when there is new work."""
        self._db = connection
        self._touched = touched

    def add(self, command: Command) -> None:
        """Queue a command."""
        self._touched.add("commands")
        self._db.execute(
            "INSERT INTO command VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                command.id,
                command.kind.value,
                command.about,
                command.target,
                command.state.value,
                to_text(command.due_at),
                command.tries,
                command.last_outcome,
                codec.moment_text(command.deadline),
            ),
        )

    def get(self, ident: str) -> Command | None:
        """The command with this id."""
        row = one(self._db, "SELECT * FROM command WHERE id = ?", ident)
        return None if row is None else command_of(row)

    def of(self, about: str, kind: CommandKind) -> Command | None:
        """The open command of this kind for a grant, link or code."""
        sql = (
            "SELECT * FROM command WHERE about = ? AND kind = ? AND state IN ('queued', 'intended')"
        )
        row = one(self._db, sql, about, kind.value)
        return None if row is None else command_of(row)

    def last(self, about: str, kind: CommandKind) -> Command | None:
        """The command of this kind that was queued last for it, open or not."""
        sql = "SELECT * FROM command WHERE about = ? AND kind = ? ORDER BY rowid DESC LIMIT 1"
        row = one(self._db, sql, about, kind.value)
        return None if row is None else command_of(row)

    def ready(self, kinds: Iterable[CommandKind], now: datetime, limit: int) -> list[Command]:
        """Queued commands that are due, at most `limit` of each target; oldest first."""
        sql = (  # of one kind and target, so that their index gives the order
            "SELECT * FROM command WHERE kind = ? AND target = ? AND state = 'queued'"
            " AND due_at <= ? ORDER BY due_at LIMIT ?"
        )
        found = [
            command_of(row)
            for kind in kinds
            for at in rows(self._db, _TARGETS, kind.value)
            for row in rows(self._db, sql, kind.value, at["target"], to_text(now), limit)
        ]
        return sorted(found, key=lambda command: command.due_at)

    def next_due(self, kinds: Iterable[CommandKind]) -> datetime | None:
        """When the next queued command is due."""
        marks, names = _marks(kinds)
        sql = f"SELECT min(due_at) FROM command WHERE kind IN ({marks}) AND state = 'queued'"  # noqa: S608 -- marks
        return codec.moment(scalar(self._db, sql, *names))

    def intended(self) -> list[Command]:
        """Commands whose intent is committed and whose outcome is not."""
        return [
            command_of(row)
            for row in rows(self._db, "SELECT * FROM command WHERE state = 'intended'")
        ]

    def hasten(self, kind: CommandKind, now: datetime) -> None:
        """Make every queued command of this kind due by now."""
        self._touched.add("commands")
        sql = "UPDATE command SET due_at = ?1 WHERE kind = ?2 AND state = 'queued' AND due_at > ?1"
        self._db.execute(sql, (to_text(now), kind.value))

    def save(self, command: Command) -> None:
        """Replace."""
        self._touched.add("commands")
        self._db.execute(
            "UPDATE command SET state = ?, due_at = ?, tries = ?, last_outcome = ?, deadline = ?"
            " WHERE id = ?",
            (
                command.state.value,
                to_text(command.due_at),
                command.tries,
                command.last_outcome,
                codec.moment_text(command.deadline),
                command.id,
            ),
        )

    def oldest_due(self) -> datetime | None:
        """The oldest due time among open commands."""
        sql = "SELECT min(due_at) FROM command WHERE state IN ('queued', 'intended')"
        return codec.moment(scalar(self._db, sql))
