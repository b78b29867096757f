"""What was erased is not left over in the database's files either."""

from datetime import timedelta
from typing import Final

from tests.operations.kit import Gate
from tests.operations.test_erase import ALICE, KEEP, ended

from ticketgate.operations.evidence.erase import Eraser

TOLD: Final = b"billing migration"


def left(gate: Gate) -> list[str]:
    """The files that still hold a word of the ticket."""
    files = sorted(gate.path.parent.glob(f"{gate.path.name}*"))
    return [file.suffix for file in files if TOLD in file.read_bytes()]


def encoded_left(gate: Gate, values: list[bytes]) -> bool:
    files = gate.path.parent.glob(f"{gate.path.name}*")
    return any(value in file.read_bytes() for file in files for value in values)


def disclosures_of_alice(gate: Gate) -> list[bytes]:
    with gate.store.reading() as looking:
        size = looking.evidence.tree().size
        rows = list(looking.evidence.disclosures(0, size))
    return [encoded.encode() for _, _, encoded in rows if encoded is not None]


def test_neither_the_file_nor_the_wal_holds_it_any_more(gate: Gate) -> None:
    ended(gate)
    gate.clock.at += timedelta(days=31)
    before = disclosures_of_alice(gate)
    assert left(gate)
    assert encoded_left(gate, before)
    eraser = Eraser(gate.store, KEEP, gate.clock.now)
    eraser.erase(ALICE, "os:0@host", "she asked for it")
    kept = set(disclosures_of_alice(gate))
    assert not left(gate)
    assert not encoded_left(gate, [value for value in before if value not in kept])


def test_where_a_reader_holds_the_files_the_next_round_clears_them(gate: Gate) -> None:
    ended(gate)
    gate.clock.at += timedelta(days=31)
    eraser = Eraser(gate.store, KEEP, gate.clock.now)
    with gate.store.reading() as looking:
        assert looking.evidence.tree().size
        eraser.erase(ALICE, "os:0@host", "she asked for it")
        assert left(gate)
    assert eraser.by_age() == 0
    assert not left(gate)
    assert eraser.by_age() == 0
