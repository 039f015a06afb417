"""The pulp estimate against the exact solution, against probes and against surprises."""

from __future__ import annotations

import random
from math import exp, inf, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.pulp import (
    Pulp,
    correct,
    doubt,
    follow,
    guessed_at_loading,
    hours_until,
    is_surprising,
    measured_at_loading,
)

temperature = st.floats(-30, 40)
hours = st.floats(0.01, 48)


@given(temperature, temperature, hours, st.floats(1, 60))
def test_pulp_follows_steady_air_exactly(start, air, length, lag):
    found = follow(measured_at_loading(start, lag), air, length)
    assert found.c == pytest.approx(air + (start - air) * exp(-length / lag), abs=1e-9)


@given(temperature, temperature, hours)
def test_two_short_steps_are_one_long_step(start, air, length):
    pulp = measured_at_loading(start, 20.0)
    once = follow(pulp, air, length)
    twice = follow(follow(pulp, air, length / 2), air, length / 2)
    assert twice.c == pytest.approx(once.c, abs=1e-9)
    assert twice.variance == pytest.approx(once.variance, rel=1e-6)
    assert twice.covariance == pytest.approx(once.covariance, rel=1e-6, abs=1e-9)


@given(temperature, temperature, hours, temperature)
def test_a_probe_moves_the_estimate_towards_itself_and_makes_it_surer(start, air, length, probe):
    before = follow(guessed_at_loading(None, start, None, 20.0), air, length)
    after = correct(before, probe)
    assert min(before.c, probe) - 1e-9 <= after.c <= max(before.c, probe) + 1e-9
    assert after.variance < before.variance
    assert after.log_lag_variance <= before.log_lag_variance + 1e-12


@pytest.mark.parametrize("true_lag", [8.0, 20.0, 45.0])
def test_the_lag_is_learnt_from_probes_while_the_air_changes(true_lag):
    """A first guess of 20 hours comes within a quarter of the truth."""
    rng = random.Random(7)
    true_c, pulp = 2.0, measured_at_loading(2.0, 20.0)
    for step in range(6 * 24 * 4):
        air = -1.0 if (step // 144) % 2 else 12.0
        true_c = air + (true_c - air) * exp(-(1 / 6) / true_lag)
        pulp = follow(pulp, air, 1 / 6)
        if step % 6 == 0:
            pulp = correct(pulp, true_c + rng.gauss(0, 0.2))
    assert pulp.lag_h == pytest.approx(true_lag, rel=0.25)
    assert pulp.c == pytest.approx(true_c, abs=0.5)


def test_one_slip_of_a_probe_is_doubted_and_a_probe_that_insists_is_believed():
    pulp = follow(measured_at_loading(0.0, 20.0), 0.0, 24.0)
    assert is_surprising(pulp, 9.0)
    tries = 0
    while is_surprising(pulp, 9.0):
        pulp = doubt(pulp)
        tries += 1
    assert 1 < tries < 8


def test_a_lag_never_leaves_what_cargo_can_have():
    wild = Pulp(0.0, 4.0, log(20.0), 50.0, 700.0)
    assert 0.5 <= correct(wild, 30.0).lag_h <= 400.0
    assert 0.5 <= correct(wild, -30.0).lag_h <= 400.0


@given(temperature, temperature, temperature, st.floats(1, 60))
def test_the_time_to_a_limit_is_when_the_pulp_gets_there(start, air, limit, lag):
    found = hours_until(start, limit, air_c=air, lag_h=lag, horizon_h=500)
    if found not in (0.0, inf):
        assert air + (start - air) * exp(-found / lag) == pytest.approx(limit, abs=1e-6)
    if found == inf and abs(air - limit) > 0.01 and abs(start - limit) > 0.01:
        later = air + (start - air) * exp(-500 / lag)
        assert (later - limit) * (start - limit) > 0


def test_without_power_the_limit_comes_later_than_in_warm_air_and_comes():
    warm_at_once = hours_until(0.0, 4.0, air_c=25.0, lag_h=20.0)
    warming = hours_until(0.0, 4.0, air_c=0.0, lag_h=20.0, air_goes_to_c=25.0, air_lag_h=8.0)
    assert 0 < warm_at_once < warming < 24


def test_a_limit_beyond_where_the_air_goes_is_never_reached():
    assert hours_until(0.0, 4.0, air_c=3.0, lag_h=20.0) == inf
    assert hours_until(0.0, 4.0, air_c=-1.0, lag_h=20.0, air_goes_to_c=3.0, air_lag_h=8.0) == inf
    assert hours_until(4.0, 4.0, air_c=25.0, lag_h=20.0) == 0.0


def test_a_guess_at_loading_lies_between_what_was_agreed_and_what_the_air_tells():
    cold = guessed_at_loading(0.0, 0.0, 1.0, 20.0)
    warm = guessed_at_loading(0.0, 3.0, 6.0, 20.0)
    assert cold.c == pytest.approx(0.0, abs=0.5)
    assert 3.0 < warm.c < 7.5
    assert warm.sigma_c < 2.5


def test_air_that_a_unit_heats_says_little_of_the_goods():
    heated = guessed_at_loading(-18.0, -5.0, -2.3, 20.0)
    assert heated.c < -13.0
    assert heated.sigma_c > 3.0
