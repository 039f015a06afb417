"""What OpenAPI says of the bodies of movements (`movements/formats/json` reads them)."""

from __future__ import annotations

from typing import Any

_CONTAINER = {"type": "string", "description": "ISO 6346", "examples": ["CSQU3054383"]}
_OFFICE = {"type": "string", "pattern": "^[A-Z0-9]{2,17}$", "examples": ["KEMBA"]}
_AT = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string", "maxLength": 70}
_MASS = {"type": ["number", "string"], "description": "Kilograms, container and vehicle included"}
_TARE = {"type": ["number", "string"], "description": "Kilograms of container and vehicle"}
_SEAL = {"type": "string", "maxLength": 35, "description": "Number on the seal (ISO 17712)"}
_POSITION = {
    "type": "object",
    "properties": {
        "latitude": {"type": "number", "minimum": -90, "maximum": 90},
        "longitude": {"type": "number", "minimum": -180, "maximum": 180},
    },
    "required": ["latitude", "longitude"],
    "additionalProperties": False,
}
_TRUTH = {"type": "boolean"}


def _event(
    event: str, own: dict[str, Any], required: tuple[str, ...], *, on_the_road: bool = False
) -> dict[str, Any]:
    common = {"event": {"const": event}, "container": _CONTAINER, "office": _OFFICE, "at": _AT}
    needed = ["event", "container", "at", *(() if on_the_road else ("office",)), *required]
    return {
        "type": "object",
        "title": event,
        "properties": {**common, **own},
        "required": needed,
        "additionalProperties": False,
    }


_REPORTED = {
    "seal": _SEAL,
    "state": {"enum": ["sealed", "opened"], "description": "Seal status of ISO 18185"},
    "changed_at": {**_AT, "description": "Sealed or opened, by the seal's own clock"},
    "place": _TEXT,
    "position": _POSITION,
    "battery_low": _TRUTH,
    "manufacturer": {"type": "string", "pattern": "^[0-9A-F]{4}$"},
    "tag": {"type": "string", "pattern": "^[0-9A-F]{8}$"},
}
_HANDED = {"from": _TEXT, "to": {**_TEXT, "minLength": 1}, "place": _TEXT}
_LINKED = {
    "device": {**_TEXT, "minLength": 1},
    "action": {"enum": ["ADD", "DELETE"], "description": "As in an EPCIS AssociationEvent"},
    "place": _TEXT,
}
_WEIGHED = {"weighbridge": {**_TEXT, "minLength": 1}, "gross_mass_kg": _MASS, "tare_kg": _TARE}
_GATE = {
    "gate": _TEXT,
    "direction": {"enum": ["in", "out"]},
    "gross_mass_kg": _MASS,
    "tare_kg": _TARE,
}

EVENTS: tuple[dict[str, Any], ...] = (
    _event("arrived", {"vessel": _TEXT}, ()),
    _event("departed", {"destination": _TEXT}, ()),
    _event("gate_passed", _GATE, ("gate", "direction")),
    _event(
        "seal_checked", {"seal": _SEAL, "intact": _TRUTH, "present": _TRUTH}, ("seal", "intact")
    ),
    _event("seal_reported", _REPORTED, ("seal", "state"), on_the_road=True),
    _event("weighed", _WEIGHED, ("weighbridge", "gross_mass_kg")),
    _event("custody_changed", _HANDED, ("from", "to"), on_the_road=True),
    _event("device_associated", _LINKED, ("device", "action"), on_the_road=True),
)

MOVEMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"title": "Movement", "oneOf": list(EVENTS)}}},
    }
}
