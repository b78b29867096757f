"""Recorded: ticket revisions as the log has them, read from the store and made into tickets."""

import json
import sqlite3
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from ticketgate.adapters.sqlite import codec
from ticketgate.adapters.sqlite.rows import scalar
from ticketgate.domain.changes.backtest import Recorded
from ticketgate.domain.errors import TicketgateError
from ticketgate.domain.instants import to_text
from ticketgate.domain.tickets.ticket import Ticket

_COUNT: Final = "SELECT count(*) FROM evidence_disclosure WHERE kind = 'ticket'"
_STORED: Final = """
SELECT e.idx, json_extract(CAST(e.entry AS TEXT), '$._ts'),
  json_extract(CAST(e.entry AS TEXT), '$.id'), d.encoded
FROM evidence_disclosure d JOIN evidence_entry e ON e.idx = d.idx
WHERE d.kind = 'ticket' ORDER BY d.idx
"""  # SQLite reads these two of an entry in an eighth of the time that all of it takes here


class Stored(NamedTuple):
    """A revision as it is stored: the index of its record, and its ticket; None: it was erased."""

    record: int
    ident: str  # that we gave to the ticket
    encoded: str | None


def count(database: sqlite3.Connection) -> int:
    """How many revisions are recorded, those included that were erased."""
    found: int = scalar(database, _COUNT)
    return found


def stored(database: sqlite3.Connection, since: datetime) -> Iterator[Stored]:
    """Every revision recorded since then, oldest first.

    Raises:
        TicketgateError: code `cannot_replay`; a record has no time or no id.
        sqlite3.OperationalError: a record is no JSON.
    """
    begin = to_text(since)  # instants sort as text does
    for record, at, ident, encoded in database.execute(_STORED):
        if not isinstance(at, str) or not isinstance(ident, str):
            raise _unreadable(record)
        if at >= begin:
            yield Stored(record, ident, encoded)


def revision_of(one: Stored) -> tuple[Recorded, Ticket | None]:
    """The revision, with its ticket; None where that was erased.

    Raises:
        TicketgateError: code `cannot_replay`; it is not as we write tickets.
    """
    if one.encoded is None:
        return Recorded(one.ident, ""), None
    try:
        padded = one.encoded + "=" * (-len(one.encoded) % 4)
        ticket = codec.ticket_of_plain(json.loads(urlsafe_b64decode(padded).decode())[2])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as fault:
        raise _unreadable(one.record) from fault
    return Recorded(one.ident, ticket.number), ticket


def _unreadable(record: int) -> TicketgateError:
    return TicketgateError(
        f"the ticket of record {record} cannot be read",
        code="cannot_replay",
        next_step="`ticketgate evidence verify` says what is wrong with the log",
    )
