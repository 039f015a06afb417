"""Readings through the real doors of the room: once, whole, in any order, with their alarms."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from clearway.coldchain import tables
from clearway.coldchain.actions.acknowledge_alarm import acknowledge_alarm
from clearway.coldchain.actions.record_readings import Outcome, record_readings
from clearway.coldchain.actions.report_silence import report_silence
from clearway.coldchain.actions.start_journey import start_journey
from clearway.coldchain.model import AlarmKind, Journey, Reading
from clearway.errors import BadTerm, ConflictingKey, NotFound, RuleViolation, TooLarge, WrongState
from clearway.ledger.tables import METADATA


@pytest.fixture
def node(store, start):
    """The room on a fresh database, ten days after the start of the journey."""
    opened = store(tables.PROJECTIONS)
    opened.now = start + timedelta(days=10)
    return opened


@pytest.fixture
def sailing(node, fish_journey):
    """The same, with the fish reefer on its way."""
    assert node.act(start_journey, fish_journey) == ()
    return node


def unit(node, container):
    with node.engine.connect() as connection:
        return tables.get_unit(connection, container)


def standing(node, container):
    with node.engine.connect() as connection:
        return [raised.alarm.kind for raised in tables.list_alarms(connection, container=container)]


def test_readings_become_a_unit_with_shelf_life(sailing, container, hold, batch_of):
    found = sailing.act(record_readings, batch_of(hold(50)))
    assert (found.outcome, found.recorded, found.alarms) == (Outcome.RECORDED, 50, ())
    now = unit(sailing, container)
    assert now.readings == 50
    assert 8 < now.life.remaining_days_q10 < now.life.remaining_days_q50 < 14
    assert now.life.at == hold(50)[-1].at
    assert now.journey.commodity == "fish_temperate"


def test_a_batch_sent_twice_is_answered_the_same_and_recorded_once(sailing, hold, batch_of):
    sailing.act(record_readings, batch_of(hold(50)))
    before = sailing.next_seq
    again = sailing.act(record_readings, batch_of(hold(50)))
    assert (again.outcome, again.recorded, again.repeated) == (Outcome.REPEATED, 0, 50)
    assert sailing.next_seq == before


def test_a_batch_cut_otherwise_records_only_what_is_new(sailing, container, hold, batch_of):
    readings = hold(60)
    sailing.act(record_readings, batch_of(readings[:20]))
    sailing.act(record_readings, batch_of(readings[30:40]))
    found = sailing.act(record_readings, batch_of(readings[10:60]))
    assert (found.outcome, found.recorded, found.repeated) == (Outcome.RECORDED, 30, 20)
    with sailing.engine.connect() as connection:
        assert tables.get_readings(connection, container) == tuple(readings)


def test_another_boot_of_the_same_device_counts_anew(sailing, container, hold, batch_of):
    sailing.act(record_readings, batch_of(hold(10)))
    later = [replace(r, at=r.at + timedelta(days=1)) for r in hold(10)]
    found = sailing.act(record_readings, batch_of(later, boot_id="2"))
    assert (found.outcome, found.recorded) == (Outcome.RECORDED, 10)


def test_the_same_seq_with_another_value_is_a_conflict_and_an_alarm(
    sailing, container, hold, batch_of
):
    readings = hold(20)
    sailing.act(record_readings, batch_of(readings))
    forged = [replace(readings[5], return_c=-9.0), *readings[6:]]
    found = sailing.act(record_readings, batch_of(forged))
    assert (found.outcome, found.differing, found.repeated) == (Outcome.CONFLICT, 1, 14)
    assert [alarm.kind for alarm in found.alarms] == [AlarmKind.READINGS_DIFFER]
    assert "6 to 6 a second time with other values" in found.alarms[0].message
    with sailing.engine.connect() as connection:
        assert tables.get_readings(connection, container) == tuple(readings)
    before = sailing.next_seq
    again = sailing.act(record_readings, batch_of(forged))
    assert (again.outcome, again.alarms) == (Outcome.CONFLICT, ())
    assert sailing.next_seq == before


def test_what_is_new_beside_a_conflict_is_recorded(sailing, container, hold, batch_of):
    readings = hold(30)
    sailing.act(record_readings, batch_of(readings[:20]))
    mixed = [replace(readings[19], return_c=4.0), *readings[20:]]
    found = sailing.act(record_readings, batch_of(mixed))
    assert (found.outcome, found.recorded, found.differing) == (Outcome.CONFLICT, 10, 1)
    assert unit(sailing, container).readings == 30


def test_alarms_become_facts_and_stand_until_they_clear(sailing, container, hold, batch_of):
    found = sailing.act(record_readings, batch_of(hold(6) + hold(6, first=7, powered=False)))
    assert [alarm.kind for alarm in found.alarms] == ["power_off"]
    assert standing(sailing, container) == ["power_off"]
    assert unit(sailing, container).standing == ("power_off",)
    more = sailing.act(record_readings, batch_of(hold(6, first=13, powered=False)))
    assert more.alarms == ()
    sailing.act(record_readings, batch_of(hold(6, first=19)))
    assert standing(sailing, container) == []
    assert unit(sailing, container).standing == ()
    with sailing.engine.connect() as connection:
        (past,) = tables.list_alarms(connection, standing_only=False)
    assert past.cleared_at == hold(6, first=19)[-1].at


def test_an_alarm_that_came_and_went_within_one_batch_is_on_record(
    sailing, container, hold, batch_of
):
    readings = hold(6) + hold(6, first=7, powered=False) + hold(6, first=13)
    found = sailing.act(record_readings, batch_of(readings))
    assert [alarm.kind for alarm in found.alarms] == ["power_off"]
    assert standing(sailing, container) == []
    with sailing.engine.connect() as connection:
        (past,) = tables.list_alarms(connection, standing_only=False)
    assert past.cleared_at is not None


def test_late_readings_that_fill_a_gap_end_its_alarm(sailing, container, hold, batch_of):
    readings = hold(90)
    sailing.act(record_readings, batch_of(readings[:20]))
    found = sailing.act(record_readings, batch_of([*readings[80:81]]))
    assert [alarm.kind for alarm in found.alarms] == ["readings_missing"]
    assert standing(sailing, container) == ["readings_missing"]
    late = sailing.act(record_readings, batch_of(readings[20:80]))
    assert late.alarms == ()
    assert standing(sailing, container) == []


@pytest.mark.parametrize("seed", range(6))
def test_late_batches_give_the_same_unit_as_batches_in_order(
    seed, store, tmp_path, container, hold, batch_of, fish_journey, start, engine
):
    rng = random.Random(seed)
    readings = [
        replace(r, return_c=round(0.2 + rng.gauss(0, 0.4), 1), powered=rng.random() > 0.05)
        for r in hold(400)
    ]
    cuts = sorted(rng.sample(range(1, 400), 9))
    batches = [readings[a:b] for a, b in zip([0, *cuts], [*cuts, 400], strict=True)]
    mixed = list(batches)
    rng.shuffle(mixed)
    units = []
    for journey_first, order in ((True, batches), (True, mixed), (False, mixed)):
        node = store(tables.PROJECTIONS)
        node.now = start + timedelta(days=10)
        with engine.begin() as connection:
            for table in tables.TABLES:
                connection.execute(table.delete())
            connection.exec_driver_sql("DELETE FROM claim")
        if journey_first:
            node.act(start_journey, fish_journey)
        for part in order:
            node.act(record_readings, batch_of(part))
        if not journey_first:
            node.act(start_journey, fish_journey)
        units.append(unit(node, container))
    assert units[0].state == units[1].state == units[2].state
    assert units[0].life == units[1].life == units[2].life
    assert set(units[0].standing) == set(units[1].standing) == set(units[2].standing)


def test_two_loggers_in_one_container_work_together(sailing, container, hold, batch_of):
    air = hold(100)
    probe = [Reading(i, r.at + timedelta(minutes=3), pulp_c=1.1) for i, r in enumerate(air)]
    for low in range(0, 100, 20):
        sailing.act(record_readings, batch_of(air[low : low + 20]))
        sailing.act(record_readings, batch_of(probe[low : low + 20], device="probe-1"))
    now = unit(sailing, container)
    assert now.readings == 200
    assert now.state.seen.probe_c == 1.1
    assert abs(now.life.pulp_c - 1.1) < 0.4
    assert now.standing == ()


def test_readings_of_a_container_nobody_told_about_are_kept_and_judged_once_it_is(
    node, container, hold, batch_of, fish_journey
):
    node.act(record_readings, batch_of(hold(100)))
    assert unit(node, container).life is None
    node.act(start_journey, fish_journey)
    now = unit(node, container)
    assert now.readings == 100
    assert now.life.at == hold(100)[-1].at


def test_a_new_journey_forgets_the_old_one(sailing, container, hold, batch_of, fish_journey):
    sailing.act(record_readings, batch_of(hold(6) + hold(6, first=7, powered=False)))
    later = fish_journey.loaded_at + timedelta(days=5)
    sailing.act(start_journey, Journey(container, "banana", later, 13.5))
    now = unit(sailing, container)
    assert (now.life, now.standing) == (None, ())
    assert standing(sailing, container) == []


def test_an_older_journey_told_late_does_not_replace_the_newer_one(
    sailing, container, hold, batch_of, fish_journey
):
    raised = sailing.act(record_readings, batch_of(hold(6) + hold(6, first=7, powered=False)))
    assert len(raised.alarms) == 1
    older = Journey(container, "banana", fish_journey.loaded_at - timedelta(days=30), 13.5)
    assert sailing.act(start_journey, older) == ()
    now = unit(sailing, container)
    assert now.journey.commodity == "fish_temperate"
    assert now.standing == ("power_off",)


def test_a_journey_told_twice_is_recorded_once_and_told_otherwise_is_refused(sailing, fish_journey):
    before = sailing.next_seq
    assert sailing.act(start_journey, fish_journey) == ()
    assert sailing.next_seq == before
    with pytest.raises(ConflictingKey):
        sailing.act(start_journey, replace(fish_journey, commodity="banana"))


def test_a_wrong_set_point_alarms_when_the_journey_starts(node, fish_journey, container):
    (alarm,) = node.act(start_journey, replace(fish_journey, set_point_c=32.0))
    assert alarm.kind is AlarmKind.SET_POINT_WRONG
    assert "Fahrenheit" in alarm.message
    assert standing(node, container) == ["set_point_wrong"]


@pytest.mark.parametrize(
    "change",
    [
        {"loaded_pulp_c": 200.0},
        {"set_point_c": float("nan")},
        {"life_used_days": -1.0},
    ],
)
def test_a_journey_that_cannot_be_is_refused(node, fish_journey, change):
    with pytest.raises(RuleViolation, match="must lie between"):
        node.act(start_journey, replace(fish_journey, **change))
    late = replace(fish_journey, loaded_at=node.now + timedelta(days=1))
    with pytest.raises(RuleViolation, match="loaded_at"):
        node.act(start_journey, late)
    with pytest.raises(NotFound, match="unobtainium"):
        node.act(start_journey, replace(fish_journey, commodity="unobtainium"))


def test_an_alarm_is_acknowledged_once(sailing, container, hold, batch_of):
    sailing.act(record_readings, batch_of(hold(6) + hold(6, first=7, powered=False)))
    with sailing.engine.connect() as connection:
        (raised,) = tables.list_alarms(connection)
    fact = sailing.act(acknowledge_alarm, raised.seq, "plugged in at row 7")
    assert fact.type == "coldchain.alarm_acknowledged/1"
    with sailing.engine.connect() as connection:
        taken = tables.get_alarm(connection, raised.seq)
    assert (taken.acknowledged_by, taken.note) == ("officer:amina", "plugged in at row 7")
    assert taken.cleared_at is None
    with pytest.raises(WrongState, match="officer:amina"):
        sailing.act(acknowledge_alarm, raised.seq, "")
    with pytest.raises(NotFound):
        sailing.act(acknowledge_alarm, 999, "")


def test_a_note_is_no_novel(sailing, hold, batch_of):
    sailing.act(record_readings, batch_of(hold(6) + hold(6, first=7, powered=False)))
    with sailing.engine.connect() as connection:
        (raised,) = tables.list_alarms(connection)
    with pytest.raises(BadTerm, match="1,000"):
        sailing.act(acknowledge_alarm, raised.seq, "x" * 1001)


def test_acknowledging_a_conflict_ends_it(sailing, container, hold, batch_of):
    sailing.act(record_readings, batch_of(hold(5)))
    sailing.act(record_readings, batch_of([replace(hold(5)[2], return_c=9.9)]))
    assert standing(sailing, container) == ["readings_differ"]
    sailing.act(record_readings, batch_of(hold(5, first=6)))
    assert standing(sailing, container) == ["readings_differ"]
    with sailing.engine.connect() as connection:
        (raised,) = tables.list_alarms(connection)
    sailing.act(acknowledge_alarm, raised.seq, "logger swapped")
    assert standing(sailing, container) == []
    assert unit(sailing, container).standing == ()


def test_a_unit_that_falls_silent_is_reported_once_and_heard_again(
    sailing, container, hold, batch_of
):
    sailing.act(record_readings, batch_of(hold(20)))
    (alarm,) = sailing.act(report_silence)
    assert alarm.kind is AlarmKind.READINGS_MISSING
    assert "Nothing was received since" in alarm.message
    assert sailing.act(report_silence) == ()
    assert unit(sailing, container).standing == ("readings_missing",)
    sailing.act(record_readings, batch_of(hold(5, first=21)))
    assert standing(sailing, container) == []


def test_the_most_urgent_unit_comes_first_and_pages_follow(sailing, hold, batch_of, fish_journey):
    from clearway.terms.transport import ContainerNumber

    for i in range(5):
        number = ContainerNumber.build(f"ABCU00000{i}")
        journey = replace(fish_journey, container=number, life_used_days=float(i))
        sailing.act(start_journey, journey)
        batch = replace(batch_of(hold(5), device=f"r{i}"), container=number)
        sailing.act(record_readings, batch)
    with sailing.engine.connect() as connection:
        first = tables.list_units(connection, limit=3)
        rest = tables.list_units(connection, after=tables.urgency_of(first[-1]), limit=3)
    lives = [u.life.as_now_days_q10 for u in (*first, *rest)]
    assert len(lives) == 5
    assert lives == sorted(lives)


def test_a_departed_unit_leaves_the_list_and_comes_back(sailing, container, hold, batch_of):
    from clearway.movements import tables as movement_tables
    from clearway.movements.actions.arrive import arrive
    from clearway.movements.actions.depart import depart
    from clearway.movements.model import Arrival, Departure

    merged = dict(tables.PROJECTIONS)
    for name, functions in movement_tables.PROJECTIONS.items():
        merged[name] = (*merged.get(name, ()), *functions)
    sailing.projections = merged
    METADATA.create_all(sailing.engine)
    sailing.act(record_readings, batch_of(hold(5)))
    sailing.act(depart, Departure(container, "KEMBA", sailing.now - timedelta(hours=2)))
    with sailing.engine.connect() as connection:
        assert tables.list_units(connection) == ()
        assert tables.get_unit(connection, container).departed_at is not None
    sailing.act(arrive, Arrival(container, "KEMBA", sailing.now - timedelta(hours=1)))
    with sailing.engine.connect() as connection:
        assert len(tables.list_units(connection)) == 1
    sailing.act(depart, Departure(container, "ECGYE", sailing.now - timedelta(days=60)))
    with sailing.engine.connect() as connection:
        assert len(tables.list_units(connection)) == 1


def test_a_history_has_few_points_and_no_lost_peak(sailing, container, hold, batch_of):
    readings = hold(900)
    readings[451] = replace(readings[451], supply_c=14.0, return_c=14.0)
    sailing.act(record_readings, batch_of(readings))
    with sailing.engine.connect() as connection:
        points = tables.get_history(connection, container, points=100)
    assert len(points) <= 100
    assert any(point.return_c == 14.0 for point in points)
    assert (points[0].at, points[-1].at) == (readings[0].at, readings[-1].at)
    assert points[-1].remaining_days_q50 == unit(sailing, container).life.remaining_days_q50


def test_readings_can_be_asked_for_a_stretch_of_time(sailing, container, hold, batch_of):
    readings = hold(50)
    sailing.act(record_readings, batch_of(readings))
    with sailing.engine.connect() as connection:
        found = tables.get_readings(
            connection, container, since=readings[10].at, until=readings[19].at
        )
        assert tables.find_unit(connection, "ABCU0000000") is None
        with pytest.raises(NotFound):
            tables.get_unit(connection, "ABCU0000000")
    assert found == tuple(readings[10:20])


def test_a_batch_that_no_device_of_ours_sends_is_refused(sailing, hold, batch_of, start):
    good = hold(3)
    future = replace(good[2], at=sailing.now + timedelta(minutes=6))
    ancient = replace(good[2], at=sailing.now - timedelta(days=401))
    for readings, code in (
        ([], "CC_R01"),
        ([good[1], good[0]], "CC_R02"),
        ([good[0], good[0]], "CC_R02"),
        ([replace(good[0], seq=-1)], "CC_R02"),
        ([replace(good[0], seq=2**53)], "CC_R02"),
        ([replace(good[0], at=good[0].at.replace(tzinfo=None))], "CC_R03"),
        ([*good[:2], future], "CC_R04"),
        ([*good[:2], ancient], "CC_R05"),
    ):
        with pytest.raises(RuleViolation) as refusal:
            sailing.act(record_readings, batch_of(readings))
        assert refusal.value.findings[0].code == code
    for name in ("", "a b", "x" * 65, "=cmd()", "dévice"):
        with pytest.raises(BadTerm, match="letters, digits"):
            sailing.act(record_readings, batch_of(good, device=name))
        with pytest.raises(BadTerm, match="letters, digits"):
            sailing.act(record_readings, batch_of(good, boot_id=name))
    with pytest.raises(TooLarge, match="1,000"):
        sailing.act(record_readings, batch_of(hold(1001, minutes=1)))
    assert sailing.next_seq == 1


def test_replaying_the_facts_makes_the_same_tables(
    node, container, hold, batch_of, fish_journey, start
):
    from clearway.coldchain import stored

    facts = []

    class Recording(dict):
        """The room's projections; each fact that is projected is kept."""

        def get(self, key, default=()):
            return (*super().get(key, default), lambda _, fact: facts.append(fact))

    node.projections = Recording(tables.PROJECTIONS)
    readings = hold(200) + hold(30, first=201, powered=False) + hold(50, first=240)
    node.act(record_readings, batch_of(readings[:50]))
    node.act(start_journey, fish_journey)
    node.act(record_readings, batch_of(readings[120:260]))
    node.act(record_readings, batch_of(readings[50:120]))
    node.act(record_readings, batch_of([replace(readings[3], return_c=7.7)]))
    node.act(record_readings, batch_of(readings[260:]))
    node.act(report_silence)

    def dump(connection):
        return {
            table.name: [tuple(row) for row in connection.execute(select(table))]
            for table in tables.TABLES
        }

    with node.engine.begin() as connection:
        live = dump(connection)
        for table in tables.TABLES:
            connection.execute(table.delete())
        for fact in facts:
            for project in tables.PROJECTIONS.get(fact.type, ()):
                project(connection, fact)
        assert dump(connection) == live
    assert len(live[stored.alarm.name]) >= 3
    assert live[stored.snapshot.name]
