"""What a gateway left behind: its chain, and its rows beside what it acknowledged."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ticketgate.domain.evidence import Head
from ticketgate.domain.instants import from_text
from ticketgate.domain.verifying.verification import verify

ENTRIES: Final = "SELECT idx, leaf, entry FROM evidence_entry ORDER BY idx"
DISCLOSURES: Final = "SELECT digest, idx, encoded FROM evidence_disclosure"
UNRECORDED: Final = """SELECT count(*) FROM delivery d LEFT JOIN evidence_entry e ON e.idx = d.idx
  WHERE e.idx IS NULL OR lower(hex(e.leaf)) <> d.leaf"""
MOMENTS: Final = """SELECT json_extract(entry, '$.id'), json_extract(entry, '$._ts')
  FROM evidence_entry WHERE json_extract(entry, '$.type') = ? AND idx >= ?"""


class UnsoundError(Exception):
    """An acknowledged delivery is lost or doubled, or the chain does not hold."""


@dataclass(frozen=True, slots=True)
class Proven:
    """A log that was verified, and whose deliveries are those that were acknowledged."""

    entries: int
    deliveries: int


def prove_counts(store: Path, acknowledged: int, under_way_max: int) -> Proven:
    """Hold the store against a number of acknowledgements.

    What was under way when the client left may be stored, at most `under_way_max`.

    Raises:
        UnsoundError: fewer rows than acknowledgements, more than can have been sent, or `_sound`.
    """
    with _looking(store) as database:
        entries = _sound(database)
        (rows,) = database.execute("SELECT count(*) FROM delivery").fetchone()
    if not acknowledged <= rows <= acknowledged + under_way_max:
        raise UnsoundError(f"{acknowledged} acknowledgements, {rows} deliveries stored")
    return Proven(entries, rows)


def prove_each(store: Path, receipts: Iterable[bytes]) -> Proven:
    """Hold the store against each receipt: its delivery, under the record that it names.

    Raises:
        UnsoundError: a receipt without its row, a row without its receipt, one twice, or `_sound`.
    """
    told = [json.loads(receipt) for receipt in receipts]
    named = [
        (one["delivery_id"], one["evidence"]["index"], one["evidence"]["leaf"]) for one in told
    ]
    with _looking(store) as database:
        entries = _sound(database)
        rows = database.execute("SELECT id, idx, leaf FROM delivery").fetchall()
    if sorted(named) != sorted(rows):
        raise UnsoundError(f"{len(named)} receipts are not those of {len(rows)} deliveries")
    return Proven(entries, len(rows))


@contextmanager
def _looking(store: Path) -> Iterator[sqlite3.Connection]:
    """A connection that sees one moment of the store, also while a gateway writes."""
    with closing(sqlite3.connect(store, isolation_level=None)) as database:
        database.execute("BEGIN")
        yield database


def _named(receipt: dict[str, Any]) -> tuple[str, int, str]:
    evidence = receipt["evidence"]
    return receipt["delivery_id"], evidence["index"], evidence["leaf"]


def _sound(database: sqlite3.Connection) -> int:
    """The number of records, of a chain that verifies with every delivery in it once."""
    (origin,) = database.execute("SELECT value FROM meta WHERE key = 'origin'").fetchone()
    head = database.execute("SELECT size, leaf FROM evidence_head").fetchone()
    report = verify(database.execute(ENTRIES), database.execute(DISCLOSURES), Head(*head), origin)
    if report.failing:
        raise UnsoundError(f"the chain does not verify: {report.failing}")
    sent, rows = database.execute(
        "SELECT count(DISTINCT source || ' ' || webhook_id), count(*) FROM delivery"
    ).fetchone()
    (unrecorded,) = database.execute(UNRECORDED).fetchone()
    if sent != rows or unrecorded:
        raise UnsoundError(f"{rows - sent} deliveries doubled, {unrecorded} not in the log")
    return report.size


def lags(store: Path, since: int) -> list[float]:
    """Milliseconds from acceptance to having been worked off, of records from index `since` on."""
    with _looking(store) as database:
        times = [
            dict(database.execute(MOMENTS, (type_, since)))
            for type_ in ("delivery.accepted", "delivery.processed")
        ]
    accepted, processed = times
    return [
        (from_text(processed[ident]) - from_text(moment)).total_seconds() * 1e3
        for ident, moment in accepted.items()
        if ident in processed
    ]
