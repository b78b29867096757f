"""The logs that tests fill are those that the product would have appended."""

from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from tests.filled import BEGUN, beats, fill, hidden_at, said_at
from tests.keys import ORIGIN
from typing_extensions import override

from ticketgate.adapters.ids import RandomIds
from ticketgate.adapters.sqlite import migrating, schema
from ticketgate.adapters.sqlite.evidence_tables import SqliteLog
from ticketgate.adapters.sqlite.store import bind_origin
from ticketgate.domain.evidence import Disclosure, Draft

SIZE: Final = 600
TABLES: Final = ("entry", "disclosure", "head", "tile")


class CountedSalts(RandomIds):
    """Salts that count, so that a log is the same each time."""

    def __init__(self) -> None:
        self._count = 0

    @override
    def salt(self) -> bytes:
        self._count += 1
        return self._count.to_bytes(16, "big")


def appended(path: Path, tell: Callable[[SqliteLog], object]) -> None:
    """Append with the product's own log."""
    with closing(schema.connect(path)) as connection:
        migrating.migrate(connection)
        bind_origin(connection, ORIGIN)
        log = SqliteLog(connection, ORIGIN, CountedSalts())
        connection.execute("BEGIN IMMEDIATE")
        tell(log)
        log.store_head()
        connection.execute("COMMIT")


def rows(path: Path) -> dict[str, list[Any]]:
    with closing(schema.connect(path, read_only=True)) as connection:
        return {
            name: sorted(connection.execute(f"SELECT * FROM evidence_{name}"))  # noqa: S608 -- ours
            for name in TABLES
        }


@pytest.mark.parametrize("pad", [0, 640])
def test_a_filled_log_is_the_one_that_the_product_appends(tmp_path: Path, pad: int) -> None:
    def tell(log: SqliteLog) -> None:
        for index in range(SIZE):
            kind, fields = said_at(index, ORIGIN, pad)
            text = hidden_at(index)
            hidden = () if text is None else (Disclosure("text", text),)
            log.append(Draft(kind, fields, hidden), BEGUN + timedelta(milliseconds=index))

    fill(tmp_path / "filled.db", ORIGIN, SIZE, pad)
    appended(tmp_path / "appended.db", tell)
    assert rows(tmp_path / "filled.db") == rows(tmp_path / "appended.db")


def test_a_log_that_goes_on_with_beats_is_the_one_that_the_product_appends(tmp_path: Path) -> None:
    def tell(log: SqliteLog) -> None:
        for number in range(SIZE):
            log.append(Draft("heartbeat", {"refused": [], "duplicates": number}), BEGUN)

    for name in ("filled.db", "appended.db"):
        fill(tmp_path / name, ORIGIN, 123)
    beats(tmp_path / "filled.db", ORIGIN, SIZE, BEGUN)
    appended(tmp_path / "appended.db", tell)
    assert rows(tmp_path / "filled.db") == rows(tmp_path / "appended.db")
