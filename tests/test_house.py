"""The house: locks, the Makefile, setting up, what CI runs, and what no file may hold."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS: Final = sorted((ROOT / "requirements").glob("*.lock"))
UNCOMMITTED: Final = frozenset(
    {".git", ".venv", "build", "data", "dist", "htmlcov", "node_modules", "__pycache__"}
    | {".hypothesis"}
)
REGISTRY_HOSTS: Final = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("yarnpkg", "com"),
        ("crates", "io"),
        ("rubygems", "org"),
        ("anaconda", "org"),
    )
)
INDEX_LINE: Final = re.compile(
    r"^\s*(?:-i\s|--(?:extra-)?index-url|--find-links|--trusted-host|(?:extra-)?index-url\s*[=:])",
    re.MULTILINE,
)


def committed_files() -> Iterator[Path]:
    """Every file that a clone has; caches and environments are left out."""
    for folder, subfolders, files in os.walk(ROOT):
        subfolders[:] = [
            name for name in subfolders if name not in UNCOMMITTED and not name.endswith("_cache")
        ]
        for name in files:
            if not name.startswith(".coverage") and not name.endswith(".pyc"):
                yield Path(folder) / name


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    """`tools/bootstrap.py`, which is a script and not on the path."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- what no file may hold -------------------------------------------------------------------


def test_no_name_has_a_colon() -> None:
    """Some systems cannot check such a file out, and none was ever meant to be kept."""
    names = [str(path.relative_to(ROOT)) for path in committed_files()]
    assert [name for name in names if ":" in name] == []


def test_no_file_names_a_package_registry() -> None:
    for path in committed_files():
        text = path.read_text(errors="replace")
        assert not [host for host in REGISTRY_HOSTS if host in text], path
        assert not INDEX_LINE.search(text), path


@pytest.mark.parametrize(
    "line",
    ["-i https://x.example/simple", "--extra-index-url=x", "index-url = x", "  --index-url x"],
)
def test_a_line_that_names_an_index_is_seen(line: str) -> None:
    assert INDEX_LINE.search(f"flask==3\n{line}\n")


def test_no_lock_file_that_names_hosts_is_kept() -> None:
    names = {path.name for path in committed_files()}
    assert not names & {"uv.lock", "poetry.lock", "Pipfile.lock", "package-lock.json", "yarn.lock"}


# --- locks -----------------------------------------------------------------------------------


def unpinned(text: str) -> list[str]:
    """Requirements of a lock file that are not of the form name==version with a SHA-256."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^\s*#.*\n?", "", text))
    form = re.compile(r"[a-z0-9._-]+==\S+( ; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+")
    return [
        line for line in joined.splitlines() if line.strip() and not form.fullmatch(line.strip())
    ]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_is_pinned_by_hash(lock: Path) -> None:
    assert not unpinned(lock.read_text())


def test_a_requirement_without_hash_or_version_is_seen() -> None:
    good = "flask==3.1.3 \\\n    --hash=sha256:" + "a" * 64 + "\n    # via -r run.in\n"
    assert not unpinned(good)
    assert unpinned(good + "click==8.5.1\n")
    assert unpinned(good.replace("==", ">="))
    assert unpinned(good + "-r other.lock\n")


def test_the_locks_agree_on_every_version(bootstrap: ModuleType) -> None:
    run, test, build = (
        bootstrap.pins(ROOT / "requirements" / f"{use}.lock") for use in ("run", "test", "build")
    )
    assert run.items() <= test.items()
    assert build.items() <= test.items()


def words(requirements: list[str]) -> set[str]:
    """The requirements without blanks and comments."""
    return {line.strip() for line in requirements if line.strip() and not line.startswith("#")}


def test_the_run_set_is_what_the_project_says_it_needs() -> None:
    listed = words((ROOT / "requirements" / "run.in").read_text().splitlines())
    project = PROJECT["project"]
    assert listed == {*project["dependencies"], *project["optional-dependencies"]["demo"]}


def test_the_build_backend_is_locked(bootstrap: ModuleType) -> None:
    assert set(PROJECT["build-system"]["requires"]) <= set(
        bootstrap.pins(ROOT / "requirements" / "build.lock")
    )


# --- the Makefile and CI ---------------------------------------------------------------------


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run make in the project."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_lists_what_there_is() -> None:
    listed = make()
    assert listed.returncode == 0
    for target in ("setup", "run", "test", "lint", "check", "bench", "vectors", "help"):
        assert re.search(rf"^make {target} +\S", listed.stdout, re.MULTILINE), target


def test_check_runs_every_gate_and_the_tests_once() -> None:
    planned = make("--dry-run", "test", "check").stdout
    for gate in (
        "ruff check .",
        "ruff format --check .",
        "mypy src connectors tests",
        "lint-imports",
        "--cov-fail-under=95",
        "coverage report --include='src/ticketgate/domain/*,src/ticketgate/operations/*'",
        "--fail-under=100",
    ):
        assert gate in planned, gate
    assert planned.count("bin/pytest") == 1


def test_an_old_python_is_refused_with_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\nif [ "$1" = -V ]; then echo Python 3.9.2; else exit 1; fi\n')
    old.chmod(0o755)
    refused = make("setup", f"PYTHON={old}")
    assert refused.returncode == 2
    assert "needs Python 3.11 or newer" in refused.stderr
    assert "Python 3.9.2" in refused.stderr


def test_no_python_is_said_plainly(tmp_path: Path) -> None:
    refused = make("setup", f"PYTHON={tmp_path}/python3")
    assert refused.returncode == 2
    assert "needs Python 3.11 or newer; there is no" in refused.stderr


def test_ci_runs_the_main_job_and_every_gate() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert subprocess.run(["bash", "-n", ROOT / ".ci" / "run"], check=False).returncode == 0
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert re.search(r"^make run lint test check ", script, re.MULTILINE)
    assert "set -euo pipefail" in script


# --- setting up ------------------------------------------------------------------------------


def child(code: str) -> list[str]:
    """A command that runs the code."""
    return [sys.executable, "-u", "-c", code]


def test_a_quiet_installer_is_narrated_without_naming_hosts(
    bootstrap: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The child goes on until a progress line was printed, so that no time is guessed."""
    (tmp_path / "log").touch()
    code = (
        "import time, pathlib\n"
        "print('Looking in indexes: https://packages.secret.example/simple')\n"
        "print('Collecting flask==3.1.3 (from https://packages.secret.example/x)')\n"
        f"stop = pathlib.Path({str(tmp_path / 'stop')!r})\n"
        "deadline = time.monotonic() + 20\n"
        "while not stop.exists() and time.monotonic() < deadline: time.sleep(0.01)\n"
    )
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if "flask" in text:
            (tmp_path / "stop").touch()

    narrator = bootstrap.Narrator(tmp_path / "log", 47, say)
    narrator.run(child(code), "packages", tick_seconds=0.02)
    assert any(re.fullmatch(r" +\d+ s  packages: 1 of 47, flask", line) for line in said)
    assert said[-1].endswith("packages: done")
    assert "secret.example" not in "".join(said) + capsys.readouterr().out
    assert "secret.example" in (tmp_path / "log").read_text()


def test_a_failed_installer_is_told_with_its_last_lines_and_masked(
    bootstrap: ModuleType, tmp_path: Path
) -> None:
    code = (
        "print(\"HTTPSConnectionPool(host='packages.secret.example', port=443): Max retries\")\n"
        "print('ERROR: https://packages.secret.example/simple/flask/ has no flask 9')\n"
        "raise SystemExit(1)\n"
    )
    (tmp_path / "log").touch()
    narrator = bootstrap.Narrator(tmp_path / "log", 1)
    with pytest.raises(bootstrap.SetupError) as refused:
        narrator.run(child(code), "packages")
    assert "packages failed" in str(refused.value)
    assert "has no flask 9" in str(refused.value)
    assert "secret.example" not in str(refused.value)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what setting up reads."""
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / ".venv").mkdir()
    return tmp_path


def test_what_is_set_up_is_set_up_once(bootstrap: ModuleType, copy: Path) -> None:
    assert not bootstrap.is_ready(copy, "test")
    (copy / ".venv" / ".ready-test").write_text(bootstrap.fingerprint(copy, "test"))
    assert bootstrap.is_ready(copy, "test")
    assert not bootstrap.is_ready(copy, "run")


@pytest.mark.parametrize("changed", ["requirements/test.lock", "requirements/build.lock"])
def test_a_changed_lock_is_installed_again(bootstrap: ModuleType, copy: Path, changed: str) -> None:
    before = bootstrap.fingerprint(copy, "test")
    (copy / changed).write_text((copy / changed).read_text() + "\n")
    assert bootstrap.fingerprint(copy, "test") != before


def test_a_changed_lint_rule_installs_nothing(bootstrap: ModuleType, copy: Path) -> None:
    before = bootstrap.fingerprint(copy, "test")
    project = (copy / "pyproject.toml").read_text()
    (copy / "pyproject.toml").write_text(project.replace("line-length = 100", "line-length = 99"))
    assert bootstrap.fingerprint(copy, "test") == before
    (copy / "pyproject.toml").write_text(
        project.replace("[project.scripts]", "[project.scripts]\nx = 'a:b'")
    )
    assert bootstrap.fingerprint(copy, "test") != before


def test_the_setup_script_says_how_it_is_used(bootstrap: ModuleType) -> None:
    assert bootstrap.main(["sideways"]) == 2


def test_the_demo_and_the_page_tests_know_the_product_from_outside_only() -> None:
    """They fetch pages and post forms; what they imported from inside, they would not prove."""
    outside = [*(ROOT / "src/ticketgate/cli/demo").glob("*.py"), *(ROOT / "tests/e2e").glob("*.py")]
    assert len(outside) > 10
    inside = re.compile(r"^\s*(?:from|import) ticketgate\.(?:operations|adapters)", re.MULTILINE)
    assert inside.search("from ticketgate.operations.desks.desk import Desk")  # a control
    assert [path.name for path in outside if inside.search(path.read_text())] == []
