"""Fitting boosted trees: bounded in number and size, so that scoring keeps its pace.

Parameters were chosen on two made-up years of the simulator, by average precision and precision
at 5 % of the year's last third, among those with which one core scores 100,000 rows a second.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import lightgbm
import numpy as np

from clearway.risk.learning.material import Flags, Floats, Material

Booster: TypeAlias = Any
Progress = Callable[[str, float], None]

ENGINE = f"lightgbm {lightgbm.__version__}"

_PATIENCE = 25
_COMMON = {
    "learning_rate": 0.09,
    "num_leaves": 31,
    "min_data_in_leaf": 60,
    "feature_fraction": 0.45,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}
CLASSIFY = {**_COMMON, "objective": "binary"}
TWEEDIE = {**_COMMON, "objective": "tweedie", "tweedie_variance_power": 1.5}
# What a find brings spreads over orders of magnitude: a gamma, few leaves, since finds are few.
SEVERITY = {**_COMMON, "objective": "gamma", "num_leaves": 15, "learning_rate": 0.15}

MOST_ROUNDS = 120
MOST_ROUNDS_REVENUE = 60
# Threads wait for each other at every leaf: with fewer rows that costs more than they bring, and on
# a machine that is busy with something else very much more. Any number gives the same trees.
_LEAST_ROWS_OF_THREADS = 200_000
# Of a thin history a leaf must not ask for a large part.
_LEAST_LEAVES = 40


@dataclass(frozen=True, slots=True)
class Effort:
    """How a model is fitted, beside its objective.

    Args:
        params: seed and threads.
        most_rounds: trees at most.
        progress: told the phase and the share of it that is done.
        binned: rows already put in bins, by which rows they are: finding bins takes longer than
            the trees of a thin history, and several models learn from the same rows.
    """

    params: dict[str, Any]
    most_rounds: int
    progress: Progress
    binned: dict[bytes, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be fitted.

    Args:
        objective: LightGBM parameters.
        matrix, target, weights: all rows.
        learn, stop: rows to learn from, rows to stop by.
    """

    objective: dict[str, Any]
    matrix: Floats
    target: Floats
    weights: Floats
    learn: Flags
    stop: Flags


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Trees that are learnt by another engine.

    Args:
        fit: returns the text of the model of these rows, from material, weights and rows.
        rounds: trees.
        engine: for the card.
        estimator: that reads the text.
    """

    fit: Callable[[Material, Floats, Flags], str]
    rounds: int
    engine: str
    estimator: str


def fit(task: Task, effort: Effort) -> Booster:
    """Return the booster cut back to its best number of trees on the rows to stop by."""
    params = _params(task, task.learn, effort)
    learn, stop = task.learn, task.stop
    data = _data(task, learn, params, effort)
    check = _data(task, stop, params, effort, data)
    phase, most = str(params["objective"]), effort.most_rounds
    booster = lightgbm.train(
        params,
        data,
        most,
        valid_sets=[check],
        callbacks=[
            lightgbm.early_stopping(_PATIENCE, verbose=False),
            lambda state: effort.progress(phase, (state.iteration + 1) / most),
        ],
    )
    best = max(1, booster.best_iteration)
    return lightgbm.Booster(model_str=booster.model_to_string(num_iteration=best))


def refit(task: Task, every: Flags, rounds: int, effort: Effort, names: tuple[str, ...]) -> str:
    """Return the text of the model learnt from all of these rows, with that many trees."""
    params = _params(task, every, effort)
    data = _data(task, every, params, effort)
    data.set_feature_name(list(names))
    return text_of(lightgbm.train(params, data, rounds))


def text_of(booster: Booster) -> str:
    """Return the text of a model, but for how many threads made it: that changes no tree."""
    return re.sub(r"\[num_threads: \d+\]\n", "", booster.model_to_string())


def predict(booster: Booster, matrix: Floats) -> Floats:
    """Return the predictions of all rows."""
    return np.asarray(booster.predict(matrix), dtype=np.float64)


def predict_of(booster: Booster, matrix: Floats, rows: Flags) -> Floats:
    """Return the predictions of these rows; NaN for the others."""
    said = np.full(len(matrix), np.nan)
    said[rows] = predict(booster, matrix[rows])
    return said


def threads_of(params: dict[str, Any], rows: int) -> dict[str, Any]:
    """Return the parameters with as many threads as so many rows are worth."""
    return params if rows >= _LEAST_ROWS_OF_THREADS else {**params, "num_threads": 1}


def _params(task: Task, rows: Flags, effort: Effort) -> dict[str, Any]:
    count = int(rows.sum())
    least = max(5, min(int(task.objective["min_data_in_leaf"]), count // _LEAST_LEAVES))
    return {**task.objective, "min_data_in_leaf": least, **threads_of(effort.params, count)}


def _data(
    task: Task, rows: Flags, params: dict[str, Any], effort: Effort, reference: Any = None
) -> Any:
    """Return these rows in bins, with the targets and weights of the task."""
    least = params["min_data_in_leaf"]  # features that cannot be split so are left out
    key = hashlib.sha256(f"{id(task.matrix)} {id(reference)} {least} ".encode())
    key.update(np.packbits(rows).tobytes())
    data = effort.binned.get(key.digest())
    if data is None:
        data = lightgbm.Dataset(task.matrix[rows], reference=reference, params=params)
        effort.binned[key.digest()] = data.construct()
    data.set_label(task.target[rows])
    data.set_weight(task.weights[rows])
    return data
