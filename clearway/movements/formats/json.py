"""One movement as JSON.

{"event": "arrived", "container": "CSQU3054383", "office": "KEMBA", "at": "2026-03-02T06:00:00Z",
 "vessel": "MV Kijani"}
{"event": "departed", ..., "destination": "UGKLA"}
{"event": "gate_passed", ..., "gate": "3", "direction": "in", "gross_mass_kg": "28410",
 "tare_kg": "15900"}
{"event": "seal_checked", ..., "seal": "KE123456", "intact": true, "present": true}
{"event": "seal_reported", ..., "seal": "KE123456", "state": "opened", "changed_at": "...",
 "place": "KEMBA-SHED4", "position": {"latitude": -4.05, "longitude": 39.66}, "battery_low": false,
 "manufacturer": "00A7", "tag": "0012FF3C"}
{"event": "weighed", ..., "weighbridge": "2", "gross_mass_kg": "28410", "tare_kg": "15900"}
{"event": "custody_changed", ..., "from": "KEP051234567Z", "to": "KEP059999999Z", "place": "..."}
{"event": "device_associated", ..., "device": "logger-7", "action": "ADD", "place": "..."}

`office` may be missing where an event happens on the road: `seal_reported`, `custody_changed`,
`device_associated`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, assert_never

from clearway.errors import MalformedMessage
from clearway.ledger.fact import encode
from clearway.movements.formats.fields import (
    choice,
    container,
    instant,
    mass,
    position,
    seal,
    text,
    truth,
    wrong,
)
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
from clearway.terms.transport import ContainerNumber
from clearway.wire import json
from clearway.wire.limits import Limits

LIMITS = Limits(size_bytes=8 * 1024, depth=4, nodes=64, attributes=0, digits=20)

_COMMON = ("event", "container", "office", "at")
_REPORT = ("changed_at", "place", "position", "battery_low", "manufacturer", "tag")
_OWN: Mapping[str, tuple[str, ...]] = {
    "arrived": ("vessel",),
    "departed": ("destination",),
    "gate_passed": ("gate", "direction", "gross_mass_kg", "tare_kg"),
    "seal_checked": ("seal", "intact", "present"),
    "seal_reported": ("seal", "state", *_REPORT),
    "weighed": ("weighbridge", "gross_mass_kg", "tare_kg"),
    "custody_changed": ("from", "to", "place"),
    "device_associated": ("device", "action", "place"),
}
_OPTIONAL = frozenset({"vessel", "destination", "tare_kg", "present", "place", *_REPORT})
_ON_THE_ROAD = frozenset({"seal_reported", "custody_changed", "device_associated"})


def read(data: bytes) -> Movement:
    """Return the movement of a JSON message, its time in UTC.

    Raises:
        MalformedMessage: not JSON, or a name stands twice.
        TooLarge: over `LIMITS`.
        BadTerm: container or seal number is wrong.
        RuleViolation: a field is missing, unknown or of the wrong type; names it.
    """
    message = json.parse(data, limits=LIMITS)
    if not isinstance(message, dict):
        raise MalformedMessage('A movement is a JSON object, such as {"event": "arrived", ...}')
    event = message.get("event")
    if not isinstance(event, str) or event not in _OWN:
        raise wrong("event", f"event {event!r:.40} must be one of {', '.join(_OWN)}")
    _require_fields(message, event)
    box, office = container(message), text(message, "office")
    return _MAKERS[event](message, box, office, instant(message, "at"))


def write(movement: Movement) -> bytes:
    """Return a movement as JSON."""
    event, own = _own(movement)
    common = {"container": movement.container, "office": movement.office, "at": movement.at}
    told = {name: value for name, value in own.items() if value is not None}
    return encode({"event": event, **common, **told})


def _own(movement: Movement) -> tuple[str, dict[str, Any]]:
    match movement:
        case Arrival():
            return "arrived", {"vessel": movement.vessel}
        case Departure():
            return "departed", {"destination": movement.destination}
        case SealCheck():
            own = {"seal": movement.seal, "intact": movement.is_intact}
            return "seal_checked", {**own, "present": movement.is_present}
        case GatePass():
            own = {"gate": movement.gate, "direction": movement.direction}
            masses = {"gross_mass_kg": movement.gross_mass_kg, "tare_kg": movement.tare_kg}
            return "gate_passed", {**own, **masses}
        case Weighing():
            masses = {"gross_mass_kg": movement.gross_mass_kg, "tare_kg": movement.tare_kg}
            return "weighed", {"weighbridge": movement.weighbridge, **masses}
        case SealReport():
            own = {name: getattr(movement, name) for name in _REPORT if name != "battery_low"}
            own |= {"seal": movement.seal, "state": movement.state}
            return "seal_reported", {**own, "battery_low": movement.is_battery_low}
        case CustodyChange():
            own = {"from": movement.giver, "to": movement.taker}
            return "custody_changed", {**own, "place": movement.place}
        case Association():
            own = {"device": movement.device, "action": movement.link}
            return "device_associated", {**own, "place": movement.place}
        case _:
            assert_never(movement)


def _require_fields(message: Mapping[str, Any], event: str) -> None:
    names = (*_COMMON, *_OWN[event])
    for name in names:
        if name not in message and not _may_miss(name, event):
            raise wrong(name, f"{name} is missing; {event} needs {', '.join(names)}")
    for name in message:
        if name not in names:
            raise wrong(name[:40], f"{event} has no field {name[:40]!r}; it has {', '.join(names)}")


def _may_miss(name: str, event: str) -> bool:
    if name == "office":
        return event in _ON_THE_ROAD
    if name == "gross_mass_kg":
        return event == "gate_passed"
    return name in _OPTIONAL


_Read = Mapping[str, Any]


def _pass_gate(message: _Read, box: ContainerNumber, office: str, at: datetime) -> GatePass:
    direction = choice(message, "direction", Direction)
    masses = mass(message, "gross_mass_kg"), mass(message, "tare_kg")
    return GatePass(box, office, at, text(message, "gate"), direction, *masses)


def _look(message: _Read, box: ContainerNumber, office: str, at: datetime) -> SealCheck:
    is_intact = truth(message, "intact")
    is_present = truth(message, "present") if "present" in message else True
    return SealCheck(box, office, at, seal(message), is_intact, is_present)


def _report(message: _Read, box: ContainerNumber, office: str, at: datetime) -> SealReport:
    return SealReport(
        container=box,
        office=office,
        at=at,
        seal=seal(message),
        state=choice(message, "state", SealState),
        changed_at=instant(message, "changed_at") if "changed_at" in message else None,
        place=text(message, "place"),
        position=position(message),
        is_battery_low=truth(message, "battery_low") if "battery_low" in message else None,
        manufacturer=text(message, "manufacturer"),
        tag=text(message, "tag"),
    )


def _weigh(message: _Read, box: ContainerNumber, office: str, at: datetime) -> Weighing:
    gross = mass(message, "gross_mass_kg")
    if gross is None:
        raise wrong("gross_mass_kg", "gross_mass_kg must be a number of kilograms")
    return Weighing(box, office, at, text(message, "weighbridge"), gross, mass(message, "tare_kg"))


_Maker = Callable[[_Read, ContainerNumber, str, datetime], Movement]
_MAKERS: Mapping[str, _Maker] = {
    "arrived": lambda m, c, o, at: Arrival(c, o, at, text(m, "vessel")),
    "departed": lambda m, c, o, at: Departure(c, o, at, text(m, "destination")),
    "gate_passed": _pass_gate,
    "seal_checked": _look,
    "seal_reported": _report,
    "weighed": _weigh,
    "custody_changed": lambda m, c, o, at: CustodyChange(
        c, o, at, text(m, "from"), text(m, "to"), text(m, "place")
    ),
    "device_associated": lambda m, c, o, at: Association(
        c, o, at, text(m, "device"), choice(m, "action", Link), text(m, "place")
    ),
}
