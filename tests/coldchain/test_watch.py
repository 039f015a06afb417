"""Advancing a unit: the same readings give the same state, however they are cut."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.coldchain import commodities
from clearway.coldchain.model import Journey, Reading
from clearway.coldchain.state import UnitState, begin
from clearway.coldchain.watch import advance
from clearway.ledger.fact import decode, encode

celsius = st.one_of(st.none(), st.floats(-70, 80).map(lambda c: round(c, 1)))
flag = st.sampled_from([None, True, False])
values = st.tuples(st.integers(0, 400), celsius, celsius, celsius, celsius, flag, flag, celsius)


def made(rows, start):
    at, readings = start, []
    for i, (minutes, supply, back, pulp, ambient, powered, door, told) in enumerate(rows):
        at += timedelta(minutes=minutes)
        readings.append(Reading(i, at, supply, back, pulp, ambient, powered, door, told))
    return readings


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(values, min_size=1, max_size=30), cuts=st.lists(st.integers(0, 30), max_size=4)
)
def test_cutting_readings_into_other_batches_changes_nothing(rows, cuts, start, container):
    readings = made(rows, start)
    journey, commodity = Journey(container, "banana", start), commodities.get("banana")
    whole, alarms = advance(begin(container, journey), readings, commodity)
    state, found = begin(container, journey), []
    bounds = [0, *sorted(min(cut, len(readings)) for cut in cuts), len(readings)]
    for low, high in pairwise(bounds):
        state, raised = advance(state, readings[low:high], commodity)
        state = decode(encode(state), UnitState)  # as the table keeps it
        found.extend(raised)
    assert state == whole
    assert tuple(found) == alarms


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(values, min_size=1, max_size=20))
def test_any_history_leaves_finite_figures(rows, start, container):
    journey, commodity = (
        Journey(container, "fish_temperate", start),
        commodities.get("fish_temperate"),
    )
    state, alarms = advance(begin(container, journey), made(rows, start), commodity)
    text = encode((state, alarms))
    assert b"NaN" not in text
    assert decode(encode(state), UnitState) == state
    if state.goods is not None:
        low, middle, high = (getattr(state.goods.consumed, n) for n in ("low", "middle", "high"))
        assert 0.0 <= low <= middle <= high


def test_readings_older_than_the_journey_belong_to_another(fish, fish_journey, hold):
    before = begin(fish_journey.container, fish_journey)
    old = [replace(r, at=r.at - timedelta(days=2)) for r in hold(5, return_c=30.0)]
    assert advance(before, old, fish) == (before, ())


def test_two_devices_at_one_instant_both_count(fish, fish_journey, hold):
    air = hold(2)
    probe = Reading(9, air[1].at, pulp_c=0.4)
    state, _ = advance(begin(fish_journey.container, fish_journey), [*air, probe], fish)
    assert state.seen.probe_c == 0.4
    assert state.seen.return_c == 0.2
    assert state.gap_h == 0.0


def test_without_a_known_commodity_the_pulp_is_followed_and_no_life_is_counted(container, hold):
    state, alarms = advance(begin(container), hold(100, powered=False), None)
    assert abs(state.goods.pulp.c - (-0.3)) < 0.5
    assert [alarm.kind for alarm in alarms] == ["power_off"]
    assert alarms[0].limit_at is None


def test_a_logger_with_one_sensor_among_the_goods_is_enough(fish, fish_journey, hold):
    readings = hold(60, supply_c=None, return_c=None, pulp_c=1.0, powered=None, door_open=None)
    state, alarms = advance(begin(fish_journey.container, fish_journey), readings, fish)
    assert abs(state.goods.pulp.c - 1.0) < 0.1
    assert not alarms


def test_a_probe_that_slips_once_does_not_move_the_goods(fish, fish_journey, hold):
    readings = hold(50, pulp_c=0.1)
    readings[30] = replace(readings[30], pulp_c=25.0)
    state, _ = advance(begin(fish_journey.container, fish_journey), readings, fish)
    assert abs(state.goods.pulp.c) < 0.5


def test_of_several_probes_the_mean_tells_of_the_load_and_the_warmest_is_shown(
    fish, fish_journey, hold
):
    readings = hold(200, pulp_c=1.4, probes_c=(0.2, None, 1.4))
    state, _ = advance(begin(fish_journey.container, fish_journey), readings, fish)
    assert abs(state.goods.pulp.c - 0.8) < 0.15
    assert state.seen.probe_c == 1.4
