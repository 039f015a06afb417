"""Measuring a ranking, and trying a rule or a model on history before it is let loose.

Definitions as in the DATE paper (KDD 2020, section 5.1.2): rank by score; precision at n % is the
share of illicit items among the top n %, recall at n % the share of all illicit items found there,
revenue at n % the share of all extra revenue found there. Only examined items can be judged, so a
figure is about examined items; how they were chosen limits what it says of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from clearway.risk.calibration import BINS, reliability
from clearway.risk.card import Metric

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]

SHARES = (1, 2, 5, 10)


def area_under_roc(scores: Floats, illicit: Flags) -> float:
    """Return the probability that an illicit item outranks a licit one; NaN without both."""
    positives = int(illicit.sum())
    negatives = len(illicit) - positives
    if not positives or not negatives:
        return float("nan")
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2.0)[place]
    return float((ranks[illicit].sum() - positives * (positives + 1) / 2) / positives / negatives)


def average_precision(scores: Floats, illicit: Flags, weights: Floats | None = None) -> float:
    """Return the mean of the precision at each illicit item, from the top; NaN without any."""
    order = _ranking(scores)
    found = illicit[order]
    if not found.any():
        return float("nan")
    each = np.ones(len(found)) if weights is None else weights[order]
    precision = np.cumsum(found * each) / np.cumsum(each)
    return float(np.average(precision[found], weights=each[found]))


def calibration_error(
    probability: Floats, illicit: Flags, weights: Floats | None = None, bins: int = BINS
) -> float:
    """Return the expected calibration error over bins of equal count.

    Source: Naeini et al., Obtaining well calibrated probabilities using Bayesian binning (2015).
    """
    rows = reliability(probability, illicit, weights, bins)
    gaps = [abs(row.predicted - row.found) * row.count for row in rows]
    return sum(gaps) / max(1, len(probability))


def measure(of: str, scores: Floats, illicit: Flags, revenue: Floats) -> tuple[Metric, ...]:
    """Return AUC, AP and precision, recall and revenue at 1, 2, 5 and 10 %.

    Args:
        of: whose ranking it is, such as `model` or `price`.
        scores: higher is riskier, no NaN.
        illicit: of the same items.
        revenue: found in each item.
    """
    order = _ranking(scores)
    found, gained = illicit[order], revenue[order]
    metrics = [
        Metric(of, "AUC", area_under_roc(scores, illicit)),
        Metric(of, "AP", average_precision(scores, illicit)),
    ]
    for share in SHARES:
        top = max(1, round(len(order) * share / 100)) if len(order) else 0
        metrics += [
            Metric(of, f"P@{share}", float(found[:top].mean()) if top else float("nan")),
            Metric(of, f"R@{share}", _share(found[:top].sum(), found.sum())),
            Metric(of, f"V@{share}", _share(gained[:top].sum(), gained.sum())),
        ]
    return tuple(metrics)


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def _ranking(scores: Floats) -> npt.NDArray[np.intp]:
    return np.argsort(-scores, kind="stable")


@dataclass(frozen=True, slots=True)
class Cases:
    """Declarations of history, as a back-test takes them; all arrays of one length.

    Args:
        office: where.
        day: when, days since 1970.
        examined: whether the truth is known.
        illicit: the truth where it is known.
        revenue: found.
        live: whether they were selected then.
    """

    office: Sequence[str]
    day: npt.NDArray[np.int64]
    examined: Flags
    illicit: Flags
    revenue: Floats
    live: Flags


@dataclass(frozen=True, slots=True)
class Backtest:
    """What a candidate would have selected, at the same capacity as the live selection.

    Args:
        selected: declarations.
        judged: of these, with a known truth: only about them can hits be told.
        hits: of these, illicit.
        precision: hits of those judged; NaN without any.
        revenue: found in the hits.
        live_selected, live_hits, live_revenue: the same of the live selection.
        overlap: share of the candidate's selection that was selected live too.
        busiest: (office, most selected in a day), by office.
    """

    selected: int
    judged: int
    hits: int
    precision: float
    revenue: float
    live_selected: int
    live_hits: int
    live_revenue: float
    overlap: float
    busiest: tuple[tuple[str, int], ...]


def backtest(cases: Cases, scores: Floats, capacity: int | None = None) -> Backtest:
    """Try a candidate on history: the best of each office and day, up to the capacity.

    Args:
        cases: the declarations.
        scores: of the candidate; a rule scores 1 where it hits. Only scores above 0 are selected.
        capacity: a day and office; None: as many as were selected live on that day there.
    """
    chosen = np.zeros(len(scores), dtype=np.bool_)
    busiest: dict[str, int] = {}
    for (office, _), places in _days(cases).items():
        room = int(cases.live[places].sum()) if capacity is None else capacity
        best = places[np.argsort(-scores[places], kind="stable")][:room]
        best = best[scores[best] > 0.0]
        chosen[best] = True
        busiest[office] = max(busiest.get(office, 0), len(best))
    hits = chosen & cases.examined & cases.illicit
    live_hits = cases.live & cases.examined & cases.illicit
    judged = int((chosen & cases.examined).sum())
    return Backtest(
        selected=int(chosen.sum()),
        judged=judged,
        hits=int(hits.sum()),
        precision=int(hits.sum()) / judged if judged else float("nan"),
        revenue=float(cases.revenue[hits].sum()),
        live_selected=int(cases.live.sum()),
        live_hits=int(live_hits.sum()),
        live_revenue=float(cases.revenue[live_hits].sum()),
        overlap=_share((chosen & cases.live).sum(), chosen.sum()),
        busiest=tuple(sorted(busiest.items())),
    )


def _days(cases: Cases) -> dict[tuple[str, int], npt.NDArray[np.intp]]:
    offices, number = np.unique(np.asarray(cases.office), return_inverse=True)
    order = np.lexsort((cases.day, number))
    changes = np.flatnonzero(np.diff(number[order]) | np.diff(cases.day[order])) + 1
    groups = np.split(order, changes) if len(order) else []
    return {(str(offices[number[group[0]]]), int(cases.day[group[0]])): group for group in groups}
