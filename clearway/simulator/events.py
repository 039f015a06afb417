"""Movements told as EPCIS 2.0 documents (JSON-LD), as lines and ports that speak it tell them.

What each event means to the border stands in `movements.epcis.meaning` and docs/design/epcis.md.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import quote

from clearway.simulator.streams import share

_SHARE = 0.4
_CONTEXT = [
    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
    {"clearway": "urn:clearway:epcis:"},
]
_GATE = "1"
_MAKER, _TAGS = "00A7", 16**8


def speaks_epcis(seed: int, lrn: str) -> bool:
    """Return whether whoever brings a consignment tells movements as EPCIS."""
    return share(seed, "epcis", lrn) < _SHARE


def arrival_of(container: str, office: str, at: datetime, vessel: str) -> bytes:
    """Return the document of an arrival."""
    event = _observed(container, at, "arriving", _place(office), "in_progress")
    return _document(at, event | ({"clearway:vessel": vessel} if vessel else {}))


def departure_of(container: str, office: str, at: datetime) -> bytes:
    """Return the document of a departure: out through the gate, and away."""
    gate = _place(office, "gate", _GATE)
    through = _observed(container, at, "entering_exiting", gate, "in_transit")
    away = _observed(container, at, "departing", _place(office), "in_transit")
    return _document(at, through, away)


def seal_opened_of(seed: int, container: str, seal: str, at: datetime) -> bytes:
    """Return the document in which an electronic seal under way tells that it was opened."""
    tag = f"{int(share(seed, 'tag', seal) * _TAGS):08X}"
    event = {
        "type": "AssociationEvent",
        **_when(at),
        "action": "OBSERVE",
        "bizStep": "sensor_reporting",
        "disposition": "container_open",
        "parentID": _box(container),
        "childEPCs": [f"urn:clearway:seal:{quote(seal, safe='')}"],
        "sensorElementList": [
            {
                "sensorMetadata": {
                    "time": at.isoformat(),
                    "deviceMetadata": f"urn:clearway:eseal:{_MAKER}:{tag}",
                },
                "sensorReport": [
                    {"type": "urn:clearway:measure:battery_low", "booleanValue": False}
                ],
            }
        ],
    }
    return _document(at, event)


def _observed(
    container: str, at: datetime, step: str, place: str, disposition: str
) -> dict[str, Any]:
    return {
        "type": "ObjectEvent",
        **_when(at),
        "action": "OBSERVE",
        "bizStep": step,
        "epcList": [_box(container)],
        "disposition": disposition,
        "readPoint": {"id": place},
    }


def _document(at: datetime, *events: dict[str, Any]) -> bytes:
    document = {
        "@context": _CONTEXT,
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": at.isoformat(),
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _when(at: datetime) -> dict[str, str]:
    return {"eventTime": at.isoformat(), "eventTimeZoneOffset": "+00:00"}


def _box(container: str) -> str:
    return f"urn:epc:id:bic:{container}"


def _place(*parts: str) -> str:
    return "urn:clearway:place:" + ":".join(quote(part, safe="") for part in parts)
