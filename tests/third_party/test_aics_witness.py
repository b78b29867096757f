"""A witness that others wrote cosigns our checkpoints, and keeps a forked tree as evidence."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from tests.adapters.anchored_log import Log, code_of
from tests.keys import ORIGIN, key_of

from ticketgate.adapters.anchors.anchor_http import way_out
from ticketgate.adapters.anchors.witness import Witness
from ticketgate.domain.log.note import parse_vkey
from ticketgate.domain.settings import WitnessSettings
from ticketgate.ports import Asked

PACKAGES: Final = ("aics-witness==0.1.0", "aics-tlog==0.2.1")
PYTHON_MIN: Final = (3, 12)
WAIT_SECONDS: Final = 20.0

pytestmark = pytest.mark.witness


def newer_python() -> str | None:
    """A Python that the witness runs on; None where there is none."""
    names = [f"python3.{minor}" for minor in range(15, 11, -1)]
    found = [path for name in names if (path := shutil.which(name))]
    own = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3"), reverse=True)
    asks = f"import ensurepip, sys, venv; sys.exit(sys.version_info[:2] < {PYTHON_MIN})"
    for path in (sys.executable, "python3", *found, *map(str, own)):
        done = subprocess.run([path, "-c", asks], capture_output=True, check=False)
        if done.returncode == 0:
            return path
    return None


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    """The witness in a venv of its own, made once."""
    python = newer_python()
    if python is None:
        pytest.skip("the witness needs Python 3.12 or newer, and there is none here")
    cache: Any = request.config.cache
    folder = Path(cache.mkdir("aics-witness")) / "-".join(PACKAGES).replace("==", "-")
    if not (folder / "ready").exists():
        subprocess.run([python, "-m", "venv", "--clear", folder], check=True, capture_output=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES]
        if subprocess.run(pip, capture_output=True, check=False).returncode:
            pytest.skip("the witness cannot be installed: no package index has it here")
        (folder / "ready").touch()
    return folder / "bin" / "aics-witness"


class RealWitness:
    """The program on loopback; it knows one log by the key of Alice."""

    def __init__(self, program: Path, folder: Path) -> None:
        self._program, self._config = program, folder / "witness.json"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        said = self.run("init", "--name", "w.example", "--listen", self.address)
        self.vkey = said.strip().splitlines()[-1]
        self.run("add-log", "--origin", ORIGIN, "--vkey", key_of("alice").public.text)

    def run(self, word: str, *more: str) -> str:
        command = [str(self._program), word, "--config", str(self._config), *more]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def evidence(self) -> list[dict[str, Any]]:
        """The requests that it kept because they contradict what it cosigned."""
        found: list[dict[str, Any]] = json.loads(self.run("evidence"))
        return found

    def start(self) -> "subprocess.Popen[bytes]":
        options = ("--config", str(self._config), "--listen", self.address)
        command = [str(self._program), "serve", *options]
        serving = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        until = time.monotonic() + WAIT_SECONDS
        while True:
            assert time.monotonic() < until
            assert serving.poll() is None
            try:
                with urlopen(f"http://{self.address}/healthz", timeout=1):
                    return serving
            except URLError:
                continue

    def client(self) -> Witness:
        key = parse_vkey(self.vkey)
        return Witness(WitnessSettings("w1", key, f"http://{self.address}"), way_out(""))


@pytest.fixture
def real(program: Path, tmp_path: Path) -> Iterator[RealWitness]:
    one = RealWitness(program, tmp_path)
    serving = one.start()
    try:
        yield one
    finally:
        serving.terminate()
        serving.wait()


def test_it_cosigns_our_checkpoints_one_after_another(real: RealWitness) -> None:
    log = Log(13)
    for size, known in ((1, 0), (5, 1), (8, 5), (13, 8)):
        (line,) = real.client().vouch(now(log.asked(size, known=known))).lines
        assert line.name == "w.example"
    assert real.evidence() == []


def test_it_tells_its_size_and_cosigns_from_there(real: RealWitness) -> None:
    log = Log(13)
    real.client().vouch(now(log.asked(6)))
    assert real.client().vouch(now(log.asked(known=2))).lines


@pytest.mark.parametrize("size", [13, 20])
def test_it_refuses_a_forked_tree_and_keeps_it_and_we_are_told(
    real: RealWitness, size: int
) -> None:
    real.client().vouch(now(Log(13).asked()))
    fork = Log(size, "other").asked(known=13)
    assert code_of(real.client(), now(fork)) == "witness_inconsistent"
    (kept,) = real.evidence()
    assert kept["origin"] == ORIGIN
    assert fork.note.decode() in kept["request"]


def test_it_shows_that_the_log_was_rolled_back(real: RealWitness) -> None:
    real.client().vouch(now(Log(13).asked()))
    assert code_of(real.client(), now(Log(9).asked(known=9))) == "witness_ahead"


def test_it_refuses_a_log_and_a_key_that_it_does_not_know(real: RealWitness) -> None:
    stranger = Log(5, origin="gate.example.com/unknown").asked()
    assert code_of(real.client(), now(stranger)) == "witness_log_unknown"
    plain = Log(5).asked()
    text = plain.checkpoint.text
    signed = f"{text}\n{key_of('mallory').line(text).text}".encode()
    assert code_of(real.client(), now(replace(plain, note=signed))) == "witness_key_unknown"


def now(asked: Asked) -> Asked:
    """Asked at this moment: a real witness has a real clock."""
    return replace(asked, now=datetime.now(UTC))
