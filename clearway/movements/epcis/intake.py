"""A document becomes what the writer needs: events with their ids, hashes and digests.

Costly and pure, so that it runs before the transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from clearway.errors import InputError, RuleViolation, TooLarge
from clearway.ledger.fact import encode
from clearway.movements.epcis.document import Document, Refusal, Vocabulary
from clearway.movements.epcis.event_hash import hash_of
from clearway.movements.epcis.facts import Behaviour, CaptureError
from clearway.movements.epcis.formats import jsonld, xml
from clearway.movements.epcis.model import Event
from clearway.terms.finding import Level

MOST_EVENTS = 1_000
"""Of one document: so many hold the writer for half a second."""

_SHARED = {
    "deviceID": "device_id",
    "deviceMetadata": "device_metadata",
    "rawData": "raw_data",
    "dataProcessingMethod": "data_processing_method",
    "bizRules": "biz_rules",
}


@dataclass(frozen=True, slots=True)
class Prepared:
    """One event, ready to be recorded.

    Args:
        key: under which its id is claimed: a declared error has the id of the event it takes back.
        digest: SHA-256 of its canonical content.
    """

    position: int
    event: Event
    event_id: str
    event_hash: str
    key: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Intake:
    """One document, read.

    Args:
        digest: SHA-256 of its bytes, hexadecimal.
        errors: what is wrong with events that cannot be captured.
        vocabularies: master data of its header.
    """

    digest: str
    behaviour: Behaviour
    events: tuple[Prepared, ...]
    errors: tuple[CaptureError, ...]
    vocabularies: tuple[Vocabulary, ...] = ()


def read(
    data: bytes,
    *,
    is_xml: bool,
    behaviour: Behaviour,
    prefixes: Mapping[str, str] | None = None,
    most_events: int = MOST_EVENTS,
) -> Intake:
    """Return a document's events.

    Args:
        prefixes: of extensions, declared outside the message (header GS1-Extensions).

    Raises: MalformedMessage, TooLarge. RuleViolation: the document is none of EPCIS, or holds no
    event.
    """
    document = xml.read(data) if is_xml else jsonld.read(data, prefixes=prefixes)
    severe = [one for one in document.findings if one.level is Level.SEVERE]
    if severe:
        raise RuleViolation(f"{severe[0].field}: {severe[0].message}", document.findings)
    count = len(document.events) + len(document.refused)
    if count > most_events:
        raise TooLarge(f"A document here has at most {most_events} events, not {count}; split it")
    if not count and not document.vocabularies:
        raise InputError("The document holds no event")
    errors = [_error(refusal) for refusal in document.refused]
    events = []
    for place, event in _placed(document):
        name = contradiction(event)
        if name:
            errors.append(_contradicted(place, name))
        else:
            events.append(_prepared(place, event))
    digest = sha256(data).hexdigest()
    return Intake(digest, behaviour, tuple(events), tuple(errors), document.vocabularies)


def contradiction(event: Event) -> str:
    """Return an attribute that a sensor's metadata and one of its reports tell otherwise, or "".

    TCR-53, step 29, forbids an attribute in both; documents in use repeat the same value in both,
    which harms nobody, and a report may have a time of its own.
    """
    for element in event.sensor_element_list:
        for report in element.reports if element.metadata is not None else ():
            for name, field in _SHARED.items():
                told = getattr(report, field)
                common = getattr(element.metadata, field)
                if told is not None and common is not None and told != common:
                    return name
    return ""


def _contradicted(place: int, name: str) -> CaptureError:
    detail = (
        f"{name} stands in sensorMetadata and, with another value, in a sensorReport of the same"
        " sensorElement; leave it in one of them"
    )
    return CaptureError("ValidationException", "The event breaks a rule", detail, place, name)


def _placed(document: Document) -> Iterator[tuple[int, Event]]:
    """Yield the events with their places in the document: the refused ones took theirs."""
    refused = {one.index for one in document.refused}
    free = (place for place in range(len(refused) + len(document.events)) if place not in refused)
    return zip(free, document.events, strict=True)


def _prepared(position: int, event: Event) -> Prepared:
    event = replace(event, record_time=None)
    event_hash = hash_of(event)
    event_id = event.event_id or event_hash
    wrong = event.error_declaration
    key = event_id if wrong is None else f"{event_id} {wrong.declaration_time.isoformat()}"
    digest = sha256(encode(replace(event, event_id=event_id))).digest()
    return Prepared(position, event, event_id, event_hash, key, digest)


def _error(refusal: Refusal) -> CaptureError:
    first = refusal.findings[0]
    detail = "; ".join(f"{one.field}: {one.message}" for one in refusal.findings[:20])
    title = "The event breaks a rule"
    return CaptureError("ValidationException", title, detail[:4_000], refusal.index, first.field)
