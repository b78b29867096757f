"""Ticket revisions as the log has them, and what is said of one that cannot be read."""

import json
import sqlite3
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from tests.operations.tickets import access_ticket

from ticketgate.adapters.sqlite import recorded
from ticketgate.adapters.sqlite.recorded import Stored, revision_of
from ticketgate.domain.errors import TicketgateError

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
TABLES: Final = """
CREATE TABLE evidence_entry (idx INTEGER PRIMARY KEY, leaf BLOB, entry BLOB);
CREATE TABLE evidence_disclosure (digest TEXT, idx INTEGER, subject TEXT, kind TEXT, encoded TEXT);
"""


def told(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def log_of(*entries: object) -> sqlite3.Connection:
    """A log in which each entry has one ticket and one other disclosure."""
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    for index, entry in enumerate(entries):
        data = entry if isinstance(entry, bytes) else json.dumps(entry).encode()
        database.execute("INSERT INTO evidence_entry VALUES (?, x'', ?)", (index, data))
        for kind in ("other", "ticket"):
            values = (f"{kind}{index}", index, "", kind, f"{kind} {index}")
            database.execute("INSERT INTO evidence_disclosure VALUES (?, ?, ?, ?, ?)", values)
    return database


def entry(hour: int, ident: str) -> dict[str, str]:
    return {"_ts": f"2026-03-02T{hour:02}:00:00.000000Z", "id": ident}


def test_revisions_of_late_are_read_oldest_first_without_what_else_is_hidden() -> None:
    log = log_of(entry(11, "tkt_0"), entry(12, "tkt_1"), entry(13, "tkt_1"))
    assert recorded.count(log) == 3
    assert list(recorded.stored(log, NOON)) == [
        Stored(1, "tkt_1", "ticket 1"), Stored(2, "tkt_1", "ticket 2"),
    ]  # fmt: skip
    assert list(recorded.stored(log, NOON + timedelta(hours=2))) == []


@pytest.mark.parametrize("broken", [{"id": "tkt_1"}, {**entry(13, ""), "id": 7}, {"_ts": 7}, []])
def test_a_record_without_time_or_id_is_named(broken: object) -> None:
    with pytest.raises(TicketgateError, match="the ticket of record 1 cannot") as caught:
        list(recorded.stored(log_of(entry(13, "tkt_0"), broken), NOON))
    assert caught.value.code == "cannot_replay"
    assert "evidence verify" in caught.value.next_step


def test_a_record_that_is_no_json_is_a_fault_of_the_database() -> None:
    with pytest.raises(sqlite3.OperationalError):
        list(recorded.stored(log_of(b"{"), NOON))


def test_a_ticket_comes_back_as_it_was_and_an_erased_one_as_none() -> None:
    ticket = access_ticket()
    found, read = revision_of(Stored(3, "tkt_1", told(["salt", "ticket", ticket.plain()])))
    assert (found.ident, found.number, read) == ("tkt_1", ticket.number, ticket)
    found, read = revision_of(Stored(3, "tkt_1", None))
    assert (found.ident, found.number, read) == ("tkt_1", "", None)


@pytest.mark.parametrize(
    "encoded",
    [
        "", "x", "é", "AA", told("text"), told(["salt", "ticket"]), told(["salt", "ticket", 7]),
        told(["salt", "ticket", {}]), told(7), b"\xff",
        told(["salt", "ticket", {**access_ticket().plain(), "state_class": "else"}]),
        told(["salt", "ticket", {**access_ticket().plain(), "fields": []}]),
    ],
)  # fmt: skip
def test_a_ticket_that_is_not_as_we_write_it_is_named(encoded: Any) -> None:  # noqa: ANN401 -- bytes too
    with pytest.raises(TicketgateError, match="the ticket of record 3 cannot") as caught:
        revision_of(Stored(3, "tkt_1", encoded))
    assert caught.value.code == "cannot_replay"
