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
