"""The CBV event hash: one name for what an event says, whatever form it was written in.

    hash_of(event)          # ni:///sha-256;<64 hexadecimal digits>?ver=CBV2.0
    bytes_digest(data)      # sha-256:<64 hexadecimal digits>, of the exact bytes that are stored

The hash is that of a text, `prehash(event)`: the fields in one order, lists sorted, words as web
URIs, identifiers as canonical Digital Links, instants in UTC to the millisecond, numbers without
trailing zeros. It leaves out eventID, recordTime and what an errorDeclaration says, so it shows
that two events mean the same, not that a message is untouched: for that there is `bytes_digest`.

Where the text of CBV 2.0 and its reference implementation part ways, the published pairs of events
and hashes decide, because a partner's hash must be met:

- `type=` stands before the transaction, source or destination it belongs to (rule 13 says behind);
- bizTransactionList, destinationList, ilmd, sourceList and extensions of the event come last, in
  alphabetical order (the table of the order says otherwise);
- bizRules of a sensorReport, for which the order has no place, come last too, with the names of the
  elements around them;
- only CURIEs of GS1's own prefixes are expanded (rule 15 says all); a prefix that one document
  declares means nothing in another, and XML does not know CURIEs at all.

Where the pairs are silent, the text counts: half a millisecond is rounded up (rule 9), a number is
written exact and without exponent (rule 6).

Source: GS1 CBV 2.0 section 8.9; RFC 6920 for the `ni` form.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from operator import attrgetter
from typing import Any

from clearway.movements.epcis import digital_link, names
from clearway.movements.epcis.document import Document
from clearway.movements.epcis.model import (
    BizTransaction,
    Event,
    Extension,
    Place,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    Source,
)

VERSION = "CBV2.0"
_IGNORED = "{https://repository-x.example.com/}ignoreFields"
_COMMENTS = frozenset({"{http://www.w3.org/2000/01/rdf-schema#}comment", "comment"})
_NUMERIC = re.compile(r"[+-]?(?:[0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,3})?")
_EXPANDED = ("urn:epcglobal:cbv:", "gs1:", "cbv:", "epcis:")
_HALF = timedelta(microseconds=500)

_METADATA: tuple[tuple[str, str], ...] = (
    ("time=", "time"),
    ("startTime=", "start_time"),
    ("endTime=", "end_time"),
    ("deviceID=", "device_id"),
    ("deviceMetadata=", "device_metadata"),
    ("rawData=", "raw_data"),
    ("dataProcessingMethod=", "data_processing_method"),
    ("bizRules=", "biz_rules"),
)
_REPORT: tuple[tuple[str, str], ...] = (
    ("type=", "type"),
    ("exception=", "exception"),
    ("deviceID=", "device_id"),
    ("deviceMetadata=", "device_metadata"),
    ("rawData=", "raw_data"),
    ("dataProcessingMethod=", "data_processing_method"),
    ("time=", "time"),
    ("microorganism=", "microorganism"),
    ("chemicalSubstance=", "chemical_substance"),
    ("value=", "value"),
    ("component=", "component"),
    ("stringValue=", "string_value"),
    ("booleanValue=", "boolean_value"),
    ("hexBinaryValue=", "hex_binary_value"),
    ("uriValue=", "uri_value"),
    ("minValue=", "min_value"),
    ("maxValue=", "max_value"),
    ("meanValue=", "mean_value"),
    ("sDev=", "s_dev"),
    ("percRank=", "perc_rank"),
    ("percValue=", "perc_value"),
    ("uom=", "uom"),
    ("coordinateReferenceSystem=", "coordinate_reference_system"),
)
_of_metadata = attrgetter(*(attribute for _, attribute in _METADATA))
_of_report = attrgetter(*(attribute for _, attribute in _REPORT))
_METADATA_KEYS = tuple(key for key, _ in _METADATA)
_REPORT_KEYS = tuple(key for key, _ in _REPORT)


def hash_of(event: Event, without: Collection[str] = ()) -> str:
    """Return the CBV event hash as a `ni` URI.

    Args:
        without: full names of extensions to leave out (see `left_out`).
    """
    digest = hashlib.sha256(prehash(event, without).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver={VERSION}"


def bytes_digest(data: bytes) -> str:
    """Return the digest of stored bytes, with the name of its algorithm."""
    return f"sha-256:{hashlib.sha256(data).hexdigest()}"


def left_out(document: Document) -> frozenset[str]:
    """Return the extensions that a document tells its readers to leave out of the hash.

    Repositories that add fields of their own name them in an extension `ignoreFields`.
    """
    found: set[str] = set()
    for extension in document.extensions:
        if extension.name == _IGNORED:
            found.update(child.name for child in extension.children)
            full = names.extension(extension.text, dict(document.prefixes))
            found.add(full or extension.text)
    return frozenset(found)


def prehash(event: Event, without: Collection[str] = ()) -> str:
    """Return the text of which the hash is taken."""
    text = [
        f"eventType={event.type}eventTime={_instant(event.event_time)}"
        f"eventTimeZoneOffset={event.event_time_zone_offset}"
    ]
    if event.certification_info:
        text += sorted("certificationInfo=" + _value(each) for each in event.certification_info)
    _objects(event, text)
    for key, value in (
        ("action=", event.action),
        ("transformationID=", event.transformation_id),
        ("bizStep=", event.biz_step),
        ("disposition=", event.disposition),
    ):
        if value is not None:
            text.append(key + _value(value))
    if event.persistent_disposition is not None:
        text.append("persistentDisposition")
        text += sorted("set=" + _value(each) for each in event.persistent_disposition.set)
        text += sorted("unset=" + _value(each) for each in event.persistent_disposition.unset)
    if event.read_point is not None:
        text.append("readPoint" + _place(event.read_point))
    if event.biz_location is not None:
        text.append("bizLocation" + _place(event.biz_location))
    if event.sensor_element_list:
        text.append("sensorElementList")
        text += sorted(map(_sensor_element, event.sensor_element_list))
    _rest(event, text, without)
    return "".join(text)


def _objects(event: Event, text: list[str]) -> None:
    if event.parent_id is not None:
        text.append("parentID=" + _value(event.parent_id))
    _epcs(text, "epcList", event.epc_list)
    _epcs(text, "inputEPCList", event.input_epc_list)
    _epcs(text, "childEPCs", event.child_epcs)
    _quantities(text, "quantityList", event.quantity_list)
    _quantities(text, "childQuantityList", event.child_quantity_list)
    _quantities(text, "inputQuantityList", event.input_quantity_list)
    _epcs(text, "outputEPCList", event.output_epc_list)
    _quantities(text, "outputQuantityList", event.output_quantity_list)


def _epcs(text: list[str], name: str, epcs: Iterable[str]) -> None:
    if epcs:
        text.append(name)
        text += sorted(["epc=" + _value(each) for each in epcs])


def _quantities(text: list[str], name: str, elements: Iterable[QuantityElement]) -> None:
    if elements:
        text.append(name)
        text += sorted(map(_quantity, elements))


def _quantity(element: QuantityElement) -> str:
    text = "quantityElementepcClass=" + _value(element.epc_class)
    if element.quantity is not None:
        text += "quantity=" + _number(element.quantity)
    return text if element.uom is None else f"{text}uom={_value(element.uom)}"


def _place(place: Place) -> str:
    return f"id={_value(place.id)}{_tail(place.extensions)}"


def _tail(extensions: Iterable[Extension]) -> str:
    return "".join(sorted(map(_extension, extensions))) if extensions else ""


def _sensor_element(element: SensorElement) -> str:
    metadata = element.metadata
    text = "sensorElement"
    if metadata is not None:
        text += "sensorMetadata" + _flat(_METADATA_KEYS, _of_metadata(metadata), metadata)
    reports = [
        "sensorReport" + _flat(_REPORT_KEYS, _of_report(one), one) for one in element.reports
    ]
    reports.sort()
    return text + "".join(reports) + _tail(element.extensions)


def _flat(keys: Iterable[str], values: Iterable[Any], of: SensorMetadata | SensorReport) -> str:
    text = "".join(
        [
            key + _WRITTEN[type(value)](value)
            for key, value in zip(keys, values)  # noqa: B905
            if value is not None
        ]
    )
    return text + _tail(of.extensions) if of.extensions else text


def _rest(event: Event, text: list[str], without: Collection[str]) -> None:
    """Append what the published hashes put last, in alphabetical order."""
    rest = []
    if event.biz_transaction_list:
        rest.append(_typed("bizTransaction", map(_transaction, event.biz_transaction_list)))
    if event.source_list:
        rest.append(_typed("source", (_party("source", one) for one in event.source_list)))
    if event.destination_list:
        parties = (_party("destination", one) for one in event.destination_list)
        rest.append(_typed("destination", parties))
    rules = sorted(filter(None, map(_biz_rules, event.sensor_element_list)))
    if rules:
        rest.append("sensorElementList" + "".join(rules))
    if event.ilmd:
        rest.append("ilmd" + _tail(event.ilmd))
    for extension in event.extensions:
        if extension.name not in without and extension.name not in _COMMENTS:
            rest.append(_extension(extension))
    rest.sort()
    text += rest


def _biz_rules(element: SensorElement) -> str:
    """Return the business rules that reports name; "" if none does."""
    rules = sorted(
        f"sensorReportbizRules={_value(one.biz_rules)}"
        for one in element.reports
        if one.biz_rules is not None
    )
    return "sensorElement" + "".join(rules) if rules else ""


def _typed(name: str, elements: Iterable[str]) -> str:
    return f"{name}List{''.join(sorted(elements))}"


def _transaction(of: BizTransaction) -> str:
    kind = "" if of.type is None else f"type={_value(of.type)}"
    return f"{kind}bizTransaction={_value(of.biz_transaction)}"


def _party(name: str, of: Source) -> str:
    return f"type={_value(of.type)}{name}={_value(of.id)}"


def _extension(extension: Extension) -> str:
    if extension.name in _COMMENTS:
        return ""
    value = extension.text.strip()
    text = f"{extension.name}={_value(value)}" if value else extension.name
    return text + _tail(extension.children)


def _value(text: str) -> str:
    """Return a text in its one form: a word, a number, an identifier, or as it is."""
    if len(text) > digital_link.LONGEST_REMEMBERED:
        return _one_form(text)
    return _remembered(text)


def _one_form(text: str) -> str:
    text = text.strip()
    if text.startswith(_EXPANDED):
        return names.uri(text)
    if _NUMERIC.fullmatch(text):
        return _number(Decimal(text))
    return digital_link.canonical(text) or text


_remembered = lru_cache(maxsize=32_768)(_one_form)


def _number(number: Decimal) -> str:
    """Return a number as the double next to it, whole ones without a point.

    The published hashes are made so, even of a text of 24 digits that looks like a number.
    """
    if not number:
        return "0"
    text = repr(float(number))
    if text.endswith(".0"):
        return text[:-2]
    if "e" not in text and "n" not in text:
        return text
    double = float(number)
    if not isfinite(double):
        return str(number)
    whole = int(double)
    return str(whole) if whole == double else text


def _instant(instant: datetime) -> str:
    """Return an instant in UTC, rounded to the millisecond, half of one up."""
    if instant.microsecond % 1000 >= 500:
        instant += _HALF
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:23] + "Z"


def _boolean(value: bool) -> str:
    return "true" if value else "false"


_WRITTEN: Mapping[type, Any] = {str: _value, Decimal: _number, datetime: _instant, bool: _boolean}
