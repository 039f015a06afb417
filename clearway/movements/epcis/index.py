"""By what an event can be found: words, numbers, identifiers, each under a field's name.

One reading of an event serves the tables, streams and tests. Fields are named as the parameters of
a query name them: `bizStep`, `source <type>`, `value temperature` (in the base unit of the
dimension), `EVENT {namespace}local` for a user's own field, `INNER_ILMD {namespace}local` for one
inside another. What `sensorMetadata` says of a whole element counts as said in each of its reports
(TCR-53, step 28).

Source: GS1 EPCIS 2.0, 8.2.7.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from clearway.ledger.columns import to_microseconds
from clearway.movements.epcis import names
from clearway.movements.epcis.model import (
    ErrorDeclaration,
    Event,
    Extension,
    Extensions,
    Place,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    Source,
)
from clearway.terms.units import UNITS


class Role(StrEnum):
    """What an identifier is in an event."""

    EPC = "epc"
    PARENT = "parent"
    CHILD = "child"
    INPUT = "input"
    OUTPUT = "output"
    CLASS = "class"
    CHILD_CLASS = "child_class"
    INPUT_CLASS = "input_class"
    OUTPUT_CLASS = "output_class"


ROLE_NUMBERS = {role: number for number, role in enumerate(Role)}
"""As the roles are stored; never renumber."""

_OBJECTS = frozenset({Role.EPC, Role.CHILD})
_ANY = frozenset({Role.EPC, Role.PARENT, Role.CHILD, Role.INPUT, Role.OUTPUT})
_CLASSES = frozenset({Role.CLASS, Role.CHILD_CLASS})
_ANY_CLASS = frozenset({*_CLASSES, Role.INPUT_CLASS, Role.OUTPUT_CLASS})

IDENTIFIERS: dict[str, frozenset[Role]] = {
    "MATCH_epc": _OBJECTS,
    "MATCH_parentID": frozenset({Role.PARENT}),
    "MATCH_inputEPC": frozenset({Role.INPUT}),
    "MATCH_outputEPC": frozenset({Role.OUTPUT}),
    "MATCH_anyEPC": _ANY,
    "MATCH_epcClass": _CLASSES,
    "MATCH_inputEPCClass": frozenset({Role.INPUT_CLASS}),
    "MATCH_outputEPCClass": frozenset({Role.OUTPUT_CLASS}),
    "MATCH_anyEPCClass": _ANY_CLASS,
}
"""Which roles each MATCH_ parameter looks at."""

NAMED_KINDS = ("eventType", "bizStep", "disposition", "readPoint", "bizLocation")
"""Fields whose values are resources of the REST interface."""


@dataclass(frozen=True, slots=True)
class Index:
    """All by which one event is found.

    Args:
        words: (field, value) that it holds.
        present: fields that it has, for EXISTS_.
        numbers: (field, number): instants in microseconds since 1970, measures in base units.
        identifiers: (role, canonical identifier).
    """

    words: frozenset[tuple[str, str]]
    present: frozenset[str]
    numbers: frozenset[tuple[str, float]]
    identifiers: frozenset[tuple[Role, str]]


@dataclass(slots=True)
class _Making:
    words: set[tuple[str, str]] = field(default_factory=set)
    present: set[str] = field(default_factory=set)
    numbers: set[tuple[str, float]] = field(default_factory=set)
    identifiers: set[tuple[Role, str]] = field(default_factory=set)

    def say(self, name: str, value: str | None) -> None:
        """Note a text."""
        if value is not None:
            self.words.add((name, value))

    def name(self, name: str, value: str | None) -> None:
        """Note an identifier as a text."""
        if value is not None:
            self.words.add((name, names.identifier(value)))

    def instant(self, name: str, value: datetime | None) -> None:
        """Note an instant."""
        if value is not None:
            self.numbers.add((name, float(to_microseconds(value))))

    def measure(self, name: str, value: Decimal | None, unit: str | None) -> None:
        """Note a number: as it stands, and in the base unit of its dimension."""
        if value is None:
            return
        self.numbers.add((name, float(value)))
        if unit is not None:
            self.numbers.add((measure_field(name, unit), in_base(name, value, unit)))


def measure_field(name: str, unit: str) -> str:
    """Return the field of a measure in this unit's dimension; an unknown unit is its own."""
    known = UNITS.get(unit)
    return f"{name} {known.dimension if known else 'unit ' + unit}"


def in_base(name: str, value: Decimal, unit: str) -> float:
    """Return a number in the base unit of its dimension.

    A standard deviation is a difference: it takes the factor of a scale, never its zero point.
    """
    known = UNITS.get(unit)
    if known is None:
        return float(value)
    offset = Fraction(0) if name == "sDev" else known.offset
    return float((Fraction(value) + offset) * known.factor)


def index_of(event: Event, event_id: str, record_time: datetime) -> Index:
    """Return by what an event is found.

    Args:
        event_id: its own, or the one that the repository gave it.
        record_time: when the repository recorded it.
    """
    making = _Making()
    _what(making, event)
    _why_and_where(making, event)
    making.say("eventID", event_id)
    making.instant("eventTime", event.event_time)
    making.instant("recordTime", record_time)
    if event.error_declaration is not None:
        _wrong(making, event.error_declaration)
    for element in event.sensor_element_list:
        _sensed(making, element)
    if event.ilmd:
        making.present.add("ilmd")
        _extensions(making, "ILMD", event.ilmd)
    _extensions(making, "EVENT", event.extensions)
    return Index(
        frozenset(making.words),
        frozenset(making.present),
        frozenset(making.numbers),
        frozenset(making.identifiers),
    )


def _what(making: _Making, event: Event) -> None:
    parent = () if event.parent_id is None else (event.parent_id,)
    for role, listed in (
        (Role.EPC, event.epc_list),
        (Role.PARENT, parent),
        (Role.CHILD, event.child_epcs),
        (Role.INPUT, event.input_epc_list),
        (Role.OUTPUT, event.output_epc_list),
    ):
        for one in listed:
            making.identifiers.add((role, names.identifier(one)))
    for role, quantities in (
        (Role.CLASS, event.quantity_list),
        (Role.CHILD_CLASS, event.child_quantity_list),
        (Role.INPUT_CLASS, event.input_quantity_list),
        (Role.OUTPUT_CLASS, event.output_quantity_list),
    ):
        _quantities(making, role, quantities)


def _quantities(making: _Making, role: Role, quantities: Iterable[QuantityElement]) -> None:
    for one in quantities:
        making.identifiers.add((role, names.identifier(one.epc_class)))
        making.measure("quantity", one.quantity, one.uom)


def _why_and_where(making: _Making, event: Event) -> None:
    making.say("eventType", event.type)
    making.say("action", event.action)
    making.say("bizStep", event.biz_step)
    making.say("disposition", event.disposition)
    making.name("transformationID", event.transformation_id)
    if event.persistent_disposition is not None:
        for one in event.persistent_disposition.set:
            making.say("persistentDisposition_set", one)
        for one in event.persistent_disposition.unset:
            making.say("persistentDisposition_unset", one)
    for transaction in event.biz_transaction_list:
        making.name(f"bizTransaction {transaction.type or ''}", transaction.biz_transaction)
    _parties(making, "source", event.source_list)
    _parties(making, "destination", event.destination_list)
    _place(making, "readPoint", event.read_point)
    _place(making, "bizLocation", event.biz_location)


def _parties(making: _Making, name: str, listed: Iterable[Source]) -> None:
    for one in listed:
        making.name(f"{name} {one.type}", one.id)


def _place(making: _Making, name: str, place: Place | None) -> None:
    if place is None:
        return
    full = names.identifier(place.id)
    making.say(name, full)
    for one in places_around(full):
        making.say(f"WD_{name}", one)
    _extensions(making, name, place.extensions)


def places_around(place: str) -> tuple[str, ...]:
    """Return a place and the places that it lies in, as far as its identifier tells.

    A GLN with an extension (AI 254) lies in the GLN without, and in its extension 0, which is how
    an SGLN writes the same.
    """
    whole, mark, _ = place.partition("/254/")
    if not mark:
        return (place,) if "/414/" not in place else (place, f"{place}/254/0")
    return tuple(dict.fromkeys((place, whole, f"{whole}/254/0")))


def _wrong(making: _Making, declaration: ErrorDeclaration) -> None:
    making.present.add("errorDeclaration")
    making.instant("errorDeclarationTime", declaration.declaration_time)
    making.say("errorReason", declaration.reason)
    for one in declaration.corrective_event_ids:
        making.say("correctiveEventID", one)
    _extensions(making, "ERROR_DECLARATION", declaration.extensions)


def _sensed(making: _Making, element: SensorElement) -> None:
    making.present.add("sensorElement")
    _extensions(making, "SENSORELEMENT", element.extensions)
    if element.metadata is not None:
        _common(making, element.metadata)
        making.instant("startTime", element.metadata.start_time)
        making.instant("endTime", element.metadata.end_time)
        _extensions(making, "SENSORMETADATA", element.metadata.extensions)
    for report in element.reports:
        _common(making, report)
        _reported(making, report)
        _extensions(making, "SENSORREPORT", report.extensions)


def _common(making: _Making, said: SensorMetadata | SensorReport) -> None:
    """Note what may stand in the metadata or in each report and means the same."""
    making.instant("time", said.time)
    making.name("deviceID", said.device_id)
    making.name("deviceMetadata", said.device_metadata)
    making.name("rawData", said.raw_data)
    making.name("dataProcessingMethod", said.data_processing_method)
    making.name("bizRules", said.biz_rules)


def _reported(making: _Making, report: SensorReport) -> None:
    making.say("type", report.type)
    making.say("exception", report.exception)
    making.say("component", report.component)
    making.say("stringValue", report.string_value)
    making.name("microorganism", report.microorganism)
    making.name("chemicalSubstance", report.chemical_substance)
    making.name("coordinateReferenceSystem", report.coordinate_reference_system)
    making.name("uriValue", report.uri_value)
    if report.boolean_value is not None:
        making.say("booleanValue", "true" if report.boolean_value else "false")
    if report.hex_binary_value is not None:
        making.say("hexBinaryValue", report.hex_binary_value.upper())
    unit = report.uom
    making.measure("value", report.value, unit)
    making.measure("minValue", report.min_value, unit)
    making.measure("maxValue", report.max_value, unit)
    making.measure("meanValue", report.mean_value, unit)
    making.measure("sDev", report.s_dev, unit)
    making.measure("percValue", report.perc_value, unit)
    making.measure("percRank", report.perc_rank, None)


def _extensions(making: _Making, part: str, extensions: Extensions) -> None:
    """Note a user's own fields: those at the top under their part, the rest as INNER_."""
    for one, depth in _walk(extensions, 0):
        known = f"{'INNER_' if depth else ''}{part} {one.name}"
        making.present.add(known)
        if one.text == "" and one.children:
            continue
        making.say(known, one.text)
        number = _number(one.text)
        if number is not None:
            making.numbers.add((known, number))
        elif (instant := _instant(one.text)) is not None:
            making.numbers.add((f"{known} @", instant))


def _walk(extensions: Extensions, depth: int) -> Iterator[tuple[Extension, int]]:
    for one in extensions:
        yield one, depth
        yield from _walk(one.children, depth + 1)


@lru_cache(maxsize=1_024)
def _number(text: str) -> float | None:
    """Return a text as a number if it is one."""
    if not 1 <= len(text) <= 40 or text[-1] not in "0123456789.":
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return float(number) if number.is_finite() and abs(number.adjusted()) <= 100 else None


@lru_cache(maxsize=1_024)
def _instant(text: str) -> float | None:
    """Return a text as microseconds since 1970 if it is an instant with a time zone."""
    if not 20 <= len(text) <= 40 or "T" not in text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if instant.tzinfo is None else float(to_microseconds(instant))
