"""`classify`: how well a policy tells identity events, and weights learnt from labels."""

import csv
import json
import os
from pathlib import Path

import pytest
from tests.cli.terminal import Terminal

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "tests" / "data" / "servicenow_catalog_items.csv"
KEYS = {"tp", "fp", "fn", "tn", "left_out", "precision", "recall", "f1"}


def policy(terminal: Terminal, more: str) -> str:
    path = terminal.folder / "with-more.yaml"
    path.write_text((terminal.folder / "policy.yaml").read_text() + more)
    return str(path)


def labels(terminal: Terminal, number: int = 40) -> str:
    path = terminal.folder / "labels.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["row", "label", "text", "table"])
        for n in range(number):
            rows.writerow([n, "Y", f"please let me into wiki{n} again", "incident"])
            rows.writerow([n, "N", f"the printer of floor{n} is out of ink", "incident"])
        rows.writerow([number, "?", "hello", "incident"])
    return str(path)


def test_the_counts_are_there_as_json(terminal: Terminal) -> None:
    found = terminal.json("classify", "eval", "--labels", labels(terminal))
    assert set(found["identity"]) == KEYS == set(found["identity_or_uncertain"])
    assert found["identity_or_uncertain"]["tn"] == 40
    assert found["identity"]["left_out"] == 1
    assert found["identity"]["precision"] is None
    assert found["ignored_columns"] == ["row"]


def test_the_counts_are_there_in_words(terminal: Terminal) -> None:
    said = terminal("classify", "eval", "--labels", labels(terminal), "--halves", "--first", "40")
    lines = said.stdout.splitlines()
    assert lines[0].split()[:2] == ["of", "verdict"]
    assert [line.split("  ")[0] for line in lines[1:11:2]] == [
        "all", "even", "odd", "first 40 %", "the rest"
    ]  # fmt: skip
    assert lines[-2:] == ["left out: 1 labelled ?", "ignored columns: row"]


def test_parts_are_there_as_json(terminal: Terminal) -> None:
    found = terminal.json("classify", "eval", "--labels", labels(terminal), "--halves")
    even, odd = found["parts"]
    assert (even["name"], odd["name"]) == ("even", "odd")
    assert even["identity"]["tn"] + odd["identity"]["tn"] == found["identity"]["tn"] == 40


@pytest.mark.parametrize("said", ["N", "Y,", "Y,N"])
def test_labels_that_cannot_be_positive_are_refused(terminal: Terminal, said: str) -> None:
    done = terminal("classify", "eval", "--labels", labels(terminal), "--positive", said)
    assert done.exit_code == 2
    assert "never N" in done.stderr


def test_a_faulty_file_is_told_by_line(terminal: Terminal) -> None:
    path = Path(labels(terminal))
    path.write_text("label,text\nY\n")
    done = terminal("classify", "eval", "--labels", str(path))
    assert done.exit_code == 2
    assert "labels.csv:2: (file): has 1 cells, not 2" in done.stderr


def test_weights_are_learnt_and_taken_in_by_a_policy(terminal: Terminal) -> None:
    table = terminal.folder / "weights.json"
    words = ["classify", "train", "--labels", labels(terminal), "--out", str(table)]
    done = terminal(*words, "--date", "2026-11-26")
    assert done.exit_code == 0
    assert "held out: precision 1.000, recall 1.000 (tp 40, fp 0, fn 0, tn 40)" in done.stdout
    first = table.read_bytes()
    found = terminal.json(*words, "--date", "2026-11-26")
    assert table.read_bytes() == first, "the same file gives the same table"
    assert found["held_out"]["tp"] == 40
    assert json.loads(first)["date"] == "2026-11-26"
    words = ["classify", "eval", "--labels", labels(terminal)]
    without = terminal.json(*words)["identity_or_uncertain"]
    more = policy(terminal, "weights: weights.json\n")
    told = terminal.json(*words, "--policy", more)["identity_or_uncertain"]
    assert (without["tp"], told["tp"], told["fp"]) == (0, 40, 0)


def test_too_few_labels_teach_nothing(terminal: Terminal) -> None:
    out = terminal.folder / "weights.json"
    done = terminal("classify", "train", "--labels", labels(terminal, 5), "--out", str(out))
    assert done.exit_code == 2
    assert "5 identity events and 5 others" in done.stderr
    assert not out.exists()


def test_a_table_that_cannot_be_written_is_no_traceback(terminal: Terminal) -> None:
    out = terminal.folder / "nowhere" / "weights.json"
    done = terminal("classify", "train", "--labels", labels(terminal), "--out", str(out))
    assert done.exit_code == 3


@pytest.mark.parametrize("half", ["even", "odd"])
def test_the_stock_catalog_is_told(terminal: Terminal, half: str) -> None:
    """The pack was tuned on the even half; the odd one is held out."""
    more = policy(terminal, "packs: [servicenow_catalog]\n")
    found = terminal.json(
        "classify", "eval", "--labels", str(CATALOG), "--halves", "--policy", more
    )  # fmt: skip
    counts = {one["name"]: one["identity_or_uncertain"] for one in found["parts"]}[half]
    assert counts["tp"] + counts["fn"] >= 15
    assert counts["recall"] >= 0.95
    assert counts["precision"] >= 0.8


@pytest.mark.skipif(
    "TICKETGATE_SAMPLES" not in os.environ, reason="TICKETGATE_SAMPLES names no folder of samples"
)
def test_a_real_help_desk_is_told(terminal: Terminal) -> None:
    """The phrases were tuned on the first 40 % of these; the rest is held out."""
    sample = Path(os.environ["TICKETGATE_SAMPLES"]) / "data" / "helpdesk_labelled.csv"
    more = policy(terminal, "packs: [helpdesk_phrases]\nlanguages: [en]\n")
    words = ["classify", "eval", "--labels", str(sample), "--positive", "Y,P", "--first", "40"]
    for part in terminal.json(*words, "--policy", more)["parts"]:
        assert part["identity_or_uncertain"]["recall"] >= 0.97
        assert part["identity_or_uncertain"]["precision"] >= 0.70
