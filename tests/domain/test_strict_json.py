import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketgate.domain.errors import MalformedDeliveryError, StrictJsonError
from ticketgate.domain.strict_json import DEPTH_MAX, NUMBER_CHARS_MAX, read

FINITE = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: len(repr(x)) <= 20)
TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | FINITE | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=30,
)


def refused(body: bytes) -> str:
    """The code with which `body` is refused."""
    with pytest.raises(StrictJsonError) as caught:
        read(body)
    return caught.value.code


def nested(depth: int, leaf: bytes = b"1") -> bytes:
    """Arrays and objects in turn, `depth` levels of them."""
    body = leaf
    for level in range(depth):
        body = b"[" + body + b"]" if level % 2 else b'{"a":' + body + b"}"
    return body


def test_a_ticket_is_read() -> None:
    body = '{"result": {"sys_mod_count": "3", "impact": 3.0, "active": true, "x": [null, "é"]}}'
    assert read(body.encode()) == {
        "result": {"sys_mod_count": "3", "impact": 3.0, "active": True, "x": [None, "é"]}
    }


def test_a_refusal_is_a_malformed_delivery_with_a_next_step() -> None:
    with pytest.raises(MalformedDeliveryError) as caught:
        read(b"{")
    assert caught.value.next_step


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("not_json", b""),
        ("not_json", b"{"),
        ("not_json", b"{'a': 1}"),
        ("not_json", b'{"a": 1} {}'),
        ("not_json", b'{"a": 01}'),
        ("not_json", b'{"a": "line\nbreak"}'),
        ("not_json", b'["' + b'\\"' * 40 + b"["),
        ("not_json", b"[" * 20 + b"{" * 12 + b"]}" * 20),
        ("byte_order_mark", b"\xef\xbb\xbf{}"),
        ("not_utf8", b'{"a": "\xff"}'),
        ("not_utf8", b'{"a": "\xed\xa0\x80"}'),
        ("not_utf8", '{"a": 1}'.encode("utf-16")),
        ("nul", '{"a": 1}'.encode("utf-16-le")),
        ("nul", '{"a": 1}'.encode("utf-32-be")),
        ("nul", b'{"a": "\x00"}'),
        ("nul", b'{"a": "x\\u0000"}'),
        ("nul", b'{"\\u0000": 1}'),
        ("duplicate_key", b'{"a": 1, "a": 2}'),
        ("duplicate_key", b'{"a": 1, "\\u0061": 2}'),
        ("duplicate_key", b'[{"b": {"a": 1, "a": 1}}]'),
        ("number", b'{"a": NaN}'),
        ("number", b"[Infinity]"),
        ("number", b"[-Infinity]"),
        ("number", b"1e999"),
        ("number", b"-1e999"),
        ("number", b"1" * (NUMBER_CHARS_MAX + 1)),
        ("number", b"-" + b"1" * NUMBER_CHARS_MAX),
        ("number", b"0." + b"1" * NUMBER_CHARS_MAX),
        ("number", b"9" * 100_000),
        ("surrogate", b'"\\ud800"'),
        ("surrogate", b'["\\udfff", "\\ud83d\\ude00"]'),
        ("surrogate", b'{"\\uDBFF": null}'),
        ("surrogate", b'"\\ude00\\ud83d"'),
        ("depth", nested(DEPTH_MAX + 1)),
        ("depth", b'["\\\\", ' + nested(DEPTH_MAX) + b"]"),
        ("depth", b'["\\"", ' + nested(DEPTH_MAX) + b"]"),
    ],
)
def test_each_fault_is_refused_with_its_own_code(code: str, body: bytes) -> None:
    assert refused(body) == code


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_nesting_of_a_hundred_thousand_levels_is_refused_before_any_recursion(
    opening: bytes,
) -> None:
    assert refused(opening * 100_000) == "depth"


@pytest.mark.parametrize(
    "body",
    [
        nested(DEPTH_MAX),
        b"[" + b"[],{}," * 100 + b"0]",
        b'{"text": "' + b"[{" * 1000 + b'"}',
        b'["' + b'\\"[' * 100 + b'", "' + b"\\\\" * 3 + b'", "{"]',
    ],
)
def test_brackets_count_only_where_they_nest(body: bytes) -> None:
    assert read(body) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [
        b"1" * NUMBER_CHARS_MAX,
        b'"\\ud83d\\ude00"',
        b'"\\\\u0000 is a backslash and five characters"',
        b'{"a": {"x": 1}, "b": {"x": 1}, "A": null}',
        b" \r\n\t[1]\n",
        b'{"ok": ["\\ud83d\\ude00", 1, {"deep": "\\\\ud800"}]}',
    ],
)
def test_what_only_looks_wrong_is_read(body: bytes) -> None:
    assert read(body) == json.loads(body)


@given(JSON)
def test_every_value_within_the_limits_comes_back(value: Any) -> None:  # noqa: ANN401 -- any JSON
    for ascii_only in (True, False):
        assert read(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


def outcome(body: bytes) -> str:
    """The code with which `body` is refused, or "" when it is read. Other errors go through."""
    try:
        read(body)
    except StrictJsonError as error:
        return error.code
    return ""


@given(st.binary())
def test_only_our_error_leaves_for_any_bytes(body: bytes) -> None:
    assert outcome(body) != StrictJsonError.code


@given(JSON, st.data())
def test_only_our_error_leaves_for_mutated_json(
    value: Any,  # noqa: ANN401 -- any JSON
    data: st.DataObject,
) -> None:
    body = bytearray(json.dumps(value).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(body)))
        cut = data.draw(st.integers(0, 3))
        body[where : where + cut] = data.draw(
            st.sampled_from(
                [b"[", b"{", b'"', b"\\", b"\\u", b"\\ud8", b"\x00", b"\xff", b",", b"9"]
            )
            | st.binary(max_size=3)
        )
    assert outcome(bytes(body)) != StrictJsonError.code


@given(st.text(st.sampled_from('[]{}"\\a:,0'), max_size=120))
def test_only_our_error_leaves_for_any_heap_of_brackets_and_quotes(text: str) -> None:
    assert outcome((text * 3).encode()) in {"", "not_json", "depth", "duplicate_key", "number"}


def test_a_reason_never_quotes_the_body() -> None:
    for body in (b'{"hunter2": 1, "hunter2": 2}', b"[hunter2]", b'"hunter2\\ud800"'):
        with pytest.raises(StrictJsonError) as caught:
            read(body)
        assert "hunter2" not in caught.value.reason
