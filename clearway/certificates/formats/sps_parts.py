"""Parties, places, times, notes and measures of an SPSCertificate: each read and written here.

Reading takes what can be understood, remarks on the rest and never fails; writing emits only what
the schema allows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from lxml import etree

from clearway.certificates.formats import stated
from clearway.certificates.formats.sps_elements import RAM, UDT
from clearway.certificates.formats.sps_tree import Node
from clearway.certificates.parts import (
    Equipment,
    Location,
    Measure,
    Note,
    Party,
    Precision,
    Stated,
    Text,
)
from clearway.errors import BadTerm
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity, UnitCode
from clearway.wire.xml import Element

_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?")
_ADDRESS_LINES: Final = ("LineOne", "LineTwo", "LineThree", "LineFour", "LineFive")
_REGISTRATION: Final = "NationalRegistrationNumber"

# Codes that messages use beside ISO 3166-1.
_ALIASES: Final = {"UK": "GB", "EL": "GR"}


def put(parent: Element, name: str, value: str | None = None, **attributes: str) -> Element:
    """Append an element of RABIE:21 and return it.

    Args:
        value: its text; None for an element that holds others.
        attributes: those that are not empty are written.

    Raises: BadTerm: the value has a character that XML forbids.
    """
    element = etree.SubElement(parent, f"{{{RAM}}}{name}")
    try:
        element.text = value
        for attribute, content in attributes.items():
            if content:
                element.set(attribute, content)
    except ValueError as error:
        raise BadTerm(name, value, "has a control character, which XML forbids") from error
    return element


def put_if(parent: Element, name: str, value: str, **attributes: str) -> None:
    """Append an element unless its value is empty."""
    if value:
        put(parent, name, value, **attributes)


def read_texts(node: Node, name: str) -> tuple[Text, ...]:
    """Return the texts of all children `name`, with their languages."""
    return tuple(
        Text(value, child.attributes.get("languageID", "")) for child, value in node.values(name)
    )


def write_texts(parent: Element, name: str, texts: Iterable[Text]) -> None:
    """Append one element for each text."""
    for text in texts:
        put(parent, name, text.text, languageID=text.language)


def read_stated(node: Node | None) -> Stated | None:
    """Return the time in a DateTime element; None when there is none."""
    if node is None:
        return None
    inner = node.first("DateTimeString") or node.first("DateTime")
    value = (inner or node).value()
    if not value:
        return None
    if inner is None:
        node.remarks.add("CERT_S07", node.path, value)
    return remarked(stated.read(value), node)


def remarked(moment: Stated, node: Node) -> Stated:
    """Return the time, after a remark on what it lacks."""
    if moment.precision is Precision.TEXT:
        node.remarks.add("CERT_M03", node.path, moment.text)
    elif moment.precision is Precision.LOCAL:
        node.remarks.add("CERT_M02", node.path, moment.text)
    return moment


def write_stated(parent: Element, name: str, moment: Stated | None) -> None:
    """Append a time in its sender's words."""
    if moment is not None:
        holder = put(parent, name)
        etree.SubElement(holder, f"{{{UDT}}}DateTimeString").text = moment.text


def read_country(node: Node | None) -> Country | None:
    """Return the country in a Country element or a CountryID; None when it cannot be read."""
    if node is None:
        return None
    holder = node.first("ID") or node
    value = holder.value().upper()
    if not value:
        return None
    try:
        return Country(_ALIASES.get(value, value))
    except BadTerm:
        node.remarks.add("CERT_M07", holder.path, value)
        return None


def write_country(parent: Element, name: str, country: Country) -> Element:
    """Append a country with its English name."""
    element = put(parent, name)
    put(element, "ID", country)
    put(element, "Name", country.name)
    return element


def read_location(node: Node | None) -> Location | None:
    """Return a place; None when neither code nor name is there."""
    if node is None:
        return None
    location = Location(node.get("ID"), node.get("Name"))
    return location if location.code or location.name else None


def write_location(parent: Element, name: str, location: Location) -> None:
    """Append a place."""
    element = put(parent, name)
    put_if(element, "ID", location.code)
    put_if(element, "Name", location.name)


def read_party(node: Node | None) -> Party:
    """Return a party; its name is "" when none is stated."""
    if node is None:
        return Party("")
    address = node.first("SpecifiedSPSAddress") or Node("", node.path, "", {}, node.remarks, {})
    return Party(
        name=node.get("Name"),
        id=node.get("ID"),
        role=node.get("RoleCode"),
        registration=node.get("TypeCode"),
        address=tuple(line for line in map(address.get, _ADDRESS_LINES) if line),
        city=address.get("CityName"),
        postcode=address.get("PostcodeCode"),
        country=read_country(address.first("CountryID")),
        country_name=address.get("CountryName"),
        subdivision=address.get("CountrySubDivisionName"),
        person=node.get("SpecifiedSPSPerson", "Name"),
    )


def write_party(parent: Element, name: str, party: Party) -> None:
    """Append a party. Raises: BadTerm: an address of more than five lines."""
    element = put(parent, name)
    put_if(element, "ID", party.id)
    put(element, "Name", party.name)
    put_if(element, "RoleCode", party.role)
    put_if(element, "TypeCode", party.registration, listName=_REGISTRATION)
    _write_address(element, party)
    if party.person:
        put(put(element, "SpecifiedSPSPerson"), "Name", party.person)


def _write_address(parent: Element, party: Party) -> None:
    lines = party.address
    if len(lines) > len(_ADDRESS_LINES):
        raise BadTerm("Address", " / ".join(lines), "must have at most five lines")
    values = {
        "PostcodeCode": party.postcode,
        **dict(zip(_ADDRESS_LINES, lines, strict=False)),
        "CityName": party.city,
        "CountryID": party.country or "",
        "CountryName": party.country_name,
        "CountrySubDivisionName": party.subdivision,
    }
    if any(values.values()):
        element = put(parent, "SpecifiedSPSAddress")
        for name, value in values.items():
            put_if(element, name, value)


def read_notes(nodes: Iterable[Node], subjects: Mapping[str, str]) -> tuple[Note, ...]:
    """Return the notes; one with texts in several languages becomes several."""
    notes: list[Note] = []
    for node in nodes:
        subject = node.get("Subject") or node.get("SubjectCode")
        if subject and subject not in subjects:
            node.remarks.add("CERT_M09", node.path, subject)
        kind = subjects.get(subject, "")
        code = node.get("ContentCode")
        contents = read_texts(node, "Content") or ((Text(code),) if code else ())
        notes += [Note(subject, text.text, kind, code, text.language) for text in contents]
    return tuple(notes)


def write_notes(parent: Element, name: str, notes: Iterable[Note]) -> None:
    """Append the notes."""
    for note in notes:
        element = put(parent, name)
        put_if(element, "Subject", note.subject)
        put_if(element, "ContentCode", note.code)
        put(element, "Content", note.text, languageID=note.language)


def read_number(node: Node) -> Decimal | None:
    """Return the number with the digits as they stand; None, remarked, when it is none."""
    value = node.value()
    if _NUMBER.fullmatch(value):
        return Decimal(value)
    if value:
        node.remarks.add("CERT_M04", node.path, value)
    return None


def read_measure(node: Node | None) -> Measure | None:
    """Return a number and its unit as stated."""
    number = None if node is None else read_number(node)
    if node is None or number is None:
        return None
    return Measure(number, " ".join(node.attributes.get("unitCode", "").split()))


def read_quantity(node: Node | None, dimension: str = "") -> Quantity | None:
    """Return a number in a unit that we convert; None, remarked, when the unit is another.

    Args:
        dimension: what it must measure, such as `mass`; "" for anything.
    """
    measure = read_measure(node)
    if node is None or measure is None:
        return None
    quantity = as_quantity(measure)
    if quantity is None or dimension not in ("", quantity.unit.dimension):
        node.remarks.add("CERT_M05", node.path, f"{measure.value} {measure.unit}".strip())
        return None
    return quantity


def as_quantity(measure: Measure) -> Quantity | None:
    """Return the measure as a quantity; None when its unit is none that we convert."""
    try:
        return Quantity(measure.value, UnitCode(measure.unit))
    except BadTerm:
        return None


def write_measure(parent: Element, name: str, measure: Quantity | Measure | None) -> None:
    """Append a measure with its digits as they stand."""
    if measure is not None:
        put(parent, name, f"{measure.value:f}", unitCode=measure.unit)


def read_equipment(nodes: Iterable[Node]) -> tuple[Equipment, ...]:
    """Return the containers with their seals; those without either are left out."""
    found = (
        Equipment(
            node.get("ID"),
            tuple(seal for seal in (s.get("ID") for s in node.all("AffixedSPSSeal")) if seal),
        )
        for node in nodes
    )
    return tuple(each for each in found if each.container or each.seals)


def write_equipment(parent: Element, name: str, equipment: Iterable[Equipment]) -> None:
    """Append containers and seals."""
    for each in equipment:
        element = put(parent, name)
        put(element, "ID", each.container)
        for seal in each.seals:
            put(put(element, "AffixedSPSSeal"), "ID", seal)
