"""Isotonic calibration: the rising step function nearest to what was found, and how well it holds.

Source: pool adjacent violators, Barlow et al., Statistical Inference under Order Restrictions
(1972); the steps are joined by straight lines, so that neighbours keep their order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clearway.risk.card import Bin

Point = tuple[float, float]

BINS = 15


def fit(
    raw: npt.NDArray[np.float64],
    found: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64] | None = None,
    least: int = 25,
) -> tuple[Point, ...]:
    """Return (raw, calibrated) points, both rising, first at 0 and last at 1.

    Args:
        raw: probabilities of a model, outside the data it learnt from.
        found: whether each was illicit.
        weights: how much each counts; None: all the same.
        least: items that a step must hold, so that one lucky find makes no certainty.
    """
    order = np.argsort(raw, kind="stable")
    each = np.ones(len(raw)) if weights is None else weights
    rows = np.column_stack([each * raw, each * found, each, np.ones(len(raw))])[order]
    blocks: list[list[float]] = []  # [sum of raw, found, weight, count]
    for row in rows.tolist():
        blocks.append(row)
        while len(blocks) > 1 and _must_join(blocks[-2], blocks[-1], least):
            _join(blocks)
    while len(blocks) > 1 and blocks[-1][3] < least:
        _join(blocks)
    if not blocks:
        return ((0.0, 0.0), (1.0, 1.0))
    points = [(total / weight, hits / weight) for total, hits, weight, _ in blocks]
    return ((0.0, points[0][1]), *_rising(points), (1.0, points[-1][1]))


def _must_join(left: list[float], right: list[float], least: int) -> bool:
    return left[3] < least or left[1] * right[2] >= right[1] * left[2]


def _join(blocks: list[list[float]]) -> None:
    last = blocks.pop()
    blocks[-1] = [mine + other for mine, other in zip(blocks[-1], last, strict=True)]


def _rising(points: list[Point]) -> list[Point]:
    kept: list[Point] = []
    for point in points:
        if 0.0 < point[0] < 1.0 and (not kept or point[0] > kept[-1][0]):
            kept.append(point)
    return kept


def reliability(
    probability: npt.NDArray[np.float64],
    found: npt.NDArray[np.bool_],
    weights: npt.NDArray[np.float64] | None = None,
    bins: int = BINS,
) -> tuple[Bin, ...]:
    """Return the reliability table over bins of equal count, lowest probability first."""
    each = np.ones(len(probability)) if weights is None else weights
    parts = np.array_split(np.argsort(probability, kind="stable"), bins)
    return tuple(
        Bin(
            len(part),
            float(np.average(probability[part], weights=each[part])),
            float(np.average(found[part], weights=each[part])),
        )
        for part in parts
        if len(part)
    )
