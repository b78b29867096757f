"""An export that is killed goes on where it was, and ends with the bytes of one that was not."""

import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from tests.cli.terminal import Terminal
from tests.filled import fill
from tests.keys import ORIGIN

pytestmark = pytest.mark.slow

PROGRAM: Final = Path(sys.executable).with_name("ticketgate")
RECORDS: Final = 65_536 + 600
PATIENCE_SECONDS: Final = 60.0
ARGUMENTS: Final = ("--tiles",)

# When it is killed: what the folder then holds, in the order in which it comes to be.
MOMENTS: Final[dict[str, Callable[[Path], bool]]] = {
    "it has begun": lambda place: (place / ".progress").exists(),
    "in the first segment": lambda place: (place / "log/000000.jsonl.new").exists(),
    "after the first segment": lambda place: (place / "log/000000.jsonl").exists(),
    "among the disclosures": lambda place: (place / "disclosures.jsonl.new").exists(),
    "among the tiles": lambda place: (place / "tile/0/100").exists(),
    "at the end": lambda place: (place / "checkpoint").exists(),
}
ONCE: Final = ("in the first segment", "among the disclosures", "among the tiles")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration with a log of more than one segment; never exported itself."""
    terminal = Terminal(tmp_path_factory.mktemp("killed") / "gate")
    assert terminal("init", str(terminal.folder)).exit_code == 0
    fill(terminal.folder / "data/ticketgate.db", ORIGIN, RECORDS)
    return terminal.folder


@pytest.fixture(scope="module")
def whole(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an uninterrupted export of it writes."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(filled, folder / "gate")
    exported(folder / "gate", folder / "copy")
    return bytes_of(folder / "copy")


def command(gate: Path, place: Path) -> list[str | Path]:
    return [PROGRAM, "--config", gate, "evidence", "export", place, *ARGUMENTS]


def exported(gate: Path, place: Path) -> None:
    """Export in a process of its own, which nobody kills."""
    done = subprocess.run(command(gate, place), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def bytes_of(place: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(place)): one.read_bytes() for one in place.rglob("*") if one.is_file()
    }


def kill_when(gate: Path, place: Path, holds: Callable[[Path], bool]) -> bool:
    """Export in a process of its own, and kill it then; whether it was still at work."""
    process = subprocess.Popen(command(gate, place), stdout=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE_SECONDS
    while process.poll() is None and not holds(place):
        assert time.monotonic() < until
        threading.Event().wait(0.0005)
    process.kill()
    return process.wait() != 0


@pytest.mark.parametrize("moment", ONCE)
def test_a_killed_export_goes_on_and_ends_with_the_same_bytes(
    filled: Path, whole: dict[str, bytes], tmp_path: Path, moment: str
) -> None:
    gate, place = tmp_path / "gate", tmp_path / "copy"
    shutil.copytree(filled, gate)
    killed = kill_when(gate, place, MOMENTS[moment])
    assert killed
    assert (place / ".progress").exists()
    exported(gate, place)
    assert bytes_of(place) == whole


def test_it_may_be_killed_again_and_again(
    filled: Path, whole: dict[str, bytes], tmp_path: Path
) -> None:
    gate, place = tmp_path / "gate", tmp_path / "copy"
    shutil.copytree(filled, gate)
    killed = [kill_when(gate, place, holds) for holds in MOMENTS.values()]
    assert all(killed[:-1])  # the last one may have been at its end
    exported(gate, place)
    assert bytes_of(place) == whole
