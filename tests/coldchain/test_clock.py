"""Clocks of devices: offset, drift and jumps, from what they say and when we heard of it."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain import clock
from clearway.coldchain.clock import Stamp

START = datetime(2026, 3, 1, tzinfo=UTC)


def voyage(
    ahead_s: float,
    drift_s_per_day: float,
    *,
    days: int = 14,
    seed: int = 1,
    late_share: float = 0.3,
    jump: tuple[int, float] | None = None,
) -> list[Stamp]:
    """Stamps every 10 minutes: ways of 0.2 to 3 s, stretches out of reach sent on together."""
    dice = random.Random(seed)
    stamps: list[Stamp] = []
    waiting: list[datetime] = []
    for number in range(days * 144):
        true = START + timedelta(minutes=10 * number)
        shown = ahead_s + drift_s_per_day * number / 144
        if jump is not None and number >= jump[0]:
            shown += jump[1]
        waiting.append(true + timedelta(seconds=shown))
        is_out_of_reach = (number // 30) % 10 < late_share * 10
        if not is_out_of_reach:
            arrival = true + timedelta(seconds=0.2 + dice.expovariate(1.0))
            stamps += [(each, arrival) for each in waiting]
            waiting = []
    return stamps


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("ahead", "drift"), [(0.0, 0.0), (40.0, 5.0), (-90.0, -5.0), (3.0, 20.0), (-3600.0, 1.0)]
)
def test_offset_and_drift_are_found_under_late_deliveries(
    ahead: float, drift: float, seed: int
) -> None:
    found = clock.estimate(voyage(ahead, drift, seed=seed))
    assert found is not None
    assert found.drift_s_per_day == pytest.approx(drift, abs=0.1)
    end = START + timedelta(days=14)
    assert found.ahead_at(end) == pytest.approx(ahead + 14 * drift, abs=1.0)
    assert found.is_allowed is (abs(found.drift_s_per_day) <= 5.0)


def test_what_a_device_measured_is_set_right() -> None:
    found = clock.estimate(voyage(120.0, 4.0))
    assert found is not None
    shown = START + timedelta(days=7, seconds=120 + 28)
    assert abs((found.corrected(shown) - (START + timedelta(days=7))).total_seconds()) < 1.0


@pytest.mark.parametrize("by", [-86_400.0, -3_600.0, -180.0, 180.0, 3_600.0])
def test_a_clock_that_was_set_is_found_once_with_its_size(by: float) -> None:
    stamps = voyage(5.0, 3.0, jump=(1_000, by))
    (found,) = clock.jumps(stamps)
    assert found.by_s == pytest.approx(by, abs=10.0)
    assert found.at >= START + timedelta(minutes=10 * 1_000)
    after = clock.estimate(stamps)
    assert after is not None
    assert after.ahead_s == pytest.approx(5.0 + 3.0 * 14 + by, abs=2.0)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("share", [0.0, 0.3, 0.7])
def test_late_deliveries_alone_are_no_jump(seed: int, share: float) -> None:
    assert clock.jumps(voyage(0.0, 5.0, seed=seed, late_share=share)) == ()


def test_little_says_little() -> None:
    assert clock.estimate([]) is None
    found = clock.estimate([(START + timedelta(seconds=9), START + timedelta(seconds=1))])
    assert found is not None
    assert (found.ahead_s, found.drift_s_per_day, found.stamps) == (8.0, 0.0, 1)
    same = [(START, START + timedelta(days=1))] * 3
    assert clock.estimate(same) is not None


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.floats(0, 10**5), st.floats(-1e-3, 1e-3)),
        min_size=1,
        max_size=60,
    )
)
def test_no_point_lies_below_the_line(rows: list[tuple[int, float, float]]) -> None:
    stamps = sorted(
        (START + timedelta(seconds=at - way), START + timedelta(seconds=at)) for at, way, _ in rows
    )
    stamps.sort(key=lambda stamp: stamp[1])
    found = clock.estimate(stamps)
    assert found is not None
    since = [one for one in stamps if not clock.jumps(stamps)]
    for measured, arrived in since:
        ahead = (measured - arrived).total_seconds()
        assert ahead <= found.ahead_at(arrived) + 1e-3
