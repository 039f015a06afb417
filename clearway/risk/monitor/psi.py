"""Drift of what the model sees: the population stability index of each feature, and of the score.

    reference = reference_of(matrix, days, NAMES)          # sealed with the model
    moved = drift(reference, recent)                       # one figure a feature

    PSI = sum over bins of (now - then) * ln(now / then)

Bins hold equal shares of the training's last days; a value that is missing has a bin of its own.
Half a row is added to each bin, so that an empty one is finite. Below 0.1 is commonly called
stable and above 0.25 a shift (Siddiqi, Credit Risk Scorecards, 2006). But counts of a growing
history move by themselves, and trade has seasons: so the reference also keeps how far each feature
moved within the training period itself, over the time for which a model serves. A feature is said
to have drifted above both: the common bound, and `MARGIN` times its own usual movement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from clearway.errors import RuleViolation

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

BINS = 10
BOUND = 0.25
MARGIN = 1.5
LEAST_ROWS = 200
"""In fewer, the index is mostly chance: its expectation is about (bins - 1) / rows."""

# The reference is made of so many days, compared with windows up to so many days later.
REFERENCE_DAYS = 90
WINDOW_DAYS = 28
SERVED_DAYS = 112
# Usual movement is taken from so long before the end of training.
USUAL_DAYS = 400
_MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Bins:
    """How one column was distributed.

    Args:
        name: of the feature; `score` for the score.
        edges: rising; a value belongs to the first bin whose edge is not below it.
        shares: of each bin; the last is that of missing values, so there are edges + 2.
        usual: the furthest it moved within the training period, as PSI.
    """

    name: str
    edges: tuple[float, ...]
    shares: tuple[float, ...]
    usual: float = 0.0

    @property
    def bound(self) -> float:
        """Above this it has drifted."""
        return max(BOUND, MARGIN * self.usual)


@dataclass(frozen=True, slots=True)
class Reference:
    """What a model was trained on, as far as drift is measured against it.

    Args:
        rows: of the last days of training.
        columns: one for each feature, in the order of the model's, then the score.
    """

    rows: int
    columns: tuple[Bins, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """How far one column has moved.

    Args:
        name: of the feature, or `score`.
        psi: since training.
        bound: above this it is drift.
        missing: share of values that are missing now.
        missing_then: the same in training.
    """

    name: str
    psi: float
    bound: float
    missing: float
    missing_then: float

    @property
    def is_drift(self) -> bool:
        """Whether it moved further than it may."""
        return self.psi > self.bound


def reference_of(matrix: Floats, days: Ints, names: Sequence[str]) -> Reference:
    """Return the distribution of the last days, and how far each column usually moves.

    Args:
        matrix: shape (rows, columns); NaN is missing.
        days: of each row, shape (rows,), in any order.
        names: of the columns.

    Raises: RuleViolation: fewer than `LEAST_ROWS` rows.
    """
    if len(matrix) < LEAST_ROWS:
        raise RuleViolation(
            f"{len(matrix)} rows are too few to measure drift against; {LEAST_ROWS} are needed"
        )
    last = _within(days, int(days.max()) - REFERENCE_DAYS, int(days.max()))
    recent = _thinned(np.flatnonzero(last))
    usual = _usual(matrix, days)
    columns = []
    for place, name in enumerate(names):
        edges = edges_of(matrix[recent, place])
        shares = shares_of(matrix[recent, place], edges)
        columns.append(
            Bins(name, tuple(edges.tolist()), tuple(shares.tolist()), float(usual[place]))
        )
    return Reference(len(recent), tuple(columns))


def ranks(rows: int) -> Reference:
    """Return the distribution of scores: they are ranks, so each tenth holds a tenth."""
    edges = tuple(each / BINS for each in range(1, BINS))
    return Reference(rows, (Bins("score", edges, (*[1 / BINS] * BINS, 0.0)),))


def drift(reference: Reference, matrix: Floats) -> tuple[Shift, ...]:
    """Return how far each column has moved; no rows, or too few, give nothing.

    Args:
        matrix: recent rows, columns as in the reference.

    Raises: RuleViolation: the columns are others.
    """
    if matrix.ndim != 2 or matrix.shape[1] != len(reference.columns):
        raise RuleViolation(
            f"The reference has {len(reference.columns)} columns, the rows have"
            f" {matrix.shape[-1]}; compare with the model that has these features"
        )
    if len(matrix) < LEAST_ROWS:
        return ()
    moved = []
    for place, bins in enumerate(reference.columns):
        shares = shares_of(matrix[:, place], np.array(bins.edges))
        psi = index(np.array(bins.shares), shares, reference.rows, len(matrix))
        moved.append(Shift(bins.name, psi, bins.bound, float(shares[-1]), bins.shares[-1]))
    return tuple(moved)


def index(then: Floats, now: Floats, rows_then: int, rows_now: int) -> float:
    """Return the population stability index of two lists of shares."""
    p = (then * rows_then + 0.5) / (rows_then + 0.5 * len(then))
    q = (now * rows_now + 0.5) / (rows_now + 0.5 * len(now))
    return float(((q - p) * np.log(q / p)).sum())


def edges_of(values: Floats, bins: int = BINS) -> Floats:
    """Return inner edges of bins of equal share, each once; none where all values are one."""
    return _edges(np.sort(values), bins)


def _edges(ranked: Floats, bins: int = BINS) -> Floats:
    known = ranked[: _known(ranked)]
    if not len(known):
        return np.empty(0)
    inner = np.quantile(known, np.arange(1, bins) / bins, method="inverted_cdf")
    return np.unique(inner[inner < known[-1]])


def shares_of(values: Floats, edges: Floats) -> Floats:
    """Return the share of each bin, missing values last."""
    return _shares(np.sort(values), edges)


def _shares(ranked: Floats, edges: Floats) -> Floats:
    """Return the same of values that are sorted, the missing last."""
    known = _known(ranked)
    upto = (0, *np.searchsorted(ranked[:known], edges, side="right"), known, len(ranked))
    shares: Floats = np.diff(upto) / max(1, len(ranked))
    return shares


def _known(ranked: Floats) -> int:
    return int(np.searchsorted(ranked, np.inf, side="right"))


def _usual(matrix: Floats, days: Ints) -> Floats:
    """Return the furthest that each column moved from a reference to the windows after it."""
    furthest = np.zeros(matrix.shape[1])
    last = int(days.max())
    first = max(int(days.min()), last - USUAL_DAYS)
    for start in range(first + REFERENCE_DAYS, last - WINDOW_DAYS + 2, WINDOW_DAYS):
        then = _thinned(np.flatnonzero(_within(days, start - REFERENCE_DAYS, start - 1)))
        until = min(last, start + SERVED_DAYS)
        windows = [
            _thinned(np.flatnonzero(_within(days, begin, begin + WINDOW_DAYS - 1)))
            for begin in range(start, until - WINDOW_DAYS + 2, WINDOW_DAYS)
        ]
        full = [rows for rows in windows if len(rows) >= LEAST_ROWS]
        if len(then) >= LEAST_ROWS and full:
            furthest = np.maximum(furthest, _moved(matrix, then, full))
    return furthest


def _moved(matrix: Floats, then: Ints, windows: Sequence[Ints]) -> Floats:
    moved = np.empty(matrix.shape[1])
    for place in range(matrix.shape[1]):
        column = matrix[:, place]
        ranked = np.sort(column[then])
        edges = _edges(ranked)
        before = _shares(ranked, edges)
        moved[place] = max(
            index(before, _shares(np.sort(column[now]), edges), len(then), len(now))
            for now in windows
        )
    return moved


def _within(days: Ints, first: int, last: int) -> npt.NDArray[np.bool_]:
    return (days >= first) & (days <= last)


def _thinned(rows: Ints) -> Ints:
    """Return at most so many rows, spread evenly: shares need no more."""
    step = max(1, -(-len(rows) // _MOST_ROWS))
    return rows[::step]
