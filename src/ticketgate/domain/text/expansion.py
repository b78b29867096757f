"""Expansion: how much longer folding makes a text than it is written (domain/text/folding.py).

One character can stand for a whole phrase: U+FDFA is eighteen letters. A ticket of such characters
would cost many times what its length says, so beyond a limit its text counts as unread.
"""

import unicodedata
from typing import Final

GROWTH_MAX: Final = 60_000  # characters that folding may add to the texts of a field
_LONG_FROM: Final = 3  # letters of one character: more than the bytes that most of these take
_MARKS: Final = frozenset({"Mn", "Me"})  # accents, which folding leaves out
_CACHED_MAX: Final = 65_536  # characters whose length is remembered


class _Lengths(dict[str, int]):
    """How many letters each character stands for, found when it is first met."""

    def __missing__(self, char: str) -> int:
        parts = unicodedata.normalize("NFKD", char)
        found = sum(unicodedata.category(one) not in _MARKS for one in parts)
        if len(self) < _CACHED_MAX:
            self[char] = found
        return found


_LENGTHS: Final = _Lengths()


def growth(text: str) -> int:
    """How many characters folding adds to a text, of those that stand for three or more.

    Time linear in the text: few hundred characters do (UAX 15), and each is counted once.
    """
    if text.isascii():
        return 0
    found = 0
    for char in set(text):
        letters = _LENGTHS[char]
        if letters >= _LONG_FROM:
            found += text.count(char) * (letters - 1)
    return found
