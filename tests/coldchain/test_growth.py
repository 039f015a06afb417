"""Growth models: closed forms against integrated equations, and what holds for each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import e, exp, inf, isfinite

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from clearway.coldchain.growth import (
    LN10,
    Baranyi,
    CardinalTemperature,
    FullRatkowsky,
    Gompertz,
    growth_along,
)
from clearway.coldchain.kinetics import GapTooLong, OutsideModel

AT = datetime(2026, 3, 2, tzinfo=UTC)
SEABREAM = CardinalTemperature(0.25, -8.0, 27.0, 33.0)
RATKOWSKY = FullRatkowsky(0.02, 0.3, -8.0, 33.0)
counts = st.tuples(st.floats(0, 4), st.floats(1, 8), st.floats(0, 10))


def baranyi_integrated(model, rate, hours):
    """The differential equations of Baranyi and Roberts, solved by somebody else's code."""

    def slope(t, y):
        adjusted = 1.0 / (1.0 + exp(-y[1]))
        room = 1.0 - exp(y[0] - model.most_log10 * LN10)
        return [adjusted * rate(t) * room, rate(t)]

    start = [model.start_log10 * LN10, -np.log(np.expm1(model.work))]
    solved = solve_ivp(slope, (0, hours), start, rtol=1e-10, atol=1e-12, max_step=1.0)
    return solved.y[0][-1] / LN10


@pytest.mark.parametrize("hours", [1.0, 30.0, 90.0, 150.0, 400.0])
@pytest.mark.parametrize("work", [0.3, 2.0, 5.0])
def test_the_closed_form_of_baranyi_is_its_differential_equation(hours, work):
    model = Baranyi(3.0, 9.0, work)
    expected = baranyi_integrated(model, lambda t: 0.12, hours)
    assert model.log10_at(0.12, hours) == pytest.approx(expected, abs=1e-6)


def test_baranyi_along_a_changing_temperature_is_its_differential_equation():
    """A fridge that swings: the closed form in the summed rate against the equations in time."""

    def celsius(t):
        return 5.0 + 3.0 * np.sin(t / 6.0)

    points = [(AT + timedelta(minutes=10 * i), celsius(i / 6)) for i in range(150 * 6 + 1)]
    model = Baranyi(3.0, 9.0, 2.0)
    expected = baranyi_integrated(model, lambda t: SEABREAM.mu(celsius(t)), 150.0)
    found = model.log10_after(growth_along(points, SEABREAM.mu))
    assert found == pytest.approx(expected, abs=1e-3)


def test_gompertz_has_the_rate_and_the_lag_of_its_parameters():
    """Zwietering: mu is the slope at the steepest point, the tangent meets the start at the lag."""
    model, mu = Gompertz(3.0, 9.0, 4.0), 0.2
    lag = 4.0 / mu
    steepest = lag + (9.0 - 3.0) * LN10 / (mu * e)
    slope = (model.log10_at(mu, steepest + 0.01) - model.log10_at(mu, steepest - 0.01)) / 0.02
    assert slope * LN10 == pytest.approx(mu, rel=1e-6)
    tangent_meets = steepest - (model.log10_at(mu, steepest) - 3.0) / slope
    assert tangent_meets == pytest.approx(lag, rel=1e-6)


@pytest.mark.parametrize("kind", [Baranyi, Gompertz])
@given(counts, st.floats(0, 800), st.floats(0, 400))
def test_counts_never_fall_and_stay_between_start_and_most(kind, count, growth, more):
    start, room, work = count
    model = kind(start, start + room, work)
    now, later = model.log10_after(growth), model.log10_after(growth + more)
    assert isfinite(now)
    assert start - 1e-9 <= now <= later + 1e-9
    assert later <= start + room + 1e-9


@pytest.mark.parametrize("kind", [Baranyi, Gompertz])
@given(counts, st.floats(0.01, 0.5), st.floats(0.05, 0.95))
def test_the_time_to_a_count_gives_that_count(kind, count, mu, share):
    start, room, work = count
    model = kind(start, start + room, work)
    wanted = start + share * room
    assume(wanted > model.log10_after(0.0))
    hours = model.hours_to(wanted, mu)
    assert model.log10_at(mu, hours) == pytest.approx(wanted, abs=1e-6)


def test_a_count_that_is_never_reached_takes_for_ever():
    model = Baranyi(3.0, 9.0, 2.0)
    assert model.hours_to(9.5, 0.1) == inf
    assert model.hours_to(5.0, 0.0) == inf
    assert model.hours_to(2.0, 0.1) == 0.0


@pytest.mark.parametrize("model", [SEABREAM, RATKOWSKY], ids=["cardinal", "ratkowsky"])
def test_outside_the_range_of_growth_nothing_grows(model):
    assert model.mu(model.t_min_c) == model.mu(model.t_max_c) == 0.0
    assert model.mu(-20.0) == model.mu(60.0) == 0.0
    assert model.mu(10.0) > 0.0


def test_the_cardinal_model_is_one_at_its_optimum_and_nowhere_more():
    assert SEABREAM.gamma(27.0) == pytest.approx(1.0)
    assert max(SEABREAM.gamma(c / 10) for c in range(-100, 400)) <= 1.0 + 1e-12


@given(st.floats(-8, 26), st.floats(0, 1))
def test_below_the_optimum_warmer_never_grows_slower(at_c, more):
    assert SEABREAM.mu(at_c + more) >= SEABREAM.mu(at_c)


def test_far_below_the_optimum_full_ratkowsky_is_the_square_root_model():
    """Below its optimum the bracket is 1, so sqrt(mu) is a line through the minimum."""
    assert RATKOWSKY.mu(4.0) == pytest.approx((0.02 * 12.0) ** 2, rel=1e-3)


@given(st.lists(st.floats(-5, 30), min_size=2, max_size=30), st.integers(0, 29))
def test_a_history_cut_at_any_reading_grows_the_same(values, cut):
    points = [(AT + timedelta(minutes=25 * i), value) for i, value in enumerate(values)]
    place = cut % len(points)
    parts = growth_along(points[: place + 1], SEABREAM.mu) + growth_along(
        points[place:], SEABREAM.mu
    )
    assert parts == pytest.approx(growth_along(points, SEABREAM.mu), rel=1e-12)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(OutsideModel, match="must grow"):
        Baranyi(5.0, 4.0, 1.0)
    with pytest.raises(OutsideModel, match="work"):
        Gompertz(3.0, 9.0, -1.0)
    with pytest.raises(OutsideModel, match="cardinal"):
        CardinalTemperature(0.2, 0.0, 10.0, 40.0)
    with pytest.raises(GapTooLong, match="bridged"):
        growth_along([(AT, 4.0), (AT + timedelta(hours=3), 4.0)], SEABREAM.mu)
