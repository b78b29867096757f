"""Both verifiers over one bundle, and in what they differ.

The gateway's own and the stand-alone `verify.py` share no code; here each is asked in process as
its command line asks it, so that thousands of bundles can be held against both.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from tests.verifier.bundle_writer import START

from ticketgate.cli.evidence.verify import Options, document, exit_code, verdicts_of
from ticketgate.cli.failures import code_of
from ticketgate.domain.errors import TicketgateError

SOURCES: Final = Path(__file__).parents[2] / "src"
VERIFY_PY: Final = SOURCES / "ticketgate" / "verifier" / "verify.py"
NOW: Final = START + 3600


def _load() -> ModuleType:
    """`verify.py` from its file, as an auditor has it: no part of a package."""
    spec = importlib.util.spec_from_file_location("stand_alone_verify", VERIFY_PY)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


STAND_ALONE: Final = _load()


@dataclass(frozen=True)
class Asked:
    """What both are asked beside the bundle."""

    trust: Path | None = None
    known: tuple[Path, ...] = ()
    tickets: Path | None = None
    base: Path | None = None
    quick: bool = False
    require: str | None = None
    now: int = NOW

    @property
    def words(self) -> list[str]:
        """The same on a command line; both understand these words."""
        named = {"--trust": self.trust, "--tickets": self.tickets, "--base": self.base}
        words = ["--now", str(self.now), *(["--quick"] if self.quick else [])]
        for word, value in (named | {"--require": self.require}).items():
            words += [] if value is None else [word, str(value)]
        for known in self.known:
            words += ["--known", str(known)]
        return words


@dataclass(frozen=True)
class Told:
    """What a verifier says, as far as both must say the same."""

    exit: int
    states: Mapping[str, str] = field(default_factory=dict)
    bad: Mapping[str, int | None] = field(default_factory=dict)  # first bad of what fails
    numbers: Mapping[str, Any] = field(default_factory=dict)


NUMBERS: Final = ("origin", "size", "root", "leaf", "signed_to", "unsigned", "disclosures")
DEFAULT: Final = Asked()


def told(found: Mapping[str, Any]) -> Told:
    """The part of a document that is compared."""
    if "error" in found:
        assert isinstance(found["error"], str)
        return Told(found["exit"])
    states = {one["name"]: str(one["state"]) for one in found["verdicts"]}
    bad = {one["name"]: one["first_bad"] for one in found["verdicts"] if one["state"] == "fails"}
    return Told(found["exit"], states, bad, {name: found[name] for name in NUMBERS})


def by_gateway(folder: Path, asked: Asked = DEFAULT) -> dict[str, Any]:
    """The document of `ticketgate evidence verify`."""
    options = Options(
        asked.trust, asked.known, asked.tickets, asked.base, asked.require, asked.now, asked.quick
    )
    try:
        report, required, _ = verdicts_of(folder, options)
    except (TicketgateError, OSError) as fault:
        return {"error": str(fault), "exit": code_of(fault)}
    found = document(report, required, exit_code(report, required))
    found["disclosures"] = {
        name: getattr(report.tally, name) for name in ("given", "erased", "withheld", "mismatch")
    }
    return found


def by_stand_alone(folder: Path, asked: Asked = DEFAULT) -> dict[str, Any]:
    """The document of `verify.py`."""
    code, found = STAND_ALONE.run([str(folder), *asked.words])
    assert code == found["exit"]
    checked: dict[str, Any] = found
    return checked


def agreed(folder: Path, asked: Asked = DEFAULT) -> Told:
    """What both say of a bundle; fails where they differ, and shows their faults."""
    ours, other = by_gateway(folder, asked), by_stand_alone(folder, asked)
    one, two = told(ours), told(other)
    assert one == two, (
        f"{differences(one, two)}\ngateway: {faults(ours)}\nverify.py: {faults(other)}"
    )
    return one


def differences(one: Told, two: Told) -> dict[str, Any]:
    """Name of each part in which they differ: (the gateway's, verify.py's)."""
    pairs = {"exit": (one.exit, two.exit)}
    for part in ("states", "bad", "numbers"):
        ours, theirs = getattr(one, part), getattr(two, part)
        pairs |= {f"{part}.{name}": (ours.get(name), theirs.get(name)) for name in {*ours, *theirs}}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def faults(found: Mapping[str, Any]) -> list[str]:
    """The faults that a document lists, in words."""
    if "error" in found:
        return [found["error"]]
    return [
        f"{verdict['name']} {fault}" for verdict in found["verdicts"] for fault in verdict["faults"]
    ][:12]


def by_processes(words: Sequence[str], **limits: int) -> list[subprocess.CompletedProcess[str]]:
    """Both command lines in processes of their own: the gateway's, then that of `verify.py`."""
    gateway = [sys.executable, "-c", "from ticketgate.cli.main import main; main()"]
    environment = os.environ | {"PYTHONPATH": str(SOURCES), "PYTHONDONTWRITEBYTECODE": "1"}
    commands = ([*gateway, "evidence", "verify"], [sys.executable, "-I", str(VERIFY_PY)])
    return [
        subprocess.run(
            [*command, *words],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=limits.get("seconds", 60),
        )
        for command in commands
    ]


def told_by_processes(folder: Path, asked: Asked = DEFAULT) -> Told:
    """What both command lines say of a bundle; no traceback, and the same."""
    done = by_processes([str(folder), *asked.words, "--json"])
    for one in done:
        assert "Traceback" not in one.stderr, one.stderr
    ours, theirs = (told(json.loads(one.stdout)) for one in done)
    assert [one.returncode for one in done] == [ours.exit, theirs.exit]
    assert ours == theirs, differences(ours, theirs)
    return ours
