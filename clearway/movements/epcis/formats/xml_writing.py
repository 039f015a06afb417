"""EPCIS documents as XML: written strictly, elements in the order of the schema.

    write(document)                     # EPCIS 2.0
    write(document, version="1.2")      # refused where 1.2 has no words for it

EPCIS 1.2 wants URNs for the words of the CBV, and its later fields inside `<extension>` and
`<baseExtension>`. It has no sensors, associations, persistent dispositions, certifications.

Source: EPCIS 2.0 and 1.2 XML schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from lxml import etree

from clearway.errors import BadTerm, RuleViolation
from clearway.movements.epcis import names
from clearway.movements.epcis.document import Document, Kind, Vocabulary
from clearway.movements.epcis.formats.fields import FIELDS, METADATA, OTHER, REPORT, Field
from clearway.movements.epcis.formats.jsonld_writing import instant
from clearway.movements.epcis.formats.prefixes import declared, extensions_of, prefixes_for
from clearway.movements.epcis.formats.xml_tree import EPCIS_1, EPCIS_2, QUERY_1, QUERY_2, XSI
from clearway.movements.epcis.model import (
    ErrorDeclaration,
    Event,
    EventType,
    Extension,
    Form,
    PersistentDisposition,
    Place,
    SensorElement,
)
from clearway.terms.finding import Area, Finding, Level
from clearway.wire.xml import Element

Version = Literal["2.0", "1.2"]
_XSD = "http://www.w3.org/2001/XMLSchema"
_SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
_TYPES = {Form.NUMBER: "xsd:double", Form.BOOLEAN: "xsd:boolean"}
# Fields that EPCIS 1.2 put into wrappers; certificationInfo and the like it does not have.
_IN_BASE = frozenset({"eventID", "errorDeclaration"})
_IN_EXTENSION = frozenset({"quantityList", "childQuantityList", "sourceList", "destinationList"})
_NOT_IN_1 = frozenset({"certificationInfo", "sensorElementList", "persistentDisposition"})
_WORDS = frozenset(names.KINDS)


@dataclass(frozen=True, slots=True)
class _Writing:
    """How this document is written.

    Args:
        prefixes: namespace to prefix of extensions.
    """

    version: Version
    prefixes: Mapping[str, str]

    @property
    def is_old(self) -> bool:
        """Whether this is EPCIS 1.2."""
        return self.version == "1.2"


def write(document: Document, *, version: Version = "2.0") -> bytes:
    """Return a document as XML; refused events are not in it.

    Raises:
        BadTerm: there is no creation date, or a text or name that XML cannot hold.
        RuleViolation: EPCIS 1.2 has no words for what an event says.
    """
    whole = chain(document.extensions, *map(extensions_of, document.events))
    writing = _Writing(version, prefixes_for(whole, document.prefixes))
    try:
        root = _root(writing, document)
    except ValueError as error:
        raise BadTerm("EPCIS document", str(error), "cannot be written as XML; use JSON") from error
    etree.cleanup_namespaces(root, keep_ns_prefixes=["epcis", "epcisq", "xsd"])
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _root(writing: _Writing, document: Document) -> Element:
    spaces = declared(writing.prefixes) | {
        prefix: namespace for namespace, prefix in writing.prefixes.items()
    }
    spaces |= {"xsi": XSI, "xsd": _XSD}
    if document.kind is Kind.EVENT:
        root = etree.Element("events", nsmap=spaces)
        return _event(writing, root, document.events[0])
    if document.kind is Kind.EVENT_LIST:
        root = etree.Element("EventList", nsmap=spaces)
        _events(writing, root, document.events)
        return root
    return _document(writing, document, spaces)


def _document(writing: _Writing, document: Document, spaces: dict[str, str]) -> Element:
    if document.creation_date is None:
        raise BadTerm("creationDate", None, "must be given to write a document")
    is_query = document.kind is Kind.QUERY
    prefix = "epcisq" if is_query else "epcis"
    if is_query:
        namespace = QUERY_1 if writing.is_old else QUERY_2
    else:
        namespace = EPCIS_1 if writing.is_old else EPCIS_2
    root = etree.Element(f"{{{namespace}}}{document.kind}", nsmap={prefix: namespace, **spaces})
    root.set("schemaVersion", writing.version)
    root.set("creationDate", instant(document.creation_date))
    if not is_query:
        _header(writing, root, document)
    body = etree.SubElement(root, "EPCISBody")
    if is_query:
        body = _results(writing, body, document, namespace)
    else:
        _others(writing, root, document.extensions)
    _events(writing, etree.SubElement(body, "EventList"), document.events)
    return root


def _results(writing: _Writing, body: Element, document: Document, namespace: str) -> Element:
    results = etree.SubElement(body, f"{{{namespace}}}QueryResults")
    _text(results, "queryName", document.query_name or "SimpleEventQuery")
    if document.subscription_id is not None:
        _text(results, "subscriptionID", document.subscription_id)
    held = etree.SubElement(results, "resultsBody")
    _others(writing, results, document.extensions)
    return held


def _header(writing: _Writing, root: Element, document: Document) -> None:
    has_parties = document.sender or document.receiver or document.instance_identifier
    if not (document.vocabularies or has_parties):
        return
    header = etree.SubElement(root, "EPCISHeader")
    if has_parties and document.sender and document.receiver and document.instance_identifier:
        _business_header(header, document)
    if document.vocabularies:
        extension = etree.SubElement(header, "extension")
        data = etree.SubElement(extension, "EPCISMasterData")
        _vocabularies(writing, data, document.vocabularies)


def _business_header(header: Element, document: Document) -> None:
    """Write who sends to whom; the schema wants all of these fields or no header."""
    spaces = {"sbdh": _SBDH}
    top = etree.SubElement(header, f"{{{_SBDH}}}StandardBusinessDocumentHeader", nsmap=spaces)
    _text(top, f"{{{_SBDH}}}HeaderVersion", "1.0")
    for name, party in (("Sender", document.sender), ("Receiver", document.receiver)):
        element = etree.SubElement(top, f"{{{_SBDH}}}{name}")
        _text(element, f"{{{_SBDH}}}Identifier", party or "")
    identification = etree.SubElement(top, f"{{{_SBDH}}}DocumentIdentification")
    created = "" if document.creation_date is None else instant(document.creation_date)
    for name, text in (
        ("Standard", "EPCglobal"),
        ("TypeVersion", "1.0"),
        ("InstanceIdentifier", document.instance_identifier or ""),
        ("Type", "Events"),
        ("CreationDateAndTime", created),
    ):
        _text(identification, f"{{{_SBDH}}}{name}", text)


def _vocabularies(writing: _Writing, parent: Element, vocabularies: Iterable[Vocabulary]) -> None:
    listed = etree.SubElement(parent, "VocabularyList")
    for one in vocabularies:
        vocabulary = etree.SubElement(listed, "Vocabulary", type=one.type)
        elements = etree.SubElement(vocabulary, "VocabularyElementList")
        for each in one.elements:
            element = etree.SubElement(elements, "VocabularyElement", id=each.id)
            for attribute in each.attributes:
                held = etree.SubElement(element, "attribute", id=attribute.id)
                held.text = attribute.text or None
                _others(writing, held, attribute.children)
            if each.children:
                children = etree.SubElement(element, "children")
                for child in each.children:
                    _text(children, "id", child)


def _events(writing: _Writing, parent: Element, events: Iterable[Event]) -> None:
    for event in events:
        is_late = writing.is_old and event.type == EventType.TRANSFORMATION
        _event(writing, etree.SubElement(parent, "extension") if is_late else parent, event)


def _event(writing: _Writing, parent: Element, event: Event) -> Element:
    if writing.is_old and (event.type == EventType.ASSOCIATION or event.type not in FIELDS):
        raise _not_in_1(event.type)
    element = etree.SubElement(parent, event.type)
    base: Element | None = None
    late: Element | None = None
    for field in FIELDS.get(event.type, OTHER):
        value = getattr(event, field.attribute)
        if value is None or (value == () and not _must_stand(writing, event, field)):
            continue
        if not writing.is_old:
            _ELEMENTS[field.kind](writing, element, field, value)
        elif field.name in _NOT_IN_1:
            raise _not_in_1(field.name)
        elif field.name in _IN_BASE:
            base = etree.SubElement(element, "baseExtension") if base is None else base
            _ELEMENTS[field.kind](writing, base, field, value)
        elif field.name in _IN_EXTENSION or field.name == "ilmd":
            is_direct = event.type == EventType.TRANSFORMATION
            if late is None:
                late = element if is_direct else etree.SubElement(element, "extension")
            _ELEMENTS[field.kind](writing, late, field, value)
        else:
            _ELEMENTS[field.kind](writing, element, field, value)
    _others(writing, element, event.extensions)
    return element


def _must_stand(writing: _Writing, event: Event, field: Field) -> bool:
    """Return whether a list must stand though it is empty: 1.2 wants the first list of objects."""
    if field.name == "epcList" and event.type in (EventType.OBJECT, EventType.TRANSACTION):
        return writing.is_old or not event.quantity_list
    return field.name == "childEPCs" and writing.is_old


def _not_in_1(name: str) -> RuleViolation:
    message = f"EPCIS 1.2 has no {name}; ask for EPCIS 2.0"
    finding = Finding("EPC_R1", Area.MAPPING, Level.SEVERE, name, message)
    return RuleViolation(message, (finding,))


def _text(parent: Element, name: str, text: str) -> Element:
    element = etree.SubElement(parent, name)
    element.text = text
    return element


def _word(writing: _Writing, kind: str, value: str) -> str:
    """Return a word as XML writes it: a URI in 2.0, a URN in 1.2."""
    return names.urn(value) if writing.is_old and kind in _WORDS else value


def _scalar(writing: _Writing, field: Field, value: Any) -> str:
    if field.kind == "instant":
        return instant(value)
    if field.kind == "boolean":
        return "true" if value else "false"
    if field.kind == "number":
        return str(value)
    return _word(writing, field.kind, value)


def _plain(writing: _Writing, parent: Element, field: Field, value: Any) -> None:
    _text(parent, field.name, _scalar(writing, field, value))


def _certifications(writing: _Writing, parent: Element, field: Field, value: Any) -> None:
    del writing
    for one in value:
        _text(parent, field.name, one)


def _epcs(writing: _Writing, parent: Element, field: Field, value: Any) -> None:
    del writing
    listed = etree.SubElement(parent, field.name)
    for one in value:
        _text(listed, "epc", one)


def _place(writing: _Writing, parent: Element, field: Field, value: Place) -> None:
    element = etree.SubElement(parent, field.name)
    _text(element, "id", value.id)
    _others(writing, element, value.extensions)


def _quantities(writing: _Writing, parent: Element, field: Field, value: Any) -> None:
    del writing
    listed = etree.SubElement(parent, field.name)
    for one in value:
        element = etree.SubElement(listed, "quantityElement")
        _text(element, "epcClass", one.epc_class)
        if one.quantity is not None:
            _text(element, "quantity", f"{one.quantity:f}")
        elif one.uom is not None:
            # The schema has a unit only behind an amount; an unknown one is written as such.
            etree.SubElement(element, "quantity").set(f"{{{XSI}}}nil", "true")
        if one.uom is not None:
            _text(element, "uom", one.uom)


def _transactions(writing: _Writing, parent: Element, field: Field, value: Any) -> None:
    listed = etree.SubElement(parent, field.name)
    for one in value:
        element = _text(listed, "bizTransaction", one.biz_transaction)
        if one.type is not None:
            element.set("type", _word(writing, "biz_transaction_type", one.type))


def _parties(writing: _Writing, parent: Element, field: Field, value: Any) -> None:
    listed = etree.SubElement(parent, field.name)
    for one in value:
        element = _text(listed, field.kind, one.id)
        element.set("type", _word(writing, "source_dest_type", one.type))


def _persistent(
    writing: _Writing, parent: Element, field: Field, value: PersistentDisposition
) -> None:
    element = etree.SubElement(parent, field.name)
    for name, listed in (("unset", value.unset), ("set", value.set)):
        for one in listed:
            _text(element, name, _word(writing, "disposition", one))


def _error(writing: _Writing, parent: Element, field: Field, value: ErrorDeclaration) -> None:
    element = etree.SubElement(parent, field.name)
    _text(element, "declarationTime", instant(value.declaration_time))
    if value.reason is not None:
        _text(element, "reason", _word(writing, "error_reason", value.reason))
    if value.corrective_event_ids:
        listed = etree.SubElement(element, "correctiveEventIDs")
        for one in value.corrective_event_ids:
            _text(listed, "correctiveEventID", one)
    _others(writing, element, value.extensions)


def _ilmd(writing: _Writing, parent: Element, field: Field, value: Iterable[Extension]) -> None:
    _others(writing, etree.SubElement(parent, field.name), value)


def _sensors(
    writing: _Writing, parent: Element, field: Field, value: Iterable[SensorElement]
) -> None:
    listed = etree.SubElement(parent, field.name)
    for one in value:
        element = etree.SubElement(listed, "sensorElement")
        if one.metadata is not None:
            _flat(writing, element, "sensorMetadata", METADATA, one.metadata)
        for report in one.reports:
            _flat(writing, element, "sensorReport", REPORT, report)
        _others(writing, element, one.extensions)


def _flat(
    writing: _Writing, parent: Element, name: str, fields: Iterable[Field], value: Any
) -> None:
    """Write a sensor's fields as attributes, also those of other namespaces."""
    element = etree.SubElement(parent, name)
    for field in fields:
        held = getattr(value, field.attribute)
        if held is not None:
            element.set(field.name, _scalar(writing, field, held))
    for extension in value.extensions:
        if extension.children or extension.name in element.attrib:
            raise BadTerm(
                extension.name, extension.text, f"must be one text to be an attribute of {name}"
            )
        element.set(extension.name, extension.text)


def _others(writing: _Writing, parent: Element, extensions: Iterable[Extension]) -> None:
    for extension in extensions:
        if extension.form is Form.ATTRIBUTE and extension.name not in parent.attrib:
            parent.set(extension.name, extension.text)
            continue
        element = etree.SubElement(parent, extension.name)
        element.text = extension.text or None
        if extension.form in _TYPES:
            element.set(f"{{{XSI}}}type", _TYPES[extension.form])
        _others(writing, element, extension.children)


_ELEMENTS: dict[str, Callable[[_Writing, Element, Field, Any], None]] = {
    "epcs": _epcs,
    "certifications": _certifications,
    "ilmd": _ilmd,
    "place": _place,
    "quantities": _quantities,
    "transactions": _transactions,
    "source": _parties,
    "destination": _parties,
    "persistent": _persistent,
    "error": _error,
    "sensors": _sensors,
} | dict.fromkeys(("instant", "text", "number", "boolean", *_WORDS), _plain)
