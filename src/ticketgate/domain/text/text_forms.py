"""Text forms: the ways in which a text is read beside the way it is written.

Without its markup (domain/text/markup.py); with `%61`, `%u0061` and the escapes of JSON as the
letters that they stand for; with a long run of base64 as the text that it holds; and, folded, with
digits for letters inside a word (`4dm1n`).
Each form stands beside the text, never in its place, so what is added to a text takes nothing away
that was found. One kind of text has no form that can be told: where it runs in another direction
than it is written, a reader sees other words than these.
"""

import binascii
import re
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from ticketgate.domain.text.expansion import GROWTH_MAX, growth
from ticketgate.domain.text.markup import has_markup, read_forms, resolved

FORMS_CHARS_MAX: Final = 180_000  # more than all forms of the longest field that is HTML
RUN_CHARS_MIN: Final = 16  # of base64: two words of five letters, and no word of any language
_ESCAPED_MAX: Final = 3  # times that a text is escaped, one over the other
_ESCAPES: Final = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_NUMBERED: Final = re.compile(  # of JSON, JavaScript and Python, and of old browsers (`%u0061`)
    r"[\\%]u([0-9A-Fa-f]{4})|\\x([0-9A-Fa-f]{2})|\\u\{0{0,8}([0-9A-Fa-f]{1,5})\}"
)
_LAST: Final = (
    2  # forms without markup that are looked at undone: with text struck out, and without
)
_RUN: Final = re.compile(
    rf"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{{{RUN_CHARS_MIN},}}"  # it begins once in a run
)
_IN_RUNS: Final = bytes(  # each byte of a run as one, each other one as none
    chr(code).isalnum() or chr(code) in "+/_-" for code in range(128)
) + bytes(128)
_RUN_MIN: Final = b"\x01" * RUN_CHARS_MIN
_OF_URLS: Final = str.maketrans("-_", "+/")  # the other alphabet of base64 (RFC 4648 §5)
_GROUP: Final = 4  # characters of base64 that are three bytes
_DIGITS: Final = b"0123456789"
_ANY_DIGIT: Final = re.compile(r"\d")  # of a text that is not folded
_MIXED: Final = re.compile(r"[a-z][0-9]|[0-9][a-z]")
_TOKEN: Final = re.compile(r"[a-z0-9]+")
_LEET: Final = (str.maketrans("01345789", "oieastbg"), str.maketrans("01345789", "oleastbg"))
_OVERRIDES: Final = ("\u202d", "\u202e", "<bdo", "bidi-override", "isolate-override")


class Forms(NamedTuple):
    """`read`: the texts, then their forms; `leet`: those of them whose digits may be letters.

    Not `whole`: there would be more forms than are looked at, so that nobody can say what the texts
    do not ask.
    """

    read: tuple[str, ...]
    leet: Collection[str]
    whole: bool


def forms_of(values: tuple[str, ...]) -> Forms:
    """The forms of texts; an end of one is an end of its text.

    Time linear in the texts. Beside the forms without markup there are `FORMS_CHARS_MAX` characters
    of them at the most, and folding adds `GROWTH_MAX` to all of them.
    """
    size = sum(map(len, values))
    if size * len(_LEET) <= FORMS_CHARS_MAX and not _has_forms("\n".join(values)):
        return Forms(values, values, whole=True)  # as almost all are
    read = dict.fromkeys(values)
    leet: dict[str, None] = {}
    room, grown = FORMS_CHARS_MAX, 0
    for value in values:
        held = len(read)
        forms = _plain_forms(value, read)
        grown += sum(map(growth, [*read][held:]))
        if grown > GROWTH_MAX:
            return Forms(tuple(read)[:held], frozenset(leet), whole=False)
        for form in forms:
            if form in leet:
                continue
            digits = len(_LEET) if _ANY_DIGIT.search(form) else 0
            room -= len(form) * (digits + (form not in read))
            grown += growth(form) * (form not in read)
            if room < 0 or grown > GROWTH_MAX:
                return Forms(tuple(read), frozenset(leet), whole=False)
            read[form] = leet[form] = None
    return Forms(tuple(read), frozenset(leet), whole=True)


def _plain_forms(value: str, read: dict[str, None]) -> Iterable[str]:
    """A text and what its encodings stand for; its forms without markup go to `read`.

    Nothing is taken away from one of them, most from the others: what a lone `<` and `>` take away
    stands in the first.
    """
    written = resolved(value)
    forms = [form.strip() for form in read_forms(value, written=written)]
    if not forms:
        return dict.fromkeys((value, *_undone_forms((value,))))
    read.update(dict.fromkeys(forms))
    written = written.strip() if "&" in value else value
    unlike = dict.fromkeys((written, *forms[-_LAST:]))
    return dict.fromkeys((written, *_undone_forms(unlike)))


def _undone_forms(texts: Iterable[str]) -> Iterable[str]:
    """Each text undone, and without the markup that this makes (`v%3Cb%3Epn`)."""
    for text in texts:
        plain = undone(text)
        yield plain
        if any(plain.count(sign) > text.count(sign) for sign in "<&"):
            yield from (form.strip() for form in read_forms(plain))


def undone(text: str) -> str:
    """`text` with its escapes and its runs of base64 undone, as far as they are text."""
    escaped = "%" in text or "\\" in text
    if not escaped and not _may_hold_run(text):
        return text
    if escaped:
        for _ in range(_ESCAPED_MAX):
            text = _NUMBERED.sub(_numbered, _ESCAPES.sub(_unescaped, text))
    return _RUN.sub(_unpacked, text)


def _has_forms(text: str) -> bool:
    """Whether a text may have other forms than those of digits, or one of texts apart by lines."""
    return has_markup(text) or "%" in text or "\\" in text or _may_hold_run(text)


def _may_hold_run(text: str) -> bool:
    """Whether there is a run at all; far cheaper than to look for it with `_RUN`."""
    return _RUN_MIN in text.encode("ascii", "replace").translate(_IN_RUNS)


def has_digit(folded_text: str) -> bool:
    """Whether a folded text may have forms of digits at all; far cheaper than to make them."""
    data = folded_text.encode("ascii", "replace")
    return len(data.translate(None, _DIGITS)) < len(data)


def leet_forms(folded_text: str) -> tuple[str, ...]:
    """A folded text with the digits of each word that has letters too as letters; a 1 is i or l.

    In all of the text it is the one or the other: `1ocal adm1n` is not read as both.

    None where no word mixes them. Only its words are kept, apart by spaces.
    """
    if not has_digit(folded_text) or _MIXED.search(folded_text) is None:
        return ()
    tokens = _TOKEN.findall(folded_text)
    known = " ".join(tokens)
    forms: dict[str, None] = {}
    for table in _LEET:
        read = _TOKEN.findall(folded_text.translate(table))
        words = [old if old.isdigit() else new for old, new in zip(tokens, read, strict=True)]
        forms[" ".join(words)] = None
    forms.pop(known, None)
    return tuple(forms)


def overridden(texts: tuple[str, ...]) -> str:
    """What makes a text run in another direction than it is written; empty where nothing does.

    A character that overrides the direction (UAX 9 §2.2), or the markup that does the same.
    Isolates and embeddings leave each word as it is: right-to-left languages are written so.
    """
    together = "\n".join(texts)
    if "<" not in together and not any(sign in together for sign in _OVERRIDES):
        return ""  # as almost always
    for text in texts:
        for sign in _OVERRIDES:
            if sign in text or ("<" in text and sign in text.lower()):
                return sign if sign.isprintable() else f"U+{ord(sign):04X}"
    return ""


def _unescaped(found: re.Match[str]) -> str:
    """What escapes that follow each other stand for in UTF-8 (RFC 3986 §2.1)."""
    return bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")


def _numbered(found: re.Match[str]) -> str:
    """The character of a number; a lone half of one beyond 65,535 stays what it is."""
    char = chr(int(found[1] or found[2] or found[3], 16))
    return char if char.isprintable() or char.isspace() else found[0]


def _unpacked(found: re.Match[str]) -> str:
    """The text that a run of base64 holds; the run itself where it holds none."""
    run = found[0].translate(_OF_URLS)
    if len(run) % _GROUP == 1:  # no bytes end so: the last one is of something else
        run = run[:-1]
    raw = binascii.a2b_base64(run + "=" * (-len(run) % _GROUP))
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        return found[0]
    return text if "".join(text.split()).isprintable() else found[0]
