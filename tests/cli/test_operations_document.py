"""docs/operations.md: every command, exit code, metric, check and log event is there."""

import re
from pathlib import Path
from typing import Final

import click
import pytest

from ticketgate.cli.main import main

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "docs" / "operations.md").read_text()


def commands(group: click.Group, before: str = "") -> list[str]:
    """Every command that does something, as words."""
    found: list[str] = []
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found += commands(command, f"{before}{name} ")
        else:
            found.append(f"{before}{name}")
    return found


@pytest.mark.parametrize("words", commands(main))
def test_every_command_has_a_heading_and_its_exit_codes(words: str) -> None:
    sections = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]
    mine = [one for one in sections if re.search(rf"`{words}( [^`]*)?`", one.splitlines()[0])]
    assert len(mine) == 1, words
    assert "Exit: " in mine[0]


def test_every_heading_names_a_command_that_exists() -> None:
    headings = re.findall(r"^### (`.*)$", TEXT, re.MULTILINE)
    named = {
        re.sub(r" (-|[A-Z]).*", "", one)
        for line in headings
        for one in re.findall(r"`([^`]+)`", line)
    }
    assert named == set(commands(main))


@pytest.mark.parametrize(
    ("file", "pattern"),
    [
        ("adapters/process/meters.py", r'"(ticketgate_\w+)"'),
        ("adapters/process/exception_meters.py", r'"(ticketgate_\w+)"'),
        ("adapters/process/meters.py", r'^            "(\w+)": [(_]'),
        ("wiring/gateway.py", r'_LOG\.\w+\("([\w.]+)"'),
        ("wiring/gateway.py", r'\blog, "([\w.]+)"'),
        ("wiring/policy_record.py", r'\blog\("([\w.]+)"'),
        ("wiring/channels.py", r'_LOG\.\w+\("([\w.]+)"'),
        ("wiring/reloading.py", r'\b(?:log|_LOG\.\w+)\("([\w.]+)"'),
        ("operations/workers/run_targets.py", r'self\.log\("([\w.]+)"'),
        ("operations/workers/run_mail.py", r'self\.log\("([\w.]+)"'),
        ("operations/workers/run_comments.py", r'self\.log\("([\w.]+)"'),
        ("operations/workers/run_announcements.py", r'self\.log\("([\w.]+)"'),
        ("operations/restoring/reconcile_restore.py", r'self\.log\("([\w.]+)"'),
        ("wiring/anchoring.py", r'(?:tell|_LOG\.\w+)\("([\w.]+)"'),
        ("adapters/process/loops.py", r'_LOG\.\w+\("([\w.]+)"'),
        ("adapters/process/lanes.py", r'_LOG\.\w+\("([\w.]+)"'),
        ("adapters/process/control_server.py", r'_LOG\.\w+\("([\w.]+)"'),
        ("web/create_app.py", r'_LOG\.\w+\("([\w.]+)"'),
    ],
)
def test_what_operators_watch_is_told(file: str, pattern: str) -> None:
    source = (ROOT / "src" / "ticketgate" / file).read_text()
    names = re.findall(pattern, source, re.MULTILINE)
    assert names
    for name in names:
        assert re.search(rf"`{re.escape(name)}(_total)?[`{{]", TEXT), name
