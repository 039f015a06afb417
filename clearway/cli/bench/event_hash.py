"""CBV event hash: from the bytes of a document to the names of its events, on one core.

Beside it, in turns, what must be done at the least: SHA-256 of the same bytes and the bare parser
of the standard library (or lxml), without any meaning. Every event is another one, so that no
memory of the last helps. Rates are of the processor: what one core does.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from lxml import etree

from clearway.cli.bench.pairs import Figure, cpu_s, in_turns
from clearway.movements.epcis.document import Document
from clearway.movements.epcis.event_hash import hash_of, prehash
from clearway.movements.epcis.formats import jsonld, xml
from clearway.movements.epcis.model import (
    Event,
    Place,
    SensorElement,
    SensorMetadata,
    SensorReport,
)
from clearway.movements.epcis.vocabulary import CBV, GS1

_TURNS: Final = 5
_PER_DOCUMENT: Final = 50
_NOON: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_MEASURED: Final = (
    ("Temperature", "CEL", "4.1"),
    ("RelativeHumidity", "P1", "85.0"),
    ("Illuminance", "LUX", "800"),
    ("Speed", "KMH", "60"),
)


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures."""
    documents = 10 if quick else 40
    figures = []
    for elements in (1, 3):
        figures += _of_size(documents, elements)
    return figures


def _of_size(documents: int, elements: int) -> list[Figure]:
    events = [_event(number, elements) for number in range(documents * _PER_DOCUMENT)]
    parts = [
        Document(events=tuple(events[at : at + _PER_DOCUMENT]), creation_date=_NOON)
        for at in range(0, len(events), _PER_DOCUMENT)
    ]
    as_json, as_xml = list(map(jsonld.write, parts)), list(map(xml.write, parts))
    texts = [prehash(event).encode() for event in events]
    reports = elements * len(_MEASURED)
    return [
        _figure(
            f"JSON-LD read and hashed, {reports} reports, events/s of a core",
            len(events),
            lambda: _hashed(as_json, jsonld.read),
            "sha256 and json.loads",
            lambda: _bare(as_json, json.loads),
            f"{sum(map(len, as_json)) // len(events):,} bytes an event",
        ),
        _figure(
            f"XML read and hashed, {reports} reports, events/s of a core",
            len(events),
            lambda: _hashed(as_xml, xml.read),
            "sha256 and lxml",
            lambda: _bare(as_xml, etree.fromstring),
            f"{sum(map(len, as_xml)) // len(events):,} bytes an event",
        ),
        _figure(
            f"hash of an event in memory, {reports} reports, events/s of a core",
            len(events),
            lambda: _each(events, hash_of),
            "sha256 of the same text",
            lambda: _each(texts, hashlib.sha256),
            f"{sum(map(len, texts)) // len(texts):,} bytes of text an event",
        ),
    ]


def _event(number: int, elements: int) -> Event:
    """Return the event of a reefer's hour; each has its own object, instants and values."""
    at = _NOON + timedelta(seconds=number)
    return Event(
        type="ObjectEvent",
        event_time=at,
        event_time_zone_offset="+01:00",
        action="OBSERVE",
        epc_list=(f"urn:epc:id:sgtin:4012345.011111.{number}",),
        biz_step=f"{CBV}BizStep-sensor_reporting",
        read_point=Place("urn:epc:id:sgln:4012345.00005.0"),
        sensor_element_list=tuple(_element(number, part, at) for part in range(elements)),
    )


def _element(number: int, part: int, at: datetime) -> SensorElement:
    reports = tuple(
        SensorReport(type=GS1 + kind, value=Decimal(value) + Decimal(number) / 10, uom=unit)
        for kind, unit, value in _MEASURED
    )
    metadata = SensorMetadata(
        time=at + timedelta(minutes=part),
        device_id="urn:epc:id:giai:4000001.111",
        raw_data="https://example.org/8004/401234599999",
    )
    return SensorElement(reports, metadata)


def _hashed(documents: Sequence[bytes], read: Callable[[bytes], Document]) -> None:
    for data in documents:
        _each(read(data).events, hash_of)


def _bare(documents: Sequence[bytes], parse: Callable[[bytes], object]) -> None:
    for data in documents:
        hashlib.sha256(data).hexdigest()
        parse(data)


def _each(held: Sequence[object], work: Callable[..., object]) -> None:
    for one in held:
        work(one)


def _figure(
    what: str,
    count: int,
    ours: Callable[[], None],
    peer: str,
    theirs: Callable[[], None],
    note: str,
) -> Figure:
    measured = in_turns(lambda: _rate(count, ours), lambda: _rate(count, theirs), turns=_TURNS)
    return Figure(what, measured[0], peer, measured[1], note)


def _rate(count: int, work: Callable[[], None]) -> float:
    """Return items per second of the processor."""
    start = cpu_s()
    work()
    return count / (cpu_s() - start)
