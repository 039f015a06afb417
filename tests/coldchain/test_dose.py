"""Chilling and freezing doses, and what dry air takes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain import commodities
from clearway.coldchain.dose import (
    chilling_dose,
    deficit_kpa,
    dose_below,
    freezing_dose,
    saturation_kpa,
    water_loss_pct,
)
from clearway.coldchain.kinetics import GapTooLong, OutsideModel

AT = datetime(2026, 3, 2, tzinfo=UTC)


def history(*values, minutes=60):
    return [(AT + timedelta(minutes=minutes * i), value) for i, value in enumerate(values)]


def test_a_constant_chill_is_time_times_depth():
    found = dose_below(history(*[9.0] * 5), 11.0)
    assert (found.hours, found.degree_hours) == (4.0, 8.0)
    assert found.first_at == AT
    assert found.coldest_c == 9.0


def test_a_line_through_the_limit_is_cut_where_it_crosses():
    found = dose_below(history(12.0, 8.0), 11.0)
    assert found.hours == pytest.approx(0.75)
    assert found.degree_hours == pytest.approx(0.75 * 3 / 2)
    assert found.first_at == AT + timedelta(minutes=15)
    back = dose_below(history(8.0, 12.0), 11.0)
    assert back.degree_hours == pytest.approx(found.degree_hours)
    assert back.first_at == AT


def test_at_the_limit_there_is_no_dose():
    found = dose_below(history(11.0, 11.0, 15.0), 11.0)
    assert found.degree_hours == 0.0
    assert found.first_at is None


@given(st.lists(st.floats(-10, 20), min_size=2, max_size=25), st.integers(0, 24))
def test_a_dose_cut_at_any_reading_adds_up(values, cut):
    points = history(*values, minutes=20)
    place = cut % len(points)
    whole = dose_below(points, 7.0)
    first, second = dose_below(points[: place + 1], 7.0), dose_below(points[place:], 7.0)
    assert first.degree_hours + second.degree_hours == pytest.approx(whole.degree_hours, abs=1e-9)


@given(st.lists(st.floats(-10, 20), min_size=2, max_size=25), st.floats(0, 5))
def test_colder_never_lessens_the_dose(values, less):
    warm, cold = history(*values), history(*(value - less for value in values))
    assert dose_below(cold, 7.0).degree_hours >= dose_below(warm, 7.0).degree_hours - 1e-9


def test_bananas_are_chilled_and_apples_only_freeze():
    cold = history(5.0, 5.0, 5.0)
    assert chilling_dose(cold, commodities.get("banana")).degree_hours == pytest.approx(12.0)
    assert chilling_dose(cold, commodities.get("apple")) is None
    assert freezing_dose(cold, commodities.get("apple")).hours == 0.0
    assert freezing_dose(history(-3.5, -3.5), commodities.get("apple")).degree_hours == 2.0
    assert freezing_dose(cold, commodities.get("seafood_frozen")) is None


def test_a_dose_needs_a_history_without_holes():
    with pytest.raises(GapTooLong, match="at least one"):
        dose_below([], 5.0)
    with pytest.raises(GapTooLong, match="bridged"):
        dose_below(history(5.0, 5.0, minutes=121), 5.0)


@pytest.mark.parametrize(("at_c", "kpa"), [(15.0, 1.705), (24.5, 3.075)])
def test_the_vapour_pressure_is_that_of_the_example_of_fao_56(at_c, kpa):
    """Chapter 3, example 3."""
    assert saturation_kpa(at_c) == pytest.approx(kpa, abs=0.0006)


def test_warm_goods_in_cold_air_dry_even_when_the_air_is_moist():
    assert deficit_kpa(10.0, 0.0, 95.0) > deficit_kpa(0.0, 0.0, 95.0) > 0.0
    assert deficit_kpa(0.0, 20.0, 90.0) < 0.0


def test_water_loss_is_linear_while_it_is_small():
    deficit = deficit_kpa(1.0, 1.0, 90.0)
    one = water_loss_pct(42.0, deficit, 1.0)
    assert one == pytest.approx(42e-12 * deficit * 1000 * 86_400 * 100)
    assert water_loss_pct(42.0, deficit, 7.0) == pytest.approx(7 * one)
    assert water_loss_pct(42.0, -1.0, 7.0) == 0.0


def test_outside_their_range_the_laws_of_drying_refuse():
    for refused in (
        lambda: saturation_kpa(-20.0),
        lambda: deficit_kpa(1.0, 1.0, 101.0),
        lambda: water_loss_pct(7400.0, 2.0, 30.0),
        lambda: water_loss_pct(-1.0, 2.0, 30.0),
    ):
        with pytest.raises(OutsideModel):
            refused()
