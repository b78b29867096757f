"""The lists of the console in SQLite: one query each, over the indexes that `schema` has for it."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final

from ticketgate.adapters.sqlite import codec, grant_tables, intake_tables, request_tables
from ticketgate.adapters.sqlite.rows import one, rows
from ticketgate.domain.grants.command import Command, CommandKind
from ticketgate.domain.grants.grant import Grant
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval, Link
from ticketgate.domain.requests.inbox import DeliveryRow
from ticketgate.ports.console import Counts, RequestFilter, WaitingRequest

_REQUESTER: Final = "CASE WHEN json_valid(content) THEN json_extract(content, '$.requester[0]') END"
_BENEFICIARY: Final = _REQUESTER.replace("requester", "beneficiary")
# Whose a request is: each part is an index of its own.
_WHOSE: Final = f"""id IN (
  SELECT id FROM request WHERE {_REQUESTER} = ?1
  UNION ALL SELECT id FROM request WHERE {_BENEFICIARY} = ?1
  UNION ALL SELECT request FROM approval
    WHERE on_behalf_of = ?1 AND on_behalf_of <> '')"""  # noqa: S608 -- of constants alone
_PEOPLE: Final = f"""id IN (
  SELECT id FROM request WHERE {_REQUESTER} IN (SELECT value FROM json_each(?2))
  UNION ALL SELECT id FROM request
    WHERE {_BENEFICIARY} IN (SELECT value FROM json_each(?2)))"""  # noqa: S608 -- as above
# `+` keeps SQLite from the indexes of these two, as there are so many rows to sort.
_SOME: Final = f"""(+{_REQUESTER} IN (SELECT value FROM json_each(?2))
  OR +{_BENEFICIARY} IN (SELECT value FROM json_each(?2)))"""  # noqa: S608 -- as above
PEOPLE_MANY: Final = 100
COMMON: Final = ("accepted", "processed")
_RARE: Final = "state || '' = ?1 AND state NOT IN ('accepted', 'processed')"
_HELD: Final = "state IN ('provisioning', 'active', 'revoking', 'revoke_overdue')"
_OF_REQUEST: Final = "CASE WHEN json_valid(content) THEN json_extract(content, '$.request') END"
_ENTRY: Final = "CAST(entry AS TEXT)"
_NAMES: Final = f"CASE WHEN json_valid({_ENTRY}) THEN json_extract({_ENTRY}, '$.%s') END"
_SAYS: Final = "instr(entry, CAST('\"%s\":' AS BLOB)) > 0"
_RECORDS: Final = f"""
SELECT idx, entry FROM (
  SELECT idx, entry FROM evidence_entry
  WHERE {_NAMES % "request"} = ?1 AND {_SAYS % "request"}
  UNION
  SELECT idx, entry FROM evidence_entry
  WHERE {_NAMES % "about"} IN (SELECT value FROM json_each(?2)) AND {_SAYS % "about"}
  ORDER BY idx DESC LIMIT ?3)
ORDER BY idx"""  # noqa: S608 -- of constants alone


class SqliteConsole:
    """`ports.Console`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def requests(
        self, whose: str | None, wanted: RequestFilter, behind: str, limit: int
    ) -> list[AccessRequest]:
        """Newest first."""
        # Of many people, most rows are of one of them: the newest are read until enough are.
        many = wanted.people is not None and len(wanted.people) > PEOPLE_MANY
        parts = {
            _WHOSE: whose is not None,
            _PEOPLE: wanted.people is not None and not many,
            _SOME: many,
            "state || '' = ?3": wanted.state,
            "source || '' = ?4": wanted.source and not (wanted.state or wanted.entitlement),
            "source = ?4 ": wanted.source and (wanted.state or wanted.entitlement),
            "entitlement || '' = ?5": wanted.entitlement,
            "(opened_at, id) < (SELECT opened_at, id FROM request WHERE id = ?6)": behind,
        }
        where = " AND ".join(["true", *(part for part, asked in parts.items() if asked)])
        sql = f"SELECT * FROM request WHERE {where} ORDER BY opened_at DESC, id DESC LIMIT ?7"  # noqa: S608 -- of constants alone
        people = json.dumps(sorted(wanted.people or ()))
        given = (whose, people, wanted.state, wanted.source, wanted.entitlement, behind, limit)
        found = rows(self._db, sql, *given)
        return [codec.request_of(row) for row in found]

    def grants_of(self, requests: Collection[str]) -> Mapping[str, list[Grant]]:
        """The grants of each request, ended ones too, oldest first."""
        sql = (
            f"SELECT * FROM access_grant WHERE {_OF_REQUEST}"  # noqa: S608 -- of constants alone
            " IN (SELECT value FROM json_each(?)) ORDER BY rowid"
        )
        found: dict[str, list[Grant]] = defaultdict(list)
        for row in rows(self._db, sql, json.dumps(list(requests))):
            grant = codec.grant_of(row)
            found[grant.request].append(grant)
        return found

    def held(self, whose: str | None, behind: str, limit: int) -> list[Grant]:
        """Grants that were called for and are not over, by when they end."""
        sql = (
            f"SELECT * FROM access_grant WHERE {_HELD}"  # noqa: S608 -- of constants alone
            " AND not_after IS NOT NULL"
            + (" AND subject = ?1" if whose is not None else "")
            + (
                " AND (not_after, id) > (SELECT not_after, id FROM access_grant WHERE id = ?2)"
                if behind
                else ""
            )
            + " ORDER BY not_after, id LIMIT ?3"
        )
        return [codec.grant_of(row) for row in rows(self._db, sql, whose, behind, limit)]

    def deliveries(self, state: str, behind: str, limit: int) -> list[DeliveryRow]:
        """Newest first; of an empty state all."""
        parts = {  # nearly all are processed; what waits is as new as the newest
            "state = ?1": state in COMMON,
            _RARE: state and state not in COMMON,
            "seq < (SELECT seq FROM delivery WHERE id = ?2)": behind,
        }
        where = " AND ".join(["true", *(part for part, asked in parts.items() if asked)])
        sql = f"SELECT * FROM delivery WHERE {where} ORDER BY seq DESC LIMIT ?3"  # noqa: S608 -- of constants alone
        found = rows(self._db, sql, state, behind, limit)
        return [intake_tables.delivery_of(row) for row in found]

    def undecided(self, subject: str, limit: int) -> list[tuple[Link, AccessRequest]]:
        """The person's links that are not used, with their requests that wait; oldest first."""
        sql = (
            "SELECT * FROM link WHERE approver = ? AND state = 'issued' ORDER BY rowid DESC LIMIT ?"
        )
        links = [request_tables.link_of(row) for row in rows(self._db, sql, subject, limit)]
        asked = json.dumps([one.request for one in links])
        sql = (
            "SELECT * FROM request WHERE state = 'awaiting'"
            " AND id IN (SELECT value FROM json_each(?))"
        )
        known = {row["id"]: codec.request_of(row) for row in rows(self._db, sql, asked)}
        return [(one, known[one.request]) for one in reversed(links) if one.request in known]

    def approvals_of(self, requests: Collection[str]) -> Mapping[str, list[Approval]]:
        """The approvals of each request, in the order they were given."""
        sql = (
            "SELECT * FROM approval WHERE request IN (SELECT value FROM json_each(?)) ORDER BY idx"
        )
        found: dict[str, list[Approval]] = defaultdict(list)
        for row in rows(self._db, sql, json.dumps(list(requests))):
            found[row["request"]].append(request_tables.approval_of(row))
        return found

    def waiting(self, sources: Collection[str]) -> list[WaitingRequest]:
        """The blocked and awaiting requests of these sources, oldest first."""
        sql = (
            "SELECT request.id, request.source, request.ticket_id, request.entitlement,"
            " json_extract(request.content, '$.ticket_number') AS number,"
            " coalesce(ticket.delivery_seq, 0) AS worked_off"
            " FROM request INDEXED BY request_due LEFT JOIN ticket ON ticket.source ="
            " request.source AND ticket.tbl = request.tbl"
            " AND ticket.ticket_id = request.ticket_id"
            " WHERE request.state IN ('blocked', 'awaiting')"
            " AND request.source IN (SELECT value FROM json_each(?)) ORDER BY request.rowid"
        )
        found = rows(self._db, sql, json.dumps(sorted(sources)))
        return [
            WaitingRequest(
                source=row["source"],
                ticket_id=row["ticket_id"],
                number=row["number"],
                entitlement=row["entitlement"],
                worked_off=row["worked_off"],
            )
            for row in found
        ]

    def last_commands(self, kind: CommandKind, about: Collection[str]) -> Mapping[str, Command]:
        """The command of this kind that was queued last for each."""
        sql = (
            "SELECT * FROM command WHERE kind = ? AND about IN (SELECT value FROM json_each(?))"
            " ORDER BY rowid"
        )
        found = rows(self._db, sql, kind.value, json.dumps(list(about)))
        return {row["about"]: grant_tables.command_of(row) for row in found}

    def counts(self) -> Counts:
        """How much waits."""
        sql = (
            "SELECT (SELECT count(*) FROM ticket WHERE verdict = 'uncertain'"
            "  AND content IS NOT NULL"
            "  AND state_class NOT IN ('closed', 'cancelled')) AS uncertain,"
            " (SELECT count(*) FROM delivery WHERE state = 'quarantined') AS quarantined,"
            " (SELECT count(*) FROM exception WHERE state <> 'resolved') AS exceptions"
        )
        found = one(self._db, sql) or {}
        return Counts(found["uncertain"], found["quarantined"], found["exceptions"])

    def records(self, request: str, about: Collection[str], limit: int) -> list[tuple[int, bytes]]:
        """(index, entry) of what the log says of a request, or about one of these ids."""
        found = rows(self._db, _RECORDS, request, json.dumps(list(about)), limit)
        return [(row["idx"], row["entry"]) for row in found]

    def subjects(self, actors: Collection[str]) -> Mapping[str, str]:
        """The subject behind each actor id that is known."""
        sql = "SELECT id, subject FROM actor WHERE id IN (SELECT value FROM json_each(?))"
        return {row["id"]: row["subject"] for row in rows(self._db, sql, json.dumps(list(actors)))}
