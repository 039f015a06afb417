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
        rounds: trees of the model.
        calibration: (raw probability, calibrated) points, both rising; between them linear.
        grid: shares at which the next three are taken.
        probability_levels: raw probability of an item at each share of recent items.
        revenue_levels: expected revenue of an item, likewise.
        score_levels: blended score of a declaration, likewise.
        loss_share: revenue found per EUR of duty due on items not conform; used without
            a revenue model.
        revenue_weight: weight of revenue beside probability in the ranking.
        metrics: on the last period, which the model had not seen.
        data: SHA-256 of the rows it learnt from.
        engine: library and version.
        files: (name, SHA-256) of the other files of the artefact.
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
    files: tuple[tuple[str, str], ...] = ()
    id: str = ""
