"""Faults by their signs: each named, with evidence, and nothing that is normal."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.coldchain import commodities
from clearway.coldchain.faults import FaultKind, spans_of
from clearway.coldchain.model import AlarmKind, Journey, Reading
from clearway.coldchain.pulp import correct, follow, measured_at_loading
from clearway.coldchain.spoilage import pace_of
from clearway.coldchain.state import begin
from clearway.coldchain.watch import advance, trace
from clearway.terms.transport import ContainerNumber

CONTAINER = ContainerNumber("CSQU3054383")
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def watched(fish, fish_journey):
    """Run readings; return (spans by kind, kinds of the alarms raised)."""

    def run(readings):
        start = begin(fish_journey.container, fish_journey)
        states, kinds = [], []
        for state, raised in trace(start, readings, fish):
            states.append(state)
            kinds += [alarm.kind for alarm in raised]
        spans = spans_of(states, fish)
        assert all(a.since <= b.since for a, b in pairwise(spans))
        return {span.kind: span for span in spans}, kinds

    return run


def noisy(readings, seed=5):
    rng = random.Random(seed)
    return [
        replace(
            r,
            supply_c=None if r.supply_c is None else round(r.supply_c + rng.gauss(0, 0.08), 1),
            return_c=None if r.return_c is None else round(r.return_c + rng.gauss(0, 0.08), 1),
        )
        for r in readings
    ]


def test_a_defrost_is_a_span_and_no_alarm(watched, hold):
    readings = hold(200)
    for i in range(100, 103):
        readings[i] = replace(readings[i], supply_c=10.0, return_c=1.2)
    spans, alarms = watched(noisy(readings))
    span = spans[FaultKind.DEFROST]
    assert (span.since, span.until) == (readings[100].at, readings[102].at)
    assert not span.is_open
    assert float(span.evidence["supply_c"]) == pytest.approx(10.0, abs=0.3)
    assert alarms == []


def test_a_power_cut_begins_with_its_first_reading_not_with_its_alarm(watched, hold):
    readings = hold(60) + hold(20, first=61, powered=False, return_c=3.0, supply_c=2.9)
    spans, alarms = watched(readings)
    assert spans[FaultKind.POWER_OFF].since == readings[60].at
    assert spans[FaultKind.POWER_OFF].is_open
    assert spans[FaultKind.POWER_OFF].evidence["air_high_c"] == "3.0"
    assert alarms == [AlarmKind.POWER_OFF]


def test_power_off_is_guessed_when_fans_and_coil_stop_and_nothing_tells_of_power(watched, hold):
    quiet = hold(60, powered=None, set_point_c=-0.8)
    still = [
        replace(r, supply_c=-0.1 + 0.02 * i, return_c=0.1 + 0.02 * i)
        for i, r in enumerate(hold(12, first=61, powered=None, set_point_c=-0.8))
    ]
    spans, alarms = watched(noisy(quiet) + still)
    assert AlarmKind.POWER_OFF in alarms
    assert spans[FaultKind.POWER_OFF].since == still[0].at
    assert watched(noisy(quiet + hold(40, first=61, powered=None, set_point_c=-0.8)))[1] == []


def test_an_open_door_is_guessed_from_damp_air_that_comes_in(watched, hold):
    dry = hold(80, door_open=None, humidity_pct=86.0)
    wet = hold(
        8, first=81, door_open=None, humidity_pct=98.0, supply_c=2.0, return_c=6.0, powered=True
    )
    spans, alarms = watched(noisy(dry) + wet)
    assert AlarmKind.DOOR_OPEN in alarms
    assert spans[FaultKind.DOOR_OPEN].since == wet[0].at


def test_a_compressor_that_goes_on_and_off_is_short_cycling(watched, hold):
    readings = hold(100)
    for i in range(40, 80):
        readings[i] = replace(readings[i], supply_c=0.2 if i % 2 else -1.5)
    spans, alarms = watched(noisy(readings))
    assert alarms == [AlarmKind.SHORT_CYCLING]
    assert FaultKind.SHORT_CYCLING in spans


@pytest.mark.parametrize("sensor", ["supply_c", "return_c"])
@pytest.mark.parametrize("kelvin", [-4.0, 4.0])
def test_an_air_sensor_that_drifts_is_named(watched, hold, sensor, kelvin):
    readings = noisy(hold(6 * 24 * 6))
    for i in range(300, len(readings)):
        grown = kelvin * min(1.0, (i - 300) / 400)
        readings[i] = replace(readings[i], **{sensor: getattr(readings[i], sensor) + grown})
    _, alarms = watched(readings)
    assert AlarmKind.SENSOR_DRIFT in alarms
    assert AlarmKind.LIMIT_PASSED not in alarms


def test_a_probe_that_leaves_steady_air_drifts(watched, hold):
    readings = noisy(hold(6 * 24 * 5, pulp_c=0.2))
    for i in range(300, len(readings)):
        readings[i] = replace(readings[i], pulp_c=round(0.2 + 3.5 * min(1.0, (i - 300) / 300), 1))
    spans, alarms = watched(readings)
    assert AlarmKind.SENSOR_DRIFT in alarms
    assert "apart_c" in spans[FaultKind.SENSOR_DRIFT].evidence


def test_warm_goods_that_cool_down_beside_a_probe_do_not_drift(watched, hold):
    readings = noisy(hold(6 * 24 * 5))
    readings = [
        replace(r, pulp_c=round(0.2 + 8.0 * 0.994**i, 1), return_c=r.return_c + 3.0 * 0.994**i)
        for i, r in enumerate(readings)
    ]
    assert AlarmKind.SENSOR_DRIFT not in watched(readings)[1]


def test_a_sensor_that_falls_silent_is_lost_and_one_that_looks_in_now_and_then_is_not(
    watched, hold
):
    silent = hold(60) + hold(30, first=61, return_c=None)
    spans, alarms = watched(silent)
    assert alarms == [AlarmKind.SENSOR_LOST]
    assert spans[FaultKind.SENSOR_LOST].since == silent[60].at
    assert spans[FaultKind.SENSOR_LOST].evidence["sensors"] == "return"
    now_and_then = [
        replace(r, pulp_c=0.1 if i % 30 == 0 else None) for i, r in enumerate(hold(200))
    ]
    assert watched(now_and_then)[1] == []


def test_a_clock_put_forward_jumps_and_lost_readings_are_a_gap(watched, hold):
    readings = hold(60)
    later = [replace(r, at=r.at + timedelta(hours=9)) for r in hold(10, first=61)]
    spans, alarms = watched(readings + later)
    assert alarms == [AlarmKind.CLOCK_JUMP]
    assert spans[FaultKind.CLOCK_JUMP].evidence == {
        "length": "9 hours",
        "way": "forward",
        "air_low_c": "-0.3",
        "air_high_c": "-0.3",
    }
    holey = hold(60) + hold(10, first=121)
    spans, alarms = watched(holey)
    assert alarms == [AlarmKind.READINGS_MISSING]
    assert spans[FaultKind.GAP].since == holey[59].at


def test_a_clock_put_back_mixes_two_runs_of_numbers(watched, hold):
    readings = hold(100)
    back = [replace(r, at=r.at - timedelta(hours=5, minutes=3)) for r in hold(60, first=101)]
    mixed = sorted(readings + back, key=lambda r: (r.at, r.seq))
    assert watched(mixed)[1] == [AlarmKind.CLOCK_JUMP]


def test_two_devices_that_count_side_by_side_have_no_jumping_clock(watched, hold):
    one = hold(100)
    two = [
        replace(r, seq=r.seq + 900, at=r.at + timedelta(minutes=4), supply_c=None, return_c=None)
        for r in hold(100, pulp_c=0.1)
    ]
    mixed = sorted(one + two, key=lambda r: r.at)
    assert AlarmKind.CLOCK_JUMP not in watched(mixed)[1]


def test_a_set_point_in_the_wrong_unit_is_told_apart_from_a_wrong_one(watched, hold):
    assert FaultKind.SET_POINT_UNIT in watched(hold(6, set_point_c=32.0))[0]
    assert FaultKind.SET_POINT_WRONG in watched(hold(6, set_point_c=8.0))[0]


@settings(max_examples=25, deadline=None)
@given(late=st.integers(1, 60), length=st.integers(1, 30), powered=st.booleans())
def test_late_readings_taken_in_their_order_give_what_timely_ones_give(late, length, powered):
    commodity = commodities.get("fish_temperate")
    start = START
    journey = Journey(CONTAINER, "fish_temperate", start, -0.5, 0.0)
    readings = [
        Reading(i, start + timedelta(minutes=10 * i), -0.8, 0.2, powered=powered)
        for i in range(1, 100)
    ]
    timely = advance(begin(CONTAINER, journey), readings, commodity)
    upto, _ = advance(begin(CONTAINER, journey), readings[:late], commodity)
    held, rest = readings[late : late + length], readings[late + length :]
    # What came first is passed over until the store goes back and hands all on in order.
    again = advance(upto, sorted([*rest, *held], key=lambda r: r.at), commodity)
    assert again[0] == timely[0]


@settings(max_examples=40, deadline=None)
@given(true_c=st.floats(-2, 15), believed_c=st.floats(-2, 15), air_c=st.floats(-2, 10))
def test_a_late_probe_corrects_the_days_used_towards_the_truth(true_c, believed_c, air_c):
    """Goods that were warmer than believed have used up more life than was counted."""
    pace = pace_of(commodities.get("fish_temperate"))
    truth, belief = (measured_at_loading(c, 18.0) for c in (true_c, believed_c))
    belief = replace(belief, variance=16.0)
    for _ in range(24):
        truth = follow(truth, air_c, 1.0, pace=pace, days=1 / 24)
        belief = follow(belief, air_c, 1.0, pace=pace, days=1 / 24)
    before = abs(belief.used_days - truth.used_days)
    after = abs(correct(belief, truth.c).used_days - truth.used_days)
    assert after <= before * 0.9 + 0.06
