"""What an examination of an item would bring: two forms are fitted, the better one is kept.

    tweedie   one model of revenue, mostly 0 (compound Poisson, Jorgensen 1987)
    hurdle    probability of a find times revenue of a find, a gamma (Cragg, Econometrica 1971)
    duty      probability times duty due times the share usually lost; where finds are too few

The choice is made on the middle period, by the revenue found in the top 1, 2 and 5 %, and written
on the card with both forms' figures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clearway.risk.card import Metric
from clearway.risk.evaluate import measure
from clearway.risk.features import COLUMN, NAMES
from clearway.risk.learning import glass_box
from clearway.risk.learning.boosting import (
    MOST_ROUNDS_REVENUE,
    SEVERITY,
    TWEEDIE,
    Effort,
    Task,
    fit,
    predict_of,
    refit,
)
from clearway.risk.learning.material import LEAST_FOUND_LATER, Floats, Material

_JUDGED_BY = ("V@1", "V@2", "V@5")
# A gamma of fewer finds is noise.
_LEAST_SEVERE = 60


@dataclass(frozen=True, slots=True)
class Revenue:
    """The form kept.

    Args:
        form: `tweedie`, `hurdle` or `duty`.
        rounds: trees; 0 without.
        model: what the trees say of every recent row: revenue, or revenue of a find; None without
            trees.
        choices: figures of each form on the middle period.
        again: learns it once more from all results and returns its text; "" without trees.
    """

    form: str
    rounds: int
    model: Floats | None
    choices: tuple[Metric, ...]
    again: Callable[[], str]


def _by_duty() -> Revenue:
    return Revenue("duty", 0, None, (), lambda: "")


def learn(material: Material, weights: Floats, probability: Floats, effort: Effort) -> Revenue:
    """Return the better form.

    Args:
        probability: calibrated, of every recent row, by a model that learnt from the oldest period.
    """
    bounded = Effort(effort.params, min(effort.most_rounds, MOST_ROUNDS_REVENUE), effort.progress)
    brought = material.revenue > 0.0
    learn, stop = material.learn, material.stop
    if min(int((brought & part).sum()) for part in (learn, stop)) < LEAST_FOUND_LATER:
        return _by_duty()
    found: dict[str, tuple[int, Floats, Floats]] = {}
    for form, task in _tasks(material, weights).items():
        if task.learn.sum() < _LEAST_SEVERE and form == "hurdle":
            continue
        model = fit(task, bounded)
        said = predict_of(model, material.matrix, material.recent)
        whole = probability * said if form == "hurdle" else said
        found[form] = (model.current_iteration(), said, whole)
    choices = tuple(
        figure
        for form, (_, _, whole) in found.items()
        for figure in measure(form, whole[stop], material.illicit[stop], material.revenue[stop])
        if figure.name in _JUDGED_BY
    )
    best = max(found, key=lambda form: sum(each.value for each in choices if each.of == form))
    rounds, said, _ = found[best]
    every = material.labelled & (brought if best == "hurdle" else True)
    task = _tasks(material, weights)[best]
    return Revenue(best, rounds, said, choices, lambda: refit(task, every, rounds, effort, NAMES))


def learn_boxed(
    material: Material, weights: Floats, probability: Floats, effort: Effort
) -> Revenue:
    """Return a hurdle whose revenue of a find is a glass box too, so that nothing stays hidden."""
    brought = material.revenue > 0.0
    learn, stop = material.learn & brought, material.stop
    if learn.sum() < _LEAST_SEVERE:
        return _by_duty()
    box = glass_box.fit_severity(material, weights, learn, effort, NAMES)
    said = box.predict(material.matrix)
    figures = measure(
        "hurdle", (probability * said)[stop], material.illicit[stop], material.revenue[stop]
    )
    choices = tuple(figure for figure in figures if figure.name in _JUDGED_BY)
    every = material.labelled & brought
    return Revenue(
        "hurdle",
        box.rounds,
        said,
        choices,
        lambda: glass_box.fit_severity(material, weights, every, effort, NAMES).text,
    )


def _tasks(material: Material, weights: Floats) -> dict[str, Task]:
    brought = material.revenue > 0.0
    rows = (material.matrix, material.revenue, weights)
    learn, stop = material.learn, material.stop
    return {
        "hurdle": Task(SEVERITY, *rows, learn & brought, stop & brought),
        "tweedie": Task(TWEEDIE, *rows, learn, stop),
    }


def loss_share(material: Material) -> float:
    """Return revenue found per EUR of duty due on items found not conform; 1 without any."""
    duty = np.expm1(np.nan_to_num(material.matrix[:, COLUMN["duty_log"]], nan=0.0))
    due = float(duty[material.illicit].sum())
    return float(material.revenue[material.illicit].sum()) / due if due > 0 else 1.0
