"""Refrigerated containers: mishaps, loggers, and what a repair is worth."""

import numpy as np
import pytest

from clearway.simulator.day import Day
from clearway.simulator.loggers import record
from clearway.simulator.reefers import MishapKind
from clearway.simulator.truth import holds_treatment
from clearway.simulator.voyage import Voyage


@pytest.fixture(scope="module")
def voyage(day: Day) -> Voyage:
    assert day.truth.voyage is not None
    return day.truth.voyage


def units_with(voyage: Voyage, kind: MishapKind) -> list[int]:
    return [
        place
        for place, unit in enumerate(voyage.units)
        if unit.mishap is not None and unit.mishap.kind is kind
    ]


def test_a_busy_day_shows_every_mishap(voyage):
    kinds = {unit.mishap.kind for unit in voyage.units if unit.mishap is not None}
    assert len(voyage.units) >= 20
    assert kinds >= set(MishapKind) - {MishapKind.SHORT_TREATMENT, MishapKind.FAHRENHEIT}


def test_units_that_run_well_keep_their_goods_near_the_set_point(voyage):
    for place, unit in enumerate(voyage.units):
        if unit.mishap is None:
            pulp = voyage.pulp_c(place, unit.arrives_s)
            assert -0.3 < pulp - unit.set_point_c < 2.0


def test_life_only_ever_shrinks(voyage):
    assert np.all(np.diff(voyage.used_days, axis=1) >= 0)


def test_a_power_cut_warms_the_goods_and_a_repair_stops_it(voyage):
    unit = units_with(voyage, MishapKind.POWER_CUT)[0]
    mishap = voyage.units[unit].mishap
    assert mishap is not None
    repaired = voyage.repaired(unit, mishap.start_s + 1800.0)
    assert voyage.pulp_c(unit, mishap.end_s) > repaired.pulp_c(unit, mishap.end_s)
    later = mishap.end_s + 86_400.0
    assert repaired.remaining_days(unit, later) > voyage.remaining_days(unit, later)


def test_a_repair_changes_nothing_before_it_nor_any_other_unit(voyage):
    unit = units_with(voyage, MishapKind.POWER_CUT)[0]
    mishap = voyage.units[unit].mishap
    assert mishap is not None
    repaired = voyage.repaired(unit, mishap.start_s + 3600.0)
    upto = voyage.step(mishap.start_s)
    assert np.array_equal(voyage.course.pulp_c[unit, :upto], repaired.course.pulp_c[unit, :upto])
    others = [place for place in range(len(voyage.units)) if place != unit]
    assert np.array_equal(voyage.course.pulp_c[others], repaired.course.pulp_c[others])


def test_a_repair_after_the_mishap_is_over_changes_nothing(voyage):
    unit = units_with(voyage, MishapKind.DOOR_OPEN)[0]
    mishap = voyage.units[unit].mishap
    assert mishap is not None
    repaired = voyage.repaired(unit, mishap.end_s + 3600.0)
    assert np.allclose(voyage.course.pulp_c[unit], repaired.course.pulp_c[unit], atol=1e-9)


def test_a_set_point_typed_in_fahrenheit_thaws_frozen_goods(voyage):
    for unit in units_with(voyage, MishapKind.FAHRENHEIT):
        assert voyage.pulp_c(unit, voyage.units[unit].arrives_s) > -3.0


def test_true_treatments_stay_cold_and_lapsed_ones_do_not(voyage):
    for place, unit in enumerate(voyage.units):
        if unit.claims_treatment and unit.mishap is None:
            assert holds_treatment(voyage, place)
    for place in units_with(voyage, MishapKind.SHORT_TREATMENT):
        assert not holds_treatment(voyage, place)


def test_a_logger_is_within_half_a_degree_of_the_truth(day, voyage):
    begins = day.begins_at.timestamp()
    for unit in range(len(voyage.units)):
        log = record(voyage, unit, 7, begins, begins + 86_400)
        shown = log.pulp_c[~np.isnan(log.pulp_c)]
        true = np.array([voyage.pulp_c(unit, at) for at in log.taken_s[~np.isnan(log.pulp_c)]])
        assert np.all(np.abs(shown - true) < 0.7)


def test_lost_readings_leave_a_hole_in_the_numbers(day, voyage):
    begins = day.begins_at.timestamp()
    unit = units_with(voyage, MishapKind.GAP)[0]
    log = record(voyage, unit, 7, begins, begins + 86_400)
    assert np.max(np.diff(log.seq)) > 5


def test_late_readings_come_after_younger_ones_and_none_is_lost(day, voyage):
    begins = day.begins_at.timestamp()
    unit = units_with(voyage, MishapKind.LATE)[0]
    log = record(voyage, unit, 7, begins, begins + 86_400)
    assert np.max(np.diff(log.seq)) == 1
    assert np.max(log.sent_s - log.taken_s) > 3600


def test_a_slow_clock_is_behind_and_never_ahead(day, voyage):
    begins = day.begins_at.timestamp()
    for unit in range(len(voyage.units)):
        log = record(voyage, unit, 7, begins, begins + 86_400)
        assert np.all(log.stamped_s <= log.taken_s)
    slow = units_with(voyage, MishapKind.SLOW_CLOCK)[0]
    log = record(voyage, slow, 7, begins, begins + 86_400)
    assert np.all(log.taken_s - log.stamped_s > 120)


def test_a_stuck_sensor_repeats_itself(day, voyage):
    begins = day.begins_at.timestamp()
    unit = units_with(voyage, MishapKind.STUCK_SENSOR)[0]
    mishap = voyage.units[unit].mishap
    assert mishap is not None
    log = record(voyage, unit, 7, begins, begins + 86_400)
    assert len(set(log.return_c[log.taken_s >= mishap.start_s].tolist())) == 1
