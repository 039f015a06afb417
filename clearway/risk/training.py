"""Training a model from history, in the order of time.

    history -> replay (features as they were, snapshot at the cut-off)
    oldest 70 % of the results: learn | next 15 %: stop early, calibrate | last 15 %: measure
    then once more on all results, with the number of trees found, and seal

The last period is measured with a model that has not seen it. The sealed model has learnt from it,
with the same parameters, because the newest fraud is what it must know. Results count as known
from their `known_at` on, and an item that nobody examined teaches no result.

Same rows, seed and versions give the same model, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt
import polars as pl

from clearway.errors import RuleViolation
from clearway.ledger.columns import to_microseconds
from clearway.risk import calibration, snapshot
from clearway.risk.card import Metric, ModelCard
from clearway.risk.evaluate import calibration_error, measure
from clearway.risk.features import COLUMN, NAMES
from clearway.risk.formats import history
from clearway.risk.replay import Replayed, Seen, replay
from clearway.risk.scoring import (
    FORMAT,
    Artefact,
    Floats,
    Scale,
    seal,
)
from clearway.terms.period import require_utc

Flags = npt.NDArray[np.bool_]
Booster = Any
Progress = Callable[[str, float], None]

# Fewer results teach noise; fewer finds can neither be calibrated nor measured.
LEAST_RESULTS = 200
LEAST_FOUND = 20
_LEAST_FOUND_LATER = 5

_PATIENCE = 40
_COMMON = {
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 2.0,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
}
_CLASSIFY = {**_COMMON, "objective": "binary"}
_REVENUE = {**_COMMON, "objective": "tweedie", "tweedie_variance_power": 1.5}

# Fine steps at the top, where capacity lies: 3 of 100, not half of all.
_GRID = (*np.linspace(0.0, 0.9, 91).tolist(), *(1.0 - np.geomspace(0.09, 0.0002, 60)).tolist(), 1.0)


_UNSET = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Material:
    """Features and results, one row per item of history."""

    matrix: Floats
    mrn: Sequence[str]
    illicit: Flags
    revenue: Floats
    value: Floats
    learn: Flags
    stop: Flags
    last: Flags
    labelled: Flags
    recent: Flags


@dataclass(frozen=True, slots=True)
class _Effort:
    """How a model is fitted, beside its objective."""

    params: dict[str, Any]
    most_rounds: int
    progress: Progress


def _quiet(phase: str, share: float) -> None:
    """Tell nobody."""


def train(
    frame: pl.DataFrame,
    *,
    seed: int,
    now: datetime,
    progress: Progress = _quiet,
    revenue_weight: float = 0.3,
    threads: int = 1,
    most_rounds: int = 600,
) -> Artefact:
    """Return a sealed model trained on a history.

    Args:
        frame: columns of `formats.history.SCHEMA`.
        seed: of everything drawn in the training.
        now: aware UTC; its day and what comes after is not looked at: the cut-off is the
            midnight before.
        progress: called with the phase and the share of it that is done.
        revenue_weight: weight of expected revenue beside probability in the ranking; 0: none.
        threads: of LightGBM; any number gives the same model. More than are idle make it slower.
        most_rounds: trees of each model at most; it mostly stops earlier.

    Raises: BadTerm: `now` is not in UTC. MalformedMessage: a column is missing. RuleViolation: too
    few results or finds to learn from.
    """
    cut_off = require_utc("now", now).replace(hour=0, minute=0, second=0, microsecond=0)
    past = history.conform(frame).filter(pl.col("accepted_at") < cut_off)
    until = to_microseconds(cut_off)
    rows = history.seen(past, until)
    replayed = replay(rows, until, progress=lambda share: progress("history", share))
    material = _material(rows, replayed)
    effort = _Effort({"seed": seed, "num_threads": threads}, most_rounds, progress)
    fitted = _fit(material, effort)
    card = replace(
        _card(material, fitted),
        trained_at=now,
        cut_off=cut_off,
        seed=seed,
        revenue_weight=revenue_weight,
        data=history.digest(past),
    )
    card = _measured(_levelled(card, material, fitted), material, fitted)
    model, revenue = _refit(material, fitted, effort)
    return seal(card, model, revenue, snapshot.take(replayed.memory))


def _card(material: _Material, fitted: _Fitted) -> ModelCard:
    """Return the card with what the material tells; the caller fills in the rest."""
    return ModelCard(
        format=FORMAT,
        trained_at=_UNSET,
        cut_off=_UNSET,
        seed=0,
        rows=len(material.labelled),
        labelled=int(material.labelled.sum()),
        illicit=int(material.illicit.sum()),
        features=NAMES,
        rounds=fitted.rounds,
        calibration=fitted.points,
        grid=_GRID,
        probability_levels=(),
        revenue_levels=(),
        score_levels=(),
        loss_share=_loss_share(material),
        revenue_weight=0.0,
        metrics=(),
        data="",
        engine=f"lightgbm {lightgbm.__version__}",
    )


def _material(rows: Sequence[Seen], replayed: Replayed) -> _Material:
    at = np.array([row.at for row in rows], dtype=np.int64)
    labelled = np.array([row.illicit is not None for row in rows], dtype=np.bool_)
    known = np.array([row.known_at for row in rows], dtype=np.int64)
    illicit = np.array([row.illicit is True for row in rows], dtype=np.bool_)
    _require_enough(labelled, illicit, "the history")
    first, second = np.quantile(at[labelled], [0.7, 0.85])
    material = _Material(
        matrix=replayed.matrix,
        mrn=[row.goods.mrn for row in rows],
        illicit=illicit,
        revenue=np.nan_to_num(np.array([row.extra_revenue for row in rows]), nan=0.0).clip(0.0),
        value=np.nan_to_num(np.array([row.goods.value_eur for row in rows]), nan=0.0),
        learn=labelled & (at < first) & (known < first),
        stop=labelled & (at >= first) & (at < second),
        last=labelled & (at >= second),
        labelled=labelled,
        recent=at >= first,
    )
    _require_enough(material.learn, illicit, "its oldest 70 %")
    for part, name in ((material.stop, "next 15 %"), (material.last, "last 15 %")):
        if (illicit & part).sum() < _LEAST_FOUND_LATER or not (part & ~illicit).any():
            raise RuleViolation(
                f"The history is too thin to be measured: its {name} must hold at least"
                f" {_LEAST_FOUND_LATER} items found not conform, and some found conform"
            )
    return material


def _require_enough(part: Flags, illicit: Flags, name: str) -> None:
    results, found = int(part.sum()), int((part & illicit).sum())
    if results < LEAST_RESULTS or found < LEAST_FOUND or results == found:
        raise RuleViolation(
            f"The history is too thin to learn from: {name} holds {results} results of"
            f" examinations, {found} of them not conform; {LEAST_RESULTS} and {LEAST_FOUND} are"
            " needed, and some must be conform. Work by profiles and the random share until then",
            results=results,
            found=found,
        )


@dataclass(frozen=True, slots=True)
class _Fitted:
    """Models that have not seen the last period, and what they say of every row."""

    rounds: int
    revenue_rounds: int
    probability: Floats
    expected: Floats | None
    points: tuple[calibration.Point, ...]


def _fit(material: _Material, effort: _Effort) -> _Fitted:
    learn, stop = material.learn, material.stop
    label = material.illicit.astype(np.float64)
    model = _boost(material, _CLASSIFY, label, effort)
    probability = np.asarray(model.predict(material.matrix), dtype=np.float64)
    points = calibration.fit(probability[stop], material.illicit[stop])
    if min(int((material.revenue[part] > 0).sum()) for part in (learn, stop)) < _LEAST_FOUND_LATER:
        return _Fitted(model.current_iteration(), 0, probability, None, points)
    costly = _boost(material, _REVENUE, material.revenue, effort)
    expected = np.asarray(costly.predict(material.matrix), dtype=np.float64)
    rounds = (model.current_iteration(), costly.current_iteration())
    return _Fitted(*rounds, probability, expected, points)


def _boost(
    material: _Material, objective: dict[str, Any], target: Floats, effort: _Effort
) -> Booster:
    """Return the booster cut back to its best number of trees."""
    params = {**objective, **effort.params}
    learn, stop = material.learn, material.stop
    data = lightgbm.Dataset(material.matrix[learn], target[learn], params=params)
    check = lightgbm.Dataset(material.matrix[stop], target[stop], reference=data, params=params)
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


def _refit(material: _Material, fitted: _Fitted, effort: _Effort) -> tuple[str, str]:
    """Return the texts of both models, learnt from all results."""
    every = material.labelled
    targets = (
        (_CLASSIFY, material.illicit.astype(np.float64), fitted.rounds),
        (_REVENUE, material.revenue, fitted.revenue_rounds),
    )
    texts: list[str] = []
    for objective, target, rounds in targets:
        if not rounds:
            texts.append("")
            continue
        merged = {**objective, **effort.params}
        data = lightgbm.Dataset(
            material.matrix[every], target[every], feature_name=list(NAMES), params=merged
        )
        texts.append(_text(lightgbm.train(merged, data, rounds)))
        effort.progress("seal", len(texts) / len(targets))
    return texts[0], texts[1]


def _text(booster: Booster) -> str:
    """Return the text of a model, but for how many threads made it: that changes no tree."""
    return re.sub(r"\[num_threads: \d+\]\n", "", booster.model_to_string())


def _loss_share(material: _Material) -> float:
    """Return revenue found per EUR of duty due on items found not conform; 1 without any."""
    duty = np.expm1(np.nan_to_num(material.matrix[:, COLUMN["duty_log"]], nan=0.0))
    due = float(duty[material.illicit].sum())
    return float(material.revenue[material.illicit].sum()) / due if due > 0 else 1.0


def _expected(card: ModelCard, material: _Material, fitted: _Fitted) -> Floats:
    if fitted.expected is not None:
        return fitted.expected
    return Scale(card).duty_at_stake(fitted.probability, material.matrix)


def _levelled(card: ModelCard, material: _Material, fitted: _Fitted) -> ModelCard:
    """Return the card with the levels of recent items and declarations, examined or not."""
    recent = material.recent
    expected = _expected(card, material, fitted)
    card = replace(
        card,
        probability_levels=_levels(fitted.probability[recent]),
        revenue_levels=_levels(expected[recent]),
    )
    weights = Scale(card).blend(fitted.probability[recent], expected[recent])
    best: dict[str, float] = {}
    for mrn, weight in zip(np.asarray(material.mrn)[recent], weights.tolist(), strict=True):
        best[mrn] = max(weight, best.get(mrn, 0.0))
    return replace(card, score_levels=_levels(np.array(list(best.values()))))


def _levels(numbers: Floats) -> tuple[float, ...]:
    return tuple(np.quantile(numbers, _GRID).tolist())


def _measured(card: ModelCard, material: _Material, fitted: _Fitted) -> ModelCard:
    """Return the card with the figures of the last period, ours and of simple peers."""
    last = material.last
    illicit, revenue = material.illicit[last], material.revenue[last]
    probability = fitted.probability[last]
    expected = _expected(card, material, fitted)[last]
    importer = np.nan_to_num(material.matrix[last, COLUMN["importer_rate"]], nan=0.0)
    rankings = {
        "model": probability,
        "revenue": expected,
        "blend": Scale(card).blend(probability, expected),
        "price": material.value[last],
        "importer": importer,
    }
    metrics: list[Metric] = []
    for of, scores in rankings.items():
        metrics += measure(of, scores, illicit, revenue)
    error = calibration_error(Scale(card).calibrated(probability), illicit)
    metrics.append(Metric("model", "ECE", error))
    # The sealed card is calibrated on the last period too, which is the nearest to what comes.
    later = material.stop | last
    points = calibration.fit(fitted.probability[later], material.illicit[later])
    return replace(card, metrics=tuple(metrics), calibration=points)
