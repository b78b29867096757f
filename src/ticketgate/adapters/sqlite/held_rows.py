"""Held rows: every state table as it is, with the names that a rebuilding gives its columns.

A person is the actor that stands for them. Nothing is trusted: what cannot be read is None.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ticketgate.adapters.sqlite.rows import Row, rows
from ticketgate.domain.evidence import digest_of
from ticketgate.domain.tickets.identity_event import Tier

Held = tuple[str, str, Mapping[str, object]]

SAME: Final = {  # columns that are compared as they stand
    "delivery": ("source", "body_digest", "received_at", "state", "reason", "effect", "idx",
                 "leaf", "seq"),
    "ticket": ("source", "tbl", "revision", "verdict", "state_class", "delivery_seq", "updated_at"),
    "request": ("version", "state", "source", "tbl", "entitlement", "opened_at", "decide_by"),
    "link": ("request", "round", "stage", "shown", "state", "expires_at", "why"),
    "approval": ("request", "round", "stage", "decision", "seconds", "decided_at", "idx"),
    "request_view": ("request", "hour", "at"),
    "access_grant": ("state", "source", "tbl", "target", "entitlement", "not_after",
                     "revoking_since"),
    "loaded": ("digest",),
    "exception": ("code", "subject", "about", "owner", "state", "opened_at", "resolved_at",
                  "resolved_by", "idx"),
    "emergency": ("version", "state", "drill", "entitlement", "target", "seconds", "within",
                  "invoked_at", "idx", "outcome", "reviewed_at", "access_from", "access_until"),
    "passkey": ("state", "person", "key", "voucher", "rp_id", "origin", "confirmed_at"),
}  # fmt: skip
OF_CONTENT: Final = {
    "request": ("target", "revision", "kinds", "round", "stage", "material", "rules",
                "approve_rule", "reasons", "closed_at", "ticket_number", "reason", "salt",
                "not_before", "window_end"),
    "access_grant": ("request", "seconds", "activate_by", "baseline", "cause", "ended_at",
                     "not_before", "window_end", "ticket_version"),
}  # fmt: skip
PEOPLE: Final = {
    "link": ("approver",),
    "approval": ("approver", "on_behalf_of"),
    "request_view": ("subject",),
    "access_grant": ("subject",),
    "emergency": ("subject", "entered_by"),
}
_TICKET: Final = "SELECT id, source, tbl, ticket_id FROM ticket"


class HeldRows:
    """Reads all of them, once."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        found = rows(connection, "SELECT subject, id FROM actor")
        self._actors: dict[object, object] = {row["subject"]: row["id"] for row in found}
        self._known = set(self._actors.values())
        self._tickets = {
            (row["source"], row["tbl"], row["ticket_id"]): row["id"]
            for row in rows(connection, _TICKET)
        }

    def __iter__(self) -> Iterator[Held]:
        """(table, id, columns) of every row."""
        for subject, actor in self._actors.items():
            yield "actor", str(actor), {"subject": subject}
        for table, names in SAME.items():
            for row in rows(self._db, f"SELECT * FROM {table}"):  # noqa: S608 -- fixed names
                held: dict[str, object] = {name: row[name] for name in names}
                held |= {name: self._actor(row[name]) for name in PEOPLE.get(table, ())}
                self._more(table, row, held)
                yield table, _ident(table, row, held), held

    def _more(self, table: str, row: Row, held: dict[str, object]) -> None:
        content = _content(row["content"]) if "content" in row else {}
        held |= {name: content.get(name) for name in OF_CONTENT.get(table, ())}
        if table == "delivery":
            held["webhook"] = digest_of(str(row["webhook_id"]))
        elif table == "ticket":
            for ours in ("shapers", "triage", "writer"):
                content.pop(ours, None)
            held["content"] = content or None
        elif table == "request":
            held["ticket"] = self._tickets.get((row["source"], row["tbl"], row["ticket_id"]))
            held["seconds"] = _least(content.get("seconds"), content.get("cut"))
            held["tier"] = _tier(content.get("tier"))
            for name in ("requester", "beneficiary"):
                party = content.get(name)
                subject = party[0] if isinstance(party, list) and party else None
                held[name] = self._actor(subject) if subject else subject

    def _actor(self, subject: object) -> object:
        """Who stands for a subject; after erasure the actor itself stands there."""
        if subject in self._known:
            return None
        return self._actors.get(subject, subject)


def _ident(table: str, row: Row, held: Mapping[str, object]) -> str:
    if table == "loaded":
        return str(row["kind"])
    if table == "approval":
        return f"{row['request']} {row['round']} {held['approver']}"
    if table == "request_view":
        return f"{row['request']} {held['subject']} {row['hour']}"
    return str(row["id"])


def _content(text: object) -> dict[str, Any]:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def _least(seconds: object, cut: object) -> object:
    both = [one for one in (seconds, cut) if isinstance(one, int)]
    return min(both) if isinstance(seconds, int) else None


def _tier(value: object) -> object:
    return Tier(value).word if isinstance(value, int) and value in set(map(int, Tier)) else None
