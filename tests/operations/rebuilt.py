"""What the log of a gate makes of its tables, and where these are not that."""

import sqlite3
from contextlib import closing

from tests.operations.kit import Gate

from ticketgate.adapters.sqlite import schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteEvidence
from ticketgate.adapters.sqlite.held_rows import HeldRows
from ticketgate.domain.verifying.rebuild import Difference, Rebuild, differences
from ticketgate.domain.verifying.rebuilding import rebuild


def rebuilt(db: sqlite3.Connection) -> Rebuild:
    """The tables, rebuilt from the whole log of a database."""
    evidence = SqliteEvidence(db)
    first, size = evidence.first(), evidence.tree().size
    return rebuild(
        evidence.entries(first, size), evidence.disclosures(first, size), evidence.pruned()
    )


def compared(gate: Gate) -> list[Difference]:
    """Where the tables of a gate are not what its log makes them."""
    with closing(schema.connect(gate.path, read_only=True)) as db:
        return list(differences(rebuilt(db), HeldRows(db)))
