"""`triage`: what waits for a word, and what was said as labels."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal
from tests.operations.kit import ORIGIN, Gate
from tests.operations.lane import Lane, doubtful
from tests.operations.test_erase import KEEP
from tests.operations.tickets import closed

from ticketgate.cli.triage import COLUMNS
from ticketgate.operations.evidence.erase import Eraser, What


@pytest.fixture
def lane(tmp_path: Path) -> Iterator[Lane]:
    gate = Gate(tmp_path)
    try:
        gate.deliver(doubtful("p1", description="see =cmd()\nsecond line"))
        gate.clock.at += timedelta(minutes=1)
        gate.deliver(doubtful("p2"))
        yield Lane(gate)
    finally:
        gate.stop()


@pytest.fixture
def beside(lane: Lane, tmp_path: Path) -> Terminal:
    """A terminal beside the gate."""
    folder = tmp_path / "config"
    folder.mkdir()
    (folder / "ticketgate.yaml").write_text(f"origin: {ORIGIN}\nstore: {lane.gate.path}\n")
    return Terminal(folder)


def test_what_waits_is_listed_oldest_first_with_the_rules(lane: Lane, beside: Terminal) -> None:
    rows = beside.json("triage", "list")
    assert [one["number"] for one in rows] == ["INC-p1", "INC-p2"]
    assert rows[0]["matched"][0].startswith("looks-like-access@policy.yaml:")
    assert rows[0]["blind"] == []
    shown = beside("triage", "list", "--limit", "1").stdout.splitlines()
    assert shown[0].split() == ["ID", "NUMBER", "SOURCE", "TABLE", "REVISION", "SINCE", "MATCHED",
                                "BLIND"]  # fmt: skip
    assert len(shown) == 2
    assert lane.gate.records("view.recorded") == []


def test_one_is_shown_with_its_text_which_cannot_act(lane: Lane, beside: Terminal) -> None:
    ident = lane.listed()[0].id
    shown = beside("triage", "show", ident).stdout
    assert "see =cmd()⟦U+000A⟧second line" in shown
    told = beside.json("triage", "show", ident)
    assert told["ticket"]["fields"]["number"] == "INC-p1"
    assert told["tier"] == "medium"
    assert beside("triage", "show", "tkt_none").exit_code == 1
    assert lane.say(view=lane.listed()[0]) == ""
    assert beside("triage", "show", ident).exit_code == 1
    assert beside("triage", "list").stdout.count("INC-") == 1


def test_when_none_waits_the_list_says_so(lane: Lane, beside: Terminal) -> None:
    for view in lane.listed():
        assert lane.say(view=view) == ""
    assert beside("triage", "list").stdout == "no ticket waits\n"


def test_what_people_said_is_written_as_labels(lane: Lane, beside: Terminal) -> None:
    first, second = lane.listed()
    assert lane.say(view=first) == ""
    assert lane.say(verdict="not_identity", view=second) == ""
    out = beside.folder / "labels.csv"
    assert "2 labelled tickets" in beside("triage", "export", "--out", str(out)).stdout
    assert out.stat().st_mode & 0o777 == 0o600
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [one["label"] for one in rows] == ["Y", "N"]
    assert rows[0]["description"] == "see =cmd()\nsecond line"
    assert rows[0]["text"] == "access to the new mailbox\nsee =cmd()\nsecond line"
    assert (rows[0]["table"], rows[0]["category"]) == ("incident", "hardware")
    again = beside("triage", "export", "--out", str(out))
    assert again.exit_code == 3
    assert "File exists" in again.stderr


def test_what_was_erased_is_left_out_and_counted(lane: Lane, beside: Terminal) -> None:
    first, second = lane.listed()
    assert lane.say(view=second) == ""
    assert lane.say(verdict="not_identity", view=first) == ""
    for one in ("p1", "p2"):
        lane.gate.deliver(closed(doubtful(one)))  # erasure waits for that
    lane.gate.clock.at += timedelta(days=3000)
    Eraser(lane.gate.store, KEEP, lane.gate.clock.now).erase(
        What(person="alice"), "os:0@host", "she asked for it"
    )
    out = beside.folder / "labels.csv"
    assert beside.json("triage", "export", "--out", str(out)) == {"written": 0, "erased": 2}
    assert out.read_text() == ",".join(COLUMNS) + "\n"
