"""What the simulated world tells as EPCIS means the movements that it stands for."""

from __future__ import annotations

from datetime import UTC, datetime

from clearway.movements.epcis import check, meaning
from clearway.movements.epcis.formats import jsonld
from clearway.movements.model import (
    Arrival,
    Departure,
    Direction,
    GatePass,
    Movement,
    SealReport,
    SealState,
)
from clearway.simulator import events
from clearway.simulator.day import Day
from clearway.simulator.mail import CARRIER, Kind

AT = datetime(2026, 7, 14, 6, 30, tzinfo=UTC)
BOX, OFFICE = "CSQU3054383", "XAPRT"


def told(body: bytes) -> list[Movement]:
    document = jsonld.read(body)
    check.require(document)
    return [each for event in document.events for each in meaning.movements_of(event, {})]


def test_an_arrival_names_its_vessel() -> None:
    assert told(events.arrival_of(BOX, OFFICE, AT, "MV Sample")) == [
        Arrival(BOX, OFFICE, AT, "MV Sample")
    ]
    assert told(events.arrival_of(BOX, OFFICE, AT, "")) == [Arrival(BOX, OFFICE, AT, "")]


def test_a_departure_goes_out_through_a_gate() -> None:
    through, away = told(events.departure_of(BOX, OFFICE, AT))
    assert isinstance(through, GatePass)
    assert (through.direction, through.office, through.gate) == (Direction.OUT, OFFICE, "1")
    assert away == Departure(BOX, OFFICE, AT)


def test_a_seal_tells_that_it_was_opened() -> None:
    (report,) = told(events.seal_opened_of(7, BOX, "EC-4711", AT))
    assert isinstance(report, SealReport)
    assert (report.state, report.seal, report.changed_at) == (SealState.OPENED, "EC-4711", AT)
    assert (report.manufacturer, report.is_battery_low) == ("00A7", False)
    assert len(report.tag) == 8


def test_some_movements_of_a_day_are_told_as_epcis_and_one_seal_is_opened(day: Day) -> None:
    mail = [event for event in day.events if event.kind is Kind.EPCIS]
    arrivals = [event for event in mail if event.account != CARRIER]
    json_arrivals = [event for event in day.events if event.kind is Kind.ARRIVAL]
    assert arrivals and json_arrivals
    assert {event.subject for event in arrivals}.isdisjoint(e.subject for e in json_arrivals)
    (opened,) = (event for event in mail if event.account == CARRIER)
    (report,) = told(opened.body)
    assert report.container == opened.subject
