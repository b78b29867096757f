"""One strict reader for every inbound byte (RFC 8259, RFC 7493 I-JSON, and our limits).

Two passes: a scan of the bytes for what the parser must never meet (a BOM, NUL, depth), then
the parser with hooks for what only it sees (duplicate keys, numbers). Reasons never quote the
body: it is ticket text.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NoReturn

from ticketgate.domain.errors import StrictJsonError

DEPTH_MAX: Final = 32
NUMBER_CHARS_MAX: Final = 20

JsonValue = str | int | float | bool | None | Sequence["JsonValue"] | Mapping[str, "JsonValue"]

_BOM: Final = b"\xef\xbb\xbf"
_NOT_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_OPENING: Final = frozenset(b"[{")
_SUSPECT_ESCAPE: Final = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


def read(body: bytes) -> JsonValue:
    """The value in `body`.

    Raises:
        StrictJsonError: with a code. `not_utf8`; `byte_order_mark`; `not_json`; `duplicate_key`
            (escaped spellings count as equal); `number` (NaN, an infinity, or a number past
            `NUMBER_CHARS_MAX` characters); `depth` (past `DEPTH_MAX`); `surrogate` (a lone one);
            `nul` (raw or escaped).
    """
    text = _decoded(body)
    if _too_deep(body):
        raise _refused("depth", f"nested deeper than {DEPTH_MAX} levels")
    try:
        value: JsonValue = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise _refused("not_json", f"not JSON at character {error.pos}") from None
    if _SUSPECT_ESCAPE.search(body):
        _check_texts(value)
    return value


def _refused(code: str, reason: str) -> StrictJsonError:
    return StrictJsonError(reason, code=code, next_step="mend the sender; the body is kept")


def _decoded(body: bytes) -> str:
    """The text of `body`; UTF-16 and UTF-32 fail here, as bytes that UTF-8 lacks or as NUL."""
    if body.startswith(_BOM):
        raise _refused("byte_order_mark", "starts with a byte order mark")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused("not_utf8", f"not UTF-8 at byte {error.start}") from None
    if "\x00" in text:
        raise _refused("nul", "contains NUL; UTF-16 looks so")
    return text


def _too_deep(body: bytes) -> bool:
    """Whether arrays and objects nest deeper than `DEPTH_MAX`, told without recursion.

    Without its escapes, every second piece between quotes lies outside the strings. As far as
    `body` is JSON these are the strings that the parser sees, so it never recurses deeper than
    what is counted here. Linear, and no loop over plain text.
    """
    if body.count(b"{") + body.count(b"[") <= DEPTH_MAX:
        return False
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"")
    depth = 0
    for bracket in b"".join(plain.split(b'"')[::2]).translate(None, _NOT_BRACKETS):
        if bracket in _OPENING:
            depth += 1
            if depth > DEPTH_MAX:
                return True
        else:
            depth -= 1
    return False


def _object(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _refused("duplicate_key", "an object has the same key twice")
    return made


def _constant(_name: str) -> NoReturn:
    raise _refused("number", "NaN and infinities are not numbers here")


def _checked(number: str) -> str:
    if len(number) > NUMBER_CHARS_MAX:
        raise _refused("number", f"a number is longer than {NUMBER_CHARS_MAX} characters")
    return number


def _integer(number: str) -> int:
    return int(_checked(number))


def _float(number: str) -> float:
    made = float(_checked(number))
    if not math.isfinite(made):
        raise _refused("number", "a number is too large")
    return made


def _check_texts(value: JsonValue) -> None:
    """Refuse lone surrogates and NUL in any key or text; only escapes can bring them here."""
    for text in _texts(value):
        if "\x00" in text:
            raise _refused("nul", "a text contains NUL")
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise _refused("surrogate", "a text contains a lone surrogate") from None


def _texts(value: JsonValue) -> Iterator[str]:
    """Every key and text in `value`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_float,
    parse_int=_integer,
    parse_constant=_constant,
)
