"""What each remedy saves: like against like, monotone, and only what applies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.coldchain import commodities
from clearway.coldchain.actions_ahead import Remedy, look_ahead, remedies
from clearway.coldchain.model import Journey, Reading
from clearway.coldchain.spoilage import shelf_life
from clearway.coldchain.state import begin
from clearway.coldchain.watch import advance
from clearway.errors import WrongState
from clearway.terms.transport import ContainerNumber

CONTAINER = ContainerNumber("CSQU3054383")
START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def after(fish, fish_journey):
    def run(readings, commodity=fish, journey=fish_journey):
        return advance(begin(journey.container, journey), readings, commodity)[0]

    return run


def test_a_unit_without_power_is_helped_most_by_a_plug(after, hold, fish):
    state = after(hold(30) + hold(12, first=31, powered=False, ambient_c=30.0, return_c=4.0))
    ahead = look_ahead(state, fish, stay_h=48.0)
    assert ahead.savings[0].remedy is Remedy.PLUG_IN
    assert ahead.savings[0].saved_days > 0.3
    assert ahead.savings[0].effective_at == state.at + timedelta(hours=1)
    assert ahead.spent_days > 2.0
    assert {one.remedy for one in ahead.savings} == {
        Remedy.PLUG_IN,
        Remedy.COLD_STORE,
        Remedy.HEAD_OF_QUEUE,
    }


def test_a_wrong_set_point_is_worth_correcting_and_the_limit_is_then_not_passed(after, hold, fish):
    state = after(hold(60, set_point_c=9.0, supply_c=9.0, return_c=9.5))
    ahead = look_ahead(state, fish, stay_h=36.0)
    best = next(one for one in ahead.savings if one.remedy is Remedy.CORRECT_SET_POINT)
    assert ahead.limit_at is not None
    assert best.saved_days > 0.3
    assert best.limit_at is None or best.limit_at >= ahead.limit_at


def test_goods_that_are_kept_well_have_nothing_to_save(after, hold, fish):
    ahead = look_ahead(after(hold(60)), fish, stay_h=24.0)
    assert sum(one.saved_days for one in ahead.savings) < 0.1
    assert ahead.limit_at is None


def test_only_what_applies_is_offered(after, hold, fish):
    assert set(remedies(after(hold(6)), fish)) == {Remedy.HEAD_OF_QUEUE, Remedy.COLD_STORE}
    open_door = after(hold(6, door_open=True))
    assert Remedy.CLOSE_DOOR in remedies(open_door, fish)


@settings(max_examples=40, deadline=None)
@given(air=st.floats(-5, 30), stay=st.floats(1, 96), longer=st.floats(0, 96), powered=st.booleans())
def test_no_remedy_costs_life_and_a_longer_stay_never_saves_less(air, stay, longer, powered):
    commodity = commodities.get("fish_temperate")
    start = START
    journey = Journey(CONTAINER, "fish_temperate", start, loaded_pulp_c=0.0)
    readings = [
        Reading(i, start + timedelta(minutes=10 * i), air, air + 0.5, powered=powered)
        for i in range(1, 20)
    ]
    state, _ = advance(begin(CONTAINER, journey), readings, commodity)
    short = look_ahead(state, commodity, stay_h=stay)
    long = look_ahead(state, commodity, stay_h=stay + longer)
    assert long.spent_days >= short.spent_days - 1e-9
    gained = {one.remedy: one.saved_days for one in long.savings}
    for one in short.savings:
        assert 0.0 <= one.saved_days <= short.spent_days
        assert gained.get(one.remedy, 0.0) >= one.saved_days - 0.02


def test_an_outlook_needs_a_reading(fish, fish_journey):
    with pytest.raises(WrongState, match="needs a reading"):
        look_ahead(begin(fish_journey.container, fish_journey), fish)


def test_shelf_life_tells_when_the_limit_is_passed_if_nothing_changes(after, hold, fish):
    assert shelf_life(after(hold(30)), fish).limit_at is None
    warming = after(hold(30) + hold(6, first=31, supply_c=12.0, return_c=12.0))
    limit_at = shelf_life(warming, fish).limit_at
    assert warming.at < limit_at < warming.at + timedelta(hours=24)
    ahead = look_ahead(warming, fish, stay_h=48.0)
    assert abs(ahead.limit_at - limit_at) <= timedelta(hours=1)
