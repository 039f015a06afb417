"""Vaccines are judged by their monitor, medicines by their mean, food by its life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clearway.coldchain import commodities
from clearway.coldchain.judgement import judge
from clearway.coldchain.mkt import mean_kinetic_of
from clearway.coldchain.model import Journey, JudgedBy, Reading
from clearway.coldchain.state import begin
from clearway.coldchain.vvm import Monitor, MonitorState, follow
from clearway.coldchain.watch import advance
from clearway.terms.transport import ContainerNumber

BOX = ContainerNumber("CSQU3054383")
START = datetime(2026, 3, 1, tzinfo=UTC)


def kept(code, celsius, hours):
    """Goods held for hours at one temperature, with a probe inside."""
    commodity = commodities.get(code)
    journey = Journey(BOX, code, START, loaded_pulp_c=celsius)
    readings = [
        Reading(n, START + timedelta(minutes=30 * n), celsius, celsius, celsius)
        for n in range(1, hours * 2 + 1)
    ]
    state, _ = advance(begin(BOX, journey), readings, commodity)
    return judge(state.goods, commodity), readings


@pytest.mark.parametrize("monitor", list(Monitor))
def test_a_vaccine_is_lost_when_its_monitor_reaches_the_end_point(monitor):
    code, hours = f"vaccine_{monitor.value.lower()}", int(monitor.days_at_37 * 24)
    before, _ = kept(code, 37.0, hours - 4)
    assert before.judged_by is JudgedBy.VVM
    assert before.is_good
    after, _ = kept(code, 37.0, hours + 4)
    assert not after.is_good
    assert "discard" in after.reason.text


def test_the_share_is_that_of_the_monitor_itself():
    found, readings = kept("vaccine_vvm14", 25.0, 240)
    monitor = follow(MonitorState(Monitor.VVM14), [(r.at, r.pulp_c) for r in readings])
    assert found.share_used == pytest.approx(monitor.used, rel=0.02)


@pytest.mark.parametrize(("celsius", "is_good"), [(24.0, True), (27.0, False)])
def test_a_medicine_is_judged_by_its_mean_kinetic_temperature(celsius, is_good):
    found, readings = kept("medicine", celsius, 100)
    assert found.judged_by is JudgedBy.MKT
    assert found.is_good is is_good
    assert found.share_used is None
    expected = mean_kinetic_of([(r.at, r.pulp_c) for r in readings])
    assert found.mkt_c == pytest.approx(expected, abs=0.05)


def test_food_is_judged_by_its_life():
    found, _ = kept("strawberry", 0.0, 48)
    assert found.judged_by is JudgedBy.LIFE
    assert found.share_used == pytest.approx(2 / (5 * 9) ** 0.5, rel=0.05)
    assert found.is_good
    assert not kept("strawberry", 20.0, 100)[0].is_good


def test_a_temperature_outside_the_model_s_range_is_said():
    """The quality of lemons was fitted between 25 and 45 degrees, and they travel at 10."""
    assert kept("lemon", 10.0, 24)[0].doubt.code == "CC_OUTSIDE_MODEL"
    assert kept("lemon", 30.0, 24)[0].doubt is None
    assert kept("salmon", 1.0, 24)[0].doubt is None
