"""The glass box: a sum of curves that a person can read, evaluated without any library.

    sum = intercept + the score of each term, looked up in the bin of its feature
    (a term of two features looks up a square of their bins)
    link logit: the sum is the log-odds of the answer; link log: it is the logarithm of it

The form follows generalised additive models with interactions (Lou et al., Accurate intelligible
models with pairwise interactions, KDD 2013), as explainable boosting machines learn them; whoever
learnt it is not needed to use it. Sealed as plain JSON:

    {"features": [...], "intercept": -3.1,
     "terms": [{"features": [3], "cuts": [[0.5, 2.0]], "scores": [0.0, -0.2, 0.1, 0.4, 0.0]}, ...]}

Bin 0 is what is unknown, bin i holds values from cut i-1 on, up to cut i; scores of a pair stand
row by row, first feature outermost.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Literal

import msgspec
import numpy as np

from clearway.errors import VerificationError
from clearway.risk.estimators.trees import Floats

# A form with more is no form that a person reads, nor one that we wrote.
MOST_TERMS = 2_000
MOST_SCORES = 5_000_000


@dataclass(frozen=True, slots=True)
class Term:
    """One curve, or one square of two features.

    Args:
        features: columns, one or two.
        cuts: rising bounds of the bins, for each feature.
        scores: log-odds of each bin, the unknown first; of a pair row by row.
    """

    features: tuple[int, ...]
    cuts: tuple[tuple[float, ...], ...]
    scores: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GlassBox:
    """The whole model.

    Args:
        features: names of the columns.
        intercept: sum of an ordinary item.
        terms: what is added.
        link: `logit` for a probability, `log` for an amount.
    """

    features: tuple[str, ...]
    intercept: float
    terms: tuple[Term, ...]
    link: Literal["logit", "log"] = "logit"


@dataclass(frozen=True, slots=True)
class Shape:
    """A term as a policy page shows it.

    Args:
        features: names.
        cuts: bounds of the bins, for each feature.
        scores: log-odds that each bin adds, the unknown first.
        range: between the lowest and the highest score: how much the term can matter.
    """

    features: tuple[str, ...]
    cuts: tuple[tuple[float, ...], ...]
    scores: tuple[float, ...]
    range: float


def emit(box: GlassBox) -> str:
    """Return the JSON text of a glass box."""
    return msgspec.json.encode(box).decode()


def parse(text: str) -> GlassBox:
    """Return the glass box of a text.

    Raises: VerificationError: it has another form, or a term does not fit its bins.
    """
    try:
        box = msgspec.json.decode(text, type=GlassBox)
    except (msgspec.ValidationError, msgspec.DecodeError) as broken:
        raise VerificationError(f"The glass box cannot be read: {broken}") from broken
    if len(box.terms) > MOST_TERMS or sum(len(term.scores) for term in box.terms) > MOST_SCORES:
        raise VerificationError(
            f"The glass box has more than {MOST_TERMS} terms or {MOST_SCORES} scores"
        )
    for number, term in enumerate(box.terms):
        _require_whole(number, term, len(box.features))
    return box


def _require_whole(number: int, term: Term, columns: int) -> None:
    shape = [len(cuts) + 2 for cuts in term.cuts]
    fits = (
        0 < len(term.features) == len(shape) <= 2
        and all(0 <= feature < columns for feature in term.features)
        and len(term.scores) == prod(shape)
        and all(a < b for cuts in term.cuts for a, b in pairwise(cuts))
    )
    if not fits:
        raise VerificationError(f"Term {number} of the glass box does not fit its bins")


def shapes(text: str) -> tuple[Shape, ...]:
    """Return the terms for people, the one that can matter most first."""
    box = parse(text)
    found = [
        Shape(
            tuple(box.features[place] for place in term.features),
            term.cuts,
            term.scores,
            max(term.scores) - min(term.scores),
        )
        for term in box.terms
    ]
    return tuple(sorted(found, key=lambda shape: (-shape.range, shape.features)))


class GlassBoxEstimator:
    """Evaluates a glass box.

    Raises: VerificationError: the text is no glass box.
    """

    __slots__ = ("_columns", "_intercept", "_is_amount", "_terms")

    def __init__(self, text: str) -> None:
        box = parse(text)
        self._columns = len(box.features)
        self._intercept = box.intercept
        self._is_amount = box.link == "log"
        self._terms = [
            (
                term.features,
                [np.array(cuts, dtype=np.float64) for cuts in term.cuts],
                np.array(term.scores, dtype=np.float64),
            )
            for term in box.terms
        ]

    def predict(self, matrix: Floats) -> Floats:
        """Return the probability or the amount of each row."""
        total = np.full(len(matrix), self._intercept)
        for features, cuts, scores in self._terms:
            total += scores[_bins(matrix, features, cuts)]
        return np.asarray(np.exp(total) if self._is_amount else 1.0 / (1.0 + np.exp(-total)))

    def contributions(self, matrix: Floats) -> Floats:
        """Return what each feature adds to the log-odds; a pair's score is shared by half."""
        added = np.zeros((len(matrix), self._columns))
        for features, cuts, scores in self._terms:
            score = scores[_bins(matrix, features, cuts)] / len(features)
            for feature in features:
                added[:, feature] += score
        return added


def _bins(
    matrix: Floats, features: tuple[int, ...], cuts: list[Floats]
) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return the place of each row in the scores of a term."""
    place = np.zeros(len(matrix), dtype=np.intp)
    for feature, bounds in zip(features, cuts, strict=True):
        values = matrix[:, feature]
        known = np.searchsorted(bounds, values, side="right") + 1
        place = place * (len(bounds) + 2) + np.where(np.isnan(values), 0, known)
    return place
