"""Isotonic calibration: the rising step function nearest to what was found.

Source: pool adjacent violators, Barlow et al., Statistical Inference under Order Restrictions
(1972); the steps are joined by straight lines, so that neighbours keep their order.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]


def fit(
    raw: npt.NDArray[np.float64], found: npt.NDArray[np.bool_], least: int = 25
) -> tuple[Point, ...]:
    """Return (raw, calibrated) points, both rising, first at 0 and last at 1.

    Args:
        raw: probabilities of a model, outside the data it learnt from.
        found: whether each was illicit.
        least: items that a step must hold, so that one lucky find makes no certainty.
    """
    order = np.argsort(raw, kind="stable")
    blocks: list[list[float]] = []  # [sum of raw, found, count]
    for place in order:
        blocks.append([float(raw[place]), float(found[place]), 1.0])
        while len(blocks) > 1 and _must_join(blocks[-2], blocks[-1], least):
            _join(blocks)
    while len(blocks) > 1 and blocks[-1][2] < least:
        _join(blocks)
    if not blocks:
        return ((0.0, 0.0), (1.0, 1.0))
    points = [(total / count, hits / count) for total, hits, count in blocks]
    return ((0.0, points[0][1]), *_rising(points), (1.0, points[-1][1]))


def _must_join(left: list[float], right: list[float], least: int) -> bool:
    return left[2] < least or left[1] * right[2] >= right[1] * left[2]


def _join(blocks: list[list[float]]) -> None:
    last = blocks.pop()
    blocks[-1] = [mine + other for mine, other in zip(blocks[-1], last, strict=True)]


def _rising(points: list[Point]) -> list[Point]:
    kept: list[Point] = []
    for point in points:
        if 0.0 < point[0] < 1.0 and (not kept or point[0] > kept[-1][0]):
            kept.append(point)
    return kept
