"""One record, one line, one leaf: the canonical profile, the chain rule, the disclosures."""

import base64
import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from ticketgate.domain.errors import EvidenceError
from ticketgate.domain.evidence import (
    DEPTH_MAX,
    ENTRY_BYTES_MAX,
    INTEGER_MAX,
    Disclosure,
    Draft,
    EvidenceRef,
    Head,
    Json,
    canonical,
    digest_of,
    disclosure_digest,
    disclosure_line,
    genesis,
    leaf_hash,
    parse_disclosure,
    parse_disclosure_line,
    parse_entry,
    seal,
)
from ticketgate.domain.log.machines import NEW, edge
from ticketgate.domain.tickets.identity_event import Tier
from ticketgate.domain.tickets.ticket import StateClass

DOC: Final = Path(__file__).resolve().parents[2] / "docs" / "evidence-format.md"
ORIGIN: Final = "gate.example.com/evidence"
NOON: Final = datetime(2026, 11, 22, 2, 40, tzinfo=UTC)
SALT: Final = bytes(range(16))

# RFC 9901 §4.2.1 and §4.2.3: its own example, with the spaces that our form does not have.
RFC_DISCLOSURE: Final = "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"
RFC_DIGEST: Final = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"

keys = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(
    ["_prev", "_seq", "_ts"]
)
scalars = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
records = st.dictionaries(keys, values, max_size=6)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def nested(depth: int) -> list[Any]:
    """`depth` lists inside each other."""
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


@given(records)
@example({"a": '\u2028\x7f\x00\x1f"\\/\b\t\n\f\r\ue000\U0001f600é'})
@example({"b": 1, "a": -INTEGER_MAX, "_ts": True, "a_": None, "a0": [], "aa": {}})
def test_canonical_form_is_rfc_8785_byte_for_byte(record: dict[str, Any]) -> None:
    assert canonical(record) == rfc8785.dumps(record)


@given(records)
def test_what_canonical_writes_is_read_back_as_it_was(record: dict[str, Any]) -> None:
    assert parse_entry(canonical(record)) == record


def test_a_word_or_a_number_of_an_enumeration_is_written_as_its_value() -> None:
    assert canonical({"state": StateClass.LIVE, "tier": Tier.HIGH}) == b'{"state":"live","tier":3}'


def test_a_mapping_that_is_no_dict_and_a_tuple_are_written_like_dict_and_list() -> None:
    assert canonical(MappingProxyType({"b": (1, 2), "a": MappingProxyType({})})) == (
        b'{"a":{},"b":[1,2]}'
    )


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1.0},
        {"a": float("nan")},
        {"a": INTEGER_MAX + 1},
        {"a": -INTEGER_MAX - 1},
        {"A": 1},
        {"": 1},
        {"_x": 1},
        {"a-b": 1},
        {"a\n": 1},
        {"é": 1},
        {"0a": 1},
        {1: 1},
        {"a": "\ud800"},
        {"a": b"bytes"},
        {"a": {1, 2}},
        {"a": [object()]},
        NOON,
    ],
)
def test_what_is_outside_the_profile_has_no_canonical_form(value: Json) -> None:
    with pytest.raises(EvidenceError):
        canonical(value)


def test_depth_counts_containers_and_ends_at_the_limit() -> None:
    deepest = nested(DEPTH_MAX - 1)
    assert canonical({"a": deepest}).count(b"[") == DEPTH_MAX - 1
    with pytest.raises(EvidenceError, match="nested deeper"):
        canonical({"a": [deepest]})
    with pytest.raises(EvidenceError, match="nested deeper"):
        canonical(nested(5000))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b'"a"',
        b'{"a":1}\n',
        b' {"a":1}',
        b'{"a":1 }',
        b'{"a": 1}',
        b'{"a":1}{"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":1}',
        b'{"\\u0061":1}',
        b'{"b":1,"a":1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":"\\/"}',
        b'{"a":"\\u00e9"}',
        b'{"a":"\\u001F"}',
        b'{"a":"\\u000a"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\xc0\xaf"}',
        b'{"a":"\x00"}',
        b'{"A":1}',
        b'{"a":true,}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        b'{"a":' + b"[" * 9 + b"]" * 9 + b"}",
        b'{"a":' + b"[" * 25_000 + b"]" * 25_000 + b"}",
        b'{"a":"' + b"a" * ENTRY_BYTES_MAX + b'"}',
    ],
)
def test_what_canonical_would_not_write_is_not_read(line: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_entry(line)


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f'{{"a":{text}}}'.encode()))
def test_hostile_bytes_give_only_our_error(line: bytes) -> None:
    try:
        record = parse_entry(line)
    except EvidenceError:
        return
    assert canonical(record) == line


def test_the_leaf_hash_is_that_of_rfc_6962() -> None:
    assert leaf_hash(b"").hex() == sha256(b"\x00").hexdigest()
    assert (
        leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )


def test_two_origins_have_two_beginnings() -> None:
    assert genesis(ORIGIN) == Head(0, sha256(b"\x00gate.example.com/evidence\ngenesis").digest())
    assert genesis(ORIGIN) != genesis("other.example.com/evidence")


def test_an_entry_stands_behind_the_one_before_with_its_place_and_time_first() -> None:
    first = seal(genesis(ORIGIN), Draft("heartbeat", {"actor": "a"}), NOON, ())
    second = seal(first.head, Draft("heartbeat"), NOON, ())
    assert first.head == Head(1, leaf_hash(first.entry))
    assert second.entry == (
        b'{"_prev":"%s","_seq":1,"_ts":"2026-11-22T02:40:00.000000Z","type":"heartbeat"}'
        % first.head.leaf.hex().encode()
    )
    assert EvidenceRef(ORIGIN, 1, second.head.leaf.hex()).text == "gate.example.com/evidence#1"


def test_a_name_is_not_in_the_entry_only_the_digest_of_its_disclosure() -> None:
    draft = Draft(
        "actor.minted",
        {"actor": "act_1"},
        (Disclosure("subject", "bob", "bob", "identity"), Disclosure("mail", "bob@example.com")),
    )
    sealed = seal(genesis(ORIGIN), draft, NOON, (SALT, bytes(16)))
    assert b"bob" not in sealed.entry
    assert parse_entry(sealed.entry)["sd"] == sorted(one.digest for one in sealed.disclosures)
    one = sealed.disclosures[0]
    assert (one.subject, one.kind) == ("bob", "identity")
    assert parse_disclosure(one.encoded) == (SALT, "subject", "bob")
    assert one.digest == b64(sha256(one.encoded.encode("ascii")).digest())


def test_the_digest_of_a_disclosure_is_that_of_rfc_9901() -> None:
    assert disclosure_digest(RFC_DISCLOSURE) == RFC_DIGEST
    with pytest.raises(EvidenceError, match="ASCII"):
        disclosure_digest("é")


@given(st.recursive(scalars, lambda inner: st.dictionaries(st.text(), inner), max_leaves=6))
def test_a_disclosed_value_is_read_back_and_its_inner_keys_are_free(value: Json) -> None:
    draft = Draft("x", {}, (Disclosure("v", value),))
    sealed = seal(genesis(ORIGIN), draft, NOON, (SALT,))
    assert parse_disclosure(sealed.disclosures[0].encoded) == (SALT, "v", value)


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "é",
        "!!!!",
        "a",
        RFC_DISCLOSURE,  # spaces inside
        b64(b'["AAECAwQFBgcICQoLDA0ODw","v",1]') + "=",
        b64(b'["AAECAwQFBgcICQoLDA0O","v",1]'),  # 15 bytes
        b64(b'["AAECAwQFBgcICQoLDA0ODx","v",1]'),  # spare bits
        b64(b'["AAECAwQFBgcICQoLDA0ODw","v"]'),
        b64(b'["AAECAwQFBgcICQoLDA0ODw","V",1]'),
        b64(b'["AAECAwQFBgcICQoLDA0ODw",1,1]'),
        b64(b'[null,"v",1]'),
        b64(b'["AAECAwQFBgcICQoLDA0ODw","v",1.5]'),
        b64(b'["AAECAwQFBgcICQoLDA0ODw","v",{"a":1,"a":2}]'),
        b64(b'{"a":1}'),
        b64(b"[" * 100_000),
        b64(b"\xff"),
    ],
)
def test_a_disclosure_that_we_would_not_write_is_not_read(encoded: str) -> None:
    with pytest.raises(EvidenceError):
        parse_disclosure(encoded)


@given(st.text(max_size=60) | st.binary(max_size=60).map(b64))
def test_hostile_disclosures_give_only_our_error(encoded: str) -> None:
    with pytest.raises(EvidenceError):
        parse_disclosure(encoded)


DIGEST: Final = "A" * 43


@pytest.mark.parametrize("encoded", [None, "WyJB"])
def test_a_disclosures_line_is_read_as_it_is_written(encoded: str | None) -> None:
    line = disclosure_line(DIGEST, 7, encoded)
    assert line.endswith(b"}\n")
    assert parse_disclosure_line(line[:-1]) == (DIGEST, 7, encoded)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("7", "-1"),
        ("7", "true"),
        ("7", "9007199254740992"),
        ("7", '"7"'),
        ("7", "7.0"),
        (DIGEST, "A" * 42),
        (DIGEST, "+" * 43),
        ('"WyJB"', '""'),
        ('"WyJB"', '"a+b"'),
        ('"WyJB"', "7"),
        (",", ", "),
        ("}", ',"more":1}'),
        ("{", "["),
        ("idx", "index"),
    ],
)
def test_any_other_line_of_a_disclosure_is_refused(old: str, new: str) -> None:
    line = disclosure_line(DIGEST, 7, "WyJB").decode().rstrip("\n")
    with pytest.raises(EvidenceError):
        parse_disclosure_line(line.replace(old, new).encode())


@pytest.mark.parametrize("count", [0, 15, 17, 20])
def test_a_salt_has_sixteen_bytes(count: int) -> None:
    encoded = b64(json.dumps([b64(bytes(count)), "v", 1], separators=(",", ":")).encode())
    with pytest.raises(EvidenceError, match="16 bytes"):
        parse_disclosure(encoded)


@pytest.mark.parametrize(
    ("draft", "salts"),
    [
        (Draft("x", {"_seq": 1}), ()),
        (Draft("x", {"type": "y"}), ()),
        (Draft("x", {"sd": []}), ()),
        (Draft("x", {"a": "x" * ENTRY_BYTES_MAX}), ()),
        (Draft("x", {"a": "\udfff"}), ()),
        (Draft("x", {}, (Disclosure("v", 1),)), ()),
        (Draft("x"), (SALT,)),
        (Draft("x", {}, (Disclosure("v", 1),)), (bytes(15),)),
        (Draft("x", {}, (Disclosure("v", 1),)), (bytes(17),)),
        (Draft("x", {}, (Disclosure("V v", 1),)), (SALT,)),
        (Draft("x", {}, (Disclosure("v", "\udfff"),)), (SALT,)),
        (Draft("x", {}, (Disclosure("v", nested(DEPTH_MAX + 1)),)), (SALT,)),
    ],
)
def test_what_cannot_be_a_record_is_not_sealed(draft: Draft, salts: tuple[bytes, ...]) -> None:
    with pytest.raises(EvidenceError):
        seal(genesis(ORIGIN), draft, NOON, salts)


def test_the_digest_of_a_value_does_not_depend_on_how_it_was_built() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of({}) == sha256(b"{}").hexdigest()


def documented_log() -> list[bytes]:
    """The entries of the example in the format document."""
    section = DOC.read_text().split("## A log of three records")[1]
    return section.split("```")[1].strip("\n").encode().split(b"\n")


def test_the_documented_log_is_what_is_really_written() -> None:
    drafts = (
        Draft("log.opened", {"origin": ORIGIN, "format": 1, "version": "0.1.0"}),
        Draft("actor.minted", {"actor": "act_7f3k"}, (Disclosure("subject", "bob"),)),
        edge(
            "delivery",
            "dlv_1",
            NEW,
            "accepted",
            "webhook",
            {"source": "snow-prod", "body": sha256(b"{}").hexdigest(), "webhook": "msg_1"},
        ),
    )
    head, text = genesis(ORIGIN), DOC.read_text()
    stated = [head.leaf.hex()]
    for index, (draft, line) in enumerate(zip(drafts, documented_log(), strict=True)):
        salts = [SALT] * len(draft.disclosures)
        sealed = seal(head, draft, NOON + timedelta(seconds=index), salts)
        assert sealed.entry == line
        stated += [sealed.head.leaf.hex()]
        stated += [digest for one in sealed.disclosures for digest in (one.digest, one.encoded)]
        head = sealed.head
    assert [value for value in (*stated, SALT.hex()) if f"`{value}`" not in text] == []


def test_the_documented_checker_follows_the_chain_and_refuses_a_changed_one(
    tmp_path: Path,
) -> None:
    found = re.search(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)
    assert found
    log = tmp_path / "log.jsonl"

    def check(entries: list[bytes]) -> subprocess.CompletedProcess[str]:
        log.write_bytes(b"".join(entry + b"\n" for entry in entries))
        return subprocess.run(
            [sys.executable, "-c", found[1], ORIGIN, str(log)],
            capture_output=True,
            text=True,
            check=False,
        )

    entries = documented_log()
    assert check(entries).stdout.strip() == leaf_hash(entries[-1]).hex()
    entries[1] = entries[1].replace(b"act_7f3k", b"act_7f3m")
    assert "2: not chained" in check(entries).stderr
