"""Where the Node packages of the tests lie, and the programs of tests/node."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import pytest

FOLDER: Final = Path(__file__).parent / "node"


def node_packages(*names: str) -> Path:
    """The folder with these packages: that of TICKETGATE_NODE, else tests/node; else skips."""
    found = Path(os.environ.get("TICKETGATE_NODE", str(FOLDER / "node_modules")))
    missing = [name for name in names if not (found / name).is_dir()]
    if missing or shutil.which("node") is None:
        pytest.skip(
            f"needs node, and {', '.join(names)}: npm install --no-package-lock --ignore-scripts"
            " in tests/node, or TICKETGATE_NODE"
        )
    return found


@contextmanager
def node_program(packages: Path, name: str, *arguments: str) -> Iterator[None]:
    """A program of tests/node while it runs; it says `ready` once it serves."""
    command = ["node", str(FOLDER / name), *arguments]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TICKETGATE_NODE": str(packages)},
    ) as process:
        try:
            assert _first_line(process.stdout) == "ready\n", f"{name} does not serve"
            yield
        finally:
            process.kill()


def _first_line(pipe: IO[str] | None) -> str:
    return "" if pipe is None else pipe.readline()
