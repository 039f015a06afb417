"""A movement told as the standard event that `meaning` reads back as the same movement."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from urllib.parse import quote

from clearway.movements.epcis import names
from clearway.movements.epcis.meaning import (
    BATTERY_LOW,
    CLOSED,
    CONTAINER,
    DEVICE,
    ESEAL,
    HOLDER,
    IN_TRANSIT,
    LOCATION,
    MASS,
    MASS_UNIT,
    NAMESPACE,
    OPEN,
    PARTY,
    SEAL,
    Spot,
)
from clearway.movements.epcis.model import (
    Action,
    Event,
    EventType,
    Extension,
    Place,
    SensorElement,
    SensorMetadata,
    SensorReport,
    Source,
)
from clearway.movements.epcis.vocabulary import GS1
from clearway.movements.model import (
    Arrival,
    Association,
    CustodyChange,
    Departure,
    Direction,
    GatePass,
    Link,
    Movement,
    SealCheck,
    SealReport,
    SealState,
    Weighing,
)

_ANGLE = f"{GS1}Angle"


def event_of(movement: Movement) -> Event:
    """Return a movement as an event; read again, it gives the same movement."""
    return _TELLERS[type(movement)](movement)


def _event(movement: Movement, step: str, **more: object) -> Event:
    """Return an object event of the movement's container."""
    known: dict[str, object] = {
        "type": EventType.OBJECT.value,
        "event_time": movement.at,
        "event_time_zone_offset": "+00:00",
        "action": Action.OBSERVE.value,
        "biz_step": names.biz_step(step),
        "epc_list": (CONTAINER + movement.container,),
    }
    return Event(**{**known, **more})  # type: ignore[arg-type]


def _bond(movement: Movement, step: str, action: str, child: str, **more: object) -> Event:
    """Return an association event of something with the movement's container."""
    own = {
        "type": EventType.ASSOCIATION.value,
        "action": action,
        "epc_list": (),
        "parent_id": CONTAINER + movement.container,
        "child_epcs": (child,),
    }
    return _event(movement, step, **{**own, **more})


def _at(office: str, kind: str = "", name: str = "") -> Place | None:
    return Place(Spot(office, kind, name).uri) if office or name else None


def _extras(**texts: object) -> tuple[Extension, ...]:
    return tuple(
        Extension(f"{{{NAMESPACE}}}{name}", str(text)) for name, text in texts.items() if text
    )


def _weight(mass: Decimal | None) -> tuple[SensorElement, ...]:
    if mass is None:
        return ()
    return (SensorElement((SensorReport(type=MASS, value=mass, uom=MASS_UNIT),)),)


def _of_arrival(one: Arrival) -> Event:
    place = _at(one.office)
    return _event(
        one, "arriving", disposition=IN_TRANSIT, read_point=place, biz_location=place,
        extensions=_extras(vessel=one.vessel),
    )  # fmt: skip


def _of_departure(one: Departure) -> Event:
    whither = (Source(LOCATION, Spot(one.destination).uri),) if one.destination else ()
    return _event(
        one, "departing", disposition=IN_TRANSIT, read_point=_at(one.office),
        destination_list=whither,
    )  # fmt: skip


def _of_gate_pass(one: GatePass) -> Event:
    inside = _at(one.office) if one.direction is Direction.IN else None
    return _event(
        one, "entering_exiting", disposition=IN_TRANSIT,
        read_point=_at(one.office, "gate", one.gate), biz_location=inside,
        sensor_element_list=_weight(one.gross_mass_kg), extensions=_extras(tareKg=one.tare_kg),
    )  # fmt: skip


def _of_weighing(one: Weighing) -> Event:
    return _event(
        one, "sensor_reporting", read_point=_at(one.office, "weighbridge", one.weighbridge),
        sensor_element_list=_weight(one.gross_mass_kg), extensions=_extras(tareKg=one.tare_kg),
    )  # fmt: skip


def _holder(party: str) -> tuple[Source, ...]:
    return (Source(HOLDER, PARTY + quote(party, safe="")),) if party else ()


def _of_custody(one: CustodyChange) -> Event:
    kind = "place" if one.place else ""
    return _event(
        one, "accepting", read_point=_at(one.office, kind, one.place),
        source_list=_holder(one.giver), destination_list=_holder(one.taker),
    )  # fmt: skip


def _of_seal_check(one: SealCheck) -> Event:
    action = Action.OBSERVE if one.is_present else Action.DELETE
    return _bond(
        one, "inspecting", action.value, SEAL + quote(one.seal, safe=""),
        disposition=CLOSED if one.is_intact else OPEN, read_point=_at(one.office),
    )  # fmt: skip


def _of_seal_report(one: SealReport) -> Event:
    reports: list[SensorReport] = []
    if one.is_battery_low is not None:
        reports.append(SensorReport(type=BATTERY_LOW, boolean_value=one.is_battery_low))
    if one.position is not None:
        where = {"latitude": one.position.latitude, "longitude": one.position.longitude}
        reports += [
            SensorReport(
                type=_ANGLE, value=Decimal(str(value)), uom="DD", component=names.component(name)
            )
            for name, value in where.items()
        ]
    seal = SEAL + quote(one.seal, safe="")
    maker = f"{ESEAL}{one.manufacturer}:{one.tag}" if one.manufacturer or one.tag else None
    metadata = SensorMetadata(time=one.changed_at, device_id=seal, device_metadata=maker)
    is_told = reports or one.changed_at or maker
    state = SensorReport(type=f"{GS1}Dimensionless", string_value=one.state.value)
    element = SensorElement((state, *reports), metadata)
    kind = "place" if one.place else ""
    return _bond(
        one, "sensor_reporting", Action.OBSERVE.value, seal,
        disposition=OPEN if one.state is SealState.OPENED else CLOSED,
        read_point=_at(one.office, kind, one.place),
        sensor_element_list=(element,) if is_told else (),
    )  # fmt: skip


def _of_association(one: Association) -> Event:
    step = "installing" if one.link is Link.ADD else "removing"
    kind = "place" if one.place else ""
    return _bond(
        one, step, one.link.value, DEVICE + quote(one.device, safe=""),
        read_point=_at(one.office, kind, one.place),
    )  # fmt: skip


_TELLERS: dict[type, Callable[..., Event]] = {
    Arrival: _of_arrival,
    Departure: _of_departure,
    GatePass: _of_gate_pass,
    SealCheck: _of_seal_check,
    SealReport: _of_seal_report,
    Weighing: _of_weighing,
    CustodyChange: _of_custody,
    Association: _of_association,
}
