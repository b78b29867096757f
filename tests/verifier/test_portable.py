"""The verifier is one file for every Python from 3.9 on, and agrees with the document."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.verifier import bundle_writer as writer
from tests.verifier.asking import Answer
from tests.verifier.bundle_writer import Log

from ticketgate.verifier import verify

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = Path(verify.__file__)
TEXT: Final = FILE.read_text()
DOC: Final = (ROOT / "docs" / "evidence-format.md").read_text()
OLD: Final = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python3"))
VECTORS: Final = json.loads((ROOT / "docs" / "evidence-vectors.json").read_text())


def test_it_parses_as_python_3_9_and_imports_the_standard_library_alone() -> None:
    tree = ast.parse(TEXT, feature_version=(3, 9))
    names = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert names <= set(sys.stdlib_module_names)
    assert "json" in names


@pytest.mark.skipif(not OLD, reason="no Python 3.9 on this machine")
def test_it_runs_under_python_3_9(tmp_path: Path) -> None:
    bundle = Log().story().write(tmp_path / "b")
    for words, exit_code in (([], 0), (["--quick", "--jobs", "2"], 0), (["--require", "x"], 2)):
        done = subprocess.run(
            [str(OLD[-1]), str(FILE), str(bundle), "--json", *words],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (exit_code, "")
        assert json.loads(done.stdout)["exit"] == exit_code


def test_the_record_types_are_those_of_the_document() -> None:
    part = DOC[DOC.index("## Record types") : DOC.index("## Fields\n")]
    told = re.findall(r"^#### (\S+)\n.*?^Must have: (.*?)$", part, re.MULTILINE | re.DOTALL)
    assert {kind: set(fields.replace("`", "").split()) for kind, fields in told} == {
        kind: set(fields) for kind, fields in verify.MUST_HAVE.items()
    }


def test_the_moves_are_those_of_the_document() -> None:
    part = DOC[DOC.index("## Moves") : DOC.index("### What else must hold")]
    told = {}
    for machine, table in re.findall(
        r"^### (\w+)\n(.*?)(?=^###|\Z)", part, re.MULTILINE | re.DOTALL
    ):
        for before, after, kind in re.findall(
            r"^\| (\S+) \| (\w+) \| ([\w.]+) \|$", table, re.MULTILINE
        ):
            if before != "from":  # the head of the table
                told[machine, before.replace("(new)", ""), after] = kind
    assert told == verify.MOVES


def test_the_manual_is_short_and_names_every_option_exit_and_verdict() -> None:
    manual = (FILE.parent / "README").read_text()
    assert len(manual.splitlines()) <= 50
    for option in re.findall(r'add_argument\("(--\w[\w-]*)"', TEXT):
        assert option in manual or option == "--now", option
    for name in verify.VERDICTS:
        assert name.upper() in manual


# --- the vectors, which another hand wrote ---------------------------------------------------


def test_the_bundle_that_the_vectors_make_up_holds(tmp_path: Path) -> None:
    log = Log(VECTORS["origin"])
    for entry in VECTORS["log"]["entries"]:
        log.put(entry["entry"].encode())
    log.rows = [
        {"digest": row["digest"], "encoded": row["encoded"], "idx": row["idx"]}
        for row in VECTORS["log"]["disclosures"]
    ]
    bundle = log.write(tmp_path / "b", trust=f"log {VECTORS['keys']['log']['vkey']}\nquorum none\n")
    for name in ("signed", "cosigned", "by_the_next_key"):
        (bundle / "checkpoint").write_text(VECTORS["checkpoints"][name])
        answer = Answer(bundle)
        assert (answer.failed, answer.signed["state"]) == (set(), "holds")
    assert Answer(bundle).document["root"] == VECTORS["log"]["roots"][5]
    trust = tmp_path / "t"
    trust.write_text(f"log {VECTORS['keys']['log']['vkey']}\nquorum none\n")
    for name, proof in VECTORS["forks"].items():
        (tmp_path / name).write_text(proof)
        assert Answer("--fork", tmp_path / name, "--trust", trust).exit == 0
    (tmp_path / "r").write_text(VECTORS["receipt"])
    assert Answer("--proof", tmp_path / "r", "--trust", trust).exit == 0
    assert writer.root(log.leaves).hex() == VECTORS["log"]["roots"][5]
