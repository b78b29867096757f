"""The house keeps its shape: sizes, import contracts, banned calls, docstrings, locks."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

pytestmark = pytest.mark.untraced  # sources are read here, not run

ROOT: Final = Path(__file__).resolve().parent.parent
BIN: Final = Path(sys.executable).parent
FILE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 60
# An auditor takes the independent verifier out of a bundle and reads it: it has to be one file.
ONE_FILE: Final = "src/ticketgate/verifier/verify.py"
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
LINT: Final[dict[str, Any]] = PROJECT["tool"]["ruff"]["lint"]
CONTRACTS: Final[dict[str, dict[str, Any]]] = {
    contract["id"]: contract for contract in PROJECT["tool"]["importlinter"]["contracts"]
}
BANNED: Final[Mapping[str, object]] = LINT["flake8-tidy-imports"]["banned-api"]

# contract -> plants: (file, line added to it); each must break that contract on its own
PLANTS: Final = {
    "layers": (
        ("src/ticketgate/domain/planted.py", "import ticketgate.ports"),
        ("src/ticketgate/domain/planted.py", "import ticketgate.connector_api"),
        ("src/ticketgate/connector_api.py", "import ticketgate.ports"),
        ("src/ticketgate/ports/planted.py", "import ticketgate.operations"),
        ("src/ticketgate/operations/planted.py", "import ticketgate.adapters"),
        ("src/ticketgate/adapters/planted.py", "import ticketgate.operations"),
        ("src/ticketgate/adapters/planted.py", "import ticketgate.wiring"),
        ("src/ticketgate/operations/planted.py", "import ticketgate.web"),
        ("src/ticketgate/wiring/planted.py", "import ticketgate.cli"),
        ("src/ticketgate/verifier/planted.py", "import ticketgate.domain"),
        ("src/ticketgate/domain/planted.py", "import ticketgate.verifier.verify"),
        ("src/ticketgate/helpers.py", "# a module that belongs to no layer"),
    ),
    "pages-know-no-commands": (("src/ticketgate/web/planted.py", "import ticketgate.cli"),),
    "pure-domain": (
        ("src/ticketgate/domain/planted.py", "import os"),
        ("src/ticketgate/domain/planted.py", "from pathlib import Path"),
        ("src/ticketgate/domain/planted.py", "from typing_extensions import override"),
    ),
    "only-wiring-names-adapters": (
        ("src/ticketgate/cli/planted.py", "import ticketgate.adapters"),
        ("src/ticketgate/web/planted.py", "from ticketgate import adapters"),
    ),
    "core-knows-no-connector": (
        ("src/ticketgate/wiring/planted.py", "import ticketgate_connectors.targets"),
        ("src/ticketgate/cli/planted.py", "import ticketgate_connectors"),
    ),
    "connectors-see-connector-api": (
        ("connectors/ticketgate_connectors/planted.py", "import ticketgate.domain.tickets.ticket"),
        ("connectors/ticketgate_connectors/targets/planted.py", "from ticketgate import adapters"),
    ),
    "independent-connectors": (
        ("connectors/ticketgate_connectors/targets/planted.py", "from ..itsm import servicenow"),
        ("connectors/ticketgate_connectors/itsm/planted.py", "from ..targets import scim"),
        ("connectors/ticketgate_connectors/targets/planted.py", "from . import scim"),
    ),
    "no-cycles": (
        ("src/ticketgate/domain/errors.py", "import ticketgate.domain.evidence"),
        ("src/ticketgate/domain/instants.py", "import ticketgate.domain.evidence"),
    ),
}


def source_files(*folders: str) -> Iterator[Path]:
    """Every Python file below the folders of the project."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def named(path: Path) -> str:
    """The path as a reader would say it."""
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a module, methods and inner functions too.

    They are statements: what is within an expression is not looked at, which is most of a file.
    """
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        if not isinstance(node, ast.expr):
            yield from functions(node)


def too_long(text: str, name: str) -> list[str]:
    """What in a file is longer than the house allows."""
    faults = []
    lines = len(text.splitlines())
    if lines > FILE_LINES_MAX and name != ONE_FILE:
        faults.append(f"{name}: {lines} lines")
    for function in functions(ast.parse(text)):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES_MAX:
            faults.append(f"{name}:{function.lineno}: {function.name} has {length} lines")
    return faults


def test_no_file_and_no_function_is_too_long() -> None:
    faults = [
        fault
        for path in source_files("src", "connectors", "tests", "bench", "tools")
        for fault in too_long(path.read_text(), named(path))
    ]
    assert not faults


def test_a_file_or_function_one_line_too_long_is_seen() -> None:
    body = "    pass\n" * (FUNCTION_LINES_MAX - 1)
    assert not too_long(f"def f():\n{body}", "x.py")
    assert too_long(f"def f():\n{body}    pass\n", "x.py") == ["x.py:1: f has 61 lines"]
    held = "class A:\n try:\n  pass\n except E:\n  match x:\n   case 1:\n    def f():\n"
    assert too_long(held + body.replace("    ", " " * 5), "x.py") == []
    assert len(too_long(held + (body + "    pass\n").replace("    ", " " * 5), "x.py")) == 1
    assert not too_long("#\n" * FILE_LINES_MAX, "x.py")
    assert too_long("#\n" * (FILE_LINES_MAX + 1), "x.py") == ["x.py: 401 lines"]
    assert not too_long("#\n" * (FILE_LINES_MAX + 1), ONE_FILE)
    assert too_long(f"def f():\n{body}    pass\n", ONE_FILE)


# --- imports ---------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources and their contracts in a folder of their own, to plant faults in."""
    without_caches = shutil.ignore_patterns("__pycache__")
    for folder in ("src", "connectors"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=without_caches)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


# One process for many questions: with each of these lines added to its file, which may be new.
ASKER: Final = """
import json, sys
from pathlib import Path
from importlinter.cli import lint_imports

plants, contracts = json.load(sys.stdin)
for file, line in plants:
    path = Path(file)
    before = path.read_text() if path.exists() else None
    path.write_text((before or "") + "\\n" + line + "\\n")
    code = lint_imports(limit_to_contracts=tuple(contracts), no_cache=True, no_logo=True)
    print("\\f", code, "\\f", sep="")
    path.unlink() if before is None else path.write_text(before)
"""
NOTHING: Final = ("src/ticketgate/domain/errors.py", "")  # adds nothing


def findings(copy: Path, plants: Sequence[tuple[str, str]], *contracts: str) -> list[str]:
    """What import-linter says of the copy with each plant: of all contracts, or of those named."""
    places = os.pathsep.join([str(copy / "src"), str(copy / "connectors")])
    done = subprocess.run(
        [sys.executable, "-c", ASKER],
        cwd=copy,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": places, "COLUMNS": "200"},
        input=json.dumps([plants, contracts]),
        capture_output=True,
        text=True,
        check=True,
    )
    parts = done.stdout.split("\f")
    told, codes = parts[:-1:2], parts[1::2]
    assert len(told) == len(plants)
    for text, code in zip(told, codes, strict=True):
        assert " KEPT" in text or " BROKEN" in text, text + done.stderr
        assert code == ("1" if " BROKEN" in text else "0")
    return told


def broken(copy: Path, plants: Sequence[tuple[str, str]], *contracts: str) -> list[list[str]]:
    """The names of the contracts that are broken in the copy with each plant."""
    return [
        re.findall(r"^(.*) BROKEN$", text, re.MULTILINE)
        for text in findings(copy, plants, *contracts)
    ]


def test_the_sources_keep_every_contract(copy: Path) -> None:
    """The control of the test below: an untouched copy has nothing broken."""
    assert broken(copy, [NOTHING]) == [[]]


@pytest.mark.parametrize("contract", sorted(CONTRACTS))
def test_a_planted_violation_of_each_contract_is_caught(copy: Path, contract: str) -> None:
    plants = PLANTS[contract]
    caught = broken(copy, [*plants, NOTHING], contract)
    for (_, line), names in zip(plants, caught[:-1], strict=True):
        assert names == [CONTRACTS[contract]["name"]], line
    assert caught[-1] == []


@pytest.mark.parametrize(
    ("contract", "place"),
    [
        ("pure-domain", "src/ticketgate/domain/planted.py"),
        ("connectors-see-connector-api", "connectors/ticketgate_connectors/targets/planted.py"),
    ],
)
def test_each_forbidden_module_is_caught_by_name(copy: Path, contract: str, place: str) -> None:
    forbidden = CONTRACTS[contract]["forbidden_modules"]
    lines = "\n".join(f"import {module}" for module in forbidden)
    (told,) = findings(copy, [(place, lines)], contract)
    caught = re.findall(r"is not allowed to import (\S+):", told)
    assert set(caught) == set(forbidden)


def has_modules(path: Path) -> bool:
    """Whether a folder is a part of the program, and not data beside it."""
    return any(path.rglob("*.py"))


def test_connectors_are_kept_from_every_part_of_the_core_but_their_contract() -> None:
    package = ROOT / "src" / "ticketgate"
    parts = {path.stem for path in package.iterdir() if path.suffix == ".py" or has_modules(path)}
    hidden = parts - {"__init__", "__pycache__", "connector_api"}
    forbidden = CONTRACTS["connectors-see-connector-api"]["forbidden_modules"]
    assert {f"ticketgate.{part}" for part in hidden} == set(forbidden)


def outside_the_library(text: str) -> list[str]:
    """Absolute imports that are neither the standard library's nor our own."""
    roots = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            roots += [alias.name.partition(".")[0] for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            roots.append((node.module or "").partition(".")[0])
    return [root for root in roots if root not in {*sys.stdlib_module_names, "ticketgate"}]


def test_the_domain_uses_the_standard_library_only() -> None:
    """The contract lists third parties by name; this refuses those nobody has thought of."""
    for path in source_files("src/ticketgate/domain"):
        assert not outside_the_library(path.read_text()), named(path)
    assert outside_the_library("import json, numpy\nfrom attrs.x import y") == ["numpy", "attrs"]


# --- banned calls ----------------------------------------------------------------------------


def use_of(banned: str) -> str:
    """A file that uses the banned name the way a hurried author would."""
    module, _, attribute = banned.partition(".")
    if banned == "datetime.datetime.now":
        return "from datetime import UTC, datetime\n\nMOMENT = datetime.now(tz=UTC)\n"
    return f"import {module}\n\nVALUE = {module}.{attribute or 'choice'}\n"


def banned_lines(text: str, file: str) -> list[str]:
    """What ruff's banned-api rule says of the text, were it in that file of the project."""
    done = subprocess.run(
        [
            BIN / "ruff",
            "check",
            "--select=TID251",
            "--output-format=json",
            "--stdin-filename",
            file,
        ],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    return [fault["message"] for fault in json.loads(done.stdout)]


@pytest.mark.parametrize("banned", sorted(BANNED))
def test_a_banned_call_is_caught_wherever_it_is_planted(banned: str) -> None:
    for folder in ("domain", "operations", "adapters", "adapters/sqlite", "web", "cli"):
        faults = banned_lines(use_of(banned), f"src/ticketgate/{folder}/planted.py")
        assert faults, folder
        assert all(f"`{banned}` is banned" in fault for fault in faults)
    connector = "connectors/ticketgate_connectors/targets/planted.py"
    assert banned_lines(use_of(banned), connector)


@pytest.mark.parametrize("allowed", ["clock", "ids"])
def test_only_the_clock_and_the_ids_may_use_what_is_banned(allowed: str) -> None:
    use = use_of("datetime.datetime.now" if allowed == "clock" else "secrets")
    assert not banned_lines(use, f"src/ticketgate/adapters/{allowed}.py")
    excused = {file for file, codes in LINT["per-file-ignores"].items() if "TID251" in codes}
    product = {file for file in excused if file.startswith(("src", "connectors"))}
    alone = {ONE_FILE}  # a program of its own, away from the gateway and its clock
    assert product - alone == {
        "src/ticketgate/adapters/clock.py",
        "src/ticketgate/adapters/ids.py",
    }


# --- words -----------------------------------------------------------------------------------


def undocumented(tree: ast.Module | ast.ClassDef, place: str) -> Iterator[str]:
    """Public names without a docstring; an override is documented where it is promised."""
    if not ast.get_docstring(tree):
        yield place
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from undocumented(node, f"{place}.{node.name}")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = {ast.unparse(mark) for mark in node.decorator_list}
            private = node.name.startswith("_")
            if not private and not marks & {"override", "overload"} and not ast.get_docstring(node):
                yield f"{place}.{node.name}"


def test_every_public_name_says_its_rule() -> None:
    faults = [
        fault
        for path in source_files("src", "connectors")
        for fault in undocumented(ast.parse(path.read_text()), named(path))
    ]
    assert not faults


def test_a_public_name_without_docstring_is_seen() -> None:
    text = '"""M."""\nclass A:\n    """A."""\n    def b(self): ...\n    def _c(self): ...\n'
    assert list(undocumented(ast.parse(text), "m")) == ["m.A.b"]


def test_no_stub_is_left_in_the_product() -> None:
    stub = "raise NotImplementedError"
    files = source_files("src", "connectors")
    assert not [named(path) for path in files if stub in path.read_text()]
