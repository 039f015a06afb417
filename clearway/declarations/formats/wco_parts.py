"""The parts that occur in many places of a WCO declaration, read and written side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from lxml import etree

from clearway.declarations.formats.fields import Fields, write_instant
from clearway.declarations.model import (
    Container,
    Document,
    Equipment,
    Party,
    PreviousDocument,
    TransportMeans,
)
from clearway.errors import BadTerm
from clearway.terms.identifiers import PartyId
from clearway.terms.money import Money
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity
from clearway.terms.transport import ContainerNumber, SealNumber
from clearway.wire.xml import Element

NAMESPACE = "urn:wco:datamodel:WCO:DEC-DMS:2"
TYPES = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"


def put(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    """Append an element; elements come in the order of the calls, which must be the schema's.

    Raises: BadTerm: the text has characters that XML cannot carry.
    """
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}", attributes)
    if text:
        try:
            element.text = text
        except ValueError as error:
            rule = "has control characters, which no XML message can carry"
            raise BadTerm(name, text, rule) from error
    return element


def put_text(parent: Element, name: str, text: str) -> None:
    """Append an element where there is text; an empty one would say nothing."""
    if text:
        put(parent, name, text)


def put_inner(parent: Element, outer: str, inner: str, text: str | None) -> None:
    """Append `<outer><inner>text</inner></outer>` where there is text."""
    if text:
        put(put(parent, outer), inner, text)


def put_number(parent: Element, name: str, value: Decimal | None, **attributes: str) -> None:
    """Append a number, without exponent, where there is one."""
    if value is not None:
        put(parent, name, f"{value:f}", **attributes)


def put_money(parent: Element, name: str, money: Money | None) -> None:
    """Append an amount where there is one."""
    if money is not None:
        put_number(parent, name, money.amount, currencyID=money.currency)


def put_quantity(parent: Element, name: str, quantity: Quantity | None) -> None:
    """Append a quantity where there is one."""
    if quantity is not None:
        put_number(parent, name, quantity.value, unitCode=quantity.unit)


def put_instant(parent: Element, name: str, instant: datetime | None) -> None:
    """Append an instant where there is one."""
    if instant is not None:
        inner = etree.SubElement(put(parent, name), f"{{{TYPES}}}DateTimeString")
        inner.set("formatCode", "304")
        inner.text = write_instant(instant)


def read_party(fields: Fields, element: Element | None) -> Party | None:
    """Return the party; None where the element is absent or names nobody."""
    if element is None:
        return None
    party = Party(
        id=fields.term(element, "ID", PartyId),
        name=fields.text(element, "Name"),
        country=fields.term(element, "Address/CountryCode", Country),
        address=fields.text(element, "Address/Line"),
        city=fields.text(element, "Address/CityName"),
        postcode=fields.text(element, "Address/PostcodeID"),
    )
    return None if party == Party() else party


def write_party(parent: Element, name: str, party: Party | None, function: str = "") -> None:
    """Append the party where there is one; `function` is the status of an agent."""
    if party is None and not function:
        return
    party = party or Party()
    element = put(parent, name)
    put_text(element, "Name", party.name)
    put_text(element, "ID", party.id or "")
    put_text(element, "FunctionCode", function)
    if replace(party, id=None, name="") != Party():
        address = put(element, "Address")
        put_text(address, "CityName", party.city)
        put_text(address, "CountryCode", party.country or "")
        put_text(address, "Line", party.address)
        put_text(address, "PostcodeID", party.postcode)


def read_documents(fields: Fields, parent: Element) -> tuple[Document, ...]:
    """Return the additional documents of an element."""
    return tuple(
        Document(
            type=fields.text(element, "CategoryCode") + fields.text(element, "TypeCode"),
            number=fields.text(element, "ID"),
            status=fields.text(element, "LPCOExemptionCode"),
            reason=fields.text(element, "Name"),
            valid_until=fields.instant(element, "EffectiveDateTime"),
            quantity=fields.quantity(element, "WriteOff/QuantityQuantity"),
        )
        for element in fields.all(parent, "AdditionalDocument")
    )


def write_header_documents(parent: Element, documents: tuple[Document, ...]) -> None:
    """Append the documents of the header, whose element holds type and number only."""
    for document in documents:
        element = put(parent, "AdditionalDocument")
        put_text(element, "CategoryCode", document.type[:1])
        put_text(element, "ID", document.number)
        put_text(element, "TypeCode", document.type[1:])


def write_documents(parent: Element, documents: tuple[Document, ...]) -> None:
    """Append the documents of an item; what has no element here goes into a statement."""
    for document in documents:
        element = put(parent, "AdditionalDocument")
        put_text(element, "CategoryCode", document.type[:1])
        put_instant(element, "EffectiveDateTime", document.valid_until)
        put_text(element, "ID", document.number)
        put_text(element, "Name", document.reason)
        put_text(element, "TypeCode", document.type[1:])
        put_text(element, "LPCOExemptionCode", document.status)
        if document.quantity is not None:
            write_off = put(element, "WriteOff")
            put_quantity(write_off, "QuantityQuantity", document.quantity)


def read_previous_documents(fields: Fields, parent: Element | None) -> tuple[PreviousDocument, ...]:
    """Return the previous documents of an element."""
    return tuple(
        PreviousDocument(
            category=fields.text(element, "CategoryCode"),
            type=fields.text(element, "TypeCode"),
            number=fields.text(element, "ID"),
            line=fields.whole(element, "LineNumeric") or 0,
        )
        for element in fields.all(parent, "PreviousDocument")
    )


def write_previous_documents(parent: Element, documents: tuple[PreviousDocument, ...]) -> None:
    """Append previous documents."""
    for document in documents:
        element = put(parent, "PreviousDocument")
        put_text(element, "CategoryCode", document.category)
        put_text(element, "ID", document.number)
        put_text(element, "TypeCode", document.type)
        put_text(element, "LineNumeric", str(document.line or ""))


def read_equipment(
    fields: Fields, parent: Element | None
) -> tuple[tuple[Container, ...], tuple[Equipment, ...]]:
    """Return the containers and the other transport equipment of a consignment."""
    containers: list[Container] = []
    others: list[Equipment] = []
    for element in fields.all(parent, "TransportEquipment"):
        seals = tuple(
            seal
            for each in fields.all(element, "Seal")
            if (seal := fields.term(each, "ID", SealNumber)) is not None
        )
        text = fields.text(element, "ID")
        try:
            containers.append(Container(ContainerNumber(text), seals))
        except BadTerm as error:
            if text or seals:
                fields.taken_as(element, error.detail, "other transport equipment")
                others.append(Equipment(text, seals))
    return tuple(containers), tuple(others)


def write_equipment(parent: Element, equipment: tuple[Container | Equipment, ...]) -> None:
    """Append transport equipment with its seals."""
    for place, each in enumerate(equipment, 1):
        element = put(parent, "TransportEquipment")
        put(element, "SequenceNumeric", str(place))
        put_text(element, "ID", each.number if isinstance(each, Container) else each.id)
        for seal_place, seal in enumerate(each.seals, 1):
            inner = put(element, "Seal")
            put(inner, "SequenceNumeric", str(seal_place))
            put(inner, "ID", seal)


def read_means(fields: Fields, element: Element | None) -> TransportMeans | None:
    """Return a means of transport; None where it is absent."""
    means = TransportMeans(
        id=fields.text(element, "ID") or fields.text(element, "Name"),
        id_type=fields.text(element, "IdentificationTypeCode"),
        mode=fields.text(element, "ModeCode"),
    )
    return None if means == TransportMeans() else means


def write_means(parent: Element, name: str, means: TransportMeans | None) -> None:
    """Append a means of transport where there is one."""
    if means is not None:
        element = put(parent, name)
        put_text(element, "ID", means.id)
        put_text(element, "IdentificationTypeCode", means.id_type)
        put_text(element, "ModeCode", means.mode)
