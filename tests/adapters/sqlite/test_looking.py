"""Looking: read-only beside whoever writes, and never the one who makes a file."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ticketgate.adapters.sqlite import looking, migrating, schema
from ticketgate.domain.errors import StoreUnavailableError

ORIGIN = "gate.example.com/evidence"


@pytest.mark.parametrize("name", ["plain.db", "100%.db", "what?.db", "a#b.db", "mode=rwc&.db"])
def test_any_file_name_is_that_file(tmp_path: Path, name: str) -> None:
    migrating.create(tmp_path / name)
    with looking.look(tmp_path / name, ORIGIN) as seen:
        assert seen.grants.listed(None, 1) == []
        assert seen.head() is None
    assert {path.name.removesuffix("-wal").removesuffix("-shm") for path in tmp_path.iterdir()} == {
        name
    }


def test_looking_makes_no_file(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreUnavailableError, match="there is no database at"),
        looking.look(tmp_path / "none.db", ORIGIN),
    ):
        pytest.fail("there is nothing to look at")
    assert not list(tmp_path.iterdir())


def test_a_look_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    migrating.create(path)
    with (
        pytest.raises(StoreUnavailableError, match="attempt to write a readonly database"),
        looking.look(path, ORIGIN) as seen,
    ):
        seen.links.add_token("hash", "lnk_1", datetime(2026, 11, 22, tzinfo=UTC))


def test_a_look_sees_one_moment(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    migrating.create(path)
    with (
        closing(schema.connect(path)) as writer,
        looking.look(path, ORIGIN) as seen,
    ):
        assert seen.entry(0) is None
        writer.execute("INSERT INTO evidence_entry VALUES (0, x'00', x'7b7d')")
        assert seen.entry(0) is None
        assert list(seen.entries()) == []
    with looking.look(path, ORIGIN) as seen:
        assert seen.entry(0) == b"{}"


def test_another_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE t (a)")
        other.commit()
    with (
        pytest.raises(StoreUnavailableError, match="has schema 0"),
        looking.look(path, ORIGIN),
    ):
        pytest.fail("not ours")


def test_an_unknown_delivery_is_none(tmp_path: Path) -> None:
    migrating.create(tmp_path / "deep" / "a.db")
    with looking.look(tmp_path / "deep" / "a.db", ORIGIN) as seen:
        assert seen.delivery("dlv_1") is None
        assert seen.next_about("dlv_1", 0) is None


def test_a_fresh_database_is_untouched_until_anything_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    migrating.create(path)
    with looking.look(path, ORIGIN) as seen:
        assert seen.untouched()
        assert list(seen.tables()) == []
    with closing(schema.connect(path)) as writer:
        writer.execute("INSERT INTO evidence_entry VALUES (0, x'00', x'7b7d')")
    with looking.look(path, ORIGIN) as seen:
        assert not seen.untouched()


def test_a_new_folder_is_for_the_owner_only(tmp_path: Path) -> None:
    migrating.create(tmp_path / "data" / "a.db")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
