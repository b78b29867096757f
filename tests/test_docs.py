"""What is written is true: README, CHANGELOG, the decision records, and links."""

import importlib.util
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Final

import click
import pytest
from click.testing import CliRunner

ROOT: Final = Path(__file__).resolve().parent.parent
README: Final = (ROOT / "README.md").read_text()
ADRS: Final = sorted((ROOT / "docs" / "adr").glob("*.md"))
ADR_LINES_MAX: Final = 40


@pytest.fixture(scope="module")
def readme_help() -> ModuleType:
    """`tools/readme_help.py`, which is a script and not on the path."""
    path = ROOT / "tools" / "readme_help.py"
    spec = importlib.util.spec_from_file_location("readme_help", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def documents() -> Iterator[Path]:
    """Every document of the project."""
    yield from ROOT.glob("*.md")
    for folder in ("docs", "connectors", "config"):
        yield from (ROOT / folder).rglob("*.md")


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command line in the shell blocks of a document."""
    for block in re.findall(r"```(?:sh|bash|console)\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line.removeprefix("$ "), comments=True)
            if words:
                yield words


def test_the_help_in_the_readme_is_the_real_one(readme_help: ModuleType) -> None:
    """Mend it with `python tools/readme_help.py`."""
    assert readme_help.block() in README
    assert readme_help.renewed(README) == README


def test_a_changed_help_is_seen(readme_help: ModuleType) -> None:
    stale = README.replace("Options:", "Choices:")
    assert stale != README
    assert readme_help.renewed(stale) == README


def test_every_make_command_of_the_readme_exists() -> None:
    targets = {words[1] for words in commands(README) if words[0] == "make" and len(words) > 1}
    assert {"run", "test"} <= targets
    for target in targets:
        planned = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert planned.returncode == 0, planned.stderr


def test_every_ticketgate_command_of_the_documents_exists(readme_help: ModuleType) -> None:
    """The words after `ticketgate` up to the first option or argument are a command path."""
    root: click.Command = readme_help.command()
    seen = 0
    for path in documents():
        for words in commands(path.read_text()):
            if Path(words[0]).name != "ticketgate":
                continue
            seen += 1
            command, known = root, words[1:]
            while isinstance(command, click.Group) and known and not known[0].startswith("-"):
                assert known[0] in command.commands, f"{path.name}: {shlex.join(words)}"
                command, known = command.commands[known[0]], known[1:]
            options = {name for parameter in command.params for name in parameter.opts}
            used = {word.partition("=")[0] for word in known if word.startswith("--")}
            assert used <= options | {"--help"}, f"{path.name}: {shlex.join(words)}"
    assert seen >= 3


def test_every_command_explains_itself(readme_help: ModuleType) -> None:
    root = readme_help.command()
    assert isinstance(root, click.Group)
    for name in root.commands:
        shown = CliRunner().invoke(root, [name, "--help"])
        assert shown.exit_code == 0, name
        assert len(shown.output.splitlines()) > 3, name


@pytest.mark.parametrize("path", ADRS, ids=lambda path: path.stem)
def test_every_decision_record_names_its_price(path: Path) -> None:
    text = path.read_text()
    assert re.match(rf"# {path.stem[:4]}: \S", text)
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Price"]
    assert all(section.strip() for section in re.split(r"^#.*$", text, flags=re.MULTILINE)[2:])
    assert len(text.splitlines()) < ADR_LINES_MAX


def test_decision_records_are_numbered_without_a_gap() -> None:
    assert [int(path.stem[:4]) for path in ADRS] == list(range(1, len(ADRS) + 1))


def test_the_changelog_names_what_is_coming_and_what_is_out() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert any(heading.startswith("0.1.0") for heading in headings)


def test_every_relative_link_leads_somewhere() -> None:
    for path in documents():
        for link in re.findall(r"\]\((?!\w+:)([^)#\s]+)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.relative_to(ROOT)}: {link}"


@pytest.mark.parametrize("heading", ["What it is not", "Configure", "How far the claims go"])
def test_the_readme_says_what_a_reader_needs_first(heading: str) -> None:
    assert f"\n## {heading}\n" in README


def test_the_first_screen_shows_what_it_is_and_how_to_run_it() -> None:
    first_screen = "\n".join(README.splitlines()[:45])
    assert "make run" in first_screen
    assert "## What it is not" in first_screen


def intake_rules() -> dict[str, str]:
    """The text of each intake rule by its title."""
    text = (ROOT / "docs" / "rules.md").read_text().partition("## Intake rules")[2]
    parts = re.split(r"^### (Intake rule \d+)\n", text.partition("\n## ")[0], flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def without_tests(rules: dict[str, str]) -> list[str]:
    """What is wrong with the tests and modules that the rules name."""
    faults = []
    for title, text in rules.items():
        kept, _, tests = text.partition("Tests:")
        named = re.findall(r"`(tests/[\w/]+\.py)`", tests)
        modules = re.findall(r"`((?:web|domain|adapters|operations)/[\w/]+\.py)`", kept)
        faults += [title] if not named or not modules else []
        faults += [f"{title}: {one}" for one in named if not has_tests(read(ROOT / one))]
        source = ROOT / "src" / "ticketgate"
        faults += [f"{title}: {one}" for one in modules if not read(source / one)]
    return faults


def has_tests(text: str) -> bool:
    """Whether it tests: by functions, or by a machine of hypothesis that plays histories."""
    return "def test_" in text or ".TestCase" in text


def read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""


def test_each_intake_rule_names_modules_and_tests_that_exist() -> None:
    rules = intake_rules()
    assert list(rules) == [f"Intake rule {number}" for number in range(1, len(rules) + 1)]
    assert len(rules) >= 7
    assert without_tests(rules) == []


def test_a_test_that_is_gone_and_a_rule_without_any_are_seen() -> None:
    rules = {"one": "Kept by `web/intake.py`. Tests: `tests/test_gone.py`.", "two": "It is so."}
    assert without_tests(rules) == ["one: tests/test_gone.py", "two"]
