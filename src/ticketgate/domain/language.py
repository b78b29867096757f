"""Language: whether the rules can read a text at all. What they cannot read acquits nobody.

Three signs say that a text is in none of the languages that the policy covers; each is something
that is there, so more text never takes it away: `LETTERS_MIN` letters of another script
(`SYLLABLES_MIN` where each is a syllable or a word; a person's name has fewer);
`MARKERS_MIN` different words that only one other language has; `RUN_MIN` words on end, none of
them a small word of a covered language. Words are folded first. A short text shows no sign and
counts as covered.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ticketgate.domain.folding import folded

LETTERS_MIN: Final = 20
SYLLABLES_MIN: Final = 6
MARKERS_MIN: Final = 4
RUN_MIN: Final = 30

# Small words of each language that English has not; for `en`, those that the others have not.
_WORDS: Final = {
    code: frozenset(word for word in folded(words).split() if len(word) > 1)
    for code, words in {
        "en": "the and of that this these those with you your are have has had please can could "
        "would should from my our their when what which who be been not they there it its for "
        "is to we need cannot does did about after before into",
        "de": "und der das ist nicht ich wir sie mit auf ein eine einen dem den zu bitte kann "
        "haben wird oder auch wenn nach bei zum zur keine mehr sich wurde mein ihr unser vom",
        "fr": "le la les des une est pas je nous vous dans pour sur avec que qui ne au aux du mais "
        "votre notre bonjour merci être cette mon ma mes sont avez peux",
        "es": "el los las una que por para con del está pero como más su sus muy hola gracias "
        "favor puedo necesito tengo este esta también nuestro desde cuando",
        "it": "il lo gli che di per con una della nel sono è non si da come anche più questo "
        "grazie buongiorno mio nostra posso ho abbiamo alla dal",
        "pt": "os uma que não para com por mais como mas foi ao ele das seu sua está você "
        "obrigado preciso tenho também meu minha nos pelo pela",
        "nl": "het een van en niet ik wij dat zijn voor met op aan kan kunnen graag heb heeft "
        "deze maar ook naar bij wordt geen mijn onze dank",
        "pl": "nie się jest że na jak ale czy oraz dla proszę mam moje został tylko przez od "
        "już mnie po dziękuję które aby pan pani",
        "sv": "och det att som på är av för inte med den ett har jag till kan från vi om men hej "
        "tack min vår behöver",
        "da": "og det at som på er af for ikke med den et har jeg til kan fra vi om men hej tak "
        "min vores skal",
        "tr": "ve bir bu için ile ben çok ama değil var olarak daha gibi sonra lütfen merhaba "
        "teşekkürler benim olan yok",
        "ro": "și în nu este pentru cu care din mai sau dar vă rog am sunt mulțumesc bună acest "
        "pe să fost",
        "cs": "je na se že to ale jako pro prosím děkuji jsem není má aby nebo když už jsou",
        "hu": "az és nem hogy egy van is meg kérem köszönöm de már csak nekem vagy lehet volt",
    }.items()
}
_ALL_WORDS: Final = frozenset().union(*_WORDS.values())
_SCRIPTS: Final = {
    **dict.fromkeys(_WORDS, "latin"),
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
_LEAST: Final = {"han": SYLLABLES_MIN, "hangul": SYLLABLES_MIN}
_STARTS: Final = tuple(start for start, _ in _BLOCKS)
_APART: Final = {ord(char): " " for char in '\t\n\r.,;:!?()[]{}<>"/\\|*=+_-'}


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


def uncovered(texts: Iterable[str], codes: tuple[str, ...]) -> str:
    """The sign that a text is in a language beside `codes`, in words; empty when there is none.

    `texts` are the texts of one ticket in lower case. Time linear in them.
    """
    scripts = frozenset(_SCRIPTS[code] for code in codes)
    ours = frozenset().union(*(_WORDS.get(code, frozenset()) for code in codes))
    for text in texts:
        found = "" if text.isascii() else _other_letters(text, scripts)
        found = found or _other_words(folded(text), codes, ours)
        if found:
            return found
    return ""


def _other_letters(text: str, scripts: frozenset[str]) -> str:
    counted: dict[str, int] = {}
    for char in text:
        if char < "\u0250" or not char.isalpha():
            continue
        script = _BLOCKS[bisect_right(_STARTS, ord(char)) - 1][1]
        if script in scripts or script == "latin":
            continue
        counted[script] = counted.get(script, 0) + 1
        least = _LEAST.get(script, LETTERS_MIN)
        if counted[script] >= least:
            name = "another" if script == "other" else script
            return f"{least} letters or more of {name} script"
    return ""


def _other_words(text: str, codes: tuple[str, ...], ours: frozenset[str]) -> str:
    words = text.translate(_APART).split()
    different = _ALL_WORDS.intersection(words) - ours
    for code, markers in _WORDS.items() if len(different) >= MARKERS_MIN else ():
        found = [] if code in codes else sorted(different & markers)
        if len(found) >= MARKERS_MIN:
            return f"words of {code}: {', '.join(found[:MARKERS_MIN])}"
    run = 0
    for word in words if ours and len(words) >= RUN_MIN else ():
        if word in ours:
            run = 0
        elif word.isalpha() and word[0] < "\u0250":
            run += 1
            if run >= RUN_MIN:
                return f"{RUN_MIN} words on end, none of them a small word of {', '.join(codes)}"
    return ""
