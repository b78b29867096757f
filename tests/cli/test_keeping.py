"""`evidence erase` and `evidence prune`: beside a running gateway, and in its place."""

import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from tests.cli.terminal import Terminal
from tests.e2e.stage import Stage
from tests.filled import beats
from tests.operations.kit import ORIGIN, Gate, folder
from tests.operations.tickets import access_ticket, closed, report_ticket
from tests.segments import SHORT, short_segments
from typing_extensions import override

from ticketgate.domain.verifying.log_life import SEGMENT_ENTRIES
from ticketgate.wiring.commands import load
from ticketgate.wiring.gateway import Gateway

pytestmark = pytest.mark.untraced

LONG_AGO: Final = datetime(2024, 1, 1, tzinfo=UTC)
WHY: Final = ("--reason", "the person asked for it")
BUILT: Final = "structure,signed,semantics,disclosures"


class Early(Gate):
    """A gate of long ago, so that the machine's clock is later whatever it says."""

    @override
    def start(self) -> None:
        if self.clock.at.year > LONG_AGO.year:
            self.clock.at = LONG_AGO
        super().start()


@pytest.fixture(scope="module")
def story() -> Iterator[Path]:
    """A database in which Alice was denied one thing and had another for a while."""
    with folder() as path:
        gate = Early(path)
        gate.deliver(report_ticket())
        gate.run_mail()
        gate.decide("erin", "deny")
        gate.deliver(closed(report_ticket()))
        gate.deliver(access_ticket())
        gate.approve("bob", "carol")
        gate.settle()
        gate.deliver(closed(access_ticket()))
        gate.settle()
        gate.clock.at += timedelta(days=1)
        gate.stop()
        yield gate.path


@pytest.fixture(scope="module")
def longer(story: Path) -> Iterator[Path]:
    """The same with a segment of records behind it that nothing needs."""
    with folder() as path:
        shutil.copy(story, path / "gate.db")
        beats(path / "gate.db", ORIGIN, SEGMENT_ENTRIES, LONG_AGO + timedelta(days=1))
        yield path / "gate.db"


@pytest.fixture
def past(terminal: Terminal, story: Path) -> Terminal:
    """A configuration whose database is the short one; no gateway runs."""
    shutil.copy(story, terminal.folder / "data" / "ticketgate.db")
    return terminal


@pytest.fixture
def long_past(terminal: Terminal, longer: Path) -> Terminal:
    """A configuration whose database is the longer one; no gateway runs."""
    shutil.copy(longer, terminal.folder / "data" / "ticketgate.db")
    return terminal


@pytest.fixture
def short_past(terminal: Terminal, story: Path) -> Iterator[Terminal]:
    """A configuration whose database has a short segment behind the story; no gateway runs."""
    path = terminal.folder / "data" / "ticketgate.db"
    with short_segments():
        shutil.copy(story, path)
        beats(path, ORIGIN, SHORT, LONG_AGO + timedelta(days=1))
        yield terminal


def keep(terminal: Terminal, words: str) -> None:
    """Set `retention`."""
    path = terminal.folder / "ticketgate.yaml"
    path.write_text(f"{path.read_text()}\nretention: {{ {words} }}\n")


def verified(terminal: Terminal) -> None:
    done = terminal("evidence", "verify", "--require", BUILT)
    assert done.exit_code == 0, done.output


def test_a_person_is_erased_and_what_stays_is_listed(past: Terminal) -> None:
    seen = past("evidence", "erase", "--person", "alice", *WHY, "--dry-run")
    assert seen.exit_code == 1
    assert "would be erased" in seen.stdout
    done = past("evidence", "erase", "--person", "alice", *WHY)
    assert done.exit_code == 1, done.output
    assert "raw bodys dropped" not in done.stdout
    assert "4 raw bodies dropped" in done.stdout
    assert "1 value stays: live, or kept for good" in done.stdout
    assert "recorded as #" in done.stdout
    assert "1 value may not be erased yet [retained_until]" in done.stderr
    verified(past)


def test_with_the_decisions_time_over_all_of_a_person_goes(past: Terminal) -> None:
    keep(past, "entries: 30000d, decisions: 1d")
    done = past.json("evidence", "erase", "--person", "alice", *WHY)
    assert done["retained"] == []
    assert done["erased"]["actor"] == 1
    assert past("evidence", "erase", "--person", "alice", *WHY).exit_code == 1
    verified(past)


def test_a_date_is_said_where_there_is_one(past: Terminal) -> None:
    keep(past, "decisions: 30000d")
    done = past("evidence", "erase", "--person", "bob", *WHY)
    assert "stays until 2106-" in done.stdout


def test_nothing_to_erase_is_a_no(past: Terminal) -> None:
    done = past("evidence", "erase", "--record", "0", *WHY)
    assert done.exit_code == 1
    assert "nothing is given of that any more" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("erase", *WHY),
        ("erase", "--person", "alice", "--record", "1", *WHY),
        ("erase", "--person", "alice", "--reason", " "),
        ("prune", *WHY),
        ("prune", "--before", "1", "--older-than", "1", *WHY),
        ("prune", "--before", "1", "--reason", ""),
        ("prune", "--older-than", "36526", *WHY),
        ("prune", "--older-than", "9" * 30, *WHY),
        ("prune", "--before", "9" * 30, *WHY),
        ("erase", "--record", "9" * 30, *WHY),
    ],
)
def test_what_cannot_be_meant_is_usage(terminal: Terminal, words: tuple[str, ...]) -> None:
    assert terminal("evidence", *words).exit_code == 2


def test_what_is_old_enough_is_pruned_and_the_rest_verifies(long_past: Terminal) -> None:
    done = long_past("evidence", "prune", "--older-than", "30", *WHY)
    assert done.exit_code == 1
    assert "the next segment holds decisions that are kept" in done.stderr
    keep(long_past, "decisions: 1d")
    seen = long_past("evidence", "prune", "--before", str(SEGMENT_ENTRIES), *WHY, "--dry-run")
    assert f"entries 0 to {SEGMENT_ENTRIES - 1} would be pruned" in seen.stdout
    done = long_past("evidence", "prune", "--before", str(SEGMENT_ENTRIES), *WHY)
    assert done.exit_code == 0, done.output
    assert f"entries 0 to {SEGMENT_ENTRIES - 1} pruned" in done.stdout
    assert "then: the next segment of 65,536 entries is not whole yet" in done.stdout
    verified(long_past)
    again = long_past.json("evidence", "prune", "--older-than", "30", *WHY, code=1)
    assert again == {"first": SEGMENT_ENTRIES, "boundary": SEGMENT_ENTRIES, "held": "size"}


# --- beside a running gateway ----------------------------------------------------------------


@pytest.mark.slow
def test_the_running_gateway_keeps_what_is_live(live: Stage, beside: Terminal) -> None:
    with live.asked() as record:
        live.given(record)
        index = str(live.entries("decision.recorded")[-1]["_seq"])
        done = beside.json("evidence", "erase", "--record", index, *WHY, code=1)
        assert done["erased"] == {}
        (kept,) = done["retained"]
        assert (kept["code"], kept["kind"], kept["until"]) == ("retained_until", "decision", None)
        done = beside("evidence", "prune", "--before", "65536", *WHY)
        assert done.exit_code == 1
        assert "is not whole yet" in done.stderr


def test_a_running_gateway_prunes_and_erases_when_it_is_asked(short_past: Terminal) -> None:
    keep(short_past, "decisions: 1d")
    gateway = Gateway(load(short_past.folder, os.environ))
    gateway.start()
    try:
        done = short_past("evidence", "prune", "--before", str(SHORT), *WHY)
        assert done.exit_code == 0, done.output
        assert f"entries 0 to {SHORT - 1} pruned" in done.stdout
        done = short_past("evidence", "erase", "--person", "alice", *WHY)
        assert done.exit_code == 0, done.output
        refused = short_past("evidence", "erase", "--record", "1", "--person", "x", *WHY)
        assert refused.exit_code == 2
    finally:
        gateway.stop()
    verified(short_past)
    assert short_past("evidence", "replay").exit_code == 0


def test_a_prune_that_failed_is_told_and_not_waited_for(short_past: Terminal) -> None:
    """The first entry moves what was never there: the log does not replay, so nothing may go."""
    keep(short_past, "decisions: 1d")
    with closing(sqlite3.connect(short_past.folder / "data" / "ticketgate.db")) as db:
        db.execute("DROP TRIGGER evidence_no_update")
        db.execute(
            "UPDATE evidence_entry SET entry = CAST(replace(CAST(entry AS TEXT),"
            ' \'"to":"approved"\', \'"to":"denied"\') AS BLOB)'
        )
        db.commit()
    gateway = Gateway(load(short_past.folder, os.environ))
    gateway.start()
    try:
        done = short_past("evidence", "prune", "--before", str(SHORT), *WHY)
    finally:
        gateway.stop()
    assert done.exit_code == 3
    assert "a log that does not hold is not pruned: see `evidence verify` [evidence]" in done.stderr


# --- replay ----------------------------------------------------------------------------------


def test_the_tables_are_rebuilt_and_compared(past: Terminal, tmp_path: Path) -> None:
    done = past("evidence", "replay", "--into", str(tmp_path / "rebuilt.db"))
    assert done.exit_code == 0, done.output
    assert re.search(r"rebuilt from entries 0 to [1-9]\d+\b", done.stdout)
    assert "request 2, " in done.stdout
    assert (tmp_path / "rebuilt.db").is_file()
    again = past("evidence", "replay", "--into", str(tmp_path / "rebuilt.db"))
    assert again.exit_code == 3
    assert "is there already" in again.stderr


def test_an_edited_table_is_told_by_its_column(past: Terminal) -> None:
    with closing(sqlite3.connect(past.folder / "data" / "ticketgate.db")) as db:
        db.execute("UPDATE link SET state = 'issued' WHERE rowid = (SELECT min(rowid) FROM link)")
        db.execute("DELETE FROM approval WHERE rowid = 1")
        db.commit()
    done = past("evidence", "replay")
    assert done.exit_code == 1
    assert re.search(r'link lnk_\w+ state: log says "\w+", database says "issued"', done.stdout)
    assert re.search(r'approval .*: log says "a row", database says nothing', done.stdout)
    assert "2 differences between the log and the tables" in done.stderr
    found = past.json("evidence", "replay", code=1)
    assert {one["column"] for one in found["differences"]} == {"state", ""}
    with closing(sqlite3.connect(past.folder / "data" / "ticketgate.db")) as db:
        db.execute("UPDATE delivery SET effect = 'x'")
        for number in range(200):
            db.execute("INSERT INTO loaded VALUES (?, 'x', 'x')", (f"k{number}",))
        db.commit()
    assert "more\n" in past("evidence", "replay").stdout


def test_a_log_that_cannot_be_read_is_not_replayed(past: Terminal) -> None:
    with closing(sqlite3.connect(past.folder / "data" / "ticketgate.db")) as db:
        db.execute("DROP TRIGGER evidence_no_update")
        db.execute("UPDATE evidence_entry SET entry = x'00' WHERE idx = 4")
        db.commit()
    done = past("evidence", "replay")
    assert done.exit_code == 3
    assert "entry 4: not JSON in UTF-8 [cannot_replay]" in done.stderr


# --- privacy ---------------------------------------------------------------------------------


def test_what_is_hidden_is_counted_by_kind_and_person(past: Terminal) -> None:
    done = past("evidence", "privacy")
    assert done.exit_code == 0, done.output
    assert re.search(r"actor +alice +1 +0 +2024-01-01 00:00:00 UTC +live, or for good", done.stdout)
    keep(past, "decisions: 30000d")
    found = past.json("evidence", "privacy", "--person", "bob")
    (actor,) = [one for one in found["values"] if one["kind"] == "actor"]
    assert actor["until"].startswith("2106-")
    assert [one["kind"] for one in found["retained"]] == ["actor"]
    assert past("evidence", "erase", "--person", "alice", *WHY).exit_code == 1
    table = past("evidence", "privacy", "--person", "alice")
    assert re.search(r"content +alice +0 +5 ", table.stdout)
    assert "stays until 2106-" in table.stdout
    assert "nothing is hidden" in past("evidence", "privacy", "--person", "nobody").stdout
