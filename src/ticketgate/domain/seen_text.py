"""Seen text: a text as a reader of its page sees it, each character with its place in the text.

For what is looked for in the seen form and changed in the text itself. Character references and
tags are read as domain/markup.py reads them, but for a cell of a table: its edge is a tab. Beyond
ASCII each character stands in its compatibility form (UAX 15), and one that shows nothing is gone.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from ticketgate.domain.markup import read_forms, resolved
from ticketgate.domain.visible import acts

_ESCAPED_MAX: Final = 3  # as domain/markup.py resolves them
_REFERENCE: Final = re.compile(r"&#?\w{1,32};?", re.ASCII)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_CELL: Final = re.compile(r"</?(?:td|th|dt|dd)\b", re.IGNORECASE)
_ODD: Final = re.compile(r"[^\t\n\r -~]")
_BREAKS: Final = frozenset("\u0085\u2028\u2029")
_FOLDED_MAX: Final = 2  # letters; U+FDFA alone would be 18 of them
_CACHED_MAX: Final = 4_096


class Seen(NamedTuple):
    """What is seen, and of each of its characters where in the text it begins and ends."""

    text: str
    starts: list[int]
    ends: list[int]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where in the text stands what is seen from `start` up to `end`, which is behind it."""
        return self.starts[start], self.ends[end - 1]


def seen(text: str) -> Seen | None:
    """`text` as it is seen; None where it is seen as it is written. Time linear in the text."""
    if "&" not in text and "<" not in text and not _has_odd(text):
        return None
    form = Seen(text, list(range(len(text))), list(range(1, len(text) + 1)))
    for _ in range(_ESCAPED_MAX):
        form = _read(form, _REFERENCE, resolved) if "&" in form.text else form
    if "<" in form.text:
        form = _read(form, _TAG, _tag)
    if _has_odd(form.text):
        form = _read(form, _ODD, _plain)
    return None if form.text == text else form


def _has_odd(text: str) -> bool:
    return not (text.isascii() and text.isprintable()) and _ODD.search(text) is not None


def _read(form: Seen, what: re.Pattern[str], reading: Callable[[str], str]) -> Seen:
    """The form with each piece that is `what` as `reading` reads it."""
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    behind = 0
    for found in what.finditer(form.text):
        begin, end = found.span()
        put = reading(found[0])
        if put == found[0]:
            continue
        parts += (form.text[behind:begin], put)
        starts += form.starts[behind:begin]
        starts += [form.starts[begin]] * len(put)
        ends += form.ends[behind:begin]
        ends += [form.ends[end - 1]] * len(put)
        behind = end
    parts.append(form.text[behind:])
    return Seen("".join(parts), starts + form.starts[behind:], ends + form.ends[behind:])


def _tag(tag: str) -> str:
    if _CELL.match(tag):
        return "\t"
    forms = read_forms(tag, odd=False)
    return forms[-1] if forms else tag


@lru_cache(_CACHED_MAX)
def _plain(char: str) -> str:
    if char in _BREAKS:
        return "\n"
    if acts(char):
        return ""
    folded = unicodedata.normalize("NFKC", char)
    return folded if len(folded) <= _FOLDED_MAX else char
