"""Seen text: a text as a reader of its page sees it, each character with its place in the text.

For what is looked for in the seen form and changed in the text itself. Character references and
tags are read as domain/text/markup.py reads them, but for a cell of a table, whose edge is a tab,
and an element that is named as a secret: `<password>` says `password:`. Beyond ASCII each
character stands in its compatibility form (UAX 15), and one that shows nothing is gone.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from ticketgate.domain.text.markup import UNREAD, WIKI, WIKI_LINK, read_forms, resolved
from ticketgate.domain.text.secret_words import names_secret
from ticketgate.domain.text.visible import acts

_ESCAPED_MAX: Final = 3  # as domain/text/markup.py resolves them
_REFERENCE: Final = re.compile(r"&#?\w{1,32};?", re.ASCII)
_TAG: Final = re.compile(r"</?[A-Za-z][^<>]*>")
_TAG_NAME: Final = re.compile(r"</?([A-Za-z][\w:.-]{0,63})", re.ASCII)
# Stars at the edge of a word, with which wikis make it bold.
_STARS: Final = re.compile(r"(?<![\w*])\*{1,3}(?=\w)|(?<=[\w:.!?)])\*{1,3}(?![\w*])")
_WIKI_SIGNS: Final = re.compile(
    r"[\[{*]|~~|<[!?/]|<(?:style|script|template|del|strike|s)\b|<\w+\s"
)
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
    return next(_seen(text, (_untagged,)), None)


def seen_forms(text: str) -> Iterator[Seen]:
    """`text` as it is seen, and also without what a page does not show or strikes out.

    The latter goes from a further form only: a secret may stand in a comment.
    """
    yield from _seen(text, (_untagged, _bare))


def _seen(text: str, ways: tuple[Callable[[Seen], Seen], ...]) -> Iterator[Seen]:
    if "&" not in text and "<" not in text and not _has_odd(text) and not _WIKI_SIGNS.search(text):
        return
    form = Seen(text, list(range(len(text))), list(range(1, len(text) + 1)))
    for _ in range(_ESCAPED_MAX):
        form = _read(form, _REFERENCE, resolved) if "&" in form.text else form
    known = {text}
    for way in ways:
        one = way(form)
        if one.text not in known:
            known.add(one.text)
            yield one


def _bare(form: Seen) -> Seen:
    """What is left where what is not shown goes, and signs of wikis with it."""
    if _WIKI_SIGNS.search(form.text) is None:
        return form
    for what in UNREAD if "<" in form.text else ():
        form = _read(form, what, _nothing)
    form = _read(_untagged(form), WIKI_LINK, _link)
    for what in (*WIKI, _STARS):
        form = _read(form, what, _nothing)
    return form


def _untagged(form: Seen) -> Seen:
    if "<" in form.text:
        form = _read(form, _TAG, _tag)
    if _has_odd(form.text):
        form = _read(form, _ODD, _plain)
    return form


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


def _nothing(_what: str) -> str:
    return ""


def _link(link: str) -> str:
    return link[1 : link.index("](")]


def _tag(tag: str) -> str:
    if _CELL.match(tag):
        return "\t"
    name = _TAG_NAME.match(tag)
    if name is not None and names_secret(name[1]):
        return " " if tag[1] == "/" else f"{name[1]}:"
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
