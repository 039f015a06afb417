"""An EPCIS 2.0 event as a value; XML and JSON-LD forms of one event give the same one.

    Event(
        type="ObjectEvent",
        event_time=datetime(2026, 3, 2, 12, tzinfo=UTC),
        event_time_zone_offset="+00:00",
        action="OBSERVE",
        epc_list=("urn:epc:id:sgtin:4012345.011111.9876",),
        biz_step="https://ref.gs1.org/cbv/BizStep-arriving",
        read_point=Place("urn:epc:id:sgln:4012345.00005.0"),
    )

What is canonical and what is not:

- Words of the CBV and of the GS1 vocabulary (business steps, dispositions, types) are web URIs, and
  CURIEs are expanded. Instants are UTC, numbers exact.
- Identifiers stay as their sender wrote them: a Digital Link may also be the address where more is
  found, and an EPC URN tells the length of a company prefix, which a Digital Link does not. To
  compare or look up, take `names.identifier(text)`: it gives one form for all spellings.
- An absent list and an empty one are the same.

Source: GS1 EPCIS 2.0 section 7.4; names are those of its JSON schema in our spelling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

Text = str | None
Number = Decimal | None
Instant = datetime | None


class EventType(StrEnum):
    """The five kinds of event; others are URIs of their own."""

    OBJECT = "ObjectEvent"
    AGGREGATION = "AggregationEvent"
    TRANSACTION = "TransactionEvent"
    TRANSFORMATION = "TransformationEvent"
    ASSOCIATION = "AssociationEvent"


class Action(StrEnum):
    """What the event says of the life or the belonging of its objects."""

    ADD = "ADD"
    OBSERVE = "OBSERVE"
    DELETE = "DELETE"


class Form(StrEnum):
    """How an extension was written, so that it can be given back so."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True, slots=True)
class Extension:
    """A field that is not of the standard: its full name, its text, the fields inside it.

    Args:
        name: `{namespace}local`; inside an extension also a name without a namespace.
        text: a number or boolean as text, such as `true`; "" where there is none.
        form: how it was written; two extensions that differ only in it are equal.
        is_listed: it stood in a JSON list.
    """

    name: str
    text: str = ""
    children: tuple[Extension, ...] = ()
    form: Form = field(default=Form.TEXT, compare=False)
    is_listed: bool = field(default=False, compare=False)

    @property
    def namespace(self) -> str:
        """The namespace; "" without one."""
        return self.name[1:].partition("}")[0] if self.name.startswith("{") else ""

    @property
    def local_name(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition("}")[2]


Extensions = tuple[Extension, ...]


@dataclass(frozen=True, slots=True)
class QuantityElement:
    """So much of a class of goods; without `quantity`, an unknown amount.

    Args:
        uom: UN/ECE Recommendation 20; None: pieces.
    """

    epc_class: str
    quantity: Number = None
    uom: Text = None


@dataclass(frozen=True, slots=True)
class Place:
    """A read point or a business location."""

    id: str
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class BizTransaction:
    """A document of business that the event belongs to, such as a purchase order."""

    biz_transaction: str
    type: Text = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where goods, custody or ownership came from (in `source_list`) or go to."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class PersistentDisposition:
    """Conditions that hold from now on, and those that no longer hold."""

    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorMetadata:
    """What is common to the reports of one sensor element."""

    time: Instant = None
    start_time: Instant = None
    end_time: Instant = None
    device_id: Text = None
    device_metadata: Text = None
    raw_data: Text = None
    data_processing_method: Text = None
    biz_rules: Text = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorReport:
    """One thing that was measured.

    Args:
        type: web URI of the measurement, such as `https://gs1.org/voc/Temperature`.
        uom: UN/ECE Recommendation 20, such as CEL.
        exception: web URI of the alert, `https://gs1.org/voc/ALARM_CONDITION`.
        perc_rank: per cent.
    """

    type: Text = None
    exception: Text = None
    device_id: Text = None
    device_metadata: Text = None
    raw_data: Text = None
    data_processing_method: Text = None
    biz_rules: Text = None
    time: Instant = None
    microorganism: Text = None
    chemical_substance: Text = None
    coordinate_reference_system: Text = None
    value: Number = None
    component: Text = None
    string_value: Text = None
    boolean_value: bool | None = None
    hex_binary_value: Text = None
    uri_value: Text = None
    min_value: Number = None
    max_value: Number = None
    mean_value: Number = None
    s_dev: Number = None
    perc_rank: Number = None
    perc_value: Number = None
    uom: Text = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class SensorElement:
    """Reports that were made together."""

    reports: tuple[SensorReport, ...]
    metadata: SensorMetadata | None = None
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True)
class ErrorDeclaration:
    """The word that this event, captured before, was wrong."""

    declaration_time: datetime
    reason: Text = None
    corrective_event_ids: tuple[str, ...] = ()
    extensions: Extensions = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened, when, where and why; `how` are the sensor elements.

    Args:
        type: one of `EventType`, or the URI of an event type of one's own.
        event_time: UTC.
        event_time_zone_offset: of the clock on the wall there, such as `+02:00`.
        record_time: when a repository recorded it; UTC.
        action: one of `Action`; None only where the type has none.
        biz_step, disposition: web URIs.
    """

    type: str
    event_time: datetime
    event_time_zone_offset: str
    record_time: Instant = None
    event_id: Text = None
    error_declaration: ErrorDeclaration | None = None
    certification_info: tuple[str, ...] = ()
    action: Text = None
    epc_list: tuple[str, ...] = ()
    quantity_list: tuple[QuantityElement, ...] = ()
    parent_id: Text = None
    child_epcs: tuple[str, ...] = ()
    child_quantity_list: tuple[QuantityElement, ...] = ()
    input_epc_list: tuple[str, ...] = ()
    input_quantity_list: tuple[QuantityElement, ...] = ()
    output_epc_list: tuple[str, ...] = ()
    output_quantity_list: tuple[QuantityElement, ...] = ()
    transformation_id: Text = None
    biz_step: Text = None
    disposition: Text = None
    persistent_disposition: PersistentDisposition | None = None
    read_point: Place | None = None
    biz_location: Place | None = None
    biz_transaction_list: tuple[BizTransaction, ...] = ()
    source_list: tuple[Source, ...] = ()
    destination_list: tuple[Source, ...] = ()
    sensor_element_list: tuple[SensorElement, ...] = ()
    ilmd: Extensions = ()
    extensions: Extensions = ()

    def epcs(self) -> Iterator[str]:
        """Yield every object that the event names as an instance, as written."""
        yield from self.epc_list
        if self.parent_id is not None:
            yield self.parent_id
        yield from self.child_epcs
        yield from self.input_epc_list
        yield from self.output_epc_list
