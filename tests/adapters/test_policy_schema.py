"""The schema of `policy.yaml` says what the reader says, as far as shape goes."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.adapters.schema_check import fits
from tests.adapters.test_policy_file import GOOD

from ticketgate.adapters.config import (
    automatic_reader,
    emergency_reader,
    matcher_reader,
    policy_file,
    signals_reader,
    stages_reader,
)
from ticketgate.adapters.config.policy_file import load_policy
from ticketgate.adapters.config.policy_schema import policy_schema
from ticketgate.domain.errors import ConfigurationError
from ticketgate.domain.instants import parse_duration
from ticketgate.domain.tickets.identity_event import KINDS

READERS = (automatic_reader, emergency_reader, signals_reader, stages_reader)
ROOT = Path(__file__).resolve().parents[2]
SCHEMA = policy_schema()
MATCH = "{ ticket.catalog_item|contains: [elevated, privileged], ticket.priority: 1 }"
ASKED = "{ ticket.variables.role: prod-db-admin }"
WHEN = "{ tier: [critical, high], kind: privilege.elevate }"


def refused_by_the_reader(tmp_path: Path, text: str) -> bool:
    path = tmp_path / "policy.yaml"
    path.write_text(text)
    try:
        load_policy(path)
    except ConfigurationError:
        return True
    return False


def valid(text: str) -> bool:
    return fits(yaml.safe_load(text), SCHEMA, SCHEMA)


def test_the_schema_in_docs_is_the_one_that_is_printed() -> None:
    """Mend it with `ticketgate policy schema > docs/policy.schema.json`."""
    assert json.loads((ROOT / "docs" / "policy.schema.json").read_text()) == SCHEMA


def test_every_reference_leads_somewhere_and_every_definition_is_used() -> None:
    named = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(SCHEMA)))
    assert named - set(SCHEMA["$defs"]) == set()
    unused = set(SCHEMA["$defs"]) - named
    assert unused == set()


def keys_of_the_reader() -> set[str]:
    """Every key that the readers of a policy ask a section for."""
    found: set[str] = {"default", "max", "hard_max"}  # asked for in a loop
    for module in (policy_file, *READERS, matcher_reader):
        for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                if node.func.attr in {"need", "get"} and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def keys_of_the_schema(schema: Any) -> set[str]:  # noqa: ANN401 -- JSON
    """Every key that a mapping of the schema may have, matchers left out."""
    if isinstance(schema, list):
        return {key for one in schema for key in keys_of_the_schema(one)}
    if not isinstance(schema, dict):
        return set()
    mine = set(schema.get("properties", {})) if "patternProperties" not in schema else set()
    return mine.union(*(keys_of_the_schema(one) for one in schema.values()))


def test_the_schema_has_every_key_of_the_reader_and_no_other() -> None:
    """A key that the reader learns is put into `policy_schema.py` as well."""
    assert keys_of_the_schema(SCHEMA) == keys_of_the_reader()


def test_the_kinds_are_the_closed_list() -> None:
    assert {one["const"] for one in SCHEMA["$defs"]["kind"]["oneOf"]} == KINDS


@pytest.mark.parametrize("path", sorted((ROOT / "config").glob("policy.yaml")))
def test_every_example_validates(path: Path) -> None:
    assert valid(path.read_text())


def test_every_policy_in_the_documents_validates() -> None:
    found = 0
    for path in sorted((ROOT / "docs").rglob("*.md")):
        for block in re.findall(r"```yaml\n(.*?)```", path.read_text(), re.DOTALL):
            if "classify:" in block:
                found += 1
                assert valid(block), path
    del found  # none of them need be there; what is there is valid


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mode: enforce\n", ""),
        ("mode: enforce", "mode: shadow"),
        (MATCH, "{ any: [{ ticket.table: a }, { ticket.text|contains: b }] }"),
        (MATCH, "{ any: { ticket.table: a, ticket.table|cased: 'b' } }"),
        (MATCH, "{ ticket.table: a, none: [{ ticket.state: 3, ticket.variables.x|gt: 4 }] }"),
        (MATCH, "{ ticket.description|word: [mfa, vpn] }"),
        (MATCH, "{ ticket.version|gte: 3, ticket.category|exists: true }"),
        (ASKED, "{ ticket.catalog_item.id: 12, ticket.opened_by|fieldref: ticket.assignee }"),
        (WHEN, "{}"),
        (WHEN, "{ entitlement.tier|equals: [low], beneficiary.active: true }"),
        ("default: 1h", "default: 01h"),
        ("id: high", "id: 7"),
        ("need: 2", "need: 20"),
        ('"group:sec-iam"', '"backup_owner_of:entitlement", "person:bob"'),
        ("    backup_owner: person:dan\n", ""),
        (", unit: h", ""),
    ],
)
def test_what_the_reader_takes_validates(tmp_path: Path, old: str, new: str) -> None:
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    assert not refused_by_the_reader(tmp_path, text)
    assert valid(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: 1\n", ""),
        ("version: 1", 'version: "1"'),
        ("version: 1", "version: 2"),
        ("version: 1", "version: true"),
        ("mode: enforce", "mode: enforced"),
        ("mode: enforce", "modes: enforce"),
        ("mode: enforce", "emergency: {}"),
        ("kind: privilege.elevate\n    tier", "kind: privilege\n    tier"),
        ("kind: privilege.elevate\n    tier", "kind: licence\n    tier"),
        ("    tier: high\n    match", "    tier: highest\n    match"),
        ("    tier: high\n    match", "    match"),
        ("    tier: high\n    match", "    tier: high\n    verdict: maybe\n    match"),
        (MATCH, "{}"),
        (MATCH, "{ any: [] }"),
        (MATCH, "{ any: {} }"),
        (MATCH, "{ any: [{}] }"),
        (MATCH, "{ ticket.tabel: a }"),
        (MATCH, "{ ticket.table|like: a }"),
        (MATCH, "{ ticket.table: [] }"),
        (MATCH, "{ ticket.table: [a, ''] }"),
        (MATCH, "{ ticket.table: null }"),
        (MATCH, "{ ticket.table: { a: b } }"),
        (MATCH, "{ ticket.variables.: a }"),
        (MATCH, "{ ticket.text: a }"),
        (MATCH, "{ ticket.text|startswith: a }"),
        (MATCH, "{ ticket.table: a, none: { ticket.text|contains: b } }"),
        (MATCH, "{ ticket.table: a, none: { any: [{ ticket.text|contains: b }] } }"),
        (MATCH, "{ requester.id: alice }"),
        (MATCH, "{ tier: high }"),
        (ASKED, "{ ticket.text|contains: a }"),
        (ASKED, "{}"),
        (WHEN, "{ tier: highest }"),
        (WHEN, "{ tier|cased: high }"),
        (WHEN, "{ kind: [] }"),
        (WHEN, "{ entitlement.tier|equals: highest }"),
        (WHEN, "{ ticket.description|contains: a }"),
        ("{ group: SG-PROD-DB-ADMIN }", "{}"),
        ("field: ticket.variables.hours", "field: ticket.hours"),
        ("unit: h", "unit: hours"),
        ("owner: person:carol", "owner: manager_of:requester"),
        ("target: corp-scim", "target: manual"),
        ("target: corp-scim", "target: corp scim"),
        ("manager_of:beneficiary", "manager_of:entitlement"),
        ("manager_of:beneficiary", "same_team:beneficiary"),
        ("manager_of:beneficiary", "manager_of"),
        ("group:sec-iam", "role:sec-iam"),
        ("group:sec-iam", "delegate"),
        ("group:sec-iam", "group:"),
        ('["group:sec-iam"]', "[]"),
        ("need: 2", "need: 0"),
        ("need: 2", "need: 21"),
        ("need: 2", "need: two"),
        ("min_chars: 30", "min_chars: 0"),
        ("accept: mail_code", "accept: sms"),
        ("decide_within: 8h", "decide_within: 0h"),
        ("decide_within: 8h", "decide_within: 8 hours"),
        ("decide_within: 8h", "escalate: {}"),
        ("default: 1h", "defaults: 1h"),
        ("hard_max: 4h", "hard_max: PT4H"),
    ],
)
def test_what_the_reader_refuses_for_its_shape_the_schema_refuses(
    tmp_path: Path, old: str, new: str
) -> None:
    assert GOOD.count(old) == 1, old
    text = GOOD.replace(old, new)
    assert refused_by_the_reader(tmp_path, text)
    assert not valid(text)


@pytest.mark.parametrize("text", ["30s", "1m", "007h", "0h", "", "h", "4 h", "4H", "-4h", "2d"])
def test_a_duration_is_one_in_both(text: str) -> None:
    found = re.search(SCHEMA["$defs"]["duration"]["pattern"], text)
    assert (found is not None) is (parse_duration(text) is not None)


def test_the_good_one_validates(tmp_path: Path) -> None:
    """So that no refusal above can come from the rest of the file."""
    assert valid(GOOD)
    assert not refused_by_the_reader(tmp_path, GOOD)
