"""`ticketgate`: help that is true, exit codes that mean something."""

import re
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from tests.cli.terminal import Terminal

from ticketgate.cli.main import main

ORDER = [
    "demo", "init", "check", "connectors", "serve", "explain", "policy", "classify", "deliveries",
    "requests", "triage", "grants", "exceptions", "notify", "signals", "surface", "revoke",
    "evidence", "keys",
]  # fmt: skip


@pytest.mark.parametrize("arguments", [[], ["-h"], ["--help"]])
def test_without_a_command_the_help_is_printed(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0
    listed = re.findall(r"^  (\w+)  +\S", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert listed == ORDER


@pytest.mark.parametrize("group", ["deliveries", "requests", "grants", "evidence"])
def test_a_group_alone_prints_its_help(group: str) -> None:
    done = CliRunner().invoke(main, [group])
    assert done.exit_code == 0
    assert "show" in done.stdout


def test_the_version_is_the_installed_one() -> None:
    done = CliRunner().invoke(main, ["--version"])
    assert done.stdout.strip().endswith(version("ticketgate"))


def test_the_folder_can_come_from_the_environment(terminal: Terminal) -> None:
    done = CliRunner().invoke(main, ["check"], env={"TICKETGATE_CONFIG": str(terminal.folder)})
    assert done.exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["reconcile"],
        ["check", "--jsn"],
        ["requests", "list", "--state", "sleeping"],
        ["requests", "list", "--limit", "0"],
        ["revoke", "--grant", "grt_1"],
        ["revoke", "--nhi", "x", "--reason", "y"],
        ["evidence", "show", "minus-one"],
        ["explain", "no-such-file", "--source", "snow-prod"],
    ],
)
def test_a_usage_error_ends_with_two(arguments: list[str]) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 2
    assert "Error: " in done.stderr


def reading() -> list[list[str]]:
    """Every command that only reads, as words."""
    found = [["check"], ["explain"], ["evidence", "verify"], ["evidence", "show"]]
    groups = ("deliveries", "requests", "grants")
    return found + [[group, verb] for group in groups for verb in ("list", "show")]


@pytest.mark.parametrize("words", reading(), ids=" ".join)
def test_every_reading_command_takes_json(words: list[str]) -> None:
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    assert "--json" in {option for one in command.params for option in one.opts}


@pytest.mark.parametrize(
    "words",
    [
        ["deliveries", "list"],
        ["requests", "show", "req_1"],
        ["grants", "list"],
        ["evidence", "verify"],
        ["evidence", "show", "0"],
        ["revoke", "--person", "alice", "--reason", "left", "--dry-run"],
        ["revoke", "--person", "alice", "--reason", "left"],
    ],
    ids=" ".join,
)
def test_a_missing_database_is_said_and_not_made(terminal: Terminal, words: list[str]) -> None:
    store = terminal.folder / "data" / "ticketgate.db"
    store.unlink()
    done = terminal(*words)
    assert done.exit_code == 3
    assert f"there is no database at {store} [store_unavailable]" in done.stderr
    assert "next: " in done.stderr
    assert not store.exists()


@pytest.mark.parametrize("words", [["grants", "list"], ["evidence", "verify"]], ids=" ".join)
def test_a_file_that_is_no_database_is_unreadable(terminal: Terminal, words: list[str]) -> None:
    (terminal.folder / "data" / "ticketgate.db").write_bytes(b"not a database" * 1000)
    done = terminal(*words)
    assert done.exit_code == 3
    assert "cannot be read: file is not a database" in done.stderr


def test_looking_needs_no_secret_and_no_policy(terminal: Terminal) -> None:
    """An auditor may be given the database and ticketgate.yaml, and nothing else."""
    for path in (terminal.folder / "secrets").iterdir():
        path.unlink()
    (terminal.folder / "policy.yaml").unlink()
    assert terminal("grants", "list").stdout == "no grants\n"


def test_a_folder_that_cannot_be_written_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = Terminal(tmp_path)("init", str(tmp_path / "file" / "gate"))
    assert done.exit_code == 3
    assert "Not a directory" in done.stderr
