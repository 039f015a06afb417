"""EPCIS events for property tests: every kind, with extensions, sensors and error declarations.

    @given(events())
    def test_...(event: Event) -> None: ...

What is drawn keeps every rule, and both forms can say it.
"""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from clearway.movements.epcis import vocabulary
from clearway.movements.epcis.document import Document, Kind
from clearway.movements.epcis.model import (
    Action,
    BizTransaction,
    ErrorDeclaration,
    Event,
    EventType,
    Extension,
    Form,
    PersistentDisposition,
    Place,
    QuantityElement,
    SensorElement,
    SensorMetadata,
    SensorReport,
    Source,
)
from clearway.movements.epcis.vocabulary import CBV, GS1

NAMESPACES = ("https://ns.example.com/epcis/", "http://example.org/own#", "urn:example:own:")
UNITS = ("CEL", "FAH", "KEL", "KGM", "LBR", "A93", "P1")

_digits = st.text(string.digits, min_size=1, max_size=8)
# XML gives back no outer space, and holds no control characters; neither mean anything here.
_texts = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=20
).map(str.strip)
_names = st.from_regex(r"[a-z][A-Za-z0-9_]{0,8}", fullmatch=True)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return that or None."""
    return st.none() | strategy


def words(known: frozenset[str], prefix: str) -> st.SearchStrategy[str]:
    """Return a word of the vocabulary as a web URI, or a URI of one's own."""
    return st.sampled_from(sorted(known)).map(prefix.__add__) | _names.map("urn:example:".__add__)


def instants() -> st.SearchStrategy[datetime]:
    """Return an instant in UTC to the microsecond."""
    return st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))


def numbers() -> st.SearchStrategy[Decimal]:
    """Return a number as sensors and scales give it."""
    return st.decimals(-10_000, 10_000, places=3) | st.integers(-9, 9).map(Decimal)


def epcs() -> st.SearchStrategy[str]:
    """Return an identifier of an object: EPC URN, Digital Link, or one of another scheme."""
    return st.one_of(
        _digits.map(lambda serial: f"urn:epc:id:sgtin:4012345.011111.{serial}"),
        _digits.map(lambda serial: f"https://id.gs1.org/01/04012345111118/21/{serial}"),
        _digits.map(lambda serial: f"https://id.bic-code.org/containers/{serial}"),
    )


def classes() -> st.SearchStrategy[str]:
    """Return an identifier of a class of objects."""
    return st.one_of(
        _digits.map(lambda lot: f"urn:epc:class:lgtin:4012345.011111.{lot}"),
        st.just("urn:epc:idpat:sgtin:4012345.011111.*"),
    )


def places() -> st.SearchStrategy[Place]:
    """Return a read point or location, at times with a field of one's own."""
    ids = _digits.map(lambda extension: f"urn:epc:id:sgln:4012345.00005.{extension}")
    return st.builds(Place, ids, extensions(depth=0))


def extensions(depth: int = 2) -> st.SearchStrategy[tuple[Extension, ...]]:
    """Return fields of other namespaces, in the order in which readers keep them."""
    one = _extension(depth)
    return st.lists(one, max_size=3, unique_by=lambda field: field.name).map(_sorted)


def attributes() -> st.SearchStrategy[tuple[Extension, ...]]:
    """Return fields of other namespaces that XML writes as attributes."""
    one = st.builds(Extension, _full_names(), _texts, st.just(()), st.just(Form.ATTRIBUTE))
    return st.lists(one, max_size=2, unique_by=lambda field: field.name).map(_sorted)


def _sorted(fields: list[Extension]) -> tuple[Extension, ...]:
    return tuple(sorted(fields, key=lambda field: field.name))


def _full_names() -> st.SearchStrategy[str]:
    return st.builds("{{{}}}{}".format, st.sampled_from(NAMESPACES), _names)


def _extension(depth: int) -> st.SearchStrategy[Extension]:
    scalar = st.one_of(
        _texts.map(lambda text: (text, Form.TEXT)),
        numbers().map(lambda number: (str(number), Form.NUMBER)),
        st.booleans().map(lambda flag: (str(flag).lower(), Form.BOOLEAN)),
    )
    leaf = st.builds(
        lambda name, held: Extension(name, held[0], (), held[1]), _full_names(), scalar
    )
    if depth == 0:
        return leaf
    return leaf | st.builds(Extension, _full_names(), st.just(""), extensions(depth - 1))


def quantities() -> st.SearchStrategy[tuple[QuantityElement, ...]]:
    """Return some quantity elements."""
    one = st.builds(QuantityElement, classes(), maybe(numbers()), maybe(st.sampled_from(UNITS)))
    return st.lists(one, max_size=2).map(tuple)


def reports() -> st.SearchStrategy[SensorReport]:
    """Return one sensor report."""
    return st.builds(
        SensorReport,
        type=words(vocabulary.MEASUREMENT_TYPES, GS1),
        exception=maybe(words(vocabulary.ALERT_TYPES, GS1)),
        time=maybe(instants()),
        device_id=maybe(_digits.map("urn:epc:id:giai:4000001.".__add__)),
        biz_rules=maybe(st.just("https://example.com/rules/1")),
        value=maybe(numbers()),
        min_value=maybe(numbers()),
        s_dev=maybe(numbers()),
        component=maybe(words(vocabulary.COMPONENTS, f"{CBV}Comp-")),
        string_value=maybe(_texts),
        boolean_value=maybe(st.booleans()),
        hex_binary_value=maybe(st.just("f0F0")),
        uom=maybe(st.sampled_from(UNITS)),
        extensions=attributes(),
    )


def sensor_elements() -> st.SearchStrategy[SensorElement]:
    """Return one sensor element."""
    metadata = st.builds(
        SensorMetadata,
        time=instants(),
        start_time=maybe(instants()),
        raw_data=maybe(st.just("https://example.org/8004/401234599999")),
        extensions=attributes(),
    )
    held = st.lists(reports(), min_size=1, max_size=3).map(tuple)
    return st.builds(SensorElement, held, maybe(metadata), extensions(1))


def _errors() -> st.SearchStrategy[ErrorDeclaration]:
    return st.builds(
        ErrorDeclaration,
        instants(),
        maybe(words(vocabulary.ERROR_REASONS, f"{CBV}ER-")),
        st.lists(_digits.map("urn:uuid:".__add__), max_size=2).map(tuple),
        extensions(1),
    )


def _common() -> dict[str, st.SearchStrategy[Any]]:
    parties = st.lists(
        st.builds(
            Source,
            words(vocabulary.SOURCE_DEST_TYPES, f"{CBV}SDT-"),
            st.just("urn:epc:id:pgln:4012345.00225"),
        ),
        max_size=2,
    ).map(tuple)
    dispositions = st.lists(
        words(vocabulary.DISPOSITIONS, f"{CBV}Disp-"), min_size=1, max_size=2, unique=True
    ).map(tuple)
    return {
        "event_time": instants(),
        "event_time_zone_offset": st.sampled_from(("+00:00", "-06:00", "+14:00")),
        "record_time": maybe(instants()),
        "event_id": maybe(_digits.map("urn:uuid:".__add__)),
        "error_declaration": maybe(_errors()),
        "biz_step": maybe(words(vocabulary.BIZ_STEPS, f"{CBV}BizStep-")),
        "disposition": maybe(words(vocabulary.DISPOSITIONS, f"{CBV}Disp-")),
        "persistent_disposition": maybe(st.builds(PersistentDisposition, dispositions)),
        "read_point": maybe(places()),
        "biz_location": maybe(places()),
        "biz_transaction_list": _transactions(0),
        "source_list": parties,
        "destination_list": parties,
        "sensor_element_list": st.lists(sensor_elements(), max_size=2).map(tuple),
        "extensions": extensions(),
    }


def _transactions(least: int) -> st.SearchStrategy[tuple[BizTransaction, ...]]:
    kinds = maybe(words(vocabulary.BIZ_TRANSACTION_TYPES, f"{CBV}BTT-"))
    one = st.builds(BizTransaction, _digits.map("urn:epcglobal:cbv:bt:4012345:".__add__), kinds)
    return st.lists(one, min_size=least, max_size=2).map(tuple)


def _epc_lists(least: int = 1) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(epcs(), min_size=least, max_size=4, unique=True).map(tuple)


def object_events() -> st.SearchStrategy[Event]:
    """Return an ObjectEvent; with ilmd where it adds."""
    actions = st.sampled_from(Action).map(str)
    drawn = st.builds(
        Event,
        type=st.just("ObjectEvent"),
        action=actions,
        epc_list=_epc_lists(),
        quantity_list=quantities(),
        ilmd=extensions(1),
        **_common(),
    )
    return drawn.map(lambda event: event if event.action == "ADD" else replace(event, ilmd=()))


def family_events() -> st.SearchStrategy[Event]:
    """Return an AggregationEvent or AssociationEvent."""
    return st.builds(
        Event,
        type=st.sampled_from(("AggregationEvent", "AssociationEvent")),
        action=st.sampled_from(Action).map(str),
        parent_id=epcs(),
        child_epcs=_epc_lists(),
        child_quantity_list=quantities(),
        **_common(),
    )


def transaction_events() -> st.SearchStrategy[Event]:
    """Return a TransactionEvent."""
    return st.builds(
        Event,
        type=st.just("TransactionEvent"),
        action=st.sampled_from(Action).map(str),
        parent_id=maybe(epcs()),
        epc_list=_epc_lists(),
        quantity_list=quantities(),
        **{**_common(), "biz_transaction_list": _transactions(1)},
    )


def transformation_events() -> st.SearchStrategy[Event]:
    """Return a TransformationEvent."""
    return st.builds(
        Event,
        type=st.just("TransformationEvent"),
        input_epc_list=_epc_lists(),
        input_quantity_list=quantities(),
        output_epc_list=_epc_lists(),
        output_quantity_list=quantities(),
        transformation_id=maybe(st.just("urn:epc:id:gdti:4012345.55555.1234")),
        ilmd=extensions(1),
        **_common(),
    )


def events() -> st.SearchStrategy[Event]:
    """Return an event of any kind."""
    return st.one_of(
        object_events(), family_events(), transaction_events(), transformation_events()
    )


def documents() -> st.SearchStrategy[Document]:
    """Return a capture document with up to two events."""
    return st.builds(
        Document,
        kind=st.just(Kind.CAPTURE),
        events=st.lists(events(), max_size=2).map(tuple),
        creation_date=instants(),
        schema_version=st.just("2.0"),
        extensions=extensions(1),
    )


KINDS = tuple(EventType)
