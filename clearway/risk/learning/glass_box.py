"""Learning a glass box: an explainable boosting machine, written down as plain numbers.

Source: Nori et al., InterpretML (2019). The library (extra `analysis`) is needed to learn only;
`estimators.glass_box` evaluates what is sealed.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from clearway.errors import InputError
from clearway.risk.estimators.glass_box import GlassBox, GlassBoxEstimator, Term, emit
from clearway.risk.learning.boosting import Effort
from clearway.risk.learning.material import Flags, Floats, Material

# Rows beyond these change no curve that a person could see, and cost minutes.
_MOST_ROWS = 200_000
_BINS = 128
_PAIR_BINS = 16
_PAIRS = 8
_BAGS = 2
_LEARNING_RATE = 0.05
_ROUNDS_A_TREE = 20


@dataclass(frozen=True, slots=True)
class Boxed:
    """A glass box that was learnt.

    Args:
        text: as sealed.
        rounds: of boosting, over all terms.
        engine: library and version.
    """

    text: str
    rounds: int
    engine: str

    def predict(self, matrix: Floats) -> Floats:
        """Return the raw answer for each row."""
        return GlassBoxEstimator(self.text).predict(matrix)


def fit(
    material: Material, weights: Floats, rows: Flags, effort: Effort, names: tuple[str, ...]
) -> Boxed:
    """Return the glass box of the probability, of the newest 200,000 of these rows at most.

    Raises: InputError: the library is not installed.
    """
    return _fit("ExplainableBoostingClassifier", material.illicit, material, weights, rows, effort,
                names)  # fmt: skip


def fit_severity(
    material: Material, weights: Floats, rows: Flags, effort: Effort, names: tuple[str, ...]
) -> Boxed:
    """Return the glass box of what a find brings; `rows` are finds that brought something.

    Raises: InputError: the library is not installed.
    """
    return _fit("ExplainableBoostingRegressor", material.revenue, material, weights, rows, effort,
                names, objective="gamma_deviance")  # fmt: skip


def _fit(
    machine: str,
    target: npt.NDArray[Any],
    material: Material,
    weights: Floats,
    rows: Flags,
    effort: Effort,
    names: tuple[str, ...],
    **objective: str,
) -> Boxed:
    try:
        import interpret
        from interpret import glassbox
    except ImportError as absent:
        raise InputError(
            "A glass box is learnt with interpret-core, which is not installed;"
            " pip install 'clearway[analysis]', or `make dev` in a clone"
        ) from absent
    places = np.flatnonzero(rows)[-_MOST_ROWS:]
    # A column that says the same of every item, or nothing, bends no curve.
    varied = [place for place in range(len(names)) if _varies(material.matrix[places, place])]
    learner = getattr(glassbox, machine)(
        feature_names=[names[place] for place in varied],
        feature_types=["continuous"] * len(varied),
        max_bins=_BINS,
        max_interaction_bins=_PAIR_BINS,
        interactions=_PAIRS,
        outer_bags=_BAGS,
        learning_rate=_LEARNING_RATE,
        max_rounds=effort.most_rounds * _ROUNDS_A_TREE,
        random_state=effort.params["seed"],
        n_jobs=1,
        **objective,
    )
    effort.progress("glass box", 0.01)
    with warnings.catch_warnings():
        # Its own pictures leave out what is unknown; `shapes` shows that bin first.
        warnings.filterwarnings("ignore", message="Missing values detected")
        rows_of = material.matrix[places][:, varied]
        learner.fit(rows_of, target[places], sample_weight=weights[places])
    effort.progress("glass box", 1.0)
    rounds = int(np.sum(learner.best_iteration_))
    box = replace(written(learner, names, varied), link="log" if objective else "logit")
    return Boxed(emit(box), rounds, f"interpret-core {interpret.__version__}")


def _varies(column: Floats) -> bool:
    known = column[~np.isnan(column)]
    return bool(len(known)) and bool(np.ptp(known) > 0.0)


def written(machine: Any, names: tuple[str, ...], columns: Sequence[int]) -> GlassBox:
    """Return the numbers of a fitted machine, of two classes or of an amount.

    Args:
        machine: of interpret, fitted on continuous features.
        names: of all columns.
        columns: place among them of each feature of the machine.
    """
    terms: list[Term] = []
    for features, scores in zip(machine.term_features_, machine.term_scores_, strict=True):
        levels = [machine.bins_[feature] for feature in features]
        # A pair has coarser bins than a curve, where the library made such.
        cuts = [each[min(len(features), len(each)) - 1] for each in levels]
        # Its last bin of each axis is for text that is no number, which no feature of ours is.
        known = np.asarray(scores)[tuple(slice(0, len(cut) + 2) for cut in cuts)]
        terms.append(
            Term(
                tuple(columns[feature] for feature in features),
                tuple(tuple(float(bound) for bound in cut) for cut in cuts),
                tuple(known.ravel().tolist()),
            )
        )
    return GlassBox(names, float(np.ravel(machine.intercept_)[0]), tuple(terms))
