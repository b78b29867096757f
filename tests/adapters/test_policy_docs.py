"""`docs/policy.md` names every section, key and word that the loader knows."""

import ast
import re
from pathlib import Path

import pytest

from ticketgate.adapters.config import anchors_reader, matcher_reader, policy_file
from ticketgate.adapters.directories import directory_file

from ticketgate.adapters.config import retention_reader, settings_file, sources_reader  # isort: skip
from ticketgate.adapters.config import packs, signals_reader, stages_reader  # isort: skip
from ticketgate.domain.classifying.facts import (
    ENTITLEMENT_FIELDS,
    PEOPLE_FIELDS,
    TICKET_FIELDS,
    WHEN_FIELDS,
)
from ticketgate.domain.matching.clause_tests import TESTS
from ticketgate.domain.policy.policy import APPROVER_WORDS, ASSURANCE_LEVELS, NEVER_WORDS
from ticketgate.domain.schemes.table import SCHEMES
from ticketgate.domain.tickets.identity_event import KINDS, Tier

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text()
ROWS = {
    word
    for line in TEXT.splitlines()
    if line.startswith("| `")
    for word in re.findall(r"`([^`]+)`", line.split("|")[1])
}
WORDS = set(re.findall(r"`([^`:\n]+)(?::[^`\n]*)?`", TEXT))  # of one line: not of a block
READERS = (
    *(directory_file, policy_file, settings_file, sources_reader, stages_reader),
    anchors_reader,
    retention_reader,
    packs,
    signals_reader,
)


def keys_read() -> set[str]:
    """Every key that a loader asks a section for, as written in its source."""
    found: set[str] = set()
    for module in READERS:
        for node in ast.walk(ast.parse(Path(module.__file__ or "").read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                first = node.args[0] if node.args else None
                if node.func.attr in {"need", "get"} and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_the_keys_are_found_in_the_source() -> None:
    """So that the next test cannot pass by looking at nothing."""
    assert {"classify", "any_of", "decide_within", "bound_to", "smtp", "manager"} <= keys_read()


@pytest.mark.parametrize("key", sorted(keys_read()))
def test_every_key_is_documented(key: str) -> None:
    assert key in WORDS


@pytest.mark.parametrize(
    "section", ["classify", "entitlements", "approve", "limits", "automations"]
)
def test_every_section_of_the_policy_has_a_heading(section: str) -> None:
    assert f"\n### {section}\n" in TEXT


@pytest.mark.parametrize("name", ["policy.yaml", "ticketgate.yaml", "directory.yaml"])
def test_every_file_has_a_heading(name: str) -> None:
    assert f"\n## {name}\n" in TEXT


@pytest.mark.parametrize(
    "word",
    sorted(
        TESTS
        | set(matcher_reader.BLOCKS)
        | APPROVER_WORDS
        | NEVER_WORDS
        | set(ASSURANCE_LEVELS)
        | TICKET_FIELDS
        | PEOPLE_FIELDS
        | ENTITLEMENT_FIELDS
        | WHEN_FIELDS
    ),
)
def test_every_word_has_a_row(word: str) -> None:
    """The halves of a reference share the row of the reference."""
    base = word.removesuffix(".id") if word.count(".") > 1 else word
    assert base.removesuffix(".name") in ROWS


@pytest.mark.parametrize(
    "word",
    sorted(
        KINDS
        | {tier.word for tier in Tier}
        | set(sources_reader.BOUND_TO)
        | set(sources_reader.STATES)
        | set(SCHEMES)
        | set(sources_reader.OPTIONS)
        | set(directory_file.KINDS)
        | set(policy_file.LATER_SECTIONS[:2])
        | set(settings_file.LATER_KEYS[:2])
        | set(anchors_reader.QUORUM_WORDS)
    ),
)
def test_every_word_of_a_closed_list_is_named(word: str) -> None:
    assert word in WORDS
