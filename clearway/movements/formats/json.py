"""One movement as JSON.

{"event": "arrived", "container": "CSQU3054383", "office": "KEMBA", "at": "2026-03-02T06:00:00Z",
 "vessel": "MV Kijani"}
{"event": "departed", ..., "destination": "UGKLA"}
{"event": "gate_passed", ..., "gate": "3", "direction": "in", "gross_mass_kg": "28410"}
{"event": "seal_checked", ..., "seal": "KE123456", "intact": true}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from clearway.errors import BadTerm, MalformedMessage, RuleViolation
from clearway.ledger.fact import encode
from clearway.movements.model import (
    Arrival,
    Departure,
    Direction,
    GatePass,
    Movement,
    SealCheck,
)
from clearway.terms.finding import Area, Finding, Level
from clearway.terms.transport import ContainerNumber, SealNumber
from clearway.wire import json
from clearway.wire.limits import Limits

LIMITS = Limits(size_bytes=8 * 1024, depth=4, nodes=64, attributes=0, digits=20)

_COMMON = ("event", "container", "office", "at")
_OWN: Mapping[str, tuple[str, ...]] = {
    "arrived": ("vessel",),
    "departed": ("destination",),
    "gate_passed": ("gate", "direction", "gross_mass_kg"),
    "seal_checked": ("seal", "intact"),
}
_OPTIONAL = frozenset({"vessel", "destination", "gross_mass_kg"})


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
        raise _wrong("event", f"event {event!r:.40} must be one of {', '.join(_OWN)}")
    _require_fields(message, event)
    return _MAKERS[event](message, _container(message), _text(message, "office"), _at(message))


def write(movement: Movement) -> bytes:
    """Return a movement as JSON."""
    common = {"container": movement.container, "office": movement.office, "at": movement.at}
    match movement:
        case Arrival():
            return encode({"event": "arrived", **common, "vessel": movement.vessel})
        case Departure():
            return encode({"event": "departed", **common, "destination": movement.destination})
        case SealCheck():
            own = {"seal": movement.seal, "intact": movement.is_intact}
            return encode({"event": "seal_checked", **common, **own})
        case GatePass():
            mass = (
                {} if movement.gross_mass_kg is None else {"gross_mass_kg": movement.gross_mass_kg}
            )
            own = {"gate": movement.gate, "direction": movement.direction}
            return encode({"event": "gate_passed", **common, **own, **mass})


def _require_fields(message: Mapping[str, Any], event: str) -> None:
    names = (*_COMMON, *_OWN[event])
    for name in names:
        if name not in message and name not in _OPTIONAL:
            raise _wrong(name, f"{name} is missing; {event} needs {', '.join(names)}")
    for name in message:
        if name not in names:
            raise _wrong(
                name[:40], f"{event} has no field {name[:40]!r}; it has {', '.join(names)}"
            )


def _wrong(field: str, message: str) -> RuleViolation:
    return RuleViolation(
        message, (Finding("MOV_J1", Area.SCHEMA, Level.SEVERE, field, message),), field=field
    )


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name, "")
    if not isinstance(value, str):
        raise _wrong(name, f"{name} must be a text")
    return value


def _container(message: Mapping[str, Any]) -> ContainerNumber:
    try:
        return ContainerNumber.read(_text(message, "container"))
    except BadTerm as error:
        error.field = "container"
        raise


def _seal(message: Mapping[str, Any]) -> SealNumber:
    try:
        return SealNumber(_text(message, "seal"))
    except BadTerm as error:
        error.field = "seal"
        raise


def _at(message: Mapping[str, Any]) -> datetime:
    text = _text(message, "at")
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise _wrong("at", f"at {text[:40]!r} must be like 2026-03-02T12:00:00Z") from error
    if at.tzinfo is None:
        raise _wrong("at", f"at {text[:40]!r} has no time zone; write 2026-03-02T12:00:00Z")
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise _wrong("at", f"at {text[:40]!r} lies outside the calendar") from error


def _mass(message: Mapping[str, Any]) -> Decimal | None:
    value = message.get("gross_mass_kg")
    if value is None:
        return None
    if isinstance(value, str) and value.isascii() and value.replace(".", "", 1).isdigit():
        value = Decimal(value)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong("gross_mass_kg", "gross_mass_kg must be a number of kilograms")
    return Decimal(value)


def _gate(
    message: Mapping[str, Any], container: ContainerNumber, office: str, at: datetime
) -> GatePass:
    direction = _text(message, "direction")
    if direction not in list(Direction):
        raise _wrong("direction", f"direction {direction[:40]!r} must be in or out")
    gate = _text(message, "gate")
    return GatePass(container, office, at, gate, Direction(direction), _mass(message))


def _look(
    message: Mapping[str, Any], container: ContainerNumber, office: str, at: datetime
) -> SealCheck:
    intact = message["intact"]
    if not isinstance(intact, bool):
        raise _wrong("intact", "intact must be true or false")
    return SealCheck(container, office, at, _seal(message), intact)


_Maker = Callable[[Mapping[str, Any], ContainerNumber, str, datetime], Movement]
_MAKERS: Mapping[str, _Maker] = {
    "arrived": lambda m, c, o, at: Arrival(c, o, at, _text(m, "vessel")),
    "departed": lambda m, c, o, at: Departure(c, o, at, _text(m, "destination")),
    "gate_passed": _gate,
    "seal_checked": _look,
}
