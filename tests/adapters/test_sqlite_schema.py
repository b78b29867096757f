"""The file: durable, append-only, one schema at a time, bound to one log."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.adapters.shelf import opened, unopened

from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.domain.errors import StoreUnavailableError

ENTRY = "INSERT INTO evidence_entry VALUES (?, x'00', x'00')"
HIDDEN = "INSERT INTO evidence_disclosure VALUES (?, 0, 'alice', 'content', 'text')"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty file of the newest schema, with two entries and one disclosure."""
    with closing(schema.connect(tmp_path / "fresh.db")) as connection:
        migrating.migrate(connection)
        connection.execute(ENTRY, (0,))
        connection.execute(ENTRY, (1,))
        connection.execute(HIDDEN, ("one",))
        yield connection


def tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}


# --- durable ------------------------------------------------------------------------------------


def test_the_files_are_the_owners_alone_whatever_the_folder_lets_through(tmp_path: Path) -> None:
    """The operators' group passes through the folder to the control socket, and no further."""
    path = tmp_path / "x.db"
    path.touch(mode=0o666)
    path.chmod(0o666)
    with closing(schema.connect(path)) as connection:
        migrating.migrate(connection)
        files = sorted(tmp_path.iterdir())
        assert [file.name for file in files] == ["x.db", "x.db-shm", "x.db-wal"]
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_every_writing_connection_is_wal_and_full(tmp_path: Path) -> None:
    with closing(schema.connect(tmp_path / "x.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_file_that_cannot_be_wal_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a file of that name is left, which SQLite does not look at
    with pytest.raises(StoreUnavailableError, match="not WAL and FULL") as told:
        schema.connect(Path(":memory:"))
    assert told.value.next_step


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        schema.connect(tmp_path / "nowhere" / "x.db")
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        schema.connect(tmp_path / "not-there.db", read_only=True)


def test_a_file_that_is_no_database_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear Alice, " * 100)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        schema.connect(path)
    assert path.read_text() == "Dear Alice, " * 100


@pytest.mark.parametrize("name", ["50%25.db", "what?.db", "a#b.db", "mode=rwc&x.db", "with space"])
def test_a_read_only_connection_opens_just_this_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with closing(schema.connect(path)) as writing:
        migrating.migrate(writing)
    with closing(schema.connect(path, read_only=True)) as reading:
        assert "evidence_entry" in tables(reading)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reading.execute("DELETE FROM meta")
    assert {one.name.removesuffix("-wal").removesuffix("-shm") for one in tmp_path.iterdir()} == {
        name
    }


# --- append-only --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE evidence_entry SET entry = x'01' WHERE idx = 0",
        "UPDATE evidence_entry SET idx = 5 WHERE idx = 1",
        "UPDATE OR REPLACE evidence_entry SET idx = 0 WHERE idx = 1",
        "DELETE FROM evidence_entry WHERE idx = 1",
        "DELETE FROM evidence_entry",
        "INSERT OR REPLACE INTO evidence_entry VALUES (1, x'01', x'01')",
        "INSERT OR REPLACE INTO evidence_entry VALUES (0, x'01', x'01')",
        "REPLACE INTO evidence_entry VALUES (1, x'01', x'01')",
        "INSERT INTO evidence_entry VALUES (3, x'01', x'01')",
        "INSERT INTO evidence_entry VALUES (-1, x'01', x'01')",
        "INSERT INTO evidence_entry VALUES (1, x'01', x'01') ON CONFLICT DO UPDATE SET idx = 9",
    ],
)
def test_evidence_is_never_changed_taken_away_or_written_with_a_gap(
    fresh: sqlite3.Connection, sql: str
) -> None:
    before = fresh.execute("SELECT * FROM evidence_entry").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        fresh.execute(sql)
    assert fresh.execute("SELECT * FROM evidence_entry").fetchall() == before


def test_the_next_entry_is_taken(fresh: sqlite3.Connection) -> None:
    fresh.execute(ENTRY, (2,))
    assert fresh.execute("SELECT count(*) FROM evidence_entry").fetchone() == (3,)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE evidence_disclosure SET encoded = 'another'",
        "UPDATE evidence_disclosure SET encoded = NULL, digest = 'two'",
        "UPDATE evidence_disclosure SET encoded = NULL, idx = 7",
        "DELETE FROM evidence_disclosure",
        "INSERT OR REPLACE INTO evidence_disclosure VALUES ('one', 0, '', '', 'another')",
    ],
)
def test_a_disclosure_can_only_be_erased(fresh: sqlite3.Connection, sql: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="a disclosure"):
        fresh.execute(sql)
    assert fresh.execute("SELECT digest, idx, encoded FROM evidence_disclosure").fetchall() == [
        ("one", 0, "text")
    ]


def test_an_erased_disclosure_stays_erased(fresh: sqlite3.Connection) -> None:
    fresh.execute("UPDATE evidence_disclosure SET encoded = NULL")
    with pytest.raises(sqlite3.IntegrityError, match="only be erased"):
        fresh.execute("UPDATE evidence_disclosure SET encoded = 'text'")
    assert fresh.execute("SELECT encoded FROM evidence_disclosure").fetchall() == [(None,)]


# --- one schema at a time -------------------------------------------------------------------------


def test_migrating_twice_changes_nothing(fresh: sqlite3.Connection) -> None:
    before = tables(fresh)
    migrating.migrate(fresh)
    assert tables(fresh) == before
    assert fresh.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    with closing(schema.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={len(schema.MIGRATIONS) + 1}")
    with pytest.raises(StoreUnavailableError, match="this version knows"):
        unopened(path)


def test_nothing_of_a_migration_that_fails_is_kept(tmp_path: Path) -> None:
    """A crash in the middle leaves the same: the file as it was, to be tried again."""
    path = tmp_path / "foreign.db"
    with closing(schema.connect(path)) as connection:
        connection.execute("CREATE TABLE session (somebody TEXT)")  # late in our script
        with pytest.raises(StoreUnavailableError, match="cannot be brought to schema 1"):
            migrating.migrate(connection)
        assert tables(connection) == {"session"}
        assert connection.execute("PRAGMA user_version").fetchone() == (0,)
        connection.execute("DROP TABLE session")
        migrating.migrate(connection)
        assert "evidence_entry" in tables(connection)


def test_a_migration_that_cannot_begin_is_told(tmp_path: Path) -> None:
    path = tmp_path / "busy.db"
    with closing(schema.connect(path)) as other, closing(schema.connect(path)) as connection:
        connection.execute("PRAGMA busy_timeout=1")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailableError, match="locked"):
            migrating.migrate(connection)
        other.execute("ROLLBACK")


# --- one log ------------------------------------------------------------------------------------


def test_a_file_belongs_to_one_log(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with opened(path):
        pass
    with pytest.raises(StoreUnavailableError, match="belongs to the log") as told:
        unopened(path, origin="other.example.com/evidence")
    assert "origin" in told.value.next_step
    with opened(path):
        pass
