"""Weights: a linear score over words, learnt from an organisation's own triaged tickets.

A word or a pair of words that follow each other has a weight of nought or more, in thousandths; a
text's score is the sum of the weights of what is in it, each counted once. As no weight is below
nought, more text never lowers a score. A score at or above the threshold only makes a ticket
uncertain that no rule speaks of. Whole numbers, so that every machine gives the same score.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from ticketgate.domain.text.folding import folded

WEIGHTS_MAX: Final = 20_000
WEIGHT_MAX: Final = 1_000_000  # thousandths
STRONGEST: Final = 5
_NOT_ASCII_WORD: Final = {
    code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "'")
}
FEATURE_CHARS_MAX: Final = 61


class Score(NamedTuple):
    """A score in thousandths, and what of the text has most of it, strongest first."""

    total: int
    strongest: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights in thousandths by word, and by pair (`one two`); scores from `threshold` on count.

    Raises:
        ValueError: too many, below nought, too large, or a threshold that everything reaches.
    """

    table: Mapping[str, int]
    threshold: int
    where: str
    line: int
    digest: str

    def __post_init__(self) -> None:
        if len(self.table) > WEIGHTS_MAX:
            raise ValueError(f"more than {WEIGHTS_MAX} weights")
        if any(not 0 <= weight <= WEIGHT_MAX for weight in self.table.values()):
            raise ValueError(f"a weight is not from 0 to {WEIGHT_MAX}")
        if self.threshold < 1:
            raise ValueError("the threshold is below 1: every text would reach it")

    def score(self, texts: Iterable[str]) -> Score:
        """The score of all texts of a ticket, in time linear in them."""
        found = features(texts) & self.table.keys()
        total = sum([self.table[one] for one in found])
        strongest = sorted(((one, self.table[one]) for one in found), key=_by_weight)
        return Score(total, tuple(strongest[:STRONGEST]))


def features(texts: Iterable[str]) -> set[str]:
    """The words of folded texts, and the pairs of words that follow each other in one text."""
    found: set[str] = set()
    for text in texts:
        words = folded(text).translate(_NOT_ASCII_WORD).split()
        found.update(words)
        found.update(map(" ".join, pairwise(words)))
    return found


def is_feature(text: str) -> bool:
    """Whether a table may have a weight for this: one or two words as `features` gives them."""
    words = text.split(" ")
    return (
        len(text) <= FEATURE_CHARS_MAX
        and len(words) <= 2  # noqa: PLR2004 -- a pair
        and all(word.replace("'", "").isalnum() for word in words)
        and folded(text) == text
    )


def _by_weight(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]
