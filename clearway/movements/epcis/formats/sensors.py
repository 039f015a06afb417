"""Sensor elements of an event: metadata and reports, taken from the tree."""

from __future__ import annotations

from typing import Any

from clearway.movements.epcis.check import Place
from clearway.movements.epcis.formats import values
from clearway.movements.epcis.formats.extensions import is_extension, sorted_by_name, take_extension
from clearway.movements.epcis.formats.making import maker
from clearway.movements.epcis.formats.values import Reading, kind_of
from clearway.movements.epcis.model import Extension, SensorElement, SensorMetadata, SensorReport

# In the order of the standard; writers use it too.
METADATA: dict[str, tuple[str, Any]] = {
    "time": ("time", values.take_instant),
    "startTime": ("start_time", values.take_instant),
    "endTime": ("end_time", values.take_instant),
    "deviceID": ("device_id", values.take_uri),
    "deviceMetadata": ("device_metadata", values.take_uri),
    "rawData": ("raw_data", values.take_uri),
    "dataProcessingMethod": ("data_processing_method", values.take_uri),
    "bizRules": ("biz_rules", values.take_uri),
}
REPORT: dict[str, tuple[str, Any]] = {
    "type": ("type", values.take_measurement_type),
    "exception": ("exception", values.take_alert_type),
    "deviceID": ("device_id", values.take_uri),
    "deviceMetadata": ("device_metadata", values.take_uri),
    "rawData": ("raw_data", values.take_uri),
    "dataProcessingMethod": ("data_processing_method", values.take_uri),
    "bizRules": ("biz_rules", values.take_uri),
    "time": ("time", values.take_instant),
    "microorganism": ("microorganism", values.take_uri),
    "chemicalSubstance": ("chemical_substance", values.take_uri),
    "coordinateReferenceSystem": ("coordinate_reference_system", values.take_uri),
    "value": ("value", values.take_number),
    "component": ("component", values.take_component),
    "stringValue": ("string_value", values.take_text),
    "booleanValue": ("boolean_value", values.take_boolean),
    "hexBinaryValue": ("hex_binary_value", values.take_hex),
    "uriValue": ("uri_value", values.take_uri),
    "minValue": ("min_value", values.take_number),
    "maxValue": ("max_value", values.take_number),
    "meanValue": ("mean_value", values.take_number),
    "sDev": ("s_dev", values.take_number),
    "percRank": ("perc_rank", values.take_number),
    "percValue": ("perc_value", values.take_number),
    "uom": ("uom", values.take_text),
}

_report = maker(SensorReport)


def take_sensor_element(reading: Reading, raw: Any, place: Place) -> SensorElement | None:
    """Return a sensor element, None after findings."""
    if not isinstance(raw, dict):
        reading.wrong("EPC_R3", place, f"must be an object, but is {kind_of(raw)}")
        return None
    before = reading.broken
    metadata: SensorMetadata | None = None
    reports: tuple[SensorReport, ...] = ()
    extensions: list[Extension] = []
    for name, value in raw.items():
        within = (*place, name)
        if name == "sensorReport":
            reports = _take_reports(reading, value, within)
        elif name == "sensorMetadata":
            found = _take_flat(reading, value, within, METADATA)
            # Metadata without a single field says nothing.
            metadata = SensorMetadata(**found) if found else None
        elif is_extension(reading, name):
            extensions += take_extension(reading, name, value, within)
        else:
            reading.wrong("EPC_R1", within, f"{name[:60]!r} is not a field of a sensorElement")
    if not raw.get("sensorReport"):
        reading.wrong("EPC_R21", place, "the sensorElement has no sensorReport; give one")
    if reading.broken > before:
        return None
    return SensorElement(reports, metadata, sorted_by_name(extensions))


def _take_reports(reading: Reading, value: Any, place: Place) -> tuple[SensorReport, ...]:
    if not isinstance(value, list):
        reading.wrong("EPC_R3", place, f"must be a list, but is {kind_of(value)}")
        return ()
    reports = []
    for at, raw in enumerate(value):
        within = (*place, at)
        found = _take_flat(reading, raw, within, REPORT)
        # The XML schema lets a report that only tells an exception go without a type.
        if "type" not in found and reading.is_strict:
            reading.missing(within, "type")
        reports.append(_report(found))
    return tuple(reports)


def _take_flat(
    reading: Reading, raw: Any, place: Place, fields: dict[str, tuple[str, Any]]
) -> dict[str, Any]:
    if not isinstance(raw, dict):
        reading.wrong("EPC_R3", place, f"must be an object, but is {kind_of(raw)}")
        return {}
    found: dict[str, Any] = {}
    extensions: list[Extension] = []
    for name, value in raw.items():
        known = fields.get(name)
        if known is not None:
            found[known[0]] = known[1](reading, value, (*place, name))
        elif is_extension(reading, name):
            extensions += take_extension(reading, name, value, (*place, name))
        else:
            reading.wrong("EPC_R1", (*place, name), f"{name[:60]!r} is not a field of a sensor")
    if extensions:
        found["extensions"] = sorted_by_name(extensions)
    return found
