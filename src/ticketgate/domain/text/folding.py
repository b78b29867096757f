"""Folding: text in the form in which words are looked for, so that its dress does not acquit it.

Folded: lower case; compatibility forms (full width, mathematical, ligatures), letters that look
like Latin ones (Cyrillic, Greek, Armenian, Cherokee, small capitals) and accents become the plain
letter; characters that act or show nothing vanish; line breaks and other space become a space.
Squeezed: folded, with letters and digits only, so that `p a s s w o r d`, `pass-word` and a word
broken over two lines are one word again. Every character is folded by itself, but for the parts of
a Hangul syllable, which are one first: the cost is linear, and the folding of a text is the
foldings of its parts, unless one ends within a syllable (UAX 15; domain/text/look_alikes.py).
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import Final

from ticketgate.domain.text.look_alikes import LOWER, UPPER
from ticketgate.domain.text.text_forms import has_digit, leet_forms
from ticketgate.domain.text.visible import acts

SQUEEZED_MIN: Final = 3  # letters of a phrase that is looked for in split words at all
SQUEEZED_ALONE_MIN: Final = 8  # shorter ones begin or end where words do: no mfa in "from farm"
PIECED_MIN: Final = 5  # letters of a phrase that has pieces: one of two of four begins even
_PIECE: Final = 4  # letters
_BETWEEN: Final = "\0"  # two texts; folding lets no text have it
# Of a syllable in its parts; one that is added to a whole syllable takes that away from nobody.
_JAMO: Final = re.compile("[\u1100-\u11ff]{2,}")
# One character after the other, so that each is looked at once: `\w` is `isalnum` and `_`.
_SIGNS: Final = re.compile(rf"[^\w{_BETWEEN}]+|_+")
_TOKEN: Final = re.compile(r"\w+")
_RUN: Final = re.compile(r"[^\W_]+")
_WHOLE: Final = 2  # ends of a phrase that stand where words begin and end
_CACHED_MAX: Final = 65_536  # characters whose folding is remembered: some megabytes
_PLAIN_FROM: Final = ((0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0x20000, 0x2F7FF), (0x30000, 0x3FFFF))


def folded(text: str) -> str:
    """`text` in its folded form."""
    if text.isascii():
        return text.encode().translate(_ASCII_FOLDED, _ASCII_GONE).decode()
    return _JAMO.sub(_composed, text).translate(_FOLDED)


def _composed(run: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", run[0])


def is_plain(text: str) -> bool:
    """Whether folding changes each character of an ASCII `text` for one, so that words stay."""
    return text.isascii() and len(folded(text)) == len(text)


def squeezed(text: str) -> str:
    """Only the letters and digits of a folded text, and what stands between two texts."""
    if text.isascii():
        return text.encode().translate(None, _ASCII_SIGNS).decode()
    return _SIGNS.sub("", text)


def squeezable(phrase: str) -> str | None:
    """The squeezed form of a folded phrase; None where something else than a word would be lost.

    `c++` and `a@b` would be other words without their signs, and two letters stand everywhere.
    """
    short = squeezed(phrase)
    signs = {char for char in phrase if not char.isalnum()}
    return short if len(short) >= SQUEEZED_MIN and signs <= set(" -_.'") else None


def pieces(letters: str) -> list[int]:
    """Each four letters of a squeezed text that begin at an even place, as one number.

    For a quick no: where none of the pieces of a phrase is, the phrase is not. Beyond ASCII each
    character is `?`, which no phrase with pieces has.
    """
    data = letters.encode("ascii", "replace")
    found: list[int] = []
    for start in (0, _PIECE // 2):
        end = len(data) - (len(data) - start) % _PIECE
        found += memoryview(data[start:end]).cast("I").tolist()
    return found


def pieces_of_phrase(short: str) -> tuple[int, ...]:
    """The pieces of which a text has at least one, wherever it has this squeezed phrase.

    None where the phrase is too short to have one at every place, or is not of ASCII alone.
    """
    if len(short) < PIECED_MIN or not short.isascii():
        return ()
    both = (short[:_PIECE], short[1 : 1 + _PIECE])  # one of them begins at an even place
    return tuple(memoryview(one.encode()).cast("I")[0] for one in both)


class FoldedText:
    """Texts, folded once and looked at as one in which no phrase reaches from one into the next.

    What is asked of it twice is remembered. Not for several threads.
    """

    __slots__ = ("_bounded", "_gaps", "_tokens", "_words", "squeezed", "text")

    def __init__(self, *texts: str, leet: Collection[str] = ()) -> None:
        """Of those texts that are `leet` as well, the forms that have letters for digits too."""
        parts = [folded(text) for text in texts]
        self.text = _BETWEEN.join(parts)
        if leet and has_digit(self.text):
            known = [part for text, part in zip(texts, parts, strict=True) if text in leet]
            parts += [form for part in known for form in leet_forms(part)]
            self.text = _BETWEEN.join(parts)
        self.squeezed = squeezed(self.text)
        self._gaps: frozenset[int] | None = None
        self._tokens: frozenset[str] | None = None
        self._bounded: dict[str, int] = {}
        self._words: dict[str, bool] = {}

    def has_word(self, word: str) -> bool:
        """Whether a folded `word` stands in it with no letter, digit or underscore beside it."""
        if word.isalnum():
            if self._tokens is None:
                self._tokens = _tokens(self.text)
            return word in self._tokens
        found = self._words.get(word)
        if found is None:
            found = self._words[word] = has_word(self.text, word)
        return found

    def has_split_word(self, short: str) -> bool:
        """Whether a squeezed word stands in it from the start of a word to the end of one.

        An underscore is between words here: it is one of the signs that split them.
        """
        return self._split(short) == _WHOLE

    def has_split_edge(self, short: str) -> bool:
        """Whether it stands in it from the start of a word, or to the end of one."""
        return self._split(short) > 0

    def _split(self, short: str) -> int:
        found = self._bounded.get(short)
        if found is None:
            found = self._bounded[short] = self._find_split(short)
        return found

    def _find_split(self, short: str) -> int:
        if self._gaps is None:
            self._gaps = _gaps(self.text)
        gaps, text, size, found = self._gaps, self.squeezed, len(short), 0
        at = text.find(short)
        while at >= 0:
            found = max(found, (at in gaps) + (at + size in gaps))
            if found == _WHOLE:
                break
            at = text.find(short, at + 1)
        return found


def apart(texts: str) -> list[str]:
    """The texts, or the squeezed texts, of which a `FoldedText` is made."""
    return texts.split(_BETWEEN)


def has_word(text: str, word: str) -> bool:
    """Whether `word` stands in `text` with no letter, digit or underscore next to it."""
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        before, after = text[at - 1 : at], text[end : end + 1]
        if not (before.isalnum() or before == "_" or after.isalnum() or after == "_"):
            return True
        at = text.find(word, at + 1)
    return False


def _tokens(text: str) -> frozenset[str]:
    """The longest runs of letters, digits and underscores."""
    if text.isascii():
        return frozenset(text.encode().translate(_ASCII_APART).decode().split())
    return frozenset(_TOKEN.findall(text))


def _gaps(text: str) -> frozenset[int]:
    """Where in the squeezed text words begin and end."""
    found: set[int] = set()
    start = 0
    for part in text.split(_BETWEEN):
        ends = list(accumulate(map(len, _runs(part)), initial=start))
        found.update(ends)
        start = ends[-1] + len(_BETWEEN)
    return frozenset(found)


def _runs(text: str) -> Sequence[str | bytes]:
    """The longest runs of letters and digits; of ASCII text as bytes, which are as long."""
    if text.isascii():
        return text.encode().translate(_ASCII_RUNS).split()
    return _RUN.findall(text)


def _fold_char(char: str) -> str:
    if char.isspace():
        return " "
    if acts(char):
        return ""
    if char in UPPER:
        return UPPER[char]
    if not unicodedata.decomposition(char) and char.casefold() == char:
        return "" if _is_mark(char) else LOWER.get(char, char)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    kept = [
        LOWER.get(one, UPPER.get(one, one)) for one in plain if not (_is_mark(one) or acts(one))
    ]
    return "".join(kept)


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Me"}


class _Folded(dict[int, str | int]):
    """The folding of each character by its number, found when it is first met."""

    def __missing__(self, code: int) -> str | int:
        if any(first <= code <= last for first, last in _PLAIN_FROM):
            return code
        found = _fold_char(chr(code))
        if len(self) < _CACHED_MAX:
            self[code] = found
        return found


_FOLDED: Final = _Folded({code: _fold_char(chr(code)) for code in range(128)})
# The same for text of ASCII alone, byte by byte: a byte becomes another one, or goes.
_ASCII: Final = tuple(chr(code) for code in range(128))
_ASCII_GONE: Final = "".join(char for char in _ASCII if not _fold_char(char)).encode()
_ASCII_FOLDED: Final = "".join(_fold_char(char) or char for char in _ASCII).encode() + bytes(128)
_ASCII_SIGNS: Final = "".join(
    char for char in _ASCII if not (char.isalnum() or char == _BETWEEN)
).encode()
_ASCII_APART: Final = "".join(
    char if char.isalnum() or char == "_" else " " for char in _ASCII
).encode() + bytes(128)
_ASCII_RUNS: Final = _ASCII_APART.replace(b"_", b" ")
