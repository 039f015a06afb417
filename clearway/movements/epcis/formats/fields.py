"""The fields of the standard in its order, with our names: both writers go by it.

Source: EPCIS 2.0 XML schema, order of the elements of each event type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clearway.movements.epcis.model import EventType


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name in the standard, ours, and how it is written."""

    name: str
    attribute: str
    kind: str


_HEAD = (
    Field("eventTime", "event_time", "instant"),
    Field("recordTime", "record_time", "instant"),
    Field("eventTimeZoneOffset", "event_time_zone_offset", "text"),
    Field("eventID", "event_id", "text"),
    Field("errorDeclaration", "error_declaration", "error"),
    Field("certificationInfo", "certification_info", "certifications"),
)
_CONTEXT = (
    Field("bizStep", "biz_step", "biz_step"),
    Field("disposition", "disposition", "disposition"),
    Field("readPoint", "read_point", "place"),
    Field("bizLocation", "biz_location", "place"),
)
_ACTION = Field("action", "action", "text")
_TRANSACTIONS = Field("bizTransactionList", "biz_transaction_list", "transactions")
_QUANTITIES = Field("quantityList", "quantity_list", "quantities")
_EPCS = Field("epcList", "epc_list", "epcs")
_PARENT = Field("parentID", "parent_id", "text")
_CHILDREN = Field("childEPCs", "child_epcs", "epcs")
_CHILD_QUANTITIES = Field("childQuantityList", "child_quantity_list", "quantities")
_TAIL = (
    Field("sourceList", "source_list", "source"),
    Field("destinationList", "destination_list", "destination"),
    Field("sensorElementList", "sensor_element_list", "sensors"),
    Field("persistentDisposition", "persistent_disposition", "persistent"),
)
_ILMD = Field("ilmd", "ilmd", "ilmd")

FIELDS: Mapping[str, tuple[Field, ...]] = {
    EventType.OBJECT: (
        *(*_HEAD, _EPCS, _ACTION, *_CONTEXT),
        *(_TRANSACTIONS, _QUANTITIES, *_TAIL, _ILMD),
    ),
    EventType.AGGREGATION: (
        *(*_HEAD, _PARENT, _CHILDREN, _ACTION, *_CONTEXT),
        *(_TRANSACTIONS, _CHILD_QUANTITIES, *_TAIL),
    ),
    EventType.TRANSACTION: (
        *(*_HEAD, _TRANSACTIONS, _PARENT, _EPCS, _ACTION),
        *(*_CONTEXT, _QUANTITIES, *_TAIL),
    ),
    EventType.TRANSFORMATION: (
        *_HEAD,
        Field("inputEPCList", "input_epc_list", "epcs"),
        Field("inputQuantityList", "input_quantity_list", "quantities"),
        Field("outputEPCList", "output_epc_list", "epcs"),
        Field("outputQuantityList", "output_quantity_list", "quantities"),
        Field("transformationID", "transformation_id", "text"),
        *(*_CONTEXT, _TRANSACTIONS, *_TAIL, _ILMD),
    ),
    EventType.ASSOCIATION: (
        *(*_HEAD, _PARENT, _CHILDREN, _CHILD_QUANTITIES, _ACTION),
        *(*_CONTEXT, _TRANSACTIONS, *_TAIL),
    ),
}
OTHER = tuple(dict.fromkeys(field for fields in FIELDS.values() for field in fields))
"""Of an event type that is not of the standard: it may have any."""

METADATA = (
    Field("time", "time", "instant"),
    Field("startTime", "start_time", "instant"),
    Field("endTime", "end_time", "instant"),
    Field("deviceID", "device_id", "text"),
    Field("deviceMetadata", "device_metadata", "text"),
    Field("rawData", "raw_data", "text"),
    Field("dataProcessingMethod", "data_processing_method", "text"),
    Field("bizRules", "biz_rules", "text"),
)
REPORT = (
    Field("type", "type", "measurement_type"),
    Field("exception", "exception", "alert_type"),
    Field("deviceID", "device_id", "text"),
    Field("deviceMetadata", "device_metadata", "text"),
    Field("rawData", "raw_data", "text"),
    Field("dataProcessingMethod", "data_processing_method", "text"),
    Field("bizRules", "biz_rules", "text"),
    Field("time", "time", "instant"),
    Field("microorganism", "microorganism", "text"),
    Field("chemicalSubstance", "chemical_substance", "text"),
    Field("coordinateReferenceSystem", "coordinate_reference_system", "text"),
    Field("value", "value", "number"),
    Field("component", "component", "component"),
    Field("stringValue", "string_value", "text"),
    Field("booleanValue", "boolean_value", "boolean"),
    Field("hexBinaryValue", "hex_binary_value", "text"),
    Field("uriValue", "uri_value", "text"),
    Field("minValue", "min_value", "number"),
    Field("maxValue", "max_value", "number"),
    Field("meanValue", "mean_value", "number"),
    Field("sDev", "s_dev", "number"),
    Field("percRank", "perc_rank", "number"),
    Field("percValue", "perc_value", "number"),
    Field("uom", "uom", "text"),
)
