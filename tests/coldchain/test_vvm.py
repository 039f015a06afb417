"""Vaccine vial monitors against the table of the World Health Organization."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.coldchain.kinetics import GAS_CONSTANT_KJ, KELVIN, GapTooLong, OutsideModel
from clearway.coldchain.vvm import Monitor, MonitorState, advance, end_days, follow

AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("monitor", list(Monitor))
def test_worked_example_end_points_of_the_specification(shared_data, monitor):
    path = shared_data / "coldchain" / "worked_examples.json"
    example = next(one for one in json.loads(path.read_text()) if one["id"] == "VVM-E6/IN5")
    for celsius, days in example["expect"][monitor.value].items():
        found = end_days(monitor, float(celsius))
        if isinstance(days, str):
            assert found > 365 * float(days.strip(">y"))
        else:
            assert found == pytest.approx(days, rel=0.02)


def test_the_energies_follow_from_the_end_points():
    def energy(days, at_c, days_at_37):
        inverse = 1 / (at_c + KELVIN) - 1 / (37 + KELVIN)
        return GAS_CONSTANT_KJ * log(days / days_at_37) / inverse

    assert energy(193, 25, 30) == pytest.approx(119.2, abs=0.2)
    assert energy(90, 25, 14) == pytest.approx(119.2, abs=0.2)
    assert energy(45, 25, 7) == pytest.approx(119.2, abs=0.2)
    assert energy(225, 5, 2) == pytest.approx(105.9, abs=0.2)


def test_a_monitor_at_37_degrees_ends_on_its_day():
    fresh = MonitorState(Monitor.VVM7)
    assert not advance(fresh, 37.0, 7 * 24 - 1).is_at_end
    assert advance(fresh, 37.0, 7 * 24 + 0.001).is_at_end
    assert advance(fresh, 37.0, 84.0).days_left(37.0) == pytest.approx(3.5)
    assert advance(fresh, 37.0, 1000.0).days_left(37.0) == 0.0


def test_hours_outside_the_specification_are_told():
    state = advance(MonitorState(Monitor.VVM14), 42.0, 3.0)
    assert state.outside_h == 3.0
    assert advance(state, 20.0, 5.0).outside_h == 3.0
    with pytest.raises(OutsideModel):
        state.days_left(42.0)


@given(
    st.lists(st.floats(2, 40), min_size=2, max_size=30),
    st.integers(0, 29),
    st.sampled_from(list(Monitor)),
)
def test_a_history_cut_at_any_reading_gives_the_same(values, cut, monitor):
    points = [(AT + timedelta(minutes=15 * i), value) for i, value in enumerate(values)]
    place = cut % len(points)
    whole = follow(MonitorState(monitor), points)
    parts = follow(follow(MonitorState(monitor), points[: place + 1]), points[place:])
    assert parts.used == pytest.approx(whole.used, rel=1e-12)
    assert parts.outside_h == pytest.approx(whole.outside_h)


@given(st.floats(5, 36), st.floats(0, 1), st.sampled_from(list(Monitor)))
def test_warmer_never_ends_later(at_c, more, monitor):
    assert end_days(monitor, at_c + more) <= end_days(monitor, at_c)


def test_a_pause_is_not_bridged():
    with pytest.raises(GapTooLong, match="Look at the vials"):
        follow(MonitorState(Monitor.VVM2), [(AT, 5.0), (AT + timedelta(hours=3), 5.0)])
