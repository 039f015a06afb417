"""A movement told as an event is the same movement again; an event of strangers is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearway.movements.epcis.meaning import Spot, movements_of, read_places, spot_of
from clearway.movements.epcis.model import ErrorDeclaration, Place
from clearway.movements.epcis.telling import event_of
from clearway.movements.model import (
    Arrival,
    Association,
    CustodyChange,
    Departure,
    Direction,
    GatePass,
    Link,
    Movement,
    Position,
    SealCheck,
    SealReport,
    SealState,
    Weighing,
)
from clearway.terms.transport import ContainerNumber, SealNumber

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOX = ContainerNumber("CSQU3054383")
SEAL = SealNumber("KE123456")

MOVEMENTS: list[Movement] = [
    Arrival(BOX, "KEMBA", NOON, "MV Kijani"),
    Arrival(BOX, "KEMBA", NOON),
    Departure(BOX, "KEMBA", NOON, "UGKLA"),
    Departure(BOX, "KEMBA", NOON),
    GatePass(BOX, "KEMBA", NOON, "Gate 3/B", Direction.IN, Decimal("28410"), Decimal("6200")),
    GatePass(BOX, "KEMBA", NOON, "3", Direction.OUT),
    SealCheck(BOX, "KEMBA", NOON, SEAL, True),
    SealCheck(BOX, "KEMBA", NOON, SEAL, False),
    SealCheck(BOX, "KEMBA", NOON, SEAL, False, False),
    SealReport(BOX, "", NOON, SEAL, SealState.OPENED, NOON, "A104 km 33", Position(-1.2, 36.5)),
    SealReport(BOX, "KEMBA", NOON, SEAL, SealState.SEALED, None, "", None, True, "0a1b", "00ff"),
    Weighing(BOX, "KEMBA", NOON, "W1", Decimal("30480.5"), Decimal("8000")),
    CustodyChange(BOX, "KEMBA", NOON, "XA10000001", "XA10000002", "Shed 4"),
    CustodyChange(BOX, "", NOON, "", "XA10000002"),
    Association(BOX, "KEMBA", NOON, "logger-7", Link.ADD, "Bay 2"),
    Association(BOX, "", NOON, "logger-7", Link.DELETE),
]


@pytest.mark.parametrize("movement", MOVEMENTS, ids=lambda one: type(one).__name__)
def test_a_movement_told_as_an_event_is_the_same_movement_again(movement: Movement) -> None:
    assert movements_of(event_of(movement), {}) == (movement,)


@given(st.text(min_size=1, max_size=70), st.text(max_size=70))
def test_any_name_of_a_gate_or_ship_survives(gate: str, vessel: str) -> None:
    passed = GatePass(BOX, "KEMBA", NOON, gate, Direction.IN)
    arrived = Arrival(BOX, "KEMBA", NOON, vessel)
    try:
        gate.encode()
    except UnicodeEncodeError:
        return
    assert movements_of(event_of(passed), {}) == (passed,)
    assert movements_of(event_of(arrived), {}) == (arrived,)


def test_an_event_that_was_declared_wrong_tells_nothing() -> None:
    wrong = replace(event_of(MOVEMENTS[0]), error_declaration=ErrorDeclaration(NOON))
    assert movements_of(wrong, {}) == ()


def test_an_event_at_an_unknown_place_tells_nothing() -> None:
    elsewhere = Place("https://id.gs1.org/414/9521141123454")
    event = replace(event_of(MOVEMENTS[0]), read_point=elsewhere, biz_location=None)
    assert movements_of(event, {}) == ()
    places = read_places(("urn:epc:id:sgln:9521141.12345.0=KEMBA",))
    assert movements_of(event, places) == (MOVEMENTS[0],)


def test_a_location_of_the_operators_own_may_be_a_gate() -> None:
    places = read_places(("https://id.gs1.org/414/9521141123454=KEMBA:gate:3",))
    place = Place("https://id.gs1.org/414/9521141123454")
    assert spot_of(place, places) == Spot("KEMBA", "gate", "3")


def test_an_event_of_several_containers_tells_one_movement_each() -> None:
    boxes = ("urn:epc:id:bic:CSQU3054383", "urn:epc:id:bic:MSCU6639871", "urn:epc:id:bic:CSQU30543")
    event = replace(event_of(MOVEMENTS[0]), epc_list=boxes)
    told = [one.container for one in movements_of(event, {})]
    assert told[0] == BOX
    assert "CSQU30543" not in told


def test_pounds_on_a_weighbridge_become_kilograms() -> None:
    event = event_of(Weighing(BOX, "KEMBA", NOON, "W1", Decimal(1)))
    (element,) = event.sensor_element_list
    (report,) = element.reports
    pounds = replace(element, reports=(replace(report, value=Decimal(1000), uom="LBR"),))
    (weighed,) = movements_of(replace(event, sensor_element_list=(pounds,)), {})
    assert isinstance(weighed, Weighing)
    assert weighed.gross_mass_kg == Decimal("453.59237")
