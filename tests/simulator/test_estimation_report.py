"""The report on the cold chain's estimator: its truth is hidden, its trips are what they say."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

import clearway.coldchain
from clearway.coldchain.model import Reading
from clearway.simulator.fleet import devices, inside, report, trips
from clearway.simulator.fleet.incidents import IncidentKind
from clearway.simulator.fleet.inside import Inside

SEED = 3
COUNT = 56


@pytest.fixture(scope="module")
def drawn() -> tuple[trips.Trip, ...]:
    return trips.draw(SEED, COUNT)


@pytest.fixture(scope="module")
def travelled(drawn) -> list[Inside]:
    return inside.travel(drawn)


def one(travelled: list[Inside], kind: IncidentKind) -> Inside:
    return next(each for each in travelled if each.trip.is_a(kind))


def during(each: Inside) -> slice:
    incident = each.trip.incident
    return slice(int(incident.start_s / 300) + 1, int(incident.end_s / 300) - 1)


def test_no_module_of_the_estimator_imports_the_simulator():
    for path in Path(clearway.coldchain.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any("simulator" in name for name in names), path


def test_a_device_sends_nothing_but_readings(travelled):
    sent = devices.measure(travelled[0])
    assert {type(reading) for reading in sent} == {Reading}
    assert {field.name for field in fields(Reading)} >= {"supply_c", "humidity_pct"}
    assert sent == sorted(sent, key=lambda reading: (reading.at, reading.seq))


def test_the_same_seed_gives_the_same_trips_and_the_same_readings(drawn, travelled):
    assert trips.draw(SEED, COUNT) == drawn
    again = inside.travel(drawn[:4])
    for old, new in zip(travelled[:4], again, strict=True):
        assert devices.measure(old) == devices.measure(new)


def test_every_kind_of_incident_happens_and_a_third_of_the_trips_go_well(drawn):
    kinds = {trip.incident.kind for trip in drawn if trip.incident is not None}
    assert kinds == set(IncidentKind)
    assert sum(trip.incident is None for trip in drawn) == round(trips.HEALTHY_SHARE * COUNT)


def test_life_only_ever_shrinks_and_a_sound_trip_uses_about_a_day_a_day(travelled):
    for each in travelled:
        assert np.all(np.diff(each.used_days) >= 0.0)
        if each.trip.incident is None:
            days = each.trip.length_s / 86_400
            assert 0.3 * days < each.used_days[-1] < 1.7 * days


def test_a_power_cut_stops_the_unit_and_warms_the_goods(travelled):
    each = one(travelled, IncidentKind.POWER_OFF)
    assert not each.powered[during(each)].any()
    assert each.powered.mean() > 0.7


def test_warm_goods_are_warm_and_their_blocks_differ(travelled):
    each = one(travelled, IncidentKind.WARM_LOADING)
    assert each.pulp_c[0] > each.trip.ordered_c + 5.0
    assert np.ptp(each.core_c[:, 0]) > 0.1


def test_a_door_lets_the_humidity_in_and_a_unit_that_overcools_freezes_the_air(travelled):
    door = one(travelled, IncidentKind.DOOR_OPEN)
    assert door.humidity_pct[during(door)].max() > door.humidity_pct[0] + 5.0
    frozen = one(travelled, IncidentKind.FREEZING)
    assert frozen.supply_c[during(frozen)].min() < frozen.trip.commodity.freezing_c


def test_a_cycling_unit_cools_by_fits_and_starts(travelled):
    each = one(travelled, IncidentKind.SHORT_CYCLING)
    steps = during(each)
    rise = each.return_c - each.supply_c
    assert (rise[steps] < 0.05).mean() > 0.25
    assert (rise[: steps.start - 2] < 0.05).mean() < 0.25


def test_a_failing_sensor_shows_what_its_incident_says(travelled):
    lost = one(travelled, IncidentKind.SENSOR_LOST)
    assert sum(getattr(r, _field(lost)) is None for r in devices.measure(lost)) > 60
    mad = one(travelled, IncidentKind.IMPLAUSIBLE)
    shown = [getattr(r, _field(mad)) for r in devices.measure(mad)]
    assert shown.count(mad.trip.incident.size) > 5
    stuck = one(travelled, IncidentKind.SENSOR_STUCK)
    held = [getattr(r, _field(stuck)) for r in devices.measure(stuck)]
    assert max(held.count(value) for value in set(held)) > 200


def _field(each: Inside) -> str:
    return f"{each.trip.incident.sensor}_c"


def test_a_jumped_clock_keeps_its_count_and_a_gap_loses_numbers(travelled):
    back = devices.measure(one(travelled, IncidentKind.CLOCK_BACK))
    assert sorted(r.seq for r in back) == list(range(len(back)))
    assert [r.seq for r in back] != sorted(r.seq for r in back)
    gap = devices.measure(one(travelled, IncidentKind.GAP))
    assert gap[-1].seq >= len(gap) + 17


def test_a_small_report_has_a_figure_for_everything(drawn):
    scores = list(report.run(drawn[-14:]))
    found = report.summarise([each for each, _ in scores], sum(sent for _, sent in scores))
    assert found.trips == 14
    assert len(found.recalls) == len(IncidentKind)
    assert 0.0 < found.used_rmse_days < 5.0
    assert 0.0 < found.life_coverage <= 1.0
    assert found.readings > 10_000
