"""Secrets that people paste into tickets: found in time linear in the text, and masked.

Shapes that only a credential has (a prefix and a run of its alphabet) are found anywhere; what a
word such as "password" announces, and long random strings near such a word, in free text only.
Nothing here backtracks: each search goes on behind what it has read.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from ticketgate.domain import strict_json
from ticketgate.domain.errors import StrictJsonError
from ticketgate.domain.text.announced_secrets import VALUE_MIN, announced, looks_secret
from ticketgate.domain.text.secret_shapes import MARK, SHAPES, Shape, Span
from ticketgate.domain.text.secret_words import NEAR, names_secret
from ticketgate.domain.text.seen_text import seen_forms

_MASKED: Final = MARK.rstrip()  # as it begins a word
_MARK: Final = re.compile(rf"{MARK}[a-z0-9 ]{{1,40}}, [0-9]{{1,9}} characters⟧")
_ENTRA: Final = re.compile(r"(?<![\w~.-])[\w~.-]{3}[0-9]Q~[\w~.-]{31,40}", re.ASCII)
_OKTA: Final = re.compile(r"(?<![\w-])00[\w-]{40,42}(?![\w-])", re.ASCII)
_PART: Final = re.compile(r"[A-Za-z0-9_-]*")  # of a JWT
_USERINFO: Final = re.compile(r"[^\s/?#\"'<>\\]*")
_CURL: Final = re.compile(  # bounded, but for what it finds
    r"(?<!\S)(?:-u[ \t]{0,3}|--user[ \t=]{1,3})[\"']?[^\s:\"'/]{1,128}:([^\s\"']+)"
)
_BEGIN, _END, _DASHES = "-----BEGIN ", "-----END ", "-----"
_LABEL_MAX: Final = 64  # characters between the dashes of a PEM header
_NEAR_CHARS: Final = 48
_LONG: Final = re.compile(r"[A-Za-z0-9+/_=-]{20,}")
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RANDOM_BITS: Final = 3.6  # per character; English text in base64's alphabet is below
_HEX_CHARS_MIN: Final = 32
_ROUNDS_MAX: Final = 3  # a mark may cut what made another value an address or a path


def mask(text: str, *, free: bool = True) -> str:
    """`text` with every secret that is found replaced, as `⟦secret: aws key, 20 characters⟧`.

    Not `free`: only shapes that nothing else has, for ids and names. What is masked stays as it is
    when it is masked again.
    """
    if len(text) < VALUE_MIN:
        return text
    for _ in range(_ROUNDS_MAX):
        spans = _found(text, free=free)
        if not spans:
            break
        text = _masked(text, spans)
    return text


def mask_named(name: str, value: str) -> str:
    """The value of a variable: one that is named as a secret, and looks like one, is one.

    So is what stands beside a mark in it: the whole value is masked then.
    """
    held = mask(value)
    if not names_secret(name) or not looks_secret(_MARK.sub(" ", held).replace(MARK, " ").strip()):
        return held
    return _mark("password", len(value))


def secret_in(body: bytes) -> bool:
    """Whether any text of a body that no connector read holds a secret, of whatever shape.

    What is no strict JSON is looked at as one text.
    """
    try:
        return secret_within(strict_json.read(body))
    except StrictJsonError:
        return secret_within(body.decode("utf-8", "replace"))


def secret_within(value: object) -> bool:
    """Whether any text of a JSON value holds a secret, of whatever shape."""
    return any(mask(text) != text for text in texts_in(value))


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


def _masked(text: str, spans: list[Span]) -> str:
    parts: list[str] = []
    behind = 0
    for span in _merged(spans):
        parts += (text[behind : span.start], _mark(span.name, span.end - span.start))
        behind = span.end
    return "".join((*parts, text[behind:]))


def _found(text: str, *, free: bool) -> list[Span]:
    """What is found in a text, and in what a reader sees of it."""
    spans = _found_in(text, free=free)
    for form in seen_forms(text):
        found = _found_in(form.text, free=free)
        spans += [Span(*form.place(one.start, one.end), one.name) for one in found]
    return spans


def _found_in(text: str, *, free: bool) -> list[Span]:
    spans = list(_shaped(text))
    if free:
        spans += announced(text)
        spans += _random(text, spans)
    return spans


def _merged(spans: list[Span]) -> Iterator[Span]:
    """Spans in their order, those that overlap as one, under the first one's name."""
    known, *others = sorted(spans)
    for span in others:
        if span.start < known.end:
            known = known._replace(end=max(known.end, span.end))
        else:
            yield known
            known = span
    yield known


def _shaped(text: str) -> Iterator[Span]:
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
    yield from _without_prefix(text)


def _without_prefix(text: str) -> Iterator[Span]:
    """Secrets whose issuer writes no prefix before them that nothing else has."""
    for found in _ENTRA.finditer(text) if "Q~" in text else ():
        yield Span(found.start(), found.end(), "azure secret")
    for found in _OKTA.finditer(text) if "00" in text else ():
        if _reads_random(found[0]):
            yield Span(found.start(), found.end(), "okta token")


def _prefixed(text: str, shape: Shape) -> Iterator[Span]:
    at = text.find(shape.prefix)
    while at >= 0:
        begin = at + len(shape.prefix)
        end = _end(shape.run, text, begin)
        if end - begin >= shape.least:
            yield Span(at, end, shape.name)
        at = text.find(shape.prefix, max(end, begin))


def _jwts(text: str) -> Iterator[Span]:
    """A header that begins as `{"`, a dot, and a payload; with a signature or without."""
    at = text.find("eyJ")
    while at >= 0:
        end = dot = _end(_PART, text, at)
        while text[dot : dot + 1] == ".":
            end = dot = _end(_PART, text, dot + 1)
        if "." in text[at:end] and end - at > 2 * VALUE_MIN:
            yield Span(at, end, "jwt")
        at = text.find("eyJ", end)


def _key_blocks(text: str) -> Iterator[Span]:
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
        yield Span(at, end, "private key")
        at = text.find(_BEGIN, end)


def _userinfos(text: str) -> Iterator[Span]:
    """The password of `https://user:password@host`."""
    at = text.find("://")
    while at >= 0:
        begin = at + len("://")
        end = _end(_USERINFO, text, begin)
        colon, sign = text.find(":", begin, end), text.rfind("@", begin, end)
        if begin <= colon < sign - 1:
            yield Span(colon + 1, sign, "password in a url")
        at = text.find("://", end)


def _commands(text: str) -> Iterator[Span]:
    """The password of `curl -u user:password`."""
    if "curl" not in text.lower():
        return
    for found in _CURL.finditer(text):
        if found[1] != _MASKED:
            yield Span(*found.span(1), "password of curl")


def _random(text: str, spans: list[Span]) -> Iterator[Span]:
    """A long string that reads as random, close behind a word that announces a secret.

    A secret announces another one as well: a mark in its place would.
    """
    known = sorted([*(span.end for span in spans), *_marks(text)])
    last = -_NEAR_CHARS - 1  # where what is known of ends, so far
    at = 0
    for found in _LONG.finditer(text):
        begin, end = found.span()
        while at < len(known) and known[at] <= begin:
            last = known[at]
            at += 1
        if not _reads_random(text[begin:end]):
            continue
        near = max(0, begin - _NEAR_CHARS)
        if begin - last <= _NEAR_CHARS or NEAR.search(text, near, begin):
            yield Span(begin, end, "random string")
            last = end


def _marks(text: str) -> Iterator[int]:
    """Where the marks in a text end."""
    at = text.find(MARK)
    while at >= 0:
        end = text.find("⟧", at)
        if end < 0:
            return
        yield end + 1
        at = text.find(MARK, end)


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
