"""Requests, approvals, views and links in SQLite."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.errors import StoreConflictError
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.requests.access_request import AccessRequest
from ticketgate.domain.requests.approval import Approval, Link, LinkState


def _requests(found: Iterable[Row]) -> list[AccessRequest]:
    return [codec.request_of(row) for row in found]


def approval_of(row: Row) -> Approval:
    """An approval from its row."""
    return Approval(
        request=row["request"],
        round=row["round"],
        stage=row["stage"],
        approver=row["approver"],
        decision=row["decision"],
        seconds=row["seconds"],
        decided_at=from_text(row["decided_at"]),
        index=row["idx"],
        on_behalf_of=row["on_behalf_of"],
    )


class SqliteRequests:
    """`ports.Requests`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def get(self, ident: str) -> AccessRequest | None:
        """The request with this id."""
        row = one(self._db, "SELECT * FROM request WHERE id = ?", ident)
        return None if row is None else codec.request_of(row)

    def of_ticket(self, key: tuple[str, str, str]) -> list[AccessRequest]:
        """All requests of a ticket, oldest first."""
        sql = (
            "SELECT * FROM request WHERE source = ? AND tbl = ? AND ticket_id = ?"
            " ORDER BY opened_at, rowid"
        )
        return _requests(rows(self._db, sql, *key))

    def live(self) -> list[AccessRequest]:
        """All blocked and awaiting requests."""
        return _requests(
            rows(self._db, "SELECT * FROM request WHERE state IN ('blocked', 'awaiting')")
        )

    def due(self, now: datetime) -> list[AccessRequest]:
        """Live requests whose time to decide is over."""
        sql = "SELECT * FROM request WHERE state IN ('blocked', 'awaiting') AND decide_by <= ?"
        return _requests(rows(self._db, sql, to_text(now)))

    def save(self, request: AccessRequest) -> None:
        """Insert version 1, or replace version n-1 by n."""
        if request.version == 1:
            self._insert(request)
            return
        cursor = self._db.execute(
            "UPDATE request SET version = ?, state = ?, decide_by = ?, content = ?"
            " WHERE id = ? AND version = ?",
            (
                request.version,
                request.state.value,
                to_text(request.decide_by),
                codec.request_text(request),
                request.id,
                request.version - 1,
            ),
        )
        if cursor.rowcount != 1:
            raise StoreConflictError(f"request {request.id} is not at {request.version - 1}")

    def _insert(self, request: AccessRequest) -> None:
        self._db.execute(
            "INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                request.id,
                request.version,
                request.state.value,
                *request.ticket,
                request.entitlement,
                to_text(request.opened_at),
                to_text(request.decide_by),
                codec.request_text(request),
            ),
        )

    def listed(self, state: str | None, limit: int) -> list[AccessRequest]:
        """Newest first, for looking."""
        sql = (
            "SELECT * FROM request WHERE ?1 IS NULL OR state = ?1"
            " ORDER BY opened_at DESC, rowid DESC LIMIT ?2"
        )
        return _requests(rows(self._db, sql, state, limit))

    def of_person(self, subject: str, limit: int) -> list[AccessRequest]:
        """Those that the person asks, or gets, or a delegate decided for them, newest first."""
        sql = (
            "SELECT * FROM request WHERE"
            " CASE WHEN json_valid(content) THEN json_extract(content, '$.requester[0]') END = ?1"
            " OR"
            " CASE WHEN json_valid(content) THEN json_extract(content, '$.beneficiary[0]') END = ?1"
            " OR id IN (SELECT request FROM approval"
            "  WHERE on_behalf_of = ?1 AND on_behalf_of <> '')"
            " ORDER BY opened_at DESC, rowid DESC LIMIT ?2"
        )
        return _requests(rows(self._db, sql, subject, limit))

    def put_to(self, subject: str, limit: int) -> list[AccessRequest]:
        """Those that the person has a link for that is not void, or decided; newest first."""
        sql = (
            "SELECT * FROM request WHERE id IN (SELECT request FROM link WHERE approver || '' = ?1"
            " AND state IN ('issued', 'used') UNION SELECT request FROM approval"
            " WHERE approver || '' = ?1) ORDER BY opened_at DESC, rowid DESC LIMIT ?2"
        )
        return _requests(rows(self._db, sql, subject, limit))

    def of_entitlement(self, entitlement: str, limit: int) -> list[AccessRequest]:
        """Those that ask for just this entitlement, newest first."""
        sql = (
            "SELECT * FROM request WHERE entitlement || '' = ?"
            " ORDER BY opened_at DESC, rowid DESC LIMIT ?"
        )
        return _requests(rows(self._db, sql, entitlement, limit))

    def note_record(self, ident: str, index: int) -> None:
        """Note which record moved the request last."""
        self._db.execute("INSERT OR REPLACE INTO request_record VALUES (?, ?)", (ident, index))

    def newest_record(self, ident: str) -> int | None:
        """The index of the newest record known of the request: a move of it, or a decision."""
        sql = (
            "SELECT max(idx) FROM (SELECT idx FROM request_record WHERE request = ?1"
            " UNION ALL SELECT idx FROM approval WHERE request = ?1)"
        )
        found: int | None = scalar(self._db, sql, ident)
        return found

    def approvals(self, ident: str) -> list[Approval]:
        """All approvals of a request, in the order they were given."""
        found = rows(self._db, "SELECT * FROM approval WHERE request = ? ORDER BY idx", ident)
        return [approval_of(row) for row in found]

    def add_approval(self, approval: Approval) -> None:
        """Store an approval; one per person and round."""
        self._db.execute(
            "INSERT INTO approval VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                approval.request,
                approval.round,
                approval.stage,
                approval.approver,
                approval.decision,
                approval.seconds,
                to_text(approval.decided_at),
                approval.index,
                approval.on_behalf_of,
            ),
        )

    def first_view(self, ident: str, subject: str) -> datetime | None:
        """When this person first saw the request."""
        sql = "SELECT min(at) FROM request_view WHERE request = ? AND subject = ?"
        return codec.moment(scalar(self._db, sql, ident, subject))

    def add_view(self, ident: str, subject: str, hour: str, at: datetime) -> bool:
        """Note a view; False when this person's view in this hour is noted already."""
        cursor = self._db.execute(
            "INSERT INTO request_view VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (ident, subject, hour, to_text(at)),
        )
        return cursor.rowcount == 1


def link_of(row: Row) -> Link:
    """A link from its row."""
    return Link(
        id=row["id"],
        request=row["request"],
        round=row["round"],
        stage=row["stage"],
        approver=row["approver"],
        clause=row["clause"],
        shown=row["shown"],
        state=LinkState(row["state"]),
        expires_at=from_text(row["expires_at"]),
        why=row["why"],
        on_behalf_of=row["on_behalf_of"],
    )


class SqliteLinks:
    """`ports.Links`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def by_token(self, token_hash: str) -> Link | None:
        """The link that one of its tokens names."""
        sql = "SELECT link.* FROM link_token JOIN link ON link.id = link WHERE hash = ?"
        row = one(self._db, sql, token_hash)
        return None if row is None else link_of(row)

    def get(self, ident: str) -> Link | None:
        """The link with this id."""
        row = one(self._db, "SELECT * FROM link WHERE id = ?", ident)
        return None if row is None else link_of(row)

    def of_request(self, request: str) -> list[Link]:
        """All links of a request."""
        found = rows(self._db, "SELECT * FROM link WHERE request = ? ORDER BY rowid", request)
        return [link_of(row) for row in found]

    def save(self, link: Link) -> None:
        """Insert or replace."""
        self._db.execute(
            "INSERT OR REPLACE INTO link VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                link.id,
                link.request,
                link.round,
                link.stage,
                link.approver,
                link.clause,
                link.shown,
                link.state.value,
                to_text(link.expires_at),
                link.why,
                link.on_behalf_of,
            ),
        )

    def add_token(self, token_hash: str, link: str, now: datetime) -> None:
        """Commit a token's hash."""
        self._db.execute(
            "INSERT INTO link_token VALUES (?, ?, ?)", (token_hash, link, to_text(now))
        )
