"""EPCIS documents as XML (EPCIS 2.0 and 1.2): read into values.

    document = read(data)
    check.require(document)

Read leniently: elements in any order, in the namespace of EPCIS or in none, fields of 1.2 inside
or outside their `<extension>`; a document, a query's answer, a list or a single event.
`xml_writing` is the way back, and writes strictly.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from clearway.errors import MalformedMessage
from clearway.movements.epcis.check import Place
from clearway.movements.epcis.document import Document, Kind, Poll, Refusal
from clearway.movements.epcis.formats import masterdata, values
from clearway.movements.epcis.formats.build import take_event
from clearway.movements.epcis.formats.extensions import sorted_by_name
from clearway.movements.epcis.formats.jsonld import LIMITS, MOST_EVENTS
from clearway.movements.epcis.formats.values import Reading
from clearway.movements.epcis.formats.xml_tree import (
    OURS,
    XSI,
    event_tree,
    extension,
    local,
    text_of,
    within,
    xpath,
)
from clearway.movements.epcis.formats.xml_writing import write
from clearway.movements.epcis.model import Event, EventType
from clearway.wire import xml
from clearway.wire.limits import Limits
from clearway.wire.xml import Element

__all__ = ["read", "read_query", "write"]

_SBDH = "{http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader}"
_TYPES = frozenset(EventType)


def read(data: bytes, *, limits: Limits = LIMITS) -> Document:
    """Return the document; what breaks a rule is among its findings and refusals.

    Raises:
        MalformedMessage: not XML, or its root is not of EPCIS.
        TooLarge: over one of `limits`.
    """
    root = xml.parse(data, limits=limits)
    reading = Reading(partial(xpath, root), is_strict=False)
    name = local(str(root.tag))
    prefixes = _prefixes(root)
    if name in (Kind.CAPTURE, Kind.QUERY):
        found = _read_document(reading, root, Kind(name))
    elif name == Kind.EVENT_LIST:
        found = {"kind": Kind.EVENT_LIST} | _events(reading, list(within(root)))
    elif name in _TYPES:
        found = {"kind": Kind.EVENT} | _events(reading, [root])
    else:
        raise MalformedMessage(
            f"The root is {xml.local_name(root)[:60]!r}; an EPCIS document begins with"
            " EPCISDocument, EPCISQueryDocument, EventList or an event"
        )
    return Document(**found, findings=tuple(reading.findings), prefixes=prefixes)


def read_query(data: bytes, *, limits: Limits = LIMITS) -> Poll:
    """Return the query of a Poll or Subscribe in an EPCISQueryDocument.

    Raises:
        MalformedMessage: not XML, or no query in it.
        RuleViolation: its name is missing.
        TooLarge: over one of `limits`.
    """
    root = xml.parse(data, limits=limits)
    asked = next((one for one in root.iter() if local(str(one.tag)) in ("Poll", "Subscribe")), None)
    if asked is None:
        raise MalformedMessage("The document holds no query: a Poll with queryName and params")
    reading = Reading(partial(xpath, asked), is_strict=False)
    name, parameters = None, {}
    for child in within(asked):
        kind = local(str(child.tag))
        if kind == "queryName":
            name = text_of(child)
        elif kind == "params":
            parameters = dict(_parameter(one) for one in within(child))
    if not name:
        reading.missing((), "queryName")
    values.require_none(reading)
    return Poll(name, parameters, dict(_prefixes(root)))


def _parameter(element: Element) -> tuple[str, Any]:
    name, value = "", None
    for child in within(element):
        kind = local(str(child.tag))
        if kind == "name":
            name = text_of(child)
        elif kind == "value":
            value = _value(child)
    return name, value


def _value(element: Element) -> Any:
    """Return the text, the list of texts, or None for a VoidHolder."""
    kind = str(element.get(f"{{{XSI}}}type", "")).rpartition(":")[2]
    if kind == "VoidHolder":
        return None
    return [text_of(one) for one in element] if len(element) else text_of(element)


def _prefixes(root: Element) -> tuple[tuple[str, str], ...]:
    """Return the namespaces of extensions that the root and its events declare."""
    found: dict[str, str] = {}
    for element in root.iter():
        name = local(str(element.tag))
        if element is root or name in _TYPES or name is None:
            for prefix, namespace in element.nsmap.items():
                if prefix and namespace not in OURS and namespace != XSI:
                    found.setdefault(str(prefix), str(namespace))
    return tuple(sorted(found.items()))


def _read_document(reading: Reading, root: Element, kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": kind, **_stamp(reading, root, kind)}
    extensions = []
    for child in within(root):
        name = local(str(child.tag)) or ""
        if name == "EPCISHeader":
            found |= _header(reading, child)
        elif name == "EPCISBody":
            _once(reading, found, "events", (name,))
            found |= {"events": ()} | _body(reading, child, kind)
        elif name in ("QueryResults", "resultsBody", "queryName", "subscriptionID"):
            # Some write the parts of an answer without the body around them.
            if "events" not in found:
                found |= {"events": ()} | _results(reading, root) | {"extensions": []}
        elif name:
            reading.wrong("EPC_R1", (name,), f"{name[:60]!r} is not a field of {kind}")
        else:
            extensions.append(extension(reading, child))
    found["extensions"] = sorted_by_name([*extensions, *found.get("extensions", ())])
    if "events" not in found:
        reading.missing((), "EPCISBody")
    return found


def _stamp(reading: Reading, root: Element, kind: Kind) -> dict[str, Any]:
    """Return version and date of a document."""
    found: dict[str, Any] = {}
    for name, known, take in (
        ("schemaVersion", "schema_version", values.take_version),
        ("creationDate", "creation_date", values.take_instant),
    ):
        value = root.get(name)
        if value is not None:
            found[known] = take(reading, value.strip(), (name,))
        elif kind is Kind.CAPTURE:
            reading.missing((), name)
    return found


def _once(reading: Reading, found: dict[str, Any], key: str, place: Place) -> None:
    """Refuse a second part of one kind: which of the two counts is not for us to say."""
    if key in found:
        reading.wrong("EPC_R13", place, f"{place[-1]} stands twice; put the events into one")


def _body(reading: Reading, element: Element, kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in within(element):
        name = local(str(child.tag))
        if name == "EventList":
            _once(reading, found, "events", ("EPCISBody", name))
            found |= _events(reading, list(within(child)))
        elif name == "QueryResults" and kind is Kind.QUERY:
            _once(reading, found, "events", ("EPCISBody", name))
            found |= _results(reading, child)
        elif name is None:
            found.setdefault("extensions", []).append(extension(reading, child))
        else:
            reading.wrong("EPC_R1", ("EPCISBody", name), f"{name[:60]!r} is not a field here")
    return found


def _results(reading: Reading, element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for child in within(element):
        match local(str(child.tag)):
            case "queryName":
                found["query_name"] = text_of(child)
            case "subscriptionID":
                found["subscription_id"] = text_of(child)
            case "QueryResults":
                found |= _results(reading, child)
            case "resultsBody":
                for one in within(child):
                    if local(str(one.tag)) == "EventList":
                        _once(reading, found, "events", ("resultsBody", "EventList"))
                        found |= _events(reading, list(within(one)))
                    elif local(str(one.tag)) == "VocabularyList":
                        found["vocabularies"] = _vocabularies(reading, one)
            case None:
                found.setdefault("extensions", []).append(extension(reading, child))
    return found


def _events(reading: Reading, elements: list[Element]) -> dict[str, Any]:
    if len(elements) > MOST_EVENTS:
        message = f"there are {len(elements):,} events; at most {MOST_EVENTS:,} go in one document"
        reading.wrong("EPC_R28", (), message)
        return {"events": ()}
    own, locate = reading.findings, reading.locate
    events: list[Event] = []
    refused: list[Refusal] = []
    for at, element in enumerate(elements):
        reading.findings, reading.locate = [], partial(xpath, element)
        event = take_event(reading, event_tree(reading, element), ())
        if event is not None and not reading.findings:
            events.append(event)
        else:
            refused.append(Refusal(at, tuple(reading.findings)))
    reading.findings, reading.locate = own, locate
    return {"events": tuple(events), "refused": tuple(refused)}


def _header(reading: Reading, element: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, *tags in (
        ("sender", "Sender", "Identifier"),
        ("receiver", "Receiver", "Identifier"),
        ("instance_identifier", "DocumentIdentification", "InstanceIdentifier"),
    ):
        header = next(element.iter(f"{_SBDH}StandardBusinessDocumentHeader"), None)
        text = xml.text(header, *(f"{_SBDH}{tag}" for tag in tags))
        if text:
            found[key] = text
    listed = next((one for one in element.iter() if local(str(one.tag)) == "VocabularyList"), None)
    if listed is not None:
        found["vocabularies"] = _vocabularies(reading, listed)
    return found


def _vocabularies(reading: Reading, element: Element) -> Any:
    """Return master data by way of the tree that JSON would give."""
    tree = [
        {
            "type": str(one.get("type", "")),
            "vocabularyElementList": [
                _vocabulary_tree(reading, each)
                for held in within(one)
                for each in within(held)
                if local(str(each.tag)) == "VocabularyElement"
            ],
        }
        for one in within(element)
    ]
    locate, reading.locate = reading.locate, lambda place: xpath(element, ())
    found = masterdata.take_list(reading, tree, ())
    reading.locate = locate
    return found


def _vocabulary_tree(reading: Reading, element: Element) -> dict[str, Any]:
    tree: dict[str, Any] = {"id": str(element.get("id", "")), "attributes": [], "children": []}
    for child in within(element):
        name = local(str(child.tag))
        if name == "attribute":
            whole = extension(reading, child)
            inner = tuple(one for one in whole.children if one.name != "id")
            kept = [type(whole)("{urn:}attribute", whole.text, inner)]
            tree["attributes"].append({"id": str(child.get("id", "")), "attribute": kept})
        elif name == "children":
            tree["children"] += [text_of(one) for one in within(child)]
    return tree
