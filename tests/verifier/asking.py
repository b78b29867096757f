"""Asks the verifier about a bundle, and says what it said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.verifier.bundle_writer import START
from typing_extensions import override

from ticketgate.verifier import verify


class Answer:
    """Exit code and document."""

    def __init__(self, *words: object) -> None:
        argv = [str(word) for word in words]
        self.exit, self.document = verify.run(["--now", str(START + 10), *argv])

    def __getattr__(self, name: str) -> dict[str, Any]:
        """A verdict by its name."""
        found: dict[str, Any] = next(
            verdict for verdict in self.document["verdicts"] if verdict["name"] == name
        )
        return found

    @property
    def failed(self) -> set[str]:
        """The names of the verdicts that fail."""
        verdicts = self.document["verdicts"]
        return {verdict["name"] for verdict in verdicts if verdict["state"] == "fails"}


class Apart(Answer):
    """The same, by a process of its own: where there is much to look through."""

    @override
    def __init__(self, *words: object) -> None:
        argv = [sys.executable, "-I", verify.__file__, "--json", "--now", str(START + 10)]
        argv += [str(word) for word in words]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        self.exit, self.document = done.returncode, json.loads(done.stdout)


def flipped(path: Path, place: int, bit: int = 1) -> bytes:
    """A bit of a file is turned over; what was there before is returned."""
    before = path.read_bytes()
    data = bytearray(before)
    data[place] ^= bit
    path.write_bytes(bytes(data))
    return before
