"""Language: whether the rules can read a text at all. What they cannot read acquits nobody.

Signs say that a text is in none of the languages that the policy covers; each is something that is
there, so more text never takes it away:

- one word with which another language asks for access (domain/text/language_words.py);
- letters of another script: `LETTERS_MIN` of them (`SYLLABLES_MIN` where each is a syllable or a
  word), or, where it has capitals, one word that is not written as a name is;
- `MARKERS_MIN` different words that only one other language has, or `NEAR_MIN` of them among
  `NEAR_WORDS` words on end of which none is a small word of a covered language;
- `RUN_MIN` different words on end, of which none is one either. What holds signs or digits inside
  (`a.b.C`, `x=1`) is no word here: traces and logs have no small words in any language.

Words are folded first. A subject of a few words, a name or a product shows no sign and counts as
covered.
"""

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from ticketgate.domain.text.folding import folded
from ticketgate.domain.text.language_words import ALL_WORDS, EVERYDAY, TELLING, WORDS, AccessWords

LETTERS_MIN: Final = 20
SYLLABLES_MIN: Final = 6
MARKERS_MIN: Final = 4
NEAR_MIN: Final = 3
NEAR_WORDS: Final = 12
RUN_MIN: Final = 36

_SCRIPTS: Final = {
    **dict.fromkeys(WORDS, "latin"),
    **dict.fromkeys(("ru", "uk", "bg", "sr"), "cyrillic"),
    "el": "greek",
    "ar": "arabic",
    "fa": "arabic",
    "he": "hebrew",
    "hi": "devanagari",
    "th": "thai",
    "ko": "hangul",
    "zh": "han",
    "ja": "han",
}
LANGUAGES: Final = frozenset(_SCRIPTS)
_BLOCKS: Final = (  # where a block of letters begins, and its script; the rest is "other"
    (0x0000, "latin"), (0x0250, "latin"), (0x0300, "other"), (0x0370, "greek"),
    (0x0400, "cyrillic"), (0x0530, "other"), (0x0590, "hebrew"), (0x0600, "arabic"),
    (0x0780, "other"), (0x0900, "devanagari"), (0x0980, "other"), (0x0E00, "thai"),
    (0x0E80, "other"), (0x1100, "hangul"), (0x1200, "other"), (0x1C80, "cyrillic"),
    (0x1C90, "other"), (0x1D00, "latin"), (0x1F00, "greek"), (0x2000, "latin"),
    (0x2DE0, "cyrillic"), (0x2E00, "han"), (0x3130, "hangul"), (0x3190, "han"),
    (0xA000, "other"), (0xA640, "cyrillic"), (0xA6A0, "other"), (0xA720, "latin"),
    (0xA800, "other"), (0xAC00, "hangul"), (0xD800, "other"), (0xF900, "han"),
    (0xFB00, "latin"), (0xFB13, "other"), (0xFB1D, "hebrew"), (0xFB50, "arabic"),
    (0xFE00, "other"), (0xFF00, "latin"), (0xFF66, "han"), (0xFFA0, "hangul"),
    (0xFFE0, "other"), (0x1D400, "latin"), (0x1D800, "other"), (0x20000, "han"),
    (0x32000, "other"),
)  # fmt: skip
_CASED: Final = frozenset({"cyrillic", "greek"})
_LEAST: Final = {"han": SYLLABLES_MIN, "hangul": SYLLABLES_MIN}
_STARTS: Final = tuple(start for start, _ in _BLOCKS)
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_APART: Final = {ord(char): " " for char in '\t\n\r.,;:!?()[]{}<>"/\\|*=+_-'}
_AROUND: Final = ".,;:!?()[]{}<>\"'*=+_-"  # a word


@dataclass(frozen=True, slots=True)
class Covered:
    """The languages that the rules of a policy cover (ISO 639-1), and where it says so.

    Raises:
        ValueError: a language that is not in `LANGUAGES`, or none at all.
    """

    codes: tuple[str, ...]
    where: str
    line: int
    digest: str

    def __post_init__(self) -> None:
        if not self.codes or not LANGUAGES.issuperset(self.codes):
            raise ValueError(f"not languages that can be told: {', '.join(self.codes)}")


class _Known(NamedTuple):
    """What is asked of every text, of the languages that a policy covers."""

    codes: tuple[str, ...]
    scripts: frozenset[str]
    ours: frozenset[str]  # small words
    markers: frozenset[str]  # small words of the others
    passing: frozenset[str]  # ours, and other words that end a run
    access: AccessWords


@lru_cache(maxsize=64)
def _known(codes: tuple[str, ...]) -> _Known:
    scripts = frozenset(_SCRIPTS[code] for code in codes)
    ours = frozenset().union(*(WORDS.get(code, frozenset()) for code in codes))
    passing = ours.union(*(EVERYDAY.get(code, frozenset()) for code in codes))
    access = AccessWords(codes, sorted(LANGUAGES.difference(codes)))
    return _Known(codes, scripts, ours, ALL_WORDS - ours, passing, access)


def uncovered(texts: Iterable[str], codes: tuple[str, ...]) -> str:
    """The sign that a text is in a language beside `codes`, in words; empty when there is none.

    `texts` are the texts of one ticket as they are written. Time linear in them.
    """
    known = _known(codes)
    for text in texts:
        found = "" if text.isascii() else _other_letters(text, known)
        found = found or _other_words(folded(text), known)
        if found:
            return found
    return ""


def _other_letters(text: str, known: _Known) -> str:
    counted: dict[str, int] = {}
    for char in text:
        if char < "\u0250" or not char.isalpha():
            continue
        script = _script(char)
        if script in known.scripts or script == "latin":
            continue
        counted[script] = counted.get(script, 0) + 1
        least = _LEAST.get(script, LETTERS_MIN)
        if counted[script] >= least:
            name = "another" if script == "other" else script
            return f"{least} letters or more of {name} script"
    cased = _CASED.intersection(counted)
    if cased and any(_is_no_name(word, cased) for word in _WORD.findall(text)):
        return f"a word of {' or '.join(sorted(cased))} script that is no name"
    asked = known.access.within(text.casefold())  # of a script that is ours as well: uk, zh
    return f"asks for access in {asked}" if asked else ""


def _script(char: str) -> str:
    return _BLOCKS[bisect_right(_STARTS, ord(char)) - 1][1]


def _is_no_name(word: str, scripts: frozenset[str]) -> bool:
    """Whether a word of one of these scripts alone is not written as names are: `Иван`."""
    if any(char < "\u0250" or _script(char) not in scripts for char in word):
        return False
    return not (word[0].isupper() and word[1:].islower())


def _other_words(text: str, known: _Known) -> str:
    words = text.translate(_APART).split()
    different = frozenset(words)
    asked = known.access.among(different)
    if asked:
        return f"asks for access in {asked}"
    markers = different & known.markers
    found = _of_one_language(markers, MARKERS_MIN)
    telling = markers & TELLING
    if not found and len(telling) >= NEAR_MIN:
        found = _near(words, telling, known)
    if found:
        return found
    return _run(text.split(), known) if known.ours and len(different) >= RUN_MIN else ""


def _of_one_language(markers: Collection[str], least: int) -> str:
    for code, words in WORDS.items() if len(markers) >= least else ():
        found = sorted(words.intersection(markers))
        if len(found) >= least:
            return f"words of {code}: {', '.join(found[:least])}"
    return ""


def _near(words: list[str], markers: frozenset[str], known: _Known) -> str:
    """Markers of one language close to each other, with no small word of ours between."""
    last: dict[str, int] = {}
    for at, word in enumerate(words):
        if word in known.ours:
            last.clear()
        elif word in markers:
            last[word] = at
            near = [one for one, place in last.items() if place > at - NEAR_WORDS]
            if len(near) >= NEAR_MIN:
                found = _of_one_language(near, NEAR_MIN)
                if found:
                    return found
    return ""


def _run(words: list[str], known: _Known) -> str:
    """Words on end; what is quoted or ends a sentence is the word that it holds."""
    run: set[str] = set()
    for written in words:
        word = written if written.isalpha() else written.strip(_AROUND)
        if word in known.passing:
            run.clear()
        elif word.isalpha() and word[0] < "\u0250":
            run.add(word)
            if len(run) >= RUN_MIN:
                codes = ", ".join(known.codes)
                return f"{RUN_MIN} words on end, none of them a small word of {codes}"
    return ""
