"""`policy`: what is allowed, handled as code."""

import json
from pathlib import Path

from tests.cli.terminal import Terminal

from ticketgate.domain.identity_event import KIND_MEANINGS

ROOT = Path(__file__).resolve().parents[2]


def test_every_kind_is_listed_with_what_it_means(terminal: Terminal) -> None:
    said = terminal("policy", "kinds").stdout.splitlines()
    assert [line.split()[0] for line in said] == list(KIND_MEANINGS)
    assert all(line.endswith(KIND_MEANINGS[line.split()[0]]) for line in said)


def test_the_kinds_are_there_as_json(terminal: Terminal) -> None:
    found = terminal.json("policy", "kinds")
    assert {one["kind"]: one["meaning"] for one in found} == dict(KIND_MEANINGS)


def test_the_schema_is_printed_as_it_stands_in_docs(terminal: Terminal) -> None:
    done = terminal("policy", "schema")
    assert json.loads(done.stdout) == json.loads((ROOT / "docs/policy.schema.json").read_text())


def with_text(terminal: Terminal, old: str, new: str) -> str:
    """A copy of the configured policy with one text replaced."""
    text = (terminal.folder / "policy.yaml").read_text()
    assert text.count(old) == 1, old
    path = terminal.folder / "new.yaml"
    path.write_text(text.replace(old, new))
    return str(path)


def test_a_loosening_is_told_with_its_reason_and_fails_if_asked_to(terminal: Terminal) -> None:
    new = with_text(
        terminal, "default: 2h, max: 4h, hard_max: 8h", "default: 2h, max: 6h, hard_max: 8h"
    )
    done = terminal("policy", "diff", new, "--fail-if", "loosened")
    assert done.exit_code == 1
    assert "loosened: 1 change" in done.stdout
    assert "limits { tier: high } (new.yaml:" in done.stdout
    assert "    - 4 h\n    + 6 h\n    longer access\n" in done.stdout
    assert terminal("policy", "diff", new).exit_code == 0
    assert terminal("policy", "diff", new, "--fail-if", "tightened").exit_code == 0


def test_a_comment_is_no_difference(terminal: Terminal) -> None:
    new = with_text(terminal, "version: 1\n", "# a comment\nversion: 1\n")
    done = terminal("policy", "diff", new, "--fail-if", "loosened")
    assert (done.exit_code, done.stdout) == (0, "nothing is different in meaning\n")


def test_a_new_entitlement_is_told_as_json(terminal: Terminal) -> None:
    new = with_text(terminal, "id: sales-reports", "id: sales-figures")
    found = terminal.json("policy", "diff", new)
    told = [(one["section"], one["id"], one["what"], one["direction"]) for one in found["changes"]]
    assert told == [
        ("entitlements", "sales-figures", "added", "loosened"),
        ("entitlements", "sales-reports", "removed", "tightened"),
    ]
    assert found["difference"] == "loosened"
    assert "cannot be asked for any more" in terminal("policy", "diff", new).stdout


def test_a_faulty_new_policy_is_told_by_line(terminal: Terminal) -> None:
    done = terminal("policy", "diff", with_text(terminal, "mode: enforce", "mode: enforced"))
    assert done.exit_code == 2
    assert "new.yaml:5: mode: unknown word 'enforced'" in done.stderr
