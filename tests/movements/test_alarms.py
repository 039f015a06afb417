"""Seals, weighbridges, handovers and devices, and when one of them is an alarm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from clearway.errors import BadTerm, NotFound, RuleViolation, WrongState
from clearway.movements import rules, tables
from clearway.movements.actions.acknowledge_alarm import acknowledge_alarm
from clearway.movements.actions.associate_device import associate_device
from clearway.movements.actions.authorise_place import authorise_place, withdraw_place
from clearway.movements.actions.change_custody import change_custody
from clearway.movements.actions.check_seal import check_seal
from clearway.movements.actions.record import record
from clearway.movements.actions.report_seal import report_seal
from clearway.movements.actions.settle_alarm import settle_alarm
from clearway.movements.actions.weigh import weigh
from clearway.movements.alarm import MovementAlarmKind as Kind
from clearway.movements.formats import json
from clearway.movements.model import (
    Association,
    CustodyChange,
    Direction,
    GatePass,
    Link,
    Position,
    SealCheck,
    SealReport,
    SealState,
    Weighing,
    Whereabouts,
)
from clearway.movements.places import AuthorisedPlace, Doing, Scene, distance_m, is_open, permit
from clearway.movements.schema import TABLES
from clearway.terms.alarm import AlarmLevel
from clearway.terms.transport import ContainerNumber, SealNumber

NUMBER, SEAL = ContainerNumber("CSQU3054383"), SealNumber("KE123456")
QUAY = Position(-4.0435, 39.6682)


@pytest.fixture
def node(store):
    return store(tables.PROJECTIONS)


def ask(node, query, *args, **kw):
    with node.engine.connect() as connection:
        return query(connection, *args, **kw)


def opened(node, **changed):
    report = SealReport(NUMBER, "", node.now, SEAL, SealState.OPENED, place="A104-KM88")
    return replace(report, **changed)


def shed(node, **changed):
    place = AuthorisedPlace(
        "KEMBA-SHED4", "Shed 4", "KEMBA", (Doing.OPEN_SEAL,), node.now - timedelta(days=9)
    )
    return replace(place, **changed)


def standing(node):
    return ask(node, tables.list_alarms, container=NUMBER)


def test_a_seal_opened_on_the_road_is_a_critical_alarm(node):
    node.act(report_seal, opened(node))
    (raised,) = standing(node)
    assert (raised.alarm.kind, raised.alarm.level) == (Kind.SEAL_OPENED, AlarmLevel.CRITICAL)
    assert raised.alarm.values["place"] == "A104-KM88"
    assert "KE123456" in raised.alarm.message


def test_a_seal_that_goes_on_telling_that_it_is_open_is_one_alarm(node):
    node.act(report_seal, opened(node, changed_at=node.now - timedelta(minutes=5)))
    again = opened(node, at=node.now + timedelta(minutes=1), changed_at=node.now)
    node.act(report_seal, again)
    assert len(standing(node)) == 1
    node.act(settle_alarm, standing(node)[0].seq, "examined")
    node.act(report_seal, replace(again, at=node.now + timedelta(minutes=2)))
    assert len(standing(node)) == 1, "another opening, by its own clock: an alarm anew"


def test_after_it_was_settled_the_same_opening_is_no_alarm_again(node):
    told = opened(node, changed_at=node.now - timedelta(minutes=5))
    node.act(report_seal, told)
    node.act(settle_alarm, standing(node)[0].seq, "examined")
    node.act(report_seal, replace(told, at=node.now + timedelta(minutes=1)))
    assert standing(node) == ()


def test_at_an_authorised_place_and_time_it_is_none(node):
    node.act(authorise_place, shed(node))
    node.act(report_seal, opened(node, place="KEMBA-SHED4"))
    assert standing(node) == ()


def test_at_an_authorised_place_outside_its_hours_it_is_one(node):
    node.act(authorise_place, shed(node, opens=13 * 60, closes=18 * 60))
    node.act(report_seal, opened(node, place="KEMBA-SHED4"))
    assert len(standing(node)) == 1


def test_the_seals_own_clock_says_when_it_was_opened(node):
    """It was read at noon, inside the hours; it was opened in the night before."""
    node.act(authorise_place, shed(node, opens=8 * 60, closes=18 * 60))
    night = node.now - timedelta(hours=9)
    node.act(report_seal, opened(node, place="KEMBA-SHED4", changed_at=night))
    assert standing(node)[0].alarm.at == night


def test_a_position_speaks_before_a_name(node):
    node.act(authorise_place, shed(node, position=QUAY, radius_m=300.0))
    far = Position(QUAY.latitude + 0.01, QUAY.longitude)
    node.act(report_seal, opened(node, place="KEMBA-SHED4", position=far))
    assert len(standing(node)) == 1
    near = Position(QUAY.latitude + 0.001, QUAY.longitude)
    other = ContainerNumber.build("ABCU000001")
    node.act(report_seal, opened(node, container=other, place="", position=near))
    assert ask(node, tables.list_alarms, container=other) == ()


def test_a_withdrawn_place_authorises_nothing(node):
    node.act(authorise_place, shed(node))
    node.act(withdraw_place, "KEMBA-SHED4", "The shed is closed.")
    node.act(report_seal, opened(node, place="KEMBA-SHED4"))
    assert len(standing(node)) == 1
    with pytest.raises(NotFound):
        node.act(withdraw_place, "KEMBA-SHED4", "again")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"code": "shed 4"}, "code"),
        ({"opens": 1440}, "opens"),
        ({"doings": ()}, "doings"),
        ({"weekdays": (7,)}, "weekdays"),
        ({"utc_offset_min": 900}, "utc_offset_min"),
        ({"position": QUAY}, "position"),
        ({"position": Position(91.0, 0.0), "radius_m": 10.0}, "position"),
    ],
)
def test_a_place_that_cannot_be_is_refused(node, changed, field):
    with pytest.raises(BadTerm) as refusal:
        node.act(authorise_place, shed(node, **changed))
    assert refusal.value.field == field


def test_hours_through_midnight_belong_to_the_day_on_which_they_began(node):
    friday = shed(node, opens=22 * 60, closes=5 * 60, weekdays=(4,), utc_offset_min=180)
    monday_noon = node.now  # Monday, 2 March 2026
    assert monday_noon.weekday() == 0
    friday_23 = monday_noon + timedelta(days=4, hours=8)  # 20:00 UTC is 23:00 on the wall
    assert is_open(friday, friday_23)
    assert is_open(friday, friday_23 + timedelta(hours=5))  # Saturday 04:00
    assert not is_open(friday, friday_23 + timedelta(hours=6, minutes=1))
    assert not is_open(friday, friday_23 - timedelta(days=1))


def test_the_distance_is_that_of_known_places():
    """Mombasa to Nairobi, 440 km by air; a degree of latitude, 111.2 km on the sphere."""
    nairobi = Position(-1.2864, 36.8172)
    assert distance_m(QUAY, nairobi) == pytest.approx(440_000, rel=0.01)
    assert distance_m(Position(0, 0), Position(1, 0)) == pytest.approx(111_195, rel=1e-4)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_no_place_is_away_from_itself(latitude, longitude):
    here = Position(latitude, longitude)
    assert distance_m(here, here) == 0.0


def test_an_act_that_a_place_does_not_name_is_not_permitted(node):
    scene = Scene(node.now, "KEMBA-SHED4")
    assert permit([shed(node)], Doing.OPEN_SEAL, scene) is not None
    assert permit([shed(node)], Doing.REMOVE_DEVICE, scene) is None
    assert permit([], Doing.OPEN_SEAL, scene) is None


@pytest.mark.parametrize(
    ("is_present", "kind"), [(True, Kind.SEAL_BROKEN), (False, Kind.SEAL_MISSING)]
)
def test_a_look_finds_a_seal_broken_or_gone(node, is_present, kind):
    node.act(check_seal, SealCheck(NUMBER, "KEMBA", node.now, SEAL, False, is_present))
    assert [raised.alarm.kind for raised in standing(node)] == [kind]


def test_a_low_battery_is_a_notice(node):
    node.act(report_seal, opened(node, state=SealState.SEALED, is_battery_low=True))
    (raised,) = standing(node)
    assert (raised.alarm.kind, raised.alarm.level) == (Kind.SEAL_BATTERY, AlarmLevel.NOTICE)
    assert ask(node, tables.find, NUMBER).seal_battery_is_low is True


def test_who_hands_over_must_have_held_it(node):
    def hand(giver, taker, hours):
        at = node.now - timedelta(hours=hours)
        node.act(change_custody, CustodyChange(NUMBER, "KEMBA", at, giver, taker, "KEMBA"))

    hand("MAERSK", "BERTH5", 9)
    hand("BERTH5", "TRUCK7", 6)
    assert standing(node) == ()
    hand("BERTH5", "TRUCK9", 3)
    (raised,) = standing(node)
    assert raised.alarm.kind is Kind.CUSTODY_DIFFERS
    assert raised.alarm.values["holder"] == "TRUCK7"
    hand("GHOST", "NOBODY", 12)
    assert len(standing(node)) == 1, "heard late, before the first on record: no alarm"


def test_custody_has_no_gap_and_can_be_cut(node):
    times = [node.now - timedelta(hours=hours) for hours in (9, 6, 3)]
    for at, taker in zip(times, ("A", "B", "C"), strict=True):
        node.act(change_custody, CustodyChange(NUMBER, "", at, "", taker))
    spans = ask(node, tables.custody_spans, NUMBER)
    assert [(span.holder, span.since, span.until) for span in spans] == [
        ("A", times[0], times[1]),
        ("B", times[1], times[2]),
        ("C", times[2], None),
    ]
    since, until = times[0] + timedelta(hours=1), times[1] + timedelta(hours=1)
    cut = ask(node, tables.custody_spans, NUMBER, since=since, until=until)
    assert [(span.holder, span.since, span.until) for span in cut] == [
        ("A", since, times[1]),
        ("B", times[1], until),
    ]


def test_a_device_taken_off_where_nobody_may_is_a_warning(node):
    link = Association(NUMBER, "", node.now - timedelta(hours=2), "logger-7", Link.ADD)
    node.act(associate_device, link)
    assert [name for name, _ in ask(node, tables.devices_on, NUMBER)] == ["logger-7"]
    node.act(associate_device, replace(link, at=node.now, link=Link.DELETE))
    assert ask(node, tables.devices_on, NUMBER) == ()
    assert [raised.alarm.kind for raised in standing(node)] == [Kind.DEVICE_REMOVED]


def test_weights_come_from_gates_and_weighbridges_alike(node):
    node.act(weigh, Weighing(NUMBER, "KEMBA", node.now, "2", Decimal(28410), Decimal(3900)))
    early = node.now - timedelta(hours=1)
    node.act(record, GatePass(NUMBER, "KEMBA", early, "3", Direction.IN, Decimal(30000)))
    known = ask(node, tables.find, NUMBER)
    assert (known.gross_mass_kg, known.tare_kg, known.gate) == (Decimal(28410), Decimal(3900), "3")


def test_an_alarm_is_taken_on_once_and_settled_once(node):
    node.act(report_seal, opened(node))
    seq = standing(node)[0].seq
    node.act(acknowledge_alarm, seq, "on my way")
    assert standing(node)[0].note == "on my way"
    with pytest.raises(WrongState):
        node.act(acknowledge_alarm, seq)
    with pytest.raises(BadTerm):
        node.act(acknowledge_alarm, seq, "x" * 1_001)
    node.act(settle_alarm, seq, "examined", "all there")
    assert ask(node, tables.get_alarm, seq).outcome == "examined"
    with pytest.raises(WrongState):
        node.act(settle_alarm, seq, "examined")
    with pytest.raises(NotFound):
        node.act(settle_alarm, 999, "examined")


def events(now):
    return (
        SealReport(NUMBER, "", now, SEAL, SealState.SEALED, now - timedelta(days=2), "X", QUAY,
                   False, "00A7", "0012FF3C"),
        SealReport(NUMBER, "KEMBA", now, SEAL, SealState.OPENED),
        Weighing(NUMBER, "KEMBA", now, "2", Decimal("28410.5"), Decimal(3900)),
        CustodyChange(NUMBER, "", now, "A", "B", "KEMBA"),
        Association(NUMBER, "", now, "logger-7", Link.DELETE, "KEMBA-SHED4"),
        SealCheck(NUMBER, "KEMBA", now, SEAL, False, False),
        GatePass(NUMBER, "KEMBA", now, "3", Direction.OUT, Decimal(9000), Decimal(3000)),
    )  # fmt: skip


def test_what_is_written_is_read_again(node):
    for movement in events(node.now):
        assert json.read(json.write(movement)) == movement


def test_the_new_movements_that_cannot_be_are_refused_by_rule(node):
    report, _, weighing, change, link, look, gate = events(node.now)
    cases = [
        ("MOV_R1", replace(weighing, office="")),
        ("MOV_R2", replace(report, changed_at=node.now + timedelta(minutes=6))),
        ("MOV_R3", replace(change, taker="")),
        ("MOV_R3", replace(link, device="")),
        ("MOV_R4", replace(weighing, gross_mass_kg=Decimal(0))),
        ("MOV_R4", replace(weighing, tare_kg=Decimal(30000))),
        ("MOV_R4", replace(gate, gross_mass_kg=None)),
        ("MOV_R5", replace(report, manufacturer="zz")),
        ("MOV_R5", replace(report, tag="12")),
        ("MOV_R5", replace(look, is_intact=True)),
        ("MOV_R6", replace(report, position=Position(float("nan"), 0.0))),
    ]
    for code, movement in cases:
        with pytest.raises(RuleViolation) as refusal:
            node.act(record, movement)
        assert refusal.value.findings[0].code == code


def test_new_movements_in_any_order_end_at_the_same_place(node):
    hours = [
        replace(one, at=node.now - timedelta(hours=i)) for i, one in enumerate(events(node.now))
    ]
    known = set()
    for order in permutations(hours[:5]):
        place = Whereabouts(NUMBER)
        for movement in order:
            place = rules.follow(place, movement)
        known.add(replace(place, seal_battery_is_low=None))
    assert len(known) == 1


def test_replaying_the_facts_makes_the_same_tables(node):
    facts = []

    class Recording(dict):
        def get(self, key, default=()):
            return (*super().get(key, default), lambda _, fact: facts.append(fact))

    node.projections = Recording(tables.PROJECTIONS)
    node.act(authorise_place, shed(node))
    for movement in events(node.now):
        node.act(record, movement)
    first = standing(node)[0].seq
    node.act(acknowledge_alarm, first)
    node.act(settle_alarm, first, "examined")
    with node.engine.begin() as connection:
        live = [connection.execute(select(table)).all() for table in TABLES]
        for table in TABLES:
            connection.execute(table.delete())
        for fact in facts:
            for project in tables.PROJECTIONS[fact.type]:
                project(connection, fact)
        assert [connection.execute(select(table)).all() for table in TABLES] == live
    assert all(live)
