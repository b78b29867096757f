"""Markup: the text that a reader sees, since platforms store what people write as HTML and wiki.

Character references (`&nbsp;`, `&#101;`, `&shy;`) become characters, tags of a block become a space
and other tags nothing, so that `ad<b></b>min` is one word; what a browser does not show (comments,
styles, scripts, hidden and struck elements) goes with its tags, and so do the tags of BBCode and
wikis (`[b]`, `{color:red}`), and text that is struck out (`~~x~~`). These are further forms of a
text, never in its place: whoever adds a `<` or an `&` takes away nothing that was found. Each
pattern stops where it could begin again: the cost is linear (HTML Living Standard §13.2.5, in
outline).
"""

import html
import re
from typing import Final

_REFERENCE: Final = re.compile(  # the numbers are bounded: `int` refuses to read longer ones
    r"&(?:#[0-9]{1,16};?|#[xX][0-9a-fA-F]{1,16};?|[A-Za-z][A-Za-z0-9]{1,31};?)"
)
_ZEROS: Final = re.compile(r"(&#(?:[xX](?=0++[0-9a-fA-F])|(?=0++[0-9])))0++")  # in front of one
_ESCAPED_MAX: Final = 3  # times that one platform after another has escaped a text
_NAME: Final = r"([A-Za-z][A-Za-z0-9:._-]*+)"
# A tag with neither space nor attribute, so that a text added before or after makes none of a part.
_BARE_TAG: Final = re.compile(rf"</?{_NAME}/?>")
_TAG: Final = re.compile(rf"</?{_NAME}(?:[\s/][^<>]*+)?>")
# Between quotes there may be signs of tags. Of all tags that begin in the text two at the most are
# outside of quotes, or inside of either kind, so that two at the most are read at any place of it.
_QUOTING_TAG: Final = re.compile(
    rf"""</?{_NAME}(?:[\s/][^<>"']*+(?:(?:"[^"]*+"|'[^']*+')[^<>"']*+)*+)?>"""
)
# Of any name and attributes (`<b=>`, `<a@b>`, `<b x<y>`); looked for up to the last `>` alone, so
# that each that begins ends as well.
_ODD_TAG: Final = re.compile(r"<(?=[A-Za-z/])/?([A-Za-z0-9]*+)[^>]*+>")
# What a browser takes for a comment, with no sign of another one inside: nothing that stands before
# or after a text that has one takes it away. And a comment with such signs inside.
_NO_TAG: Final = re.compile(r"<(?:[!?]|/[^A-Za-z<>])[^<>]*+>")
_COMMENT: Final = re.compile(r"<!--(?:[^<-]|-(?!->)|<(?!!--))*+-->")
_UNSEEN: Final = re.compile(  # none of another element of these names is inside
    r"<(style|script|template)\b[^<>]*+>"
    r"(?:[^<]|<(?!/?(?:style|script|template)\b))*+</\1\b[^<>]*+>",
    re.IGNORECASE,
)
# An element of any name, its children of one level: an end of another element ends the look, so
# that what is hidden is read once by its own element, and once by the one around it.
_VOID: Final = "area|br|col|embed|hr|img|input|link|meta|source|track|wbr"
_HIDDEN: Final = re.compile(
    rf"<(?!(?:{_VOID})\b)(?:(del|strike|s)\b[^<>]*+|([A-Za-z][^\s<>/]*+)(?=\s)(?=[^<>]*"
    r"(?:display\s*:\s*none|visibility\s*:\s*hidden|\shidden\b"
    r"|(?:font-size|opacity)\s*:\s*0++(?:\.0*+)?+(?![0-9]))"
    rf")[^<>]*+)>(?:[^<]|<(?:{_VOID})\b[^<>]*+>|<[A-Za-z][^<>]*+>[^<]*+</[A-Za-z][^<>]*+>)*+"
    r"</(?:\1|\2)\s*+>",
    re.IGNORECASE,
)
# Without space, so that no text added before or after makes one of a part.
_WIKI_LINK: Final = re.compile(r"\[([^\[\]]{0,200})\]\([^()\[\]\s]{0,200}\)")
_WIKI_TAG: Final = re.compile(r"\[/?[A-Za-z*][^\[\]{}\s]{0,80}\]|\{[^\[\]{}\s]{1,80}\}")
_STRUCK: Final = re.compile(r"~~(?=\S)[^~\n]{1,200}(?<=\S)~~")
# What no reader sees, in the order in which it goes; links leave their text.
UNREAD: Final = (_COMMENT, _NO_TAG, _UNSEEN, _HIDDEN)
WIKI_LINK: Final = _WIKI_LINK
WIKI: Final = (_WIKI_TAG, _STRUCK)
_BLOCKS: Final = frozenset(
    (
        *("address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "footer", "form"),
        *("h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p", "pre", "section"),
        *("table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"),
    )
)


def has_markup(text: str) -> bool:
    """Whether a text may have other forms; far cheaper than to make them."""
    return "&" in text or "<" in text or _has_wiki(text)


def read_forms(text: str, *, odd: bool = True, written: str | None = None) -> tuple[str, ...]:
    """Other forms of `text`, without its markup; none where there is nothing of the kind.

    The more is taken away, the later in the list. Not `odd`, what only looks like a tag
    (`<bob@example.com>`) is none. `written` is the text `resolved`, where that is known.
    """
    if not has_markup(text):
        return ()
    if written is None:
        written = resolved(text)
    bare = seen = written
    forms = [written]
    if "<" in written:
        untagged = _BARE_TAG.sub(_gone, written)
        bare = _BARE_TAG.sub(_gone, _NO_TAG.sub("", written))
        seen = _NO_TAG.sub("", _COMMENT.sub("", written))
        shown = _HIDDEN.sub("", _UNSEEN.sub("", seen))
        end = shown.rfind(">") + 1 if odd else 0
        unlike = _ODD_TAG.sub(_gone, shown[:end]) + shown[end:]
        seen = _QUOTING_TAG.sub(_gone, shown)
        forms += [untagged, _TAG.sub(_gone, written), unlike, bare, seen]
    if _has_wiki(written):
        forms += [_without_wiki(written), _without_wiki(bare), _STRUCK.sub("", _without_wiki(seen))]
    return tuple(form for form in dict.fromkeys(forms) if form != text)


def resolved(text: str) -> str:
    """`text` with the characters that its references stand for."""
    known = _Characters()
    for _ in range(_ESCAPED_MAX):
        if "&" not in text:
            break
        text = _ZEROS.sub(r"\1", text) if "&#" in text else text
        text = _REFERENCE.sub(lambda found: known[found[0]], text)
    return text


class _Characters(dict[str, str]):
    """What references stand for: in a text that is full of them, few are different ones."""

    def __missing__(self, reference: str) -> str:
        found = self[reference] = html.unescape(reference)
        return found


def _has_wiki(text: str) -> bool:
    return "[" in text or "{" in text or "~~" in text


def _without_wiki(text: str) -> str:
    return _WIKI_TAG.sub("", _WIKI_LINK.sub(r"\1", text))


def _gone(tag: re.Match[str]) -> str:
    return " " if tag[1].lower() in _BLOCKS else ""
