"""Which EPCIS events tell a movement, and how a movement is told as an event.

    ObjectEvent       arriving            Arrival         readPoint: the office's place
    ObjectEvent       departing           Departure       destination (location): where to
    ObjectEvent       entering_exiting    GatePass        readPoint: gate; bizLocation: only inwards
    ObjectEvent       any, at a bridge    Weighing        a report of Mass
    ObjectEvent       accepting           CustodyChange   source and destination: possessing_party
    AssociationEvent  inspecting          SealCheck       child: the seal; DELETE: it is not there
    AssociationEvent  any other           SealReport      child: the seal; OBSERVE tells its state,
                                                          ADD is sealed, DELETE is opened
    AssociationEvent  ADD, DELETE         Association     child: the device

Containers are `urn:epc:id:bic:CSQU3054383`. Places of ours are `urn:clearway:place:XAPRT`,
`urn:clearway:place:XAPRT:gate:3` and `urn:clearway:place:XAPRT:weighbridge:W1`; an operator gives
its own GLNs that meaning by the setting `epcis_places`. An event with an error declaration tells
nothing: it takes back. Source: GS1 CBV 2.0, 7.1 (business steps) and 8.2 (identifiers of objects).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import quote, unquote

from clearway.errors import BadTerm
from clearway.movements.epcis import names
from clearway.movements.epcis.index import in_base
from clearway.movements.epcis.model import (
    Action,
    Event,
    EventType,
    Place,
    SensorReport,
    Source,
)
from clearway.movements.epcis.vocabulary import CBV, GS1
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
from clearway.terms.units import UNITS

CONTAINER = "urn:epc:id:bic:"
PLACE = "urn:clearway:place:"
SEAL = "urn:clearway:seal:"
ESEAL = "urn:clearway:eseal:"
DEVICE = "urn:clearway:device:"
PARTY = "urn:clearway:party:"
BATTERY_LOW = "urn:clearway:measure:battery_low"
NAMESPACE = "urn:clearway:epcis:"

LOCATION, HOLDER = f"{CBV}SDT-location", f"{CBV}SDT-possessing_party"
OPEN, CLOSED = names.disposition("container_open"), names.disposition("container_closed")
IN_TRANSIT = names.disposition("in_transit")
MASS = f"{GS1}Mass"
MASS_UNIT = "KGM"
_NOWHERE = "-"


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as the house names it: its office, and a gate, weighbridge or place in it."""

    office: str = ""
    kind: str = ""
    name: str = ""

    @property
    def uri(self) -> str:
        """The place's identifier in events."""
        parts = [self.office or _NOWHERE, *((self.kind, self.name) if self.kind else ())]
        return PLACE + ":".join(quote(part, safe="") for part in parts)


def spot_of(place: Place | None, places: Mapping[str, str]) -> Spot | None:
    """Return what a place is, None where it is none of ours.

    Args:
        places: `{"https://id.gs1.org/414/9521141123452": "XAPRT:gate:3"}`, canonical identifiers.
    """
    if place is None:
        return None
    full = names.identifier(place.id)
    known = places.get(full)
    if known is None:
        if not full.startswith(PLACE):
            return None
        known = full.removeprefix(PLACE)
    office, kind, name, *more = [*(unquote(part) for part in known.split(":", 3)), "", "", ""]
    return None if more[0] else Spot("" if office == _NOWHERE else office, kind, name)


def movements_of(event: Event, places: Mapping[str, str]) -> tuple[Movement, ...]:
    """Return the movements that an event tells: one for each container, mostly none."""
    if event.error_declaration is not None:
        return ()
    if event.type == EventType.ASSOCIATION:
        return tuple(_associated(event, places))
    if event.type != EventType.OBJECT or event.action != Action.OBSERVE:
        return ()
    tell = _STEPS.get(event.biz_step or "") or _weighed
    told = (tell(event, box, places) for box in map(_container, event.epc_list) if box)
    return tuple(movement for movement in told if movement is not None)


def _container(identifier: str) -> ContainerNumber | None:
    try:
        return ContainerNumber(identifier.removeprefix(CONTAINER))
    except BadTerm:
        return None


def _office(event: Event, places: Mapping[str, str]) -> str:
    for place in (event.biz_location, event.read_point):
        spot = spot_of(place, places)
        if spot is not None and spot.office:
            return spot.office
    return ""


def _arrived(event: Event, box: ContainerNumber, places: Mapping[str, str]) -> Movement | None:
    office = _office(event, places)
    return Arrival(box, office, event.event_time, _own(event, "vessel")) if office else None


def _departed(event: Event, box: ContainerNumber, places: Mapping[str, str]) -> Movement | None:
    office = _office(event, places)
    whither = (one.id for one in event.destination_list if one.type == LOCATION)
    spot = spot_of(Place(next(whither, "")), places)
    towards = "" if spot is None else spot.office
    return Departure(box, office, event.event_time, towards) if office else None


def _passed(event: Event, box: ContainerNumber, places: Mapping[str, str]) -> Movement | None:
    spot = spot_of(event.read_point, places)
    if spot is None or spot.kind != "gate" or not spot.office:
        return None
    # CBV: bizLocation is where the object is from now on; going out, that is unknown.
    inside = spot_of(event.biz_location, places)
    direction = Direction.IN if inside and inside.office == spot.office else Direction.OUT
    mass, tare = _mass(event), _tare(event)
    return GatePass(box, spot.office, event.event_time, spot.name, direction, mass, tare)


def _weighed(event: Event, box: ContainerNumber, places: Mapping[str, str]) -> Movement | None:
    spot, mass = spot_of(event.read_point, places), _mass(event)
    if spot is None or spot.kind != "weighbridge" or not spot.office or mass is None:
        return None
    return Weighing(box, spot.office, event.event_time, spot.name, mass, _tare(event))


def _handed(event: Event, box: ContainerNumber, places: Mapping[str, str]) -> Movement | None:
    taker = _party(event.destination_list)
    if not taker:
        return None
    spot = spot_of(event.read_point, places) or Spot()
    giver = _party(event.source_list)
    return CustodyChange(box, spot.office, event.event_time, giver, taker, spot.name)


_Tell = Callable[[Event, ContainerNumber, Mapping[str, str]], Movement | None]
_STEPS: dict[str, _Tell] = {
    names.biz_step("arriving"): _arrived,
    names.biz_step("departing"): _departed,
    names.biz_step("entering_exiting"): _passed,
    names.biz_step("accepting"): _handed,
}


def _party(listed: tuple[Source, ...]) -> str:
    found = (one.id for one in listed if one.type == HOLDER and one.id.startswith(PARTY))
    return unquote(next(found, "").removeprefix(PARTY))


def _associated(event: Event, places: Mapping[str, str]) -> Iterator[Movement]:
    box = _container(event.parent_id or "")
    if box is None:
        return
    spot = spot_of(event.read_point, places) or spot_of(event.biz_location, places) or Spot()
    for child in event.child_epcs:
        if child.startswith(SEAL):
            movement = _sealed(event, box, spot, unquote(child.removeprefix(SEAL)))
            if movement is not None:
                yield movement
        elif child.startswith(DEVICE) and event.action != Action.OBSERVE:
            device, link = unquote(child.removeprefix(DEVICE)), Link(event.action or "")
            yield Association(box, spot.office, event.event_time, device, link, spot.name)


def _sealed(event: Event, box: ContainerNumber, spot: Spot, number: str) -> Movement | None:
    try:
        seal = SealNumber(number)
    except BadTerm:
        return None
    is_open = event.disposition == OPEN
    if event.biz_step == names.biz_step("inspecting"):
        is_there = event.action != Action.DELETE
        intact = is_there and not is_open
        return SealCheck(box, spot.office, event.event_time, seal, intact, is_there)
    if event.action == Action.OBSERVE and event.disposition not in (OPEN, CLOSED):
        return None
    is_opened = is_open or event.action == Action.DELETE
    state = SealState.OPENED if is_opened else SealState.SEALED
    return _report(event, box, spot, SealReport(box, spot.office, event.event_time, seal, state))


def _report(event: Event, box: ContainerNumber, spot: Spot, known: SealReport) -> SealReport:
    """Return a seal's report with what its sensor element adds."""
    changed_at, low, maker, tag = None, None, "", ""
    angles: dict[str, float] = {}
    for element in event.sensor_element_list:
        if element.metadata is not None:
            changed_at = element.metadata.time
            maker, _, tag = (
                (element.metadata.device_metadata or "").removeprefix(ESEAL).partition(":")
            )
        for report in element.reports:
            if report.type == BATTERY_LOW:
                low = report.boolean_value
            if report.component and report.value is not None:
                angles[report.component.removeprefix(f"{CBV}Comp-")] = float(report.value)
    where = None
    if {"latitude", "longitude"} <= set(angles):
        where = Position(angles["latitude"], angles["longitude"])
    return SealReport(
        box, known.office, known.at, known.seal, known.state, changed_at, spot.name, where, low,
        maker, tag,
    )  # fmt: skip


def _reports(event: Event) -> Iterator[SensorReport]:
    for element in event.sensor_element_list:
        yield from element.reports


def _mass(event: Event) -> Decimal | None:
    """Return the first mass that was reported, in kilograms."""
    for report in _reports(event):
        unit = UNITS.get(report.uom or "")
        if report.type == MASS and report.value is not None and unit is not None:
            if report.uom == MASS_UNIT:
                return report.value
            if unit.dimension == "mass":
                return Decimal(str(in_base("value", report.value, report.uom or "")))
    return None


def _tare(event: Event) -> Decimal | None:
    text = _own(event, "tareKg")
    return Decimal(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else None


def _own(event: Event, name: str) -> str:
    wanted = f"{{{NAMESPACE}}}{name}"
    return next((one.text for one in event.extensions if one.name == wanted), "")


def read_places(settings: tuple[str, ...]) -> dict[str, str]:
    """Return what the setting `epcis_places` says: `<location>=<office>[:gate:<name>]` each.

    Raises: BadTerm: one has no `=`.
    """
    found = {}
    for one in settings:
        location, mark, place = one.rpartition("=")
        if not mark or not location or not place:
            raise BadTerm("epcis_places", one, "is written <location URI>=<office>[:gate:<name>]")
        found[names.identifier(location)] = place
    return found
