"""Markup: the text that a reader of HTML sees, since platforms store what people write as HTML.

Character references (`&nbsp;`, `&#101;`, `&shy;`) become characters, tags of a block become a space
and other tags nothing, so that `ad<b></b>min` is one word. These are further forms of a text, never
in its place: whoever adds a `<` or an `&` takes away nothing that was found. Each pattern stops at
the next `<` or `&`: the cost is linear (HTML Living Standard §13.2.5, in outline).
"""

import html
import re
from typing import Final

_REFERENCE: Final = re.compile(  # the numbers are bounded: `int` refuses to read longer ones
    r"&(?:#[0-9]{1,16};?|#[xX][0-9a-fA-F]{1,16};?|[A-Za-z][A-Za-z0-9]{1,31};?)"
)
_ESCAPED_MAX: Final = 3  # times that one platform after another has escaped a text
# A tag with neither space nor attribute, so that a text added before or after makes none of a part.
_BARE_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)/?>")
_TAG: Final = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)(?:[\s/][^<>]*)?>")
_BLOCKS: Final = frozenset(
    (
        *("address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)


def read_forms(text: str) -> tuple[str, ...]:
    """Other forms of `text`, without its markup; none where there is nothing of the kind."""
    if "&" not in text and "<" not in text:
        return ()
    written = resolved(text)
    forms = (written, _BARE_TAG.sub(_gone, written), _TAG.sub(_gone, written))
    return tuple(form for form in dict.fromkeys(forms) if form != text)


def resolved(text: str) -> str:
    """`text` with the characters that its references stand for."""
    for _ in range(_ESCAPED_MAX):
        text = _REFERENCE.sub(lambda found: html.unescape(found[0]), text)
    return text


def _gone(tag: re.Match[str]) -> str:
    return " " if tag[1].lower() in _BLOCKS else ""
