"""Life spent in each custody sums to the whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.insight.life import UNKNOWN, by_custody, by_holder, consumed_at, spent
from clearway.insight.model import Custody, LifePoint

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


# Twelve hours in the cold (0.5 days), then twelve in the sun (2 days), then cold again.
POINTS = [
    LifePoint(at(0), 1.0),
    LifePoint(at(12), 1.5),
    LifePoint(at(24), 3.5),
    LifePoint(at(48), 4.5),
]


def test_life_between_two_points_is_used_evenly() -> None:
    assert consumed_at(POINTS, at(18)) == 2.5
    assert consumed_at(POINTS, at(-5)) == 1.0
    assert consumed_at(POINTS, at(99)) == 4.5
    assert spent(POINTS, at(6), at(18)) == 1.25
    assert spent([], at(6), at(18)) == 0


def test_each_custody_answers_for_what_was_used_in_it_by_hand() -> None:
    custodies = [
        Custody("terminal", at(12), at(30), "arrived"),
        Custody("carrier", at(0), at(12)),
        Custody("plant_health", at(30), at(36), "examined"),
    ]
    found = by_custody(POINTS, custodies)
    assert [(one.holder, one.consumed_days) for one in found] == [
        ("carrier", 0.5),
        ("terminal", 2.25),
        ("plant_health", 0.25),
        (UNKNOWN, 0.5),
    ]
    assert found[1].excess_days == pytest.approx(2.25 - 0.75)
    assert [one.holder for one in by_holder(found)] == [
        "terminal",
        "carrier",
        UNKNOWN,
        "plant_health",
    ]


def test_without_readings_nothing_is_said() -> None:
    assert by_custody([], [Custody("carrier", at(0), at(1))]) == ()
    assert by_holder([]) == ()


@given(
    st.lists(st.floats(0, 3), min_size=2, max_size=8),
    st.lists(st.tuples(st.floats(-20, 120), st.floats(0, 60)), max_size=8),
)
def test_the_sum_over_all_custodies_is_the_whole_loss(
    steps: list[float], spans: list[tuple[float, float]]
) -> None:
    total, points = 0.0, []
    for place, step in enumerate(steps):
        total += step
        points.append(LifePoint(at(place * 12), total))
    custodies = [Custody(f"h{n}", at(s), at(s + long)) for n, (s, long) in enumerate(spans)]
    found = by_custody(points, custodies)
    assert sum(one.consumed_days for one in found) == pytest.approx(total - points[0].consumed_days)
    assert sum(one.elapsed_days for one in found) == pytest.approx((len(steps) - 1) / 2)
