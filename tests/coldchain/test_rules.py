"""Each kind of alarm: when it comes, what it says, when it ends; and what must not alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clearway.coldchain import advice, commodities, rules
from clearway.coldchain.model import AlarmKind, AlarmLevel, Journey, Reading
from clearway.coldchain.state import begin
from clearway.coldchain.watch import advance


@pytest.fixture
def alarms_of(fish, fish_journey):
    """Run readings of the fish reefer; return (kinds still open, alarms)."""

    def run(readings, journey=fish_journey, commodity=fish):
        state, alarms = advance(begin(journey.container, journey), readings, commodity)
        return state.open, alarms

    return run


def kinds(alarms):
    return [alarm.kind for alarm in alarms]


def test_a_quiet_voyage_of_twenty_days_has_no_alarm(alarms_of, hold):
    noisy = [
        replace(r, supply_c=r.supply_c + 0.1 * (i % 5), return_c=r.return_c - 0.1 * (i % 3))
        for i, r in enumerate(hold(144 * 3))
    ]
    assert alarms_of(noisy) == ((), ())


@pytest.mark.parametrize("spike_c", [8.0, 15.0, 25.0])
@pytest.mark.parametrize("every_h", [6, 8, 12])
def test_normal_defrosts_do_not_alarm(alarms_of, hold, spike_c, every_h):
    readings = hold(6 * 24 * 4)
    for start in range(every_h * 6, len(readings) - 4, every_h * 6):
        for i in range(start, start + 3):  # half an hour
            r = readings[i]
            readings[i] = replace(r, supply_c=r.supply_c + spike_c, return_c=r.return_c + 1.5)
    assert alarms_of(readings) == ((), ())


def test_power_off_alarms_within_half_an_hour_and_names_the_hour_of_the_limit(
    alarms_of, hold, start
):
    readings = hold(60) + hold(20, first=61, powered=False, ambient_c=30.0)
    standing, alarms = alarms_of(readings)
    first_without = readings[60].at
    assert standing == (AlarmKind.POWER_OFF,)
    assert alarms[0].at - first_without <= timedelta(minutes=30)
    assert alarms[0].limit_at is not None
    assert alarms[0].limit_at > alarms[0].at + timedelta(hours=2)
    assert "No power since 1 Mar" in alarms[0].message
    assert "the limit is reached about" in alarms[0].message
    assert "Plug the unit in" in alarms[0].advice


def test_power_that_comes_back_ends_the_alarm_and_a_second_cut_is_a_second_alarm(alarms_of, hold):
    readings = hold(6) + hold(6, first=7, powered=False) + hold(6, first=13)
    standing, alarms = alarms_of(readings)
    assert (standing, kinds(alarms)) == ((), ["power_off"])
    again = readings + hold(6, first=19, powered=False)
    assert kinds(alarms_of(again)[1]) == ["power_off", "power_off"]


def test_a_short_unplugging_does_not_alarm(alarms_of, hold):
    assert alarms_of(hold(6) + hold(1, first=7, powered=False) + hold(6, first=8)) == ((), ())


def test_an_open_door_alarms(alarms_of, hold):
    readings = hold(30) + hold(6, first=31, door_open=True, supply_c=5.0, return_c=8.0)
    standing, alarms = alarms_of(readings)
    assert AlarmKind.DOOR_OPEN in standing
    assert kinds(alarms)[0] == "door_open"
    assert "A door is open since" in alarms[0].message


def test_warming_air_alarms_before_the_limit_and_not_after(alarms_of, hold, fish):
    """A unit that runs but does not cool: the limit is told hours before the goods pass it."""
    readings = hold(30) + hold(140, first=31, supply_c=9.0, return_c=9.0)
    _, alarms = alarms_of(readings)
    by_kind = {alarm.kind: alarm for alarm in alarms}
    expected, passed = by_kind[AlarmKind.LIMIT_EXPECTED], by_kind[AlarmKind.LIMIT_PASSED]
    assert expected.at + timedelta(hours=4) < passed.at
    assert abs(expected.limit_at - passed.at) < timedelta(hours=1)
    assert passed.level is AlarmLevel.CRITICAL
    assert f"the limit is {fish.limit_c}" in expected.message


def test_an_expected_limit_ends_when_the_cold_is_restored(alarms_of, hold):
    readings = hold(30) + hold(12, first=31, supply_c=12.0, return_c=12.0) + hold(40, first=43)
    standing, alarms = alarms_of(readings)
    assert AlarmKind.LIMIT_EXPECTED in kinds(alarms)
    assert standing == ()


@pytest.mark.parametrize(
    ("code", "told_c", "fault"),
    [
        ("strawberry", 34.0, "fahrenheit"),
        ("strawberry", 32.5, "fahrenheit"),
        ("meat_frozen", 0.0, "fahrenheit"),
        ("banana", -10.0, "fahrenheit"),
        ("meat_frozen", 18.0, "sign"),
        ("banana", 4.0, "cold"),
        ("fish_temperate", 8.0, "warm"),
        ("fish_temperate", 0.0, ""),
        ("meat_frozen", -18.0, ""),
        ("banana", 13.5, ""),
    ],
)
def test_a_wrong_set_point_is_told_apart(code, told_c, fault):
    assert rules.set_point_fault(told_c, commodities.get(code)) == fault


def test_a_wrong_set_point_alarms_at_the_first_reading_and_says_why(alarms_of, hold):
    _, alarms = alarms_of(hold(1, set_point_c=34.0))
    assert kinds(alarms) == ["set_point_wrong"]
    assert alarms[0].level is AlarmLevel.CRITICAL
    assert "looks like Fahrenheit" in alarms[0].message
    assert alarms[0].values["fault"] == "fahrenheit"


def test_a_set_point_other_than_agreed_alarms_even_when_it_suits_the_goods(alarms_of, hold):
    _, alarms = alarms_of(hold(1, set_point_c=1.5))
    assert kinds(alarms) == ["set_point_wrong"]
    assert "but -0.5 °C was agreed" in alarms[0].message


def test_warm_loading_is_told_apart_from_a_failing_unit(hold, fish, fish_journey, alarms_of):
    warm = replace(fish_journey, loaded_pulp_c=9.0)
    readings = hold(12, pulp_c=8.5, return_c=3.0)
    standing, alarms = alarms_of(readings, journey=warm)
    assert kinds(alarms) == ["warm_loading"]
    assert standing == (AlarmKind.WARM_LOADING,)
    assert "loaded warm" in alarms[0].message


def test_warm_loading_without_a_probe_shows_in_the_heat_that_the_air_carries(
    hold, fish_journey, alarms_of
):
    unmeasured = replace(fish_journey, loaded_pulp_c=None)
    _, alarms = alarms_of(hold(12, return_c=2.9), journey=unmeasured)
    assert kinds(alarms) == ["warm_loading"]
    assert "probably loaded warm" in alarms[0].message
    _, none = alarms_of(hold(12, return_c=0.9), journey=unmeasured)
    assert none == ()


def test_off_set_point_alarms_when_a_running_unit_does_not_hold_its_air(
    alarms_of, hold, fish_journey
):
    day = hold(150)
    lost = hold(30, first=151, supply_c=3.2, return_c=3.4)
    _, alarms = alarms_of(day + lost)
    assert kinds(alarms) == ["off_set_point"]
    assert "while the set point is -0.5 °C" in alarms[0].message
    early = hold(3) + hold(30, first=4, supply_c=3.2, return_c=3.4)
    assert alarms_of(early)[1] == ()


def test_chilling_is_foreseen_for_bananas(banana, container, start):
    journey = Journey(container, "banana", start, set_point_c=13.5, loaded_pulp_c=13.5)
    cold = [
        Reading(i, start + timedelta(minutes=10 * i), 5.0, 6.0, powered=True) for i in range(1, 60)
    ]
    state, alarms = advance(begin(container, journey), cold, banana)
    first = next(alarm for alarm in alarms if alarm.kind is AlarmKind.CHILLING_RISK)
    assert first.limit_at > first.at
    assert state.goods.pulp.c < 13.5
    assert "injured by cold below 11.0 °C" in first.message


def test_freezing_is_foreseen_for_lettuce_and_is_critical(container, start):
    lettuce = commodities.get("lettuce")
    journey = Journey(container, "lettuce", start, set_point_c=0.0, loaded_pulp_c=0.5)
    cold = [
        Reading(i, start + timedelta(minutes=10 * i), -3.0, -2.0, powered=True)
        for i in range(1, 40)
    ]
    _, alarms = advance(begin(container, journey), cold, lettuce)
    first = next(alarm for alarm in alarms if alarm.kind is AlarmKind.FREEZING_RISK)
    assert first.level is AlarmLevel.CRITICAL
    assert first.at - start < timedelta(hours=2)


def test_life_that_runs_out_is_told_days_before(alarms_of, hold, fish_journey, fish):
    worn = replace(fish_journey, life_used_days=10.7)
    standing, alarms = alarms_of(hold(30), journey=worn)
    assert standing == (AlarmKind.LIFE_ENDING,)
    assert "more days" in alarms[0].message
    assert alarms[0].limit_at > alarms[0].at + timedelta(days=1)


def test_a_stuck_sensor_is_told_when_its_neighbour_moves(alarms_of, hold):
    readings = [
        replace(r, supply_c=-0.8 + 0.1 * (i % 9), return_c=0.2) for i, r in enumerate(hold(100))
    ]
    _, alarms = alarms_of(readings)
    assert kinds(alarms) == ["sensor_stuck"]
    assert "The return air sensor has shown the same value" in alarms[0].message
    assert alarms[0].level is AlarmLevel.NOTICE


def test_two_sensors_that_both_stand_still_are_not_stuck(alarms_of, hold):
    assert alarms_of(hold(200)) == ((), ())


@pytest.mark.parametrize("wild_c", [-273.2, 85.0, 999.9, float("nan"), float("inf")])
def test_values_that_cannot_be_are_left_out_and_told(alarms_of, hold, wild_c, fish, fish_journey):
    readings = hold(30) + hold(4, first=31, return_c=wild_c) + hold(3, first=35)
    standing, alarms = alarms_of(readings)
    assert kinds(alarms) == ["sensor_range"]
    assert standing == ()
    state, _ = advance(begin(fish_journey.container, fish_journey), readings, fish)
    assert abs(state.goods.pulp.c) < 1.0


def test_a_gap_is_told_when_readings_come_again(alarms_of, hold):
    _, alarms = alarms_of(hold(20) + hold(20, first=60))
    assert kinds(alarms) == ["readings_missing"]
    assert "No readings came for 7 hours" in alarms[0].message


@pytest.mark.parametrize("minutes", [10, 60, 120])
def test_a_logger_that_measures_rarely_has_no_gap(alarms_of, hold, minutes):
    assert alarms_of(hold(40, minutes=minutes))[1] == ()


def test_one_alarm_of_a_kind_stands_until_it_clears(alarms_of, hold):
    _, alarms = alarms_of(hold(200, powered=False, supply_c=-0.8, return_c=0.2))
    assert kinds(alarms).count("power_off") == 1


def test_every_kind_has_words_and_advice(fish, fish_journey, hold):
    state, _ = advance(begin(fish_journey.container, fish_journey), hold(3), fish)
    for rule in rules.RULES:
        for commodity in (fish, None):
            alarm = advice.word(rule.kind, state, commodity)
            assert alarm.message[0].isupper()
            assert alarm.message.endswith(".")
            assert alarm.advice.endswith(".")
    assert {rule.kind for rule in rules.RULES} | {AlarmKind.READINGS_DIFFER} == set(AlarmKind)


def test_durations_are_said_as_people_say_them():
    assert advice.span(timedelta(minutes=1)) == "1 minute"
    assert advice.span(timedelta(minutes=25)) == "25 minutes"
    assert advice.span(timedelta(hours=7)) == "7 hours"
    assert advice.span(timedelta(days=9)) == "9 days"
    assert advice.degrees(-0.04) == "0.0 °C"
