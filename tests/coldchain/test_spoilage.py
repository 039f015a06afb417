"""Life used up and life left: monotone in warmth, honest about what is not known."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from math import exp, log, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.coldchain import commodities
from clearway.coldchain.kinetics import GapTooLong, relative_rate
from clearway.coldchain.mkt import mean_kinetic_temperature_c
from clearway.coldchain.model import Exponential, Journey, Outlook, Reading
from clearway.coldchain.pulp import Z80
from clearway.coldchain.spoilage import consumed_days, forecast, mean_kinetic_c, shelf_life
from clearway.coldchain.state import begin
from clearway.coldchain.watch import advance
from clearway.errors import WrongState

CODES = sorted(commodities.library())


def life_after(readings, commodity, journey):
    state, _ = advance(begin(journey.container, journey), readings, commodity)
    return shelf_life(state, commodity)


@pytest.mark.parametrize("code", CODES)
@settings(max_examples=12, deadline=None)
@given(
    air=st.lists(st.floats(-25, 35), min_size=2, max_size=12),
    warmer=st.floats(0, 8),
    minutes=st.integers(5, 240),
)
def test_a_warmer_history_never_leaves_more_life(code, air, warmer, minutes, start, container):
    commodity = commodities.get(code)
    journey = Journey(container, code, start, loaded_pulp_c=commodity.reference_c)
    cold = [
        Reading(i, start + timedelta(minutes=minutes * (i + 1)), None, c) for i, c in enumerate(air)
    ]
    warm = [replace(reading, return_c=reading.return_c + warmer) for reading in cold]
    before, after = life_after(cold, commodity, journey), life_after(warm, commodity, journey)
    assert after.remaining_days_q50 <= before.remaining_days_q50 + 1e-9
    assert after.as_now_days_q50 <= before.as_now_days_q50 + 1e-6
    assert after.consumed_days >= before.consumed_days - 1e-12


@pytest.mark.parametrize("code", CODES)
def test_at_its_reference_temperature_a_day_costs_a_day(code, start, container):
    commodity = commodities.get(code)
    at = commodity.reference_c
    journey = Journey(container, code, start, loaded_pulp_c=at)
    readings = [
        Reading(i, start + timedelta(minutes=10 * i), at, at, at) for i in range(1, 24 * 6 + 1)
    ]
    life = life_after(readings, commodity, journey)
    low, high = commodity.life_days
    expected = max(0.0, sqrt(low * high) - 1.0)
    assert life.consumed_days == pytest.approx(1.0, abs=0.02)
    assert life.remaining_days_q50 == pytest.approx(expected, abs=0.02)
    assert life.remaining_days_q10 <= life.remaining_days_q50 <= life.remaining_days_q90


def test_the_smoked_salmon_example_comes_out_through_the_pulp_model_too(start, container):
    """SSSP: 8.9 days at 5 C, then 15 C: used up after 20 days, when the goods follow at once."""
    salmon = replace(
        commodities.get("salmon_smoked"),
        kinetics=Exponential(0.089),
        life_days=(57.25, 57.25),
        lag_h=0.5,
    )
    journey = Journey(container, "salmon_smoked", start, loaded_pulp_c=5.0)
    hours = range(1, 20 * 24 + 1)
    readings = [
        Reading(h, start + timedelta(hours=h), None, 5.0 if h < 8.9 * 24 else 15.0) for h in hours
    ]
    life = life_after(readings, salmon, journey)
    assert life.remaining_days_q50 * exp(-0.089 * 15) == pytest.approx(0.0, abs=0.5)


def test_life_used_before_loading_counts(fish, fish_journey, hold):
    fresh = life_after(hold(12), fish, fish_journey)
    older = life_after(hold(12), fish, replace(fish_journey, life_used_days=3.0))
    assert older.remaining_days_q50 == pytest.approx(fresh.remaining_days_q50 - 3.0)


def test_cold_below_the_recommended_range_earns_no_extra_life(banana, start, container):
    journey = Journey(container, "banana", start, loaded_pulp_c=13.8)
    right = [Reading(i, start + timedelta(hours=i), None, 13.0) for i in range(1, 100)]
    cold = [replace(reading, return_c=5.0) for reading in right]
    life_right = life_after(right, banana, journey)
    life_cold = life_after(cold, banana, journey)
    assert life_cold.remaining_days_q50 == pytest.approx(life_right.remaining_days_q50, abs=0.05)


def test_a_gap_widens_the_interval_and_is_counted(fish, fish_journey, hold):
    whole = hold(300)
    holey = whole[:100] + whole[220:]  # 20 hours
    closed = life_after(whole, fish, fish_journey)
    state, alarms = advance(begin(fish_journey.container, fish_journey), holey, fish)
    opened = shelf_life(state, fish)
    assert state.goods.blind_h == pytest.approx(20.17, abs=0.1)
    assert opened.remaining_days_q10 < closed.remaining_days_q10
    assert opened.remaining_days_q50 == pytest.approx(closed.remaining_days_q50, abs=0.3)
    assert [alarm.kind for alarm in alarms] == ["readings_missing"]


def test_nothing_is_said_before_the_first_temperature(fish, fish_journey, hold):
    state = begin(fish_journey.container, fish_journey)
    assert shelf_life(state, fish) is None
    silent, _ = advance(state, hold(3, supply_c=None, return_c=None), fish)
    assert shelf_life(silent, fish) is None
    with pytest.raises(WrongState, match="Nothing was measured"):
        forecast(silent, fish, Outlook.AS_NOW)


def test_the_interval_holds_the_truth_four_times_in_five(start, container, fish):
    """600 lots with their own life, rate and lag: the 80 % interval holds 70 to 92 % of them."""
    rng = random.Random(11)
    low, high = fish.life_days
    spread = log(high / low) / (2 * Z80)
    journey = Journey(container, "fish_temperate", start, set_point_c=-0.5)
    held = 0
    for _ in range(600):
        life = exp(log(sqrt(low * high)) + rng.gauss(0, spread))
        steep, lag = exp(rng.gauss(0, 0.15)), fish.lag_h * exp(rng.gauss(0, 0.4))
        true_c, used, readings = 0.5 + rng.gauss(0, 1.0), 0.0, []
        warm_from, warm_for = rng.randrange(20, 90), rng.randrange(0, 30)
        for hour in range(1, 121):
            air = 9.0 if warm_from <= hour < warm_from + warm_for else 0.0
            before, true_c = true_c, air + (true_c - air) * exp(-1 / lag)
            used += relative_rate(fish.kinetics, (before + true_c) / 2, 0.0) ** steep / 24
            probe = true_c + rng.gauss(0, 0.3) if hour % 12 == 0 else None
            readings.append(
                Reading(hour, start + timedelta(hours=hour), air - 0.3, air + 0.3, probe)
            )
        found = life_after(readings, fish, journey)
        left = max(0.0, life - used)
        held += found.remaining_days_q10 <= left <= found.remaining_days_q90
    assert 0.70 <= held / 600 <= 0.92


def test_a_forecast_shows_what_restoring_the_cold_saves(fish, fish_journey, hold):
    readings = hold(100) + hold(36, first=101, supply_c=9.0, return_c=9.0, powered=False)
    state, _ = advance(begin(fish_journey.container, fish_journey), readings, fish)
    as_now = forecast(state, fish, Outlook.AS_NOW, hours=168)
    restored = forecast(state, fish, Outlook.RESTORED, hours=168)
    assert len(as_now.points) == len(restored.points) == 169
    assert as_now.points[0] == restored.points[0]
    assert as_now.limit_at is not None
    assert as_now.spoiled_at is not None
    assert restored.limit_at is None or restored.limit_at <= as_now.points[3].at
    gained = restored.points[-1].remaining_days_q50 - as_now.points[-1].remaining_days_q50
    assert gained > 2.0
    for point in (*as_now.points, *restored.points):
        assert point.pulp_c_q10 <= point.pulp_c_q50 <= point.pulp_c_q90
        assert point.remaining_days_q10 <= point.remaining_days_q50 <= point.remaining_days_q90


def test_a_forecast_agrees_with_the_days_left_in_this_air(fish, fish_journey, hold):
    state, _ = advance(begin(fish_journey.container, fish_journey), hold(50, return_c=6.0), fish)
    life = shelf_life(state, fish)
    points = forecast(state, fish, Outlook.AS_NOW, hours=24 * 20).points
    spent = next(p.at for p in points if p.remaining_days_q50 <= 0.0)
    assert life.as_now_days_q50 == pytest.approx((spent - state.at) / timedelta(days=1), abs=0.1)


def test_a_forecast_is_never_longer_than_a_thousand_points(fish, fish_journey, hold):
    state, _ = advance(begin(fish_journey.container, fish_journey), hold(5), fish)
    assert len(forecast(state, fish, Outlook.AS_NOW, hours=1e6, step_h=0.01).points) == 1001


def test_a_known_pulp_history_is_integrated_over_event_time(fish, start):
    steady = [(start + timedelta(hours=h), 5.0) for h in range(0, 49, 6)]
    assert consumed_days(steady, fish) == pytest.approx(2.0 * 2.25)


@pytest.mark.parametrize("hours", [[], [0], [0, 30]])
def test_a_history_with_too_long_a_gap_is_refused(hours, fish, start):
    with pytest.raises(GapTooLong):
        consumed_days([(start + timedelta(hours=h), 0.0) for h in hours], fish)


def test_the_mean_kinetic_temperature_of_the_goods_is_that_of_their_history(start, container):
    medicine = commodities.get("medicine")
    journey = Journey(container, "medicine", start, loaded_pulp_c=22.0)
    readings = [Reading(i, start + timedelta(hours=i), 22.0, 22.0, 22.0) for i in range(1, 50)]
    state, _ = advance(begin(container, journey), readings, medicine)
    assert mean_kinetic_c(state.goods) == pytest.approx(
        mean_kinetic_temperature_c([22.0]), abs=0.01
    )
    assert mean_kinetic_c(replace(state.goods, elapsed_h=0.0)) is None
