"""Deliveries and tickets in SQLite."""

import json
import sqlite3
from datetime import datetime

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.indexes import TICKET_NUMBER, UNENDED
from ticketgate.adapters.sqlite.rows import Row, one, rows, scalar
from ticketgate.domain.instants import from_text, to_text
from ticketgate.domain.requests.inbox import DeliveryRow, TicketRow
from ticketgate.domain.tickets.polling import Unsettled


def delivery_of(row: Row) -> DeliveryRow:
    """A delivery from its row."""
    return DeliveryRow(
        seq=row["seq"],
        id=row["id"],
        source=row["source"],
        webhook_id=row["webhook_id"],
        body_digest=row["body_digest"],
        received_at=from_text(row["received_at"]),
        state=row["state"],
        reason=row["reason"],
        ticket=row["ticket"],
        effect=row["effect"],
        index=row["idx"],
        leaf=row["leaf"],
    )


class SqliteDeliveries:
    """`ports.Deliveries`."""

    def __init__(self, connection: sqlite3.Connection, touched: set[str]) -> None:
        """`touched` is told when there is new work."""
        self._db = connection
        self._touched = touched

    def find(self, source: str, webhook_id: str) -> list[DeliveryRow]:
        """All rows with this sender's id, oldest first."""
        sql = "SELECT * FROM delivery WHERE source = ? AND webhook_id = ? ORDER BY seq"
        return [delivery_of(row) for row in rows(self._db, sql, source, webhook_id)]

    def with_body(self, source: str, digest: str) -> list[DeliveryRow]:
        """All rows with this body, oldest first."""
        sql = "SELECT * FROM delivery WHERE source = ? AND body_digest = ? ORDER BY seq"
        return [delivery_of(row) for row in rows(self._db, sql, source, digest)]

    def add(self, row: DeliveryRow, body: bytes) -> None:
        """Store a row and its raw body."""
        cursor = self._db.execute(
            "INSERT INTO delivery (id, source, webhook_id, body_digest, received_at, state,"
            " reason, ticket, effect, idx, leaf) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.id,
                row.source,
                row.webhook_id,
                row.body_digest,
                to_text(row.received_at),
                row.state,
                row.reason,
                row.ticket,
                row.effect,
                row.index,
                row.leaf,
            ),
        )
        self._db.execute("INSERT INTO delivery_body VALUES (?, ?)", (cursor.lastrowid, body))
        self._touched.add("deliveries")

    def waiting(self, limit: int, after: int = 0) -> list[DeliveryRow]:
        """Accepted and released rows behind `after` that wait, oldest first."""
        each = (  # left alone, SQLite would read every delivery there ever was
            "SELECT * FROM (SELECT * FROM delivery INDEXED BY delivery_{}"
            " WHERE state = '{}' AND seq > ?1 ORDER BY seq LIMIT ?2)"
        )
        both = (each.format(*one) for one in (("waiting", "accepted"), ("released", "released")))
        sql = " UNION ALL ".join(both) + " ORDER BY seq LIMIT ?2"
        return [delivery_of(row) for row in rows(self._db, sql, after, limit)]

    def at(self, seq: int) -> DeliveryRow | None:
        """The row with this sequence number."""
        row = one(self._db, "SELECT * FROM delivery WHERE seq = ?", seq)
        return None if row is None else delivery_of(row)

    def body(self, seq: int) -> bytes | None:
        """The raw body, None when it was dropped."""
        found: bytes | None = scalar(self._db, "SELECT body FROM delivery_body WHERE seq = ?", seq)
        return found

    def quarantined(self, limit: int) -> list[DeliveryRow]:
        """Quarantined rows, newest first."""
        sql = "SELECT * FROM delivery WHERE state = 'quarantined' ORDER BY seq DESC LIMIT ?"
        return [delivery_of(row) for row in rows(self._db, sql, limit)]

    def quarantined_one(self, ident: str) -> DeliveryRow | None:
        """The quarantined row with this id."""
        sql = "SELECT * FROM delivery WHERE state = 'quarantined' AND id = ?"
        row = one(self._db, sql, ident)
        return None if row is None else delivery_of(row)

    def get(self, ident: str) -> DeliveryRow | None:
        """The row with this id, whatever became of it."""
        row = one(self._db, "SELECT * FROM delivery WHERE id = ?", ident)
        return None if row is None else delivery_of(row)

    def drop_body(self, seq: int) -> None:
        """Drop the raw body of one row."""
        self._db.execute("DELETE FROM delivery_body WHERE seq = ?", (seq,))

    def finish(self, seq: int, state: str, reason: str, ticket: str | None, effect: str) -> None:
        """Move a row to another state: worked off, quarantined, released or dismissed."""
        if state == "released":
            self._touched.add("deliveries")
        self._db.execute(
            "UPDATE delivery SET state = ?, reason = ?, ticket = ?, effect = ? WHERE seq = ?",
            (state, reason, ticket, effect, seq),
        )

    def backlog(self, source: str, ticket: str) -> int:
        """How many deliveries that wait, and are or may be of this ticket, there are."""
        sql = (  # left alone, SQLite would read every delivery of the source there ever was
            "SELECT count(*) FROM delivery INDEXED BY delivery_{} WHERE source = ?"
            " AND state = '{}' AND (ticket IS NULL OR ticket = ?)"
        )
        each = (("waiting", "accepted"), ("released", "released"))
        return sum(int(scalar(self._db, sql.format(*one), source, ticket)) for one in each)

    def parked_after(self, source: str, ticket: str, seq: int) -> DeliveryRow | None:
        """A quarantined delivery later than `seq` that is, or else may be, of this ticket."""
        sql = (
            "SELECT * FROM delivery WHERE source = ? AND state = 'quarantined' AND seq > ?"
            " AND (ticket = ? OR ticket IS NULL AND reason <> 'no_mapping')"
            " ORDER BY ticket IS NULL, seq LIMIT 1"
        )
        row = one(self._db, sql, source, seq, ticket)
        return None if row is None else delivery_of(row)

    def newest(self) -> int:
        """The sequence number of the delivery that was stored last; 0 before the first."""
        return int(scalar(self._db, "SELECT coalesce(max(seq), 0) FROM delivery"))

    def came_behind(self, source: str, seq: int) -> bool:
        """Whether any delivery of the source was stored later than that one."""
        sql = "SELECT EXISTS (SELECT 1 FROM delivery WHERE seq > ? AND source = ?)"
        return bool(scalar(self._db, sql, seq, source))

    def unsettled(self, source: str, after: int, limit: int) -> list[Unsettled]:
        """Tickets that are not over and that a parked delivery, later than `after`, may be of."""
        sql = (
            "SELECT ticket.tbl, ticket.ticket_id, max(delivery.seq) AS newest"
            " FROM delivery INDEXED BY delivery_parked"
            " CROSS JOIN ticket ON ticket.source = delivery.source"
            " AND ticket.ticket_id = delivery.ticket AND ticket.delivery_seq < delivery.seq"
            " WHERE delivery.source = ? AND delivery.state = 'quarantined' AND delivery.seq > ?"
            " AND ticket.state_class NOT IN ('closed', 'cancelled')"
            " GROUP BY ticket.tbl, ticket.ticket_id ORDER BY newest LIMIT ?"
        )
        found = rows(self._db, sql, source, after, limit)
        return [Unsettled(row["tbl"], row["ticket_id"], row["newest"]) for row in found]

    def of_ticket(self, source: str, ticket: str) -> list[DeliveryRow]:
        """All rows that are, or may be, of this ticket, oldest first."""
        sql = "SELECT * FROM delivery WHERE source = ? AND ticket = ? ORDER BY seq"
        return [delivery_of(row) for row in rows(self._db, sql, source, ticket)]

    def drop_bodies(self, before: datetime) -> int:
        """Drop raw bodies of rows received before that do not wait."""
        cursor = self._db.execute(
            "DELETE FROM delivery_body WHERE seq IN (SELECT seq FROM delivery"
            " WHERE state NOT IN ('accepted', 'released') AND received_at < ?)",
            (to_text(before),),
        )
        return cursor.rowcount

    def listed(self, state: str | None, limit: int) -> list[DeliveryRow]:
        """Newest first, for looking; `state` is a state or an effect."""
        sql = (
            "SELECT * FROM delivery WHERE ?1 IS NULL OR state = ?1 OR effect = ?1"
            " ORDER BY seq DESC LIMIT ?2"
        )
        return [delivery_of(row) for row in rows(self._db, sql, state, limit)]


class SqliteTickets:
    """`ports.Tickets`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def find(self, key: tuple[str, str, str]) -> TicketRow | None:
        """The row of (source, table, platform id)."""
        sql = "SELECT * FROM ticket WHERE source = ? AND tbl = ? AND ticket_id = ?"
        row = one(self._db, sql, *key)
        return None if row is None else _ticket(row)

    def get(self, ident: str) -> TicketRow | None:
        """The row with this id of ours."""
        row = one(self._db, "SELECT * FROM ticket WHERE id = ?", ident)
        return None if row is None else _ticket(row)

    def of_platform_id(self, source: str, ident: str) -> list[TicketRow]:
        """The rows, of whatever table, that the source calls so."""
        sql = "SELECT * FROM ticket WHERE source = ? AND ticket_id = ?"
        return [_ticket(row) for row in rows(self._db, sql, source, ident)]

    def living(self, source: str) -> list[TicketRow]:
        """The tickets of a source that a live request stands on, or a grant that is not ended."""
        sql = (
            "SELECT ticket.* FROM (SELECT tbl, ticket_id FROM request INDEXED BY request_due"  # noqa: S608 -- of constants alone
            " WHERE state IN ('blocked', 'awaiting') AND source = ?1 UNION"
            " SELECT tbl, ticket_id FROM access_grant INDEXED BY grant_unended"
            f" WHERE {UNENDED} AND source = ?1)"
            " AS live CROSS JOIN ticket ON ticket.source = ?1 AND ticket.tbl = live.tbl"
            " AND ticket.ticket_id = live.ticket_id"
        )
        return [_ticket(row) for row in rows(self._db, sql, source)]

    def uncertain(self, limit: int, behind: str = "") -> list[TicketRow]:
        """Tickets that are not over and of which nobody can tell yet, oldest first.

        From behind the one with that id on, whatever it is by now.
        """
        after = "AND (updated_at, id) > (SELECT updated_at, id FROM ticket WHERE id = ?2)"
        sql = (
            "SELECT * FROM ticket WHERE verdict = 'uncertain' AND content IS NOT NULL"  # noqa: S608 -- of constants alone
            f" AND state_class NOT IN ('closed', 'cancelled') {after if behind else ''}"
            " ORDER BY updated_at, id LIMIT ?1"
        )
        return [_ticket(row) for row in rows(self._db, sql, limit, *([behind] if behind else []))]

    def named(self, reference: str) -> list[TicketRow]:
        """All rows whose number or platform id this is."""
        sql = f"SELECT * FROM ticket WHERE ticket_id = ?1 OR {TICKET_NUMBER} = ?1 ORDER BY rowid"  # noqa: S608 -- of constants alone
        found = (_ticket(row) for row in rows(self._db, sql, reference))
        return [one for one in found if reference in {one.ticket.id, one.ticket.number}]

    def ident(self, key: tuple[str, str, str]) -> str | None:
        """Our own id of that row."""
        sql = "SELECT id FROM ticket WHERE source = ? AND tbl = ? AND ticket_id = ?"
        found: str | None = scalar(self._db, sql, *key)
        return found

    def save(self, row: TicketRow) -> None:
        """Insert or replace the row of its key."""
        self._db.execute(
            "INSERT OR REPLACE INTO ticket VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.id,
                *row.ticket.key,
                row.revision,
                row.verdict,
                row.ticket.state_class.value,
                row.delivery_seq,
                to_text(row.updated_at),
                codec.ticket_text(row.ticket, row.shapers, row.triage, row.writer),
            ),
        )


def _ticket(row: Row) -> TicketRow:
    plain = None if row["content"] is None else json.loads(row["content"])
    return TicketRow(
        id=row["id"],
        ticket=codec.bare_ticket(row) if plain is None else codec.ticket_of_plain(plain),
        revision=row["revision"],
        verdict=row["verdict"],
        delivery_seq=row["delivery_seq"],
        updated_at=from_text(row["updated_at"]),
        shapers=() if plain is None else codec.shapers_of(plain),
        triage=None if plain is None else codec.triage_of(plain),
        writer="" if plain is None else codec.writer_of(plain),
    )
