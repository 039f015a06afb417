"""The card of a trained model: what is to be known of it without reading its trees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured figure of a model or a peer, such as `model`, `P@5`, 0.41."""

    of: str
    name: str
    value: float


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of a reliability table: items whose probability lies close together.

    Args:
        count: items.
        predicted: mean calibrated probability.
        found: share of them that did not conform.
    """

    count: int
    predicted: float
    found: float


@dataclass(frozen=True, slots=True)
class Mix:
    """What a ranking finds when revenue weighs so much in it.

    Args:
        weight: of expected revenue, 0 (hits alone) to 1 (revenue alone).
        score_levels: blended weight of a declaration at each share of the card's grid.
        metrics: precision and revenue at 1, 2, 5 and 10 % of the last period.
    """

    weight: float
    score_levels: tuple[float, ...]
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Kinds:
    """What kinds of fraud the model tells apart.

    Args:
        names: of the kinds, in the order of the classes.
        rates: share of each among all finds; the prior, and the answer when there were too few.
        temperature: by which log-odds between kinds are divided, so that they are calibrated.
    """

    names: tuple[str, ...] = ()
    rates: tuple[float, ...] = ()
    temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class ModelCard:
    """All that is to be known of a trained model, but for its trees and its snapshot.

    Args:
        format: version of the artefact's form.
        trained_at: the `now` of the training.
        cut_off: midnight UTC; the snapshot holds what was known before it, nothing of after.
        seed: of the training.
        rows: items of history.
        labelled: of these, with a known result.
        illicit: of these, not conform.
        features: names, in the order of the columns.
        rounds: trees of the model, or boosting rounds of a glass box.
        calibration: (raw probability, calibrated) points, both rising; between them linear.
        grid: shares at which the next three are taken.
        probability_levels: raw probability of an item at each share of recent items.
        revenue_levels: expected revenue of an item, likewise.
        score_levels: blended score of a declaration, likewise.
        loss_share: revenue found per EUR of duty due on items not conform; used without
            a revenue model.
        revenue_weight: weight of revenue in the ranking, 0 to 1.
        metrics: on the last period, which the model had not seen.
        data: SHA-256 of the rows it learnt from.
        engine: library and version.
        estimator: what reads the model: `lightgbm`, `xgboost` or `glass_box`.
        revenue_form: how revenue is expected: `tweedie` (one model), `hurdle` (probability times
            revenue of a find) or `duty` (probability times duty due times `loss_share`).
        revenue_estimator: what reads the model of revenue.
        choices: what was measured on the middle period to choose between forms.
        weighting: how results of examinations were weighed: `logged`, `estimated` or `none`.
        effective: rows that the weighed results are worth (Kish).
        window: first and last acceptance learnt from.
        reliability: on the last period, with the calibration of the middle one.
        frontier: the mixes of hits and revenue from which `revenue_weight` is chosen.
        kinds: kinds of fraud.
        limits: what the figures do not say, in sentences.
        files: (name, SHA-256) of the other files of the artefact.
        weighed_from: id of the model of which this is the same with another `revenue_weight`.
        id: of the model; made from all the above.
    """

    format: str
    trained_at: datetime
    cut_off: datetime
    seed: int
    rows: int
    labelled: int
    illicit: int
    features: tuple[str, ...]
    rounds: int
    calibration: tuple[tuple[float, float], ...]
    grid: tuple[float, ...]
    probability_levels: tuple[float, ...]
    revenue_levels: tuple[float, ...]
    score_levels: tuple[float, ...]
    loss_share: float
    revenue_weight: float
    metrics: tuple[Metric, ...]
    data: str
    engine: str
    estimator: str = "lightgbm"
    revenue_form: str = "duty"
    revenue_estimator: str = "lightgbm"
    choices: tuple[Metric, ...] = ()
    weighting: str = "none"
    effective: float = 0.0
    window: tuple[datetime, datetime] | None = None
    reliability: tuple[Bin, ...] = ()
    frontier: tuple[Mix, ...] = ()
    kinds: Kinds = Kinds()
    limits: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    weighed_from: str = ""
    id: str = ""
