from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.risk import calibration
from clearway.risk.evaluate import (
    Cases,
    area_under_roc,
    average_precision,
    backtest,
    calibration_error,
    measure,
)


def flags(text: str) -> np.ndarray:
    return np.array([letter == "x" for letter in text])


def test_a_perfect_ranking_has_an_area_of_one_and_its_reverse_of_zero() -> None:
    scores = np.array([0.9, 0.8, 0.2, 0.1])
    assert area_under_roc(scores, flags("xx..")) == 1.0
    assert area_under_roc(scores, flags("..xx")) == 0.0
    assert area_under_roc(np.zeros(4), flags("xx..")) == 0.5
    assert math.isnan(area_under_roc(scores, flags("....")))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_the_area_counts_pairs(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([float(score) for score, _ in rows])
    illicit = np.array([found for _, found in rows])
    if illicit.all() or not illicit.any():
        return
    pairs = [(a > b) + (a == b) / 2 for a in scores[illicit] for b in scores[~illicit]]
    assert area_under_roc(scores, illicit) == pytest.approx(np.mean(pairs))


def test_average_precision_of_a_known_ranking() -> None:
    found = average_precision(np.array([4.0, 3.0, 2.0, 1.0]), flags("x.x."))
    assert found == pytest.approx((1 + 2 / 3) / 2)


def test_precision_recall_and_revenue_at_the_top() -> None:
    scores, illicit = np.arange(100.0), np.zeros(100, dtype=bool)
    illicit[[99, 97, 10]] = True
    revenue = np.zeros(100)
    revenue[[99, 10]] = [30.0, 70.0]
    found = {m.name: m.value for m in measure("m", scores, illicit, revenue)}
    assert found["P@1"] == 1.0 and found["P@5"] == pytest.approx(0.4)
    assert found["R@5"] == pytest.approx(2 / 3) and found["V@5"] == pytest.approx(0.3)


def test_calibration_of_a_certain_and_right_model_has_no_error() -> None:
    illicit = flags("x" * 30 + "." * 30)
    assert calibration_error(illicit.astype(float), illicit) == 0.0


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=120))
def test_calibration_rises_and_stays_between_zero_and_one(rows: list[tuple[float, bool]]) -> None:
    raw = np.array([score for score, _ in rows], dtype=np.float64)
    points = calibration.fit(raw, np.array([found for _, found in rows], dtype=bool))
    xs, ys = zip(*points, strict=True)
    assert xs[0] == 0.0 and xs[-1] == 1.0
    assert all(a <= b for a, b in pairwise(ys))
    assert all(a < b for a, b in pairwise(xs))
    assert min(ys) >= 0.0 and max(ys) <= 1.0


def test_one_lucky_find_makes_no_certainty() -> None:
    raw = np.linspace(0.0, 0.99, 100)
    points = calibration.fit(raw, np.arange(100) == 99)
    assert points[-1][1] <= 1 / 25


def cases(live: str) -> Cases:
    return Cases(
        office=["A", "A", "A", "B", "B", "B"],
        day=np.array([1, 1, 2, 1, 1, 1]),
        examined=flags("xxxxx."),
        illicit=flags("x..x.."),
        revenue=np.array([100.0, 0, 0, 50.0, 0, 0]),
        live=flags(live),
    )


def test_a_backtest_selects_the_best_of_each_office_and_day_at_the_live_capacity() -> None:
    found = backtest(cases(".x.x.."), np.array([0.9, 0.1, 0.5, 0.2, 0.8, 0.7]))
    assert (found.selected, found.judged, found.hits) == (2, 2, 1)
    assert (found.revenue, found.live_hits, found.live_revenue) == (100.0, 1, 50.0)
    assert found.overlap == 0.0
    assert found.busiest == (("A", 1), ("B", 1))


def test_a_backtest_judges_only_what_was_examined() -> None:
    found = backtest(cases("......"), np.array([0, 0, 0, 0, 0, 1.0]), capacity=5)
    assert (found.selected, found.judged, found.hits) == (1, 0, 0)
    assert math.isnan(found.precision)


def test_a_backtest_of_no_history_finds_nothing() -> None:
    none = np.zeros(0, dtype=bool)
    empty = Cases([], np.zeros(0, dtype=np.int64), none, none, np.zeros(0), none)
    assert backtest(empty, np.zeros(0)).selected == 0
