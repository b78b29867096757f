"""docs/errors.md: every stable code is there, with its status, and none that does not exist."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from ticketgate.domain.cases.exception_case import EXCEPTIONS
from ticketgate.domain.requests.opening import REASONS
from ticketgate.operations.intake.parked import PARKED
from ticketgate.web.problems import STATUS

pytestmark = pytest.mark.untraced  # sources are read here, not run

ROOT: Final = Path(__file__).resolve().parents[2]
TEXT: Final = (ROOT / "docs" / "errors.md").read_text()
FOLDERS: Final = ("src/ticketgate", "connectors/ticketgate_connectors")
# Codes that are put together, or chosen, where they are used.
COMPOSED: Final = frozenset({"unclassified:…", "not_link_holder"})
MAKERS: Final = frozenset({"Refusal", "Called", "_refused"})  # their first argument is a code


def documented() -> dict[str, list[str]]:
    """Code -> the other cells of its row."""
    found: dict[str, list[str]] = {}
    for line in TEXT.splitlines():
        row = re.match(r"\| `([^`]+)` \| (.+) \|$", line)
        if row:
            assert row[1] not in found, f"{row[1]} is there twice"
            found[row[1]] = [cell.strip() for cell in row[2].split(" | ")]
    return found


def texts(node: ast.AST | None) -> Iterator[str]:
    """The text that a node is."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def codes_in(tree: ast.AST) -> Iterator[str]:
    """Codes that a module gives: `code=…`, `code = …` of an error, and refusals."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield from codes_of_call(node)
        elif isinstance(node, ast.ClassDef):
            for statement in node.body:
                if (
                    isinstance(statement, ast.Assign)
                    and ast.unparse(statement.targets[0]) == "code"
                ):
                    yield from texts(statement.value)


def codes_of_call(call: ast.Call) -> Iterator[str]:
    """The codes among the arguments of a call."""
    for keyword in call.keywords:
        if keyword.arg == "code":
            yield from texts(keyword.value)
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name in MAKERS and call.args:
        yield from texts(call.args[0])


@cache
def given() -> set[str]:
    """Every code that the product can give."""
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    found = {code for path in paths for code in codes_in(ast.parse(path.read_text()))}
    return found | STATUS.keys() | REASONS.keys() | PARKED.keys() | EXCEPTIONS.keys() | COMPOSED


def test_every_code_is_documented() -> None:
    assert len(given()) > 90
    assert given() - documented().keys() == set()


def test_no_code_is_documented_that_does_not_exist() -> None:
    assert documented().keys() - given() == set()


def test_every_status_is_the_real_one() -> None:
    told = {
        code: cells[0] for code, cells in documented().items() if re.fullmatch(r"\d{3}", cells[0])
    }
    assert {code: int(status) for code, status in told.items()} == STATUS


def test_every_code_says_what_it_means_and_what_to_do() -> None:
    for code, cells in documented().items():
        assert all(cells), code
        assert len(cells) >= 2 or f"`{code}`" in TEXT.partition("## Faults of ours")[2], code


def test_a_code_in_the_source_is_seen() -> None:
    planted = "class E(X):\n    code = 'one'\nraise E('x', code='two') if Refusal('three') else E()"
    assert set(codes_in(ast.parse(planted))) == {"one", "two", "three"}
