"""From the tree of an event to its value: one builder for JSON and XML, so that both mean the same.

The tree is that of JSON: objects, lists, texts, numbers. Extension names are still `prefix:local`
(JSON) or already `{namespace}local` (XML). What is wrong becomes a finding with its place, and the
event is then not built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from clearway.movements.epcis import check
from clearway.movements.epcis.check import Place
from clearway.movements.epcis.formats import values
from clearway.movements.epcis.formats.extensions import is_extension, sorted_by_name, take_extension
from clearway.movements.epcis.formats.making import maker
from clearway.movements.epcis.formats.sensors import take_sensor_element
from clearway.movements.epcis.formats.values import Reading, kind_of
from clearway.movements.epcis.model import (
    BizTransaction,
    ErrorDeclaration,
    Event,
    EventType,
    Extension,
    PersistentDisposition,
    QuantityElement,
    Source,
)
from clearway.movements.epcis.model import Place as Where

T = TypeVar("T")
Take = Callable[[Reading, Any, Place], Any]

_event = maker(Event)


def take_event(reading: Reading, raw: Any, place: Place) -> Event | None:
    """Return the event, None after findings."""
    if not isinstance(raw, dict):
        reading.wrong("EPC_R3", place, f"an event must be an object, but is {kind_of(raw)}")
        return None
    before = reading.broken
    kind = raw.get("type")
    if kind is None:
        reading.missing(place, "type")
        return None
    if values.take_event_type(reading, kind, (*place, "type")) is None:
        return None
    fields = _FIELDS.get(kind)
    found = take_fields(reading, raw, place, _OWN if fields is None else fields)
    for name in _REQUIRED.get(kind, _ALWAYS):
        if name not in raw:
            reading.missing(place, name)
    if reading.broken > before:
        return None
    event = _event(found)
    for code, within, message in check.event(event, raw.keys()):
        reading.wrong(code, (*place, *within), message)
    return event if reading.broken == before else None


def take_fields(
    reading: Reading, raw: Mapping[str, Any], place: Place, fields: Mapping[str, tuple[str, Take]]
) -> dict[str, Any]:
    """Return the known fields by our names, and under `extensions` those of other namespaces."""
    found: dict[str, Any] = {}
    extensions: list[Extension] = []
    for name, value in raw.items():
        known = fields.get(name)
        if known is not None:
            found[known[0]] = known[1](reading, value, (*place, name))
        elif name == "@context":
            continue
        elif is_extension(reading, name):
            extensions += take_extension(reading, name, value, (*place, name))
        else:
            reading.wrong(
                "EPC_R1",
                (*place, name),
                f"{name[:60]!r} is not a field here; give it a namespace, or leave it out",
            )
    if extensions:
        found["extensions"] = sorted_by_name(extensions)
    return found


def list_of(take: Take, *, is_unique: bool = False) -> Take:
    """Return what takes a list of that."""

    def take_list(reading: Reading, value: Any, place: Place) -> tuple[Any, ...]:
        if not isinstance(value, list):
            reading.wrong("EPC_R3", place, f"must be a list, but is {kind_of(value)}")
            return ()
        found = tuple([take(reading, each, (*place, at)) for at, each in enumerate(value)])
        if is_unique and reading.is_strict and len(set(found)) < len(found):
            twice = _first_repeated(found)
            reading.wrong("EPC_R12", (*place, twice), "the list names the same twice; keep one")
        return found

    return take_list


def _first_repeated(found: tuple[Any, ...]) -> int:
    seen = set()
    for at, each in enumerate(found):
        if each in seen:
            return at
        seen.add(each)
    return 0


def object_of(
    make: Callable[..., T], fields: Mapping[str, tuple[str, Take]], *required: str
) -> Take:
    """Return what takes an object with these fields; others are refused.

    Args:
        make: called with what was found, if nothing was wrong.
    """
    takes_extensions = make in (Where, ErrorDeclaration)

    def take(reading: Reading, raw: Any, place: Place) -> T | None:
        if not isinstance(raw, dict):
            reading.wrong("EPC_R3", place, f"must be an object, but is {kind_of(raw)}")
            return None
        before = reading.broken
        found = take_fields(reading, raw, place, fields)
        for name in required:
            if name not in raw:
                reading.missing(place, name)
        if not takes_extensions and found.pop("extensions", None):
            reading.wrong("EPC_R1", place, f"only {', '.join(fields)} are fields here")
        return make(**found) if reading.broken == before else None

    return take


def _take_certifications(reading: Reading, value: Any, place: Place) -> tuple[str | None, ...]:
    if not isinstance(value, list):
        return (values.take_uri(reading, value, place),)
    return tuple(values.take_uri(reading, each, (*place, at)) for at, each in enumerate(value))


def _take_persistent(reading: Reading, value: Any, place: Place) -> PersistentDisposition | None:
    found: PersistentDisposition | None = _take_set_and_unset(reading, value, place)
    if found is not None and not (found.set or found.unset):
        reading.wrong("EPC_R20", place, "neither sets nor unsets anything; leave it out")
    return found


def _take_ilmd(reading: Reading, value: Any, place: Place) -> tuple[Extension, ...]:
    if not isinstance(value, dict):
        reading.wrong("EPC_R3", place, f"must be an object, but is {kind_of(value)}")
        return ()
    found: tuple[Extension, ...] = take_fields(reading, value, place, {}).get("extensions", ())
    return found


_DISPOSITIONS = list_of(values.take_disposition, is_unique=True)
_take_set_and_unset = object_of(
    PersistentDisposition, {"set": ("set", _DISPOSITIONS), "unset": ("unset", _DISPOSITIONS)}
)
_take_quantity = object_of(
    QuantityElement,
    {
        "epcClass": ("epc_class", values.take_uri),
        "quantity": ("quantity", values.take_number),
        "uom": ("uom", values.take_unit),
    },
    "epcClass",
)
_take_place = object_of(Where, {"id": ("id", values.take_uri)}, "id")
_take_transaction = object_of(
    BizTransaction,
    {
        "bizTransaction": ("biz_transaction", values.take_uri),
        "type": ("type", values.take_transaction_type),
    },
    "bizTransaction",
)


def _take_party(name: str) -> Take:
    fields = {"type": ("type", values.take_source_dest_type), name: ("id", values.take_uri)}
    return object_of(Source, fields, "type", name)


_take_error = object_of(
    ErrorDeclaration,
    {
        "declarationTime": ("declaration_time", values.take_instant),
        "reason": ("reason", values.take_error_reason),
        "correctiveEventIDs": ("corrective_event_ids", list_of(values.take_uri)),
    },
    "declarationTime",
)

_COMMON: dict[str, tuple[str, Take]] = {
    "type": ("type", values.take_text),
    "eventTime": ("event_time", values.take_instant),
    "recordTime": ("record_time", values.take_instant),
    "eventTimeZoneOffset": ("event_time_zone_offset", values.take_offset),
    "eventID": ("event_id", values.take_uri),
    "certificationInfo": ("certification_info", _take_certifications),
    "errorDeclaration": ("error_declaration", _take_error),
}
_UNIQUE_URIS = list_of(values.take_uri, is_unique=True)
_URIS = list_of(values.take_uri)
_QUANTITIES = list_of(_take_quantity)
_SHARED: dict[str, tuple[str, Take]] = {
    "action": ("action", values.take_action),
    "bizStep": ("biz_step", values.take_biz_step),
    "disposition": ("disposition", values.take_disposition),
    "persistentDisposition": ("persistent_disposition", _take_persistent),
    "readPoint": ("read_point", _take_place),
    "bizLocation": ("biz_location", _take_place),
    "bizTransactionList": ("biz_transaction_list", list_of(_take_transaction)),
    "sourceList": ("source_list", list_of(_take_party("source"))),
    "destinationList": ("destination_list", list_of(_take_party("destination"))),
    "sensorElementList": ("sensor_element_list", list_of(take_sensor_element)),
}
_OBJECTS = {
    "epcList": ("epc_list", _UNIQUE_URIS),
    "quantityList": ("quantity_list", _QUANTITIES),
}
_FAMILY = {
    "parentID": ("parent_id", values.take_uri),
    "childEPCs": ("child_epcs", _URIS),
    "childQuantityList": ("child_quantity_list", _QUANTITIES),
}
_ILMD: dict[str, tuple[str, Take]] = {"ilmd": ("ilmd", _take_ilmd)}
_TRANSFORMED = {
    "inputEPCList": ("input_epc_list", _UNIQUE_URIS),
    "inputQuantityList": ("input_quantity_list", _QUANTITIES),
    "outputEPCList": ("output_epc_list", _UNIQUE_URIS),
    "outputQuantityList": ("output_quantity_list", _QUANTITIES),
    "transformationID": ("transformation_id", values.take_uri),
}
_WITHOUT_ACTION = {name: take for name, take in _SHARED.items() if name != "action"}
_PARENT = {"parentID": _FAMILY["parentID"]}

# Each type of event has fields of its own; a type of one's own may have any.
_OWN = {**_COMMON, **_SHARED, **_OBJECTS, **_FAMILY, **_TRANSFORMED, **_ILMD}
_FIELDS: Mapping[str, Mapping[str, tuple[str, Take]]] = {
    EventType.OBJECT: {**_COMMON, **_SHARED, **_OBJECTS, **_ILMD},
    EventType.AGGREGATION: {**_COMMON, **_SHARED, **_FAMILY},
    EventType.ASSOCIATION: {**_COMMON, **_SHARED, **_FAMILY},
    EventType.TRANSACTION: {
        **_COMMON,
        **_SHARED,
        **_OBJECTS,
        **_PARENT,
        "epcList": ("epc_list", _URIS),
    },
    EventType.TRANSFORMATION: {**_COMMON, **_WITHOUT_ACTION, **_TRANSFORMED, **_ILMD},
}
_ALWAYS = ("eventTime", "eventTimeZoneOffset")
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    EventType.OBJECT: (*_ALWAYS, "action"),
    EventType.AGGREGATION: (*_ALWAYS, "action"),
    EventType.ASSOCIATION: (*_ALWAYS, "action", "parentID"),
    EventType.TRANSACTION: (*_ALWAYS, "action", "bizTransactionList"),
    EventType.TRANSFORMATION: _ALWAYS,
}
