"""Training: weights from labelled texts, without any randomness.

Logistic regression by plain stochastic gradient descent over words and pairs, weights held at
nought or more. Examples are visited in the order of their digests and features in alphabetical
order. The threshold reaches `RECALL` on scores that the training part gave itself in folds
(each example scored by weights that never saw it); what is reported is measured on folds that saw
neither training nor threshold.
"""

import math
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from ticketgate.domain.text.text_forms import forms_of
from ticketgate.domain.text.weights import features, is_feature

FOLDS: Final = 5
RECALL: Final = 0.97
EXAMPLES_MIN: Final = 20  # of each side
FEATURES_MAX: Final = 4_000
SEEN_MIN: Final = 2  # a word must stand in so many examples
_EPOCHS: Final = 30
_RATE: Final = 0.5
_DECAY: Final = 0.002  # per visit, of the weights that the example has
_THOUSAND: Final = 1_000


class Example(NamedTuple):
    """The texts of one ticket, and whether it is an identity event."""

    texts: tuple[str, ...]
    positive: bool


class Counts(NamedTuple):
    """How often a verdict and a label agree, and how not."""

    tp: int
    fp: int
    fn: int
    tn: int

    @property
    def precision(self) -> float | None:
        """The share of right ones among those told positive; None of none."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """The share of those labelled positive that were told; None of none."""
        return _share(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of both."""
        return _share(2 * self.tp, 2 * self.tp + self.fp + self.fn)


class Trained(NamedTuple):
    """Weights and threshold in thousandths, and what they did to examples they had not seen."""

    weights: dict[str, int]
    threshold: int
    held_out: Counts


class _Row(NamedTuple):
    digest: str
    found: tuple[str, ...]
    positive: bool


class _Fit(NamedTuple):
    weights: dict[str, int]
    threshold: int


def count(pairs: Sequence[tuple[bool, bool]]) -> Counts:
    """Counts of (labelled positive, told positive)."""
    found = Counter(pairs)
    return Counts(found[True, True], found[False, True], found[True, False], found[False, False])


def train(examples: Sequence[Example]) -> Trained:
    """Weights from examples.

    Raises:
        ValueError: fewer than `EXAMPLES_MIN` different texts on a side.
    """
    rows = _rows(examples)
    positives = sum(row.positive for row in rows)
    if min(positives, len(rows) - positives) < EXAMPLES_MIN:
        raise ValueError(
            f"{positives} identity events and {len(rows) - positives} others: weights need at "
            f"least {EXAMPLES_MIN} different texts of each"
        )
    told: list[tuple[bool, bool]] = []
    for fold in range(FOLDS):
        fit = _fit([row for row in rows if _fold(row, "outer") != fold])
        kept = [row for row in rows if _fold(row, "outer") == fold]
        told += [(row.positive, _score(row, fit.weights) >= fit.threshold) for row in kept]
    whole = _fit(rows)
    return Trained(whole.weights, whole.threshold, count(told))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _rows(examples: Sequence[Example]) -> list[_Row]:
    """Each text once, by digest; a text labelled both ways is positive."""
    found: dict[str, _Row] = {}
    for one in examples:
        digest = sha256("\0".join(one.texts).encode("utf-8", "replace")).hexdigest()
        known = found.get(digest)
        positive = one.positive or (known is not None and known.positive)
        words = features(forms_of(one.texts).read)
        names = tuple(sorted(filter(is_feature, words)))
        found[digest] = _Row(digest, names, positive)
    return [found[digest] for digest in sorted(found)]


def _fold(row: _Row, use: str) -> int:
    return sha256(f"{use} {row.digest}".encode()).digest()[0] % FOLDS


def _fit(rows: Sequence[_Row]) -> _Fit:
    """Weights of all rows; the threshold from scores by weights that had not seen the row."""
    scores: list[tuple[int, bool]] = []
    for fold in range(FOLDS):
        weights = _descend([row for row in rows if _fold(row, "inner") != fold])
        kept = [row for row in rows if _fold(row, "inner") == fold]
        scores += [(_score(row, weights), row.positive) for row in kept]
    return _Fit(_descend(rows), _threshold(scores))


def _threshold(scores: Sequence[tuple[int, bool]]) -> int:
    """Half way from the score that `RECALL` of the positive ones reach to the next other one below.

    Nothing of what was scored lies between, so going down there costs no precision. At least 1.
    """
    positive = sorted((score for score, label in scores if label), reverse=True)
    needed = positive[math.ceil(len(positive) * RECALL) - 1]
    below = max((score for score, label in scores if not label and score < needed), default=0)
    return max(1, (needed + below + 1) // 2)


def _score(row: _Row, weights: dict[str, int]) -> int:
    return sum(weights.get(name, 0) for name in row.found)


def _descend(rows: Sequence[_Row]) -> dict[str, int]:
    seen = Counter(name for row in rows for name in row.found)
    ranked = sorted(seen, key=lambda name: (-seen[name], name))
    chosen = frozenset(name for name in ranked[:FEATURES_MAX] if seen[name] >= SEEN_MIN)
    names = [(tuple(name for name in row.found if name in chosen), row.positive) for row in rows]
    weights = dict.fromkeys(sorted(chosen), 0.0)
    bias = -1.0
    for epoch in range(_EPOCHS):
        rate = _RATE / (1 + epoch)
        for found, positive in names:
            total = bias + math.fsum(weights[name] for name in found)
            step = rate * ((1.0 if positive else 0.0) - _logistic(total))
            bias += step
            for name in found:
                weights[name] = max(0.0, weights[name] * (1 - _DECAY) + step)
    whole = {name: round(weight * _THOUSAND) for name, weight in weights.items()}
    return {name: weight for name, weight in whole.items() if weight}


def _logistic(total: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
