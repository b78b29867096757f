"""Which records name a person, an emergency or a grant is kept beside the log, and true to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.adapters.sqlite.evidence_tables import SEGMENT_ENTRIES, SqliteEvidence
from ticketgate.adapters.sqlite.indexes import NAMING

ENTRIES = (
    b'{"by":"act_1","type":"x"}',
    b'{"about":"emg_1","approvers":[{"actor":"act_1"},{"actor":"act_2"},"act_1"],"type":"x"}',
    b'{"grant":"grt_1","not":"act","request":"req_1","type":"x","why":"of act_2"}',
    b'"act_1',  # tampered with: no JSON any more
)
NAMED = [("act_1", 0), ("act_1", 1), ("act_2", 1), ("emg_1", 1), ("grt_1", 2)]


def fill(connection: sqlite3.Connection) -> None:
    for index, entry in enumerate(ENTRIES):
        connection.execute("INSERT INTO evidence_entry VALUES (?, x'00', ?)", (index, entry))


def named(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    return connection.execute("SELECT name, idx FROM evidence_naming ORDER BY name, idx").fetchall()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(schema.connect(tmp_path / "fresh.db")) as connection:
        migrating.migrate(connection)
        fill(connection)
        yield connection


def test_what_an_entry_names_is_kept_once_with_it(fresh: sqlite3.Connection) -> None:
    assert named(fresh) == NAMED


def test_what_names_an_id_comes_in_order_from_a_range_and_no_more_than_is_asked(
    fresh: sqlite3.Connection,
) -> None:
    log = SqliteEvidence(fresh)
    assert log.naming("act_1", 0, 9, 9) == [0, 1]
    assert log.naming("act_1", 0, 9, 1) == [0]
    assert log.naming("act_1", 0, 1, 9) == [0]
    assert log.naming("act_1", 1, 9, 9) == [1]
    assert log.naming("req_1", 0, 9, 9) == []
    plan = "EXPLAIN QUERY PLAN SELECT idx FROM evidence_naming WHERE name = 1 AND idx >= 2"
    assert "USING PRIMARY KEY" in fresh.execute(plan).fetchone()[3]


def test_a_log_of_before_is_read_once_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(schema.connect(tmp_path / "old.db")) as connection:
        with monkeypatch.context() as patch:
            before = schema.MIGRATIONS[: schema.MIGRATIONS.index(NAMING)]
            patch.setattr(schema, "MIGRATIONS", before)
            migrating.migrate(connection)
        fill(connection)
        migrating.migrate(connection)
        assert named(connection) == NAMED


def test_it_goes_with_what_is_pruned(fresh: sqlite3.Connection) -> None:
    fresh.execute("INSERT INTO evidence_pruned VALUES (0, x'00')")
    fresh.execute("DELETE FROM evidence_entry WHERE idx < 2")
    assert named(fresh) == [("grt_1", 2)]
    fresh.execute("DELETE FROM evidence_entry WHERE idx < ?", (SEGMENT_ENTRIES,))
    assert named(fresh) == []


@pytest.mark.parametrize(
    "sql", ["DELETE FROM evidence_naming", "UPDATE evidence_naming SET idx = 3 WHERE idx = 2"]
)
def test_nothing_else_takes_it_away(fresh: sqlite3.Connection, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="does not change"):
        fresh.execute(sql)
    assert named(fresh) == NAMED
