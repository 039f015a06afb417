"""Arrivals, departures, gates and seals through the doors of the room."""

from __future__ import annotations

import json as plain
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from clearway.errors import BadTerm, InputError, MalformedMessage, RuleViolation
from clearway.identity.model import Actor, ActorKind, Role
from clearway.movements import rules, tables
from clearway.movements.actions.arrive import arrive
from clearway.movements.actions.check_seal import check_seal
from clearway.movements.actions.depart import depart
from clearway.movements.actions.pass_gate import pass_gate
from clearway.movements.actions.record import record
from clearway.movements.formats import json
from clearway.movements.model import (
    Arrival,
    Departure,
    Direction,
    GatePass,
    SealCheck,
    Whereabouts,
)
from clearway.terms.transport import ContainerNumber, SealNumber

NUMBER = ContainerNumber("CSQU3054383")


@pytest.fixture
def node(store):
    return store(tables.PROJECTIONS)


@pytest.fixture
def stay(node):
    """One stay of one container, hour by hour."""

    def at(hours):
        return node.now - timedelta(hours=24 - hours)

    return (
        Arrival(NUMBER, "KEMBA", at(0), "MV Kijani"),
        GatePass(NUMBER, "KEMBA", at(2), "3", Direction.IN, Decimal("28410.5")),
        SealCheck(NUMBER, "KEMBA", at(3), SealNumber("KE123456"), True),
        Departure(NUMBER, "KEMBA", at(9), "UGKLA"),
    )


def test_the_life_of_one_stay(node, stay):
    arrival, gate, seal, departure = stay
    here = node.act(arrive, arrival)
    assert (here.is_here, here.office, here.arrived_at) == (True, "KEMBA", arrival.at)
    assert node.act(pass_gate, gate).gross_mass_kg == Decimal("28410.5")
    assert node.act(check_seal, seal).seal_is_intact is True
    gone = node.act(depart, departure)
    assert (gone.is_here, gone.departed_at, gone.vessel) == (False, departure.at, "MV Kijani")
    with node.engine.connect() as connection:
        assert tables.find(connection, NUMBER) == gone
        assert tables.find(connection, "ABCU0000000") is None


def test_a_movement_told_twice_is_recorded_once(node, stay):
    first = node.act(arrive, stay[0])
    before = node.next_seq
    assert node.act(arrive, stay[0]) == first
    assert node.next_seq == before


def test_an_arrival_told_again_an_hour_later_keeps_the_first_instant(node, stay):
    node.act(arrive, stay[0])
    again = node.act(arrive, replace(stay[0], at=stay[0].at + timedelta(hours=1)))
    assert again.arrived_at == stay[0].at


def test_movements_heard_in_any_order_end_at_the_same_place(stay):
    known = []
    for order in permutations(stay):
        place = Whereabouts(NUMBER)
        for movement in order:
            place = rules.follow(place, movement)
        known.append((place.is_here, place.departed_at, place.gate, place.seal))
    assert len(set(known)) == 1


def test_a_second_stay_begins_anew(node, stay):
    node.act(arrive, stay[0])
    node.act(depart, stay[3])
    again = node.act(arrive, replace(stay[0], at=stay[3].at + timedelta(hours=5), vessel="truck"))
    assert (again.is_here, again.departed_at, again.vessel) == (True, None, "truck")


def test_the_longest_waiting_comes_first_and_pages_follow(node):
    for i in range(5):
        number = ContainerNumber.build(f"ABCU00000{i}")
        node.act(arrive, Arrival(number, "KEMBA", node.now - timedelta(hours=9 - i)))
    with node.engine.connect() as connection:
        first = tables.list_here(connection, "KEMBA", limit=3)
        after = (first[-1].since, str(first[-1].container))
        rest = tables.list_here(connection, "KEMBA", after=after, limit=3)
        assert tables.list_here(connection, "UGKLA") == ()
    since = [place.since for place in (*first, *rest)]
    assert len(since) == 5
    assert since == sorted(since)


def test_a_device_at_the_gate_records_in_its_own_name(node, stay):
    asked = []

    class Watching:
        def require(self, actor, action, resource):
            asked.append((action, resource))

    gate = Actor(ActorKind.DEVICE, "gate-3", "customs", frozenset({Role.DEVICE}))

    def at_the_gate(act):
        return pass_gate(replace(act, policy=Watching()), stay[1])

    node.act(at_the_gate, actor=gate)
    assert asked == [("movement.record", {"container": NUMBER, "device": "gate-3"})]


def changes(movement, now):
    yield "MOV_R1", replace(movement, office="mombasa port")
    yield "MOV_R1", replace(movement, office="")
    yield "MOV_R2", replace(movement, at=now + timedelta(minutes=6))
    yield "MOV_R2", replace(movement, at=now - timedelta(days=401))
    yield "MOV_R2", replace(movement, at=now.replace(tzinfo=None))


def test_movements_that_cannot_be_are_refused_by_rule(node, stay):
    cases = [case for movement in stay for case in changes(movement, node.now)]
    cases += [
        ("MOV_R3", replace(stay[0], vessel="x" * 71)),
        ("MOV_R3", replace(stay[0], vessel="two\nlines")),
        ("MOV_R4", replace(stay[1], gross_mass_kg=Decimal(-1))),
        ("MOV_R4", replace(stay[1], gross_mass_kg=Decimal("NaN"))),
        ("MOV_R4", replace(stay[1], gross_mass_kg=Decimal(100_001))),
    ]
    for code, movement in cases:
        with pytest.raises(RuleViolation) as refusal:
            node.act(record, movement)
        assert refusal.value.findings[0].code == code
    assert node.next_seq == 0


def test_replaying_the_facts_makes_the_same_table(node, stay):
    facts = []

    class Recording(dict):
        def get(self, key, default=()):
            return (*super().get(key, default), lambda _, fact: facts.append(fact))

    node.projections = Recording(tables.PROJECTIONS)
    for movement in (stay[3], stay[0], stay[2], stay[1]):
        node.act(record, movement)
    with node.engine.begin() as connection:
        live = connection.execute(select(tables.whereabouts)).all()
        connection.execute(tables.whereabouts.delete())
        for fact in facts:
            for project in tables.PROJECTIONS[fact.type]:
                project(connection, fact)
        assert connection.execute(select(tables.whereabouts)).all() == live


def test_what_is_written_is_read_again(stay):
    for movement in stay:
        assert json.read(json.write(movement)) == movement
    light = replace(stay[1], gross_mass_kg=None)
    assert json.read(json.write(light)) == light


MESSAGE = {
    "event": "gate_passed",
    "container": "CSQU3054383",
    "office": "KEMBA",
    "at": "2026-03-02T09:00:00+03:00",
    "gate": "3",
    "direction": "in",
    "gross_mass_kg": 28410,
}


def message(**changed):
    fields = {name: value for name, value in (MESSAGE | changed).items() if value is not ...}
    return plain.dumps(fields).encode()


def test_a_message_is_read_in_utc():
    found = json.read(message())
    assert found.at.isoformat() == "2026-03-02T06:00:00+00:00"
    assert found.gross_mass_kg == Decimal(28410)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"event": "vanished"}, "event"),
        ({"event": 3}, "event"),
        ({"event": ...}, "event"),
        ({"office": ...}, "office"),
        ({"office": 7}, "office"),
        ({"at": "yesterday"}, "at"),
        ({"at": "2026-03-02T09:00:00"}, "at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "at"),
        ({"at": 5}, "at"),
        ({"direction": "sideways"}, "direction"),
        ({"gross_mass_kg": True}, "gross_mass_kg"),
        ({"gross_mass_kg": "heavy"}, "gross_mass_kg"),
        ({"colour": "red"}, "colour"),
        ({"event": "seal_checked"}, "seal"),
    ],
)
def test_a_wrong_field_is_named(changed, field):
    with pytest.raises(RuleViolation) as refusal:
        json.read(message(**changed))
    assert refusal.value.findings[0].field == field


def test_wrong_numbers_are_named():
    with pytest.raises(BadTerm) as refusal:
        json.read(message(container="CSQU3054380"))
    assert refusal.value.field == "container"
    base = {"event": "seal_checked", "gate": ..., "direction": ..., "gross_mass_kg": ...}
    with pytest.raises(BadTerm) as refusal:
        json.read(message(**base, seal="", intact=True))
    assert refusal.value.field == "seal"
    with pytest.raises(RuleViolation, match="true or false"):
        json.read(message(**base, seal="KE1", intact="yes"))


@pytest.mark.parametrize("data", [b"", b"[]", b"null", b"{", b'{"event": "arrived", "event": "x"}'])
def test_what_is_no_movement_is_refused(data):
    with pytest.raises((MalformedMessage, RuleViolation)):
        json.read(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    try:
        json.read(data)
    except InputError as refusal:
        assert refusal.detail


values = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.lists(st.none())
)


@given(st.dictionaries(st.sampled_from([*MESSAGE, "seal", "intact", "vessel"]), values))
def test_any_values_are_read_or_refused(changed):
    try:
        json.read(message(**changed))
    except InputError as refusal:
        assert refusal.detail
