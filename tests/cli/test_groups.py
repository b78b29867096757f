"""Groups list commands that they have not imported; what they say of them is true."""

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from ticketgate.cli import evidence, policy, surface
from ticketgate.cli.groups import Listed
from ticketgate.cli.main import main

WIDTHS = (20, 40, 60, 80, 200)
HEAVY = ("ticketgate.wiring", "ticketgate.domain", "ticketgate.cli.check", "sqlite3", "yaml")


def untrue(group: Listed) -> Iterator[str]:
    """Commands that a group lists otherwise than they call or explain themselves."""
    listed = group.to_list()
    assert list(listed) == list(group.commands)
    for name, said in listed.items():
        own = group.commands[name]
        helps = [(said.get_short_help_str(w), own.get_short_help_str(w)) for w in WIDTHS]
        if own.name != name or own.hidden or own.deprecated or any(a != b for a, b in helps):
            yield name
        if isinstance(own, Listed):
            yield from untrue(own)


def fresh() -> Listed:
    """A group with one command that comes later."""
    group = Listed("group")
    group.add_later("kinds", "ticketgate.cli.policy.words:kinds", "List every kind.")
    return group


def modules_after(*words: str) -> set[str]:
    """What a process of its own has imported after a command."""
    code = (
        "import sys, contextlib\n"
        "from ticketgate.cli.main import main\n"
        "with contextlib.suppress(SystemExit):\n"
        f"    main({list(words)!r})\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_every_listed_short_help_is_the_command_s_own() -> None:
    assert list(untrue(main)) == []


@pytest.mark.parametrize(
    ("name", "short_help"), [("kinds", "List every sort."), ("sorts", "List every kind.")]
)
def test_a_listed_name_or_help_that_is_not_true_is_seen(name: str, short_help: str) -> None:
    group = Listed("group")
    group.add_later(name, "ticketgate.cli.policy.words:kinds", short_help)
    assert list(untrue(group)) == [name]


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["evidence"], ["policy", "--help"], ["chek"]]
)
def test_a_list_and_the_version_import_no_command(words: list[str]) -> None:
    assert not modules_after(*words) & set(HEAVY)


def test_a_command_imports_itself_when_it_is_called() -> None:
    """The control of the test above."""
    assert {"ticketgate.cli.policy.words", "ticketgate.domain"} <= modules_after("policy", "kinds")


def test_a_wrong_name_is_refused_with_the_nearest_ones() -> None:
    done = CliRunner().invoke(main, ["evidnce"])
    assert done.exit_code == 2
    assert "Did you mean 'evidence'?" in done.stderr


@pytest.mark.parametrize(
    ("before", "begun", "offered"),
    [
        ([], "e", ["explain", "exceptions", "evidence"]),
        (["policy"], "", ["kinds", "schema", "test", "backtest", "diff", "reload"]),
        (["evidence", "verify"], "--j", ["--json"]),
        ([], "--ver", ["--version"]),
    ],
)
def test_a_shell_completes_names_and_options(
    before: list[str], begun: str, offered: list[str]
) -> None:
    shell = ShellComplete(main, {}, "ticketgate", "_TICKETGATE_COMPLETE")
    assert [one.value for one in shell.get_completions(before, begun)] == offered


def test_a_completion_says_the_short_help() -> None:
    shell = ShellComplete(main, {}, "ticketgate", "_TICKETGATE_COMPLETE")
    assert [one.help for one in shell.get_completions([], "rev")] == ["Take access away now."]


def test_the_groups_that_modules_share_are_those_of_the_command_line() -> None:
    assert main.commands["evidence"] is evidence.evidence
    assert main.commands["policy"] is policy.policy
    assert main.commands["surface"] is surface.surface


def test_a_group_knows_its_names_before_it_imports() -> None:
    group = fresh()
    assert "kinds" in group.commands
    assert "sorts" not in group.commands
    assert len(group.commands) == 1
    assert group.get_command(click.Context(group), "sorts") is None
    assert group.commands["kinds"] is group.commands["kinds"]
    del group.commands["kinds"]
    assert list(group.commands) == []


def test_a_place_without_a_command_is_no_command() -> None:
    group = Listed("group")
    group.add_later("main", "ticketgate.cli.groups:Listed", "Nothing.")
    with pytest.raises(TypeError, match=r"groups:Listed is no command"):
        group.commands["main"]
