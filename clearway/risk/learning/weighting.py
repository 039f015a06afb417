"""Learning from what was examined about what was not: inverse propensity weights.

Officers open what looks suspicious, so the results that a model learns from are not those of all
goods. A result weighs as one over the probability that its item was examined (Horvitz and
Thompson, JASA 1952), clipped, so that one lucky find among the never examined does not rule the
model: clipping trades a little bias for much variance. The probability is the one that selection
logged; a history from before the log has it estimated from what was examined and what was not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from clearway.risk.learning.boosting import threads_of
from clearway.risk.learning.material import Flags, Floats, Material

MOST_WEIGHT = 20.0
# Logged for so many of the results, the log is trusted; else the propensity is estimated.
_LOGGED_SHARE = 0.9
# With nearly all examined there is nothing to weigh, and with nearly none nothing to learn by.
_ESTIMATED = (0.002, 0.95)
_MOST_ROWS = 400_000
_ROUNDS = 40
_PARAMS = {
    "objective": "binary",
    "learning_rate": 0.1,
    "num_leaves": 15,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.5,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each row's result counts.

    Args:
        form: `logged`, `estimated` or `none`.
        of: shape (rows,), mean 1 over the labelled; 1 where there is no result.
        effective: rows that the weighed results are worth: sum squared over sum of squares (Kish,
            Survey Sampling 1965).
    """

    form: str
    of: Floats
    effective: float


def weigh(material: Material, params: dict[str, Any]) -> Weights:
    """Return the weights of all results.

    Args:
        params: seed and threads of LightGBM, for where the propensity must be estimated.
    """
    labelled = material.labelled
    logged = labelled & (material.propensity > 0.0)
    share = float(labelled[material.examinable].mean())
    if logged.sum() >= _LOGGED_SHARE * labelled.sum():
        return from_propensity("logged", material.propensity, labelled)
    if _ESTIMATED[0] <= share <= _ESTIMATED[1]:
        return from_propensity("estimated", _estimated(material, params), labelled)
    return Weights("none", np.ones(len(labelled)), float(labelled.sum()))


def from_propensity(form: str, propensity: Floats, labelled: Flags) -> Weights:
    """Return clipped inverse propensities, with mean 1 over the labelled.

    Args:
        propensity: of examination, 0 < p <= 1; NaN or 0: unknown, weighs as the mean of the others.
        labelled: rows with a result.
    """
    known = labelled & (propensity > 0.0)
    weights = np.ones(len(labelled))
    inverse = 1.0 / propensity[known].clip(1e-6, 1.0)
    # The clip follows the usual weight: what counts is how much more than others a row may say.
    weights[known] = inverse.clip(None, MOST_WEIGHT * float(np.median(inverse)))
    weights[known] /= weights[known].mean() if known.any() else 1.0
    total, squares = weights[labelled].sum(), np.square(weights[labelled]).sum()
    return Weights(form, weights, float(total * total / squares))


def _estimated(material: Material, params: dict[str, Any]) -> Floats:
    """Return the estimated probability that each row was examined."""
    import lightgbm

    rows = np.flatnonzero(material.examinable)
    rows = rows[-_MOST_ROWS:]
    merged = {**_PARAMS, **threads_of(params, len(rows))}
    target = material.labelled[rows].astype(np.float64)
    data = lightgbm.Dataset(material.matrix[rows], target, params=merged)
    model = lightgbm.train(merged, data, _ROUNDS)
    estimate = np.full(len(material.labelled), np.nan)
    estimate[material.labelled] = model.predict(material.matrix[material.labelled])
    return estimate
