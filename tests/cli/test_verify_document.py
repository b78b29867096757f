"""docs/operations.md, `evidence verify`: its block, run as it stands, by whoever has the files."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from tests.cli.terminal import Terminal
from tests.filled import fill
from tests.keys import ORIGIN, key_of

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "docs" / "operations.md").read_text()
COMMAND: Final = "from ticketgate.cli.main import main; main()"

pytestmark = pytest.mark.slow


@pytest.fixture
def place(terminal: Terminal) -> Path:
    """Where `gate` is a configuration with a log, and `ticketgate` the program of this tree."""
    fill(terminal.folder / "data/ticketgate.db", ORIGIN, 300)
    programs = terminal.folder.parent / "bin"
    programs.mkdir()
    program = programs / "ticketgate"
    words = " ".join(map(shlex.quote, (sys.executable, "-c", COMMAND)))
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o755)
    return terminal.folder.parent


def block() -> str:
    """The block of the section."""
    section = TEXT.split("### `evidence verify`")[1].split("\n### ")[0]
    (found,) = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return str(found)


def run(place: Path, script: str) -> "subprocess.CompletedProcess[str]":
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    modules = os.pathsep.join(str(Path(one).resolve()) for one in sys.path if one)
    return subprocess.run(
        ["/bin/sh", "-ec", script],
        cwd=place,
        env={**os.environ, "PATH": path, "PYTHONPATH": modules},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_the_document_says_verifies(place: Path) -> None:
    done = run(place, block())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the keys believed are the operator's own" not in done.stdout
    names = {one.name for one in place.iterdir()}
    assert {"trust", "checkpoint-of-last-year", "bundle"} <= names


def test_the_keys_of_somebody_else_do_not_verify_it(place: Path) -> None:
    shown = run(place, "ticketgate --config gate keys show").stdout
    other = f"# current\nlog {key_of('mallory').public.text}\nquorum none\n"
    show, *rest = block().splitlines()
    assert run(place, show).returncode == 0
    assert (place / "trust").read_text() == shown
    (place / "trust").write_text(other)
    done = run(place, "\n".join(rest))
    assert done.returncode == 2
    assert "none of this log that a trusted key signed" in done.stderr
