"""Secrets that people paste into tickets: found in time linear in the text, and masked.

Shapes that only a credential has (a prefix and a run of its alphabet) are found anywhere; what a
word such as "password" announces, and long random strings near such a word, in free text only.
Nothing here backtracks: each search goes on behind what it has read.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, NamedTuple

from ticketgate.domain import strict_json
from ticketgate.domain.errors import StrictJsonError
from ticketgate.domain.secret_shapes import SHAPES, Shape

MARK: Final = "⟦secret: "
_MASKED: Final = MARK.rstrip()  # as it begins a word


class _Span(NamedTuple):
    start: int
    end: int
    name: str


_ENTRA: Final = re.compile(r"(?<![\w~.-])[\w~.-]{3}[0-9]Q~[\w~.-]{31,40}", re.ASCII)
_PART: Final = re.compile(r"[A-Za-z0-9_-]*")  # of a JWT
_USERINFO: Final = re.compile(r"[^\s/?#\"'<>\\]*")
_CURL: Final = re.compile(  # bounded, but for what it finds
    r"(?<!\S)(?:-u[ \t]{0,3}|--user[ \t=]{1,3})[\"']?[^\s:\"'/]{1,128}:([^\s\"']+)"
)
_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"
_LABEL_MAX: Final = 64  # characters between the dashes of a PEM header

# Words that announce a secret; of several languages, as tickets are.
_ANNOUNCE: Final = (
    *("pass", "pwd", "kennwort", "wachtwoord", "contrase", "senha", "credential"),
    *("secret", "token", "bearer", "authorization"),
)
_PW: Final = "pw"  # announces one only as a word, or as a part of a name with underscores
_KEY: Final = "key"  # announces one behind these only: a key may be of a door, or of a table
_KEYS_OF: Final = (
    *("api", "access", "account", "private", "secret", "client", "encryption", "license", "shared"),
)
_KEY_OF_CHARS: Final = 12
# What may stand between such a word and the value; all of it bounded, so that a look is.
_BLANK: Final = r"[ \t\u00a0]"
_VALUE: Final = re.compile(  # behind a sign it may begin on the next line
    r"(?:[ -](?:words?|phrase|code|keys?|value))?[a-zñ_]{0,12}[\"'`)\]]{0,2}"
    rf"{_BLANK}{{0,3}}(?:(?::=|=>|->|[:=]){_BLANK}{{0,3}}(?:\r?\n{_BLANK}{{0,3}})?"
    rf"|\b(?:is|ist|are|lautet)\b{_BLANK}{{0,3}})(?:(?:bearer|basic){_BLANK}{{1,3}})?"
    r"[\"'`(\[]{0,2}([^\s\"'`<>]{6,512})",
    re.IGNORECASE,
)
_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}
_WORDS: Final = (
    r"pass[ _-]?(?:words?|wort|wd|phrase|code)?|pwd|kennwort|wachtwoord|contrase(?:ñ|n)a|senha"
    r"|mot de passe|credentials?|secrets?|tokens?|bearer|authorization"
)
_NEAR: Final = re.compile(  # a key in a name, such as secret_access_key, is of these only
    rf"\b(?:{_WORDS}|keys?)\b|(?:{'|'.join(_KEYS_OF)})_keys?\b", re.IGNORECASE
)
_NEAR_CHARS: Final = 48
_LONG: Final = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RANDOM_BITS: Final = 3.6  # per character; English text in base64's alphabet is below
_HEX_CHARS_MIN: Final = 32
_HARD: Final = frozenset("!#$%^&*+=~|?§€£@")  # that no word, name, path or number has inside
_DIGIT: Final = re.compile(r"[0-9]")
_EDGE: Final = ".,;:)]}>\\"  # what ends a sentence, and no password
_PLAIN_CODE: Final = re.compile(  # RITM0010001, OPS-1234; a date, a time, an amount
    r"[A-Z]{2,10}-?[0-9]{2,10}|[0-9]+[.,:/%+-][0-9.,:/%+-]*[A-Za-z%]{0,3}|[0-9]{1,5}[A-Za-z%]{1,3}"
)
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_VALUE_MIN: Final = 6


def mask(text: str, *, free: bool = True) -> str:
    """`text` with every secret that is found replaced, as `⟦secret: aws key, 20 characters⟧`.

    Not `free`: only shapes that nothing else has, for ids and names. What is masked stays as it is
    when it is masked again.
    """
    if len(text) < _VALUE_MIN:
        return text
    spans = list(_shaped(text))
    if free:
        spans += _announced(text)
        spans += _random(text)
    if not spans:
        return text
    parts: list[str] = []
    behind = 0
    for span in _merged(spans):
        parts += (text[behind : span.start], _mark(span.name, span.end - span.start))
        behind = span.end
    return "".join((*parts, text[behind:]))


def mask_named(name: str, value: str) -> str:
    """The value of a variable: one that is named as a secret, and looks like one, is one."""
    held = mask(value)
    named = _NEAR.search(name.replace("_", " ").replace("-", " ")) is not None
    return _mark("password", len(held)) if named and _looks_secret(held.strip()) else held


def has_secret(text: str) -> bool:
    """Whether a text holds a shape that only a credential has."""
    return next(_shaped(text), None) is not None


def secret_in(body: bytes) -> bool:
    """Whether any text of a body that no connector read holds a secret, of whatever shape.

    What is no strict JSON is looked at as one text.
    """
    try:
        texts = list(texts_in(strict_json.read(body)))
    except StrictJsonError:
        texts = [body.decode("utf-8", "replace")]
    return any(mask(text) != text for text in texts)


def texts_in(value: object) -> Iterator[str]:
    """Every text in a JSON value, the names of members as well."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


# --- in a text -----------------------------------------------------------------------------------


def _mark(name: str, length: int) -> str:
    return f"{MARK}{name}, {length} characters⟧"


def _merged(spans: list[_Span]) -> Iterator[_Span]:
    """Spans in their order, those that overlap as one, under the first one's name."""
    known, *others = sorted(spans)
    for span in others:
        if span.start < known.end:
            known = known._replace(end=max(known.end, span.end))
        else:
            yield known
            known = span
    yield known


def _shaped(text: str) -> Iterator[_Span]:
    """What only a credential looks like."""
    for shape in SHAPES:
        if shape.prefix in text:
            yield from _prefixed(text, shape)
    if "eyJ" in text:
        yield from _jwts(text)
    if _BEGIN in text:
        yield from _key_blocks(text)
    if "://" in text:
        yield from _userinfos(text)
    if "-u" in text:
        yield from _commands(text)
    for found in _ENTRA.finditer(text) if "Q~" in text else ():
        yield _Span(found.start(), found.end(), "azure secret")


def _prefixed(text: str, shape: Shape) -> Iterator[_Span]:
    at = text.find(shape.prefix)
    while at >= 0:
        begin = at + len(shape.prefix)
        end = _end(shape.run, text, begin)
        if end - begin >= shape.least:
            yield _Span(at, end, shape.name)
        at = text.find(shape.prefix, max(end, begin))


def _jwts(text: str) -> Iterator[_Span]:
    """A header that begins as `{"`, a dot, and a payload; with a signature or without."""
    at = text.find("eyJ")
    while at >= 0:
        end = dot = _end(_PART, text, at)
        while text[dot : dot + 1] == ".":
            end = dot = _end(_PART, text, dot + 1)
        if "." in text[at:end] and end - at > 2 * _VALUE_MIN:
            yield _Span(at, end, "jwt")
        at = text.find("eyJ", end)


def _key_blocks(text: str) -> Iterator[_Span]:
    """A PEM block of a private key; one without an end reaches to the end of the text."""
    at = text.find(_BEGIN)
    while at >= 0:
        label = at + len(_BEGIN)
        closed = text.find(_DASHES, label, label + _LABEL_MAX)
        if closed < 0 or "PRIVATE KEY" not in text[label:closed]:
            at = text.find(_BEGIN, label)
            continue
        tail = text.find(_END, closed)
        stop = -1 if tail < 0 else text.find(_DASHES, tail + len(_END), tail + _LABEL_MAX * 2)
        end = len(text) if stop < 0 else stop + len(_DASHES)
        yield _Span(at, end, "private key")
        at = text.find(_BEGIN, end)


def _userinfos(text: str) -> Iterator[_Span]:
    """The password of `https://user:password@host`."""
    at = text.find("://")
    while at >= 0:
        begin = at + len("://")
        end = _end(_USERINFO, text, begin)
        colon, sign = text.find(":", begin, end), text.rfind("@", begin, end)
        if begin <= colon < sign - 1:
            yield _Span(colon + 1, sign, "password in a url")
        at = text.find("://", end)


def _commands(text: str) -> Iterator[_Span]:
    """The password of `curl -u user:password`."""
    if "curl" not in text.lower():
        return
    for found in _CURL.finditer(text):
        if found[1] != _MASKED:
            yield _Span(*found.span(1), "password of curl")


def _announced(text: str) -> Iterator[_Span]:
    """What follows "password:" and the like, if it does not read as a word."""
    # Beyond ASCII `lower` may change how long a text is.
    low = text.lower() if text.isascii() else text.translate(_LOWER)
    for word in (*_ANNOUNCE, _PW, _KEY):
        at = low.find(word)
        while at >= 0:
            behind = at + len(word)
            if _announces(low, word, at):
                yield from _value_behind(text, behind)
            at = low.find(word, behind)


def _announces(low: str, word: str, at: int) -> bool:
    """Whether a word at this place is one that announces a secret."""
    if word is _PW:
        return not (low[at - 1 : at].isalnum() or low[at + 2 : at + 3].isalnum())
    return word is not _KEY or _is_key_of(low, at)


def _is_key_of(low: str, at: int) -> bool:
    """Whether the word `key` at this place is that of an API, an account and the like."""
    before = low[max(0, at - _KEY_OF_CHARS) : at]
    return (before[:-1] if before[-1:] in {" ", "_", "-"} else before).endswith(_KEYS_OF)


def _value_behind(text: str, at: int) -> Iterator[_Span]:
    found = _VALUE.match(text, at)
    if found is not None:
        begin, end = found.span(1)
        value = text[begin:end].partition(_MASKED)[0].rstrip(_EDGE)
        if _looks_secret(value):
            yield _Span(begin, begin + len(value), "password")


def _looks_secret(value: str) -> bool:
    """Whether a value reads as neither a word, a name, a number, an address nor a path."""
    if len(value) < _VALUE_MIN or MARK in value or "://" in value:
        return False
    if _PLAIN_CODE.fullmatch(value) or _ADDRESS.fullmatch(value):
        return False
    if not _HARD.isdisjoint(value[:-1]) and any(map(str.isalpha, value)):
        return True
    digits = any(map(str.isdigit, value)) if not value.isascii() else _DIGIT.search(value)
    return bool(digits)


def _random(text: str) -> Iterator[_Span]:
    """A long string that reads as random, close behind a word that announces a secret."""
    for found in _LONG.finditer(text):
        begin, end = found.span()
        if not _reads_random(text[begin:end]):
            continue
        if _NEAR.search(text, max(0, begin - _NEAR_CHARS), begin):
            yield _Span(begin, end, "random string")


def _reads_random(value: str) -> bool:
    if _UUID.fullmatch(value):
        return False
    digits = any(map(str.isdigit, value))
    if _HEX.issuperset(value):
        return digits and len(value) >= _HEX_CHARS_MIN and any(map(str.isalpha, value))
    mixed = digits and any(map(str.isupper, value)) and any(map(str.islower, value))
    return mixed and _bits(value) >= _RANDOM_BITS


def _bits(value: str) -> float:
    """Shannon entropy of the characters, in bits each."""
    size = len(value)
    return -sum(n / size * math.log2(n / size) for n in Counter(value).values())


def _end(run: re.Pattern[str], text: str, at: int) -> int:
    """Where a run that may be empty ends."""
    found = run.match(text, at)
    return at if found is None else found.end()
