"""Training a model from history, in the order of time.

    history -> replay (features as they were, snapshot at the cut-off)
    oldest 70 % of the results: learn | next 15 %: stop early, calibrate | last 15 %: measure
    then once more on all results, with the number of trees found, and seal

The last period is measured with a model that has not seen it. The sealed model has learnt from it,
with the same parameters, because the newest fraud is what it must know. Results count as known
from their `known_at` on, and an item that nobody examined teaches no result.

Same rows, seed and versions give the same model, byte for byte. The steps are in `learning/`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, cast

import numpy as np
import polars as pl

from clearway.errors import BadTerm
from clearway.ledger.columns import to_microseconds
from clearway.ledger.fact import encode
from clearway.risk import calibration
from clearway.risk.card import Metric, ModelCard
from clearway.risk.engines import arrays
from clearway.risk.engines.port import Engine
from clearway.risk.estimators.opening import open_estimator
from clearway.risk.evaluate import average_precision
from clearway.risk.features import NAMES
from clearway.risk.formats import history
from clearway.risk.history import day_of
from clearway.risk.learning import boosting, glass_box, kinds, measuring, revenue, weighting
from clearway.risk.learning.boosting import Effort, Elsewhere, Task
from clearway.risk.learning.material import Floats, Material, gather
from clearway.risk.monitor import psi
from clearway.risk.replay import replay
from clearway.risk.scale import Scale
from clearway.risk.scoring import FORMAT, Artefact, seal
from clearway.risk.snapshot import Snapshot
from clearway.terms.period import require_utc

Progress = Callable[[str, float], None]
Kind = Literal["trees", "glass_box"]

_UNSET = datetime(1970, 1, 1, tzinfo=UTC)


def kind_of(text: str) -> Kind:
    """Return the kind of model of that name. Raises: BadTerm: there is none."""
    if text in ("trees", "glass_box"):
        return cast(Kind, text)
    raise BadTerm("kind of model", text, "must be trees or glass_box")


def _quiet(phase: str, share: float) -> None:
    """Tell nobody."""


def train(
    frame: pl.DataFrame,
    *,
    seed: int,
    now: datetime,
    progress: Progress = _quiet,
    kind: Kind = "trees",
    revenue_weight: float = 0.2,
    threads: int = 1,
    most_rounds: int = boosting.MOST_ROUNDS,
    weighted: bool = True,
    engine: Engine = arrays.count,
    elsewhere: Elsewhere | None = None,
) -> Artefact:
    """Return a sealed model trained on a history.

    Args:
        frame: columns of `formats.history.SCHEMA`.
        seed: of everything drawn in the training.
        now: aware UTC; its day and what comes after is not looked at: the cut-off is the
            midnight before.
        progress: called with the phase and the share of it that is done.
        kind: `trees`, or `glass_box`: a sum of curves that a policy maker can read.
        revenue_weight: weight of expected revenue in the ranking, 0 (hits alone) to 1.
        threads: of LightGBM; any number gives the same model. More than are idle make it slower.
        most_rounds: trees of each model at most; it mostly stops earlier.
        weighted: whether results weigh by the inverse of how likely they were to be known.
        engine: counts the pasts: in memory, DuckDB or Spark.
        elsewhere: what else learns the trees of the probability; None: LightGBM here.

    Raises: BadTerm: `now` is not in UTC. MalformedMessage: a column is missing. RuleViolation: too
    few results or finds to learn from. InputError: a glass box, without the extra it needs.
    """
    cut_off = require_utc("now", now).replace(hour=0, minute=0, second=0, microsecond=0)
    past = history.conform(frame).filter(pl.col("accepted_at") < cut_off)
    until = to_microseconds(cut_off)
    replayed = replay(past, until, engine=engine, progress=lambda share: progress("history", share))
    order = Order(seed, now, cut_off, kind, revenue_weight, weighted, history.digest(past))
    effort = Effort({"seed": seed, "num_threads": threads}, most_rounds, progress)
    memory = replayed.snapshot(day_of(cut_off))
    order = replace(order, reference=_reference(past, replayed.matrix))
    return learn(gather(past, replayed.matrix, until), memory, order, effort, elsewhere)


def _reference(past: pl.DataFrame, matrix: Floats) -> str:
    """Return how the features were distributed, sealed with the model: drift is measured by it."""
    if len(past) < psi.LEAST_ROWS:
        return ""
    days = past["accepted_at"].dt.epoch("d").to_numpy().astype(np.int64)
    return encode(psi.reference_of(matrix, days, NAMES)).decode()


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked of a training, beside its material.

    Args:
        seed: of everything drawn.
        now, cut_off: aware UTC.
        kind: `trees` or `glass_box`.
        revenue_weight: 0 to 1.
        weighted: whether results weigh by the inverse of their propensity.
        data: SHA-256 of the rows.
        reference: distribution of the features, to be sealed with the model; "" none.
    """

    seed: int
    now: datetime
    cut_off: datetime
    kind: Kind
    revenue_weight: float
    weighted: bool
    data: str
    reference: str = ""


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A model of the oldest period: what it says of recent rows, and how to learn it once more."""

    probability: Floats
    rounds: int
    engine: str
    estimator: str
    again: Callable[[], str]
    choices: tuple[Metric, ...] = ()


def learn(
    material: Material,
    past: Snapshot,
    order: Order,
    effort: Effort,
    elsewhere: Elsewhere | None = None,
) -> Artefact:
    """Return the sealed model of a material that is already features and results.

    Args:
        elsewhere: another engine that learns the trees of the probability; None: LightGBM here.
    """
    weights = np.ones(len(material.labelled))
    form, effective = "none", float(material.labelled.sum())
    if order.weighted:
        weighed = weighting.weigh(material, effort.params)
        weights, form, effective = weighed.of, weighed.form, weighed.effective
    if elsewhere is not None:
        fitted = _elsewhere(material, weights, elsewhere)
    else:
        fitted = (_boxed if order.kind == "glass_box" else _boosted)(material, weights, effort)
    stop = material.stop
    points = calibration.fit(fitted.probability[stop], material.illicit[stop], weights[stop])
    card = replace(
        _card(material, order, fitted),
        calibration=points,
        weighting=form,
        effective=effective,
    )
    likely = Scale(card).calibrated(fitted.probability)
    learn_revenue = revenue.learn_boxed if order.kind == "glass_box" else revenue.learn
    kept = learn_revenue(material, weights, likely, effort)
    card = replace(
        card,
        revenue_form=kept.form,
        revenue_estimator="glass_box" if order.kind == "glass_box" else "lightgbm",
        choices=(*fitted.choices, *kept.choices),
    )
    said = measuring.Said(fitted.probability, kept.model, weights)
    card = measuring.measured(measuring.levelled(card, material, said), material, said)
    card = measuring.recalibrated(card, material, said)
    known = kinds.learn(material, effort, NAMES)
    sealed = Artefact(
        replace(card, kinds=known.kinds),
        fitted.again(),
        kept.again(),
        past,
        known.text,
        order.reference,
    )
    effort.progress("seal", 1.0)
    return seal(sealed)


def _boosted(material: Material, weights: Floats, effort: Effort) -> _Fitted:
    """Return trees that learn with weights, or without where that ranks the middle period better.

    Weights take the examined for the whole; they also make few results of many. Which matters more
    is for the data to say, by the weighed average precision. Calibration is weighed in either case.
    """
    plain = _fit_trees(material, np.ones(len(weights)), effort)
    if np.ptp(weights[material.labelled]) == 0.0:
        return plain
    stop = material.stop
    found = {"plain": plain, "weighed": _fit_trees(material, weights, effort)}
    choices = tuple(
        Metric(
            f"{name} results",
            "AP",
            average_precision(one.probability[stop], material.illicit[stop], weights[stop]),
        )
        for name, one in found.items()
    )
    best = found["weighed" if choices[1].value > choices[0].value else "plain"]
    return replace(best, choices=choices)


def _fit_trees(material: Material, weights: Floats, effort: Effort) -> _Fitted:
    label = material.illicit.astype(np.float64)
    task = Task(boosting.CLASSIFY, material.matrix, label, weights, material.learn, material.stop)
    model = boosting.fit(task, effort)
    rounds = model.current_iteration()
    return _Fitted(
        probability=boosting.predict_of(model, material.matrix, material.recent),
        rounds=rounds,
        engine=boosting.ENGINE,
        estimator="lightgbm",
        again=lambda: boosting.refit(task, material.labelled, rounds, effort, NAMES),
    )


def _elsewhere(material: Material, weights: Floats, engine: Elsewhere) -> _Fitted:
    text = engine.fit(material, weights, material.learn)
    return _Fitted(
        probability=open_estimator(engine.estimator, text).predict(material.matrix),
        rounds=engine.rounds,
        engine=engine.engine,
        estimator=engine.estimator,
        again=lambda: engine.fit(material, weights, material.labelled),
    )


def _boxed(material: Material, weights: Floats, effort: Effort) -> _Fitted:
    box = glass_box.fit(material, weights, material.learn, effort, NAMES)
    return _Fitted(
        probability=box.predict(material.matrix),
        rounds=box.rounds,
        engine=box.engine,
        estimator="glass_box",
        again=lambda: glass_box.fit(material, weights, material.labelled, effort, NAMES).text,
    )


def _card(material: Material, order: Order, fitted: _Fitted) -> ModelCard:
    """Return the card with what the material tells; the caller fills in the rest."""
    shown: dict[str, Any] = {
        "trained_at": order.now,
        "cut_off": order.cut_off,
        "seed": order.seed,
        "revenue_weight": order.revenue_weight,
        "data": order.data,
        "window": material.window,
    }
    return ModelCard(
        format=FORMAT,
        rows=len(material.labelled),
        labelled=int(material.labelled.sum()),
        illicit=int(material.illicit.sum()),
        features=NAMES,
        rounds=fitted.rounds,
        calibration=(),
        grid=measuring.GRID,
        probability_levels=(),
        revenue_levels=(),
        score_levels=(),
        loss_share=revenue.loss_share(material),
        metrics=(),
        engine=fitted.engine,
        estimator=fitted.estimator,
        **shown,
    )
