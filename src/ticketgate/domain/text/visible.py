"""Visible text: what a ticket says, shown so that nothing in it can act on what surrounds it.

A right-to-left override turns `gpj.exe` into `exe.jpg`, a zero-width space splits a word that
the eye reads as one, a line break in a name writes a line of its own into a mail. Pages and
mails show such characters by number instead of obeying them (Unicode TR 36 §2.10, TR 39).
"""

import unicodedata
from typing import Final

_ACTING: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})  # general categories
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters that show nothing


def visible(text: str, *, lines: bool = False) -> str:
    """`text` with each character that acts or hides replaced by its number, as `⟦U+202E⟧`.

    With `lines`, line breaks (LF, CR LF) and tabs are kept; without, they are numbers as well.
    The result encodes to UTF-8 whatever came in, lone surrogates included.
    """
    if _is_visible(text):
        return text
    if lines:
        text = text.replace("\r\n", "\n")
    kept = "\n\t" if lines else ""
    return "".join(
        f"⟦U+{ord(char):04X}⟧" if char not in kept and acts(char) else char for char in text
    )


def _is_visible(text: str) -> bool:
    """Whether no character of it acts or hides; what is printable has no acting category."""
    if not text.isprintable():
        return False
    return text.isascii() or not any(blank in text for blank in _BLANK_LETTERS)


def told_chars(text: str) -> int:
    """How many letters and digits (Unicode L*, N*) that show something a text has."""
    return sum(unicodedata.category(char)[0] in "LN" and not acts(char) for char in text)


def acts(char: str) -> bool:
    """Whether a character acts on what surrounds it, or shows nothing."""
    return unicodedata.category(char) in _ACTING or char in _BLANK_LETTERS
