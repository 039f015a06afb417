"""Mean kinetic temperature: analytic values, bounds, and the rule of a label."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import exp, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.kinetics import GAS_CONSTANT_KJ, KELVIN, GapTooLong, OutsideModel
from clearway.coldchain.mkt import (
    CONTROLLED_ROOM,
    judge,
    mean_kinetic_of,
    mean_kinetic_temperature_c,
)

AT = datetime(2026, 3, 2, tzinfo=UTC)


def history(values, minutes=30):
    return [(AT + timedelta(minutes=minutes * i), value) for i, value in enumerate(values)]


def analytic(shares, activation=83.14472):
    """The formula itself: shares of time by temperature."""
    factor = activation / GAS_CONSTANT_KJ
    mean = sum(share * exp(-factor / (c + KELVIN)) for c, share in shares.items())
    return factor / -log(mean) - KELVIN


def test_the_mean_kinetic_temperature_of_a_constant_history_is_that_temperature():
    assert mean_kinetic_temperature_c([5.0] * 100) == pytest.approx(5.0, abs=1e-6)


@pytest.mark.parametrize(
    "shares", [{5.0: 0.5, 25.0: 0.5}, {20.0: 0.9, 40.0: 0.1}, {-20.0: 0.2, 0.0: 0.3, 25.0: 0.5}]
)
def test_the_mean_kinetic_temperature_is_the_analytic_one_within_a_millionth_of_a_degree(shares):
    readings = [c for c, share in shares.items() for _ in range(round(share * 100))]
    expected = analytic(shares)
    assert mean_kinetic_temperature_c(readings) == pytest.approx(expected, abs=1e-6)
    assert expected > sum(c * share for c, share in shares.items())


@given(st.lists(st.floats(-40, 60), min_size=1, max_size=40))
def test_a_mean_kinetic_temperature_lies_between_the_arithmetic_mean_and_the_warmest(values):
    found = mean_kinetic_temperature_c(values)
    assert min(values) <= found <= max(values)
    assert sum(values) / len(values) - 1e-6 <= found


@given(st.lists(st.floats(-40, 60), min_size=1, max_size=20), st.integers(0, 19), st.floats(0, 10))
def test_a_warmer_reading_never_lowers_it(values, place, more):
    warmer = list(values)
    warmer[place % len(values)] += more
    assert mean_kinetic_temperature_c(warmer) >= mean_kinetic_temperature_c(values) - 1e-9


@pytest.mark.parametrize("readings", [[], [None], [5.0, None], [5.0] * 8 + [None]])
def test_a_history_with_more_than_a_tenth_missing_is_refused(readings):
    with pytest.raises(GapTooLong, match="at least nine in ten"):
        mean_kinetic_temperature_c(readings)


def test_a_tenth_missing_is_bridged():
    assert mean_kinetic_temperature_c([5.0] * 9 + [None]) == pytest.approx(5.0)


def test_what_no_sensor_can_have_measured_is_refused():
    with pytest.raises(OutsideModel, match="cannot have measured"):
        mean_kinetic_temperature_c([5.0, 850.0])
    with pytest.raises(OutsideModel, match="activation"):
        mean_kinetic_temperature_c([5.0], activation_kj_mol=0.0)


@given(st.lists(st.floats(-20, 50), min_size=2, max_size=20), st.integers(1, 60))
def test_readings_at_any_spacing_count_by_their_time(values, minutes):
    even = mean_kinetic_of(history(values, minutes))
    weighed = [values[0], *(c for c in values[1:-1] for _ in range(2)), values[-1]]
    assert even == pytest.approx(mean_kinetic_temperature_c(weighed), abs=1e-6)


def test_a_pause_in_the_history_is_refused_and_so_is_time_that_runs_backward():
    with pytest.raises(GapTooLong, match="at most"):
        mean_kinetic_of(history([5.0, 5.0], minutes=121))
    with pytest.raises(GapTooLong, match="in order"):
        mean_kinetic_of(list(reversed(history([5.0, 5.0]))))
    with pytest.raises(GapTooLong, match="at least two"):
        mean_kinetic_of(history([5.0]))


@pytest.mark.parametrize(
    ("values", "ok", "codes"),
    [
        ([22.0] * 90 + [29.0] * 5 + [22.0] * 90, True, {"CC_MKT_KEPT"}),
        ([22.0] * 90 + [31.0] * 2 + [22.0] * 90, False, {"CC_MKT_EXCURSION"}),
        ([24.0] * 20 + [29.0] * 20, False, {"CC_MKT_WARM"}),
        ([14.0] * 20 + [35.0] * 20, False, {"CC_MKT_WARM", "CC_MKT_EXCURSION"}),
    ],
)
def test_a_label_is_judged_by_mean_and_excursions(values, ok, codes):
    verdict = judge(history(values), CONTROLLED_ROOM)
    assert verdict.ok is ok
    assert {reason.code for reason in verdict.reasons} == codes
    assert verdict.hours == pytest.approx((len(values) - 1) / 2)
