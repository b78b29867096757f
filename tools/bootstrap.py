"""Make `.venv` and install one locked set into it: `python3 tools/bootstrap.py run|test`.

Standard library only, because it runs on a bare Python. The installer's own output goes to
`.venv/install.log`; what is printed is one line every few seconds, and never a host name, so that
it can stand in a public build log. Where packages come from is the installer's own configuration,
which is left alone.
"""

import hashlib
import json
import re
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON_MIN = (3, 11)
TICK_SECONDS = 3.0
TAIL_LINES_MAX = 15
LOCKS = {
    "run": ("requirements/run.lock", "requirements/build.lock"),
    "test": ("requirements/test.lock", "requirements/build.lock"),
}
COVERS = {"run": ("run",), "test": ("test", "run")}  # the test set holds the run set


class SetupError(Exception):
    """The setup cannot go on; the text says why and what to do."""


def pins(lock: Path) -> dict[str, str]:
    """Package name -> version, as the lock file pins them."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock.read_text(), re.MULTILINE))


def fingerprint(root: Path, use: str) -> str:
    """Changes when anything that was installed from would be installed differently now (hex)."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    kept = [project["build-system"], project["project"], project["tool"]["hatch"]]
    locks = [(root / name).read_text() for name in LOCKS[use]]
    facts = [sys.version_info[:2], str(root), kept, locks]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def is_ready(root: Path, use: str) -> bool:
    """Whether the set is installed as it would be installed now."""
    stamp = root / ".venv" / f".ready-{use}"
    return stamp.is_file() and stamp.read_text() == fingerprint(root, use)


def stage_of(line: str) -> str:
    """What an installer's line means, in our words; empty when it means nothing to a reader."""
    if found := re.match(
        r"\s*(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)", line
    ):
        return found[1]
    if line.startswith("Installing collected packages"):
        return "unpacking"
    return ""


def masked(line: str) -> str:
    """The line without addresses or host names."""
    line = re.sub(r"\w+://\S+", "<address>", line)
    return re.sub(r"host='[^']*'", "host='<host>'", line)


def say(text: str) -> None:
    """One line of progress."""
    print(f"setup: {text}", flush=True)


class Narrator:
    """Runs a command quietly and says every few seconds how far it is."""

    def __init__(self, log: Path, total: int, say: Callable[[str], None] = say) -> None:
        self._log = log
        self._say = say
        self._total = total
        self._seen: set[str] = set()
        self._stage = "starting"

    def run(self, command: Sequence[str], title: str, tick_seconds: float = TICK_SECONDS) -> None:
        """Run it to its end.

        Raises:
            SetupError: it failed; the text ends with its last lines, masked.
        """
        started = time.monotonic()
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        ) as process:
            reader = threading.Thread(target=self._read, args=(process,))
            reader.start()
            while reader.is_alive():
                reader.join(tick_seconds)
                elapsed = time.monotonic() - started
                if reader.is_alive():
                    self._say(f"{elapsed:4.0f} s  {title}: {self._progress()}")
        if process.returncode:
            tail = self._log.read_text().splitlines()[-TAIL_LINES_MAX:]
            raise SetupError("\n".join([f"{title} failed:", *map(masked, tail)]))
        self._say(f"{time.monotonic() - started:4.0f} s  {title}: done")

    def _read(self, process: "subprocess.Popen[str]") -> None:
        with self._log.open("a") as log:
            for line in process.stdout or ():
                log.write(line)
                log.flush()
                self._note(stage_of(line))

    def _note(self, stage: str) -> None:
        if stage:
            self._seen.add(stage)
            self._stage = stage

    def _progress(self) -> str:
        if self._stage in {"starting", "unpacking"} or not self._total:
            return self._stage
        return f"{min(len(self._seen), self._total)} of {self._total}, {self._stage}"


def usable(python: Path) -> bool:
    """Whether the environment is there, new enough, and has an installer."""
    probe = f"import pip, sys; sys.exit(sys.version_info < {PYTHON_MIN})"
    if not python.is_file():
        return False
    return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0


def make_environment(venv: Path) -> None:
    """Make `.venv` unless a usable one is there.

    Raises:
        SetupError: this Python cannot make environments, or is the broken environment itself.
    """
    if usable(venv / "bin" / "python"):
        return
    if Path(sys.prefix) == venv:
        raise SetupError("this runs inside a broken .venv: run `deactivate`, then try again")
    say(f"making .venv with Python {sys.version.split()[0]}")
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", str(venv)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        detail = masked(made.stdout + made.stderr).strip()
        raise SetupError(
            f"{detail}\nthis Python cannot make environments; on Debian install python3-venv"
        )


def install(root: Path, use: str) -> None:
    """Install the locked set and, editable and without its dependencies, this package.

    Raises:
        SetupError: a step failed.
    """
    venv = root / ".venv"
    make_environment(venv)
    log = venv / "install.log"
    log.write_text("")
    locked = {name for lock in LOCKS[use] for name in pins(root / lock)}
    pip = [
        *(str(venv / "bin" / "python"), "-m", "pip", "install"),
        *("--disable-pip-version-check", "--no-input", "--progress-bar=off"),
    ]
    requirements = [word for lock in LOCKS[use] for word in ("-r", str(root / lock))]
    say(f"installing {len(locked)} packages, pinned by hash in {LOCKS[use][0]}")
    # The locks are whole, so nothing is left to resolve: asked to, older installers take the newest
    # release for an extra (`coverage[toml]`) and then refuse it for having no hash.
    whole = [*pip, "--require-hashes", "--no-deps", *requirements]
    Narrator(log, len(locked)).run(whole, "packages")
    itself = [*pip, "--no-deps", "--no-build-isolation", "-e", str(root)]
    Narrator(log, 0).run(itself, "ticketgate itself")
    for covered in COVERS[use]:
        (venv / f".ready-{covered}").write_text(fingerprint(root, covered))


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 ready, 2 usage, 3 it could not be set up."""
    if len(arguments) != 1 or arguments[0] not in LOCKS:
        print("usage: bootstrap.py run|test", file=sys.stderr)
        return 2
    if is_ready(ROOT, arguments[0]):
        return 0
    try:
        install(ROOT, arguments[0])
    except SetupError as fault:
        print(f"setup: {fault}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
