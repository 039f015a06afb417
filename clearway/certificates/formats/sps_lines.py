"""Lines of a certificate (IncludedSPSTradeLineItem), read and written."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from clearway.certificates.formats.sps_parts import (
    as_quantity,
    put,
    put_if,
    read_country,
    read_equipment,
    read_notes,
    read_number,
    read_quantity,
    read_texts,
    write_country,
    write_equipment,
    write_measure,
    write_notes,
    write_texts,
)
from clearway.certificates.formats.sps_treatment import read_treatments, write_treatment
from clearway.certificates.formats.sps_tree import Node
from clearway.certificates.model import CertificateLine
from clearway.certificates.parts import Classification, Measure, Note, Origin, Packaging, Text
from clearway.certificates.profile import Profile
from clearway.errors import BadTerm
from clearway.terms.goods import HsPrefix
from clearway.terms.quantity import Quantity
from clearway.wire.xml import Element

_HS: Final = "HS"
_VALUE: Final = "other_quantity_value"
_UNIT: Final = "other_quantity_unit"
_LARGEST_NUMBER: Final = 99_999


def read_lines(nodes: Iterable[Node], profile: Profile) -> tuple[CertificateLine, ...]:
    """Return the lines, each under its own number or, without one, its place."""
    return tuple(_read(node, place, profile) for place, node in enumerate(nodes, start=1))


def _read(node: Node, place: int, profile: Profile) -> CertificateLine:
    hs, classifications = _read_classes(node.all("ApplicableSPSClassification"))
    notes, quantity = _read_quantity(
        read_notes(node.all("AdditionalInformationSPSNote"), profile.line_subjects), profile
    )
    return CertificateLine(
        number=_read_line_number(node, place),
        hs=hs,
        descriptions=read_texts(node, "Description"),
        common_names=read_texts(node, "CommonName"),
        scientific_names=read_texts(node, "ScientificName"),
        intended_uses=read_texts(node, "IntendedUse"),
        batches=tuple(value for _, value in node.values("ProductionBatchID")),
        net_mass=read_quantity(node.first("NetWeightMeasure"), "mass"),
        gross_mass=read_quantity(node.first("GrossWeightMeasure"), "mass"),
        net_volume=read_quantity(node.first("NetVolumeMeasure"), "volume"),
        gross_volume=read_quantity(node.first("GrossVolumeMeasure"), "volume"),
        quantity=quantity,
        packagings=_read_packagings(node.all("PhysicalSPSPackage")),
        classifications=classifications,
        origins=_read_origins(node.all("OriginSPSCountry")),
        equipment=read_equipment(node.all("AssociatedSPSTransportEquipment")),
        treatments=read_treatments(node.all("AppliedSPSProcess")),
        notes=notes,
    )


def _read_line_number(node: Node, place: int) -> int:
    sequence = node.first("SequenceNumeric")
    number = read_number(sequence) if sequence is not None else None
    if number is not None and number == int(number) and 0 <= number <= _LARGEST_NUMBER:
        return int(number)
    node.remarks.add("CERT_M11", node.path, "" if sequence is None else sequence.value())
    return place


def _read_classes(
    nodes: list[Node],
) -> tuple[tuple[HsPrefix, ...], tuple[Classification, ...]]:
    """Return HS codes, and all other classes; an HS code of another form is among these."""
    hs: list[HsPrefix] = []
    others: list[Classification] = []
    for node in nodes:
        system = node.get("SystemName") or node.get("SystemID")
        code = node.get("ClassCode")
        parsed = _read_hs(node, code) if system.upper() == _HS and code else None
        if parsed is not None:
            hs.append(parsed)
            continue
        names = read_texts(node, "ClassName") or ((Text(""),) if code else ())
        others += [Classification(system, code, name.text, name.language) for name in names]
    return tuple(hs), tuple(others)


def _read_hs(node: Node, code: str) -> HsPrefix | None:
    try:
        return HsPrefix.read(code)
    except BadTerm:
        node.remarks.add("CERT_M06", f"{node.path}/ClassCode", code)
        return None


def _read_packagings(nodes: list[Node]) -> tuple[Packaging, ...]:
    found = []
    for node in nodes:
        quantity = node.first("ItemQuantity")
        count = read_number(quantity) if quantity is not None else None
        if count is not None and count >= 0:
            found.append(Packaging(node.get("LevelCode"), node.get("TypeCode"), count))
    return tuple(found)


def _read_origins(nodes: list[Node]) -> tuple[Origin, ...]:
    found = []
    for node in nodes:
        country = read_country(node)
        if country is not None:
            regions = (part.get("Name") for part in node.all("SubordinateSPSCountrySubDivision"))
            found.append(Origin(country, tuple(region for region in regions if region)))
    return tuple(found)


def _read_quantity(
    notes: tuple[Note, ...], profile: Profile
) -> tuple[tuple[Note, ...], Quantity | None]:
    """Return the other notes and the quantity that two notes (OQV and OQU) state together."""
    stated = {note.kind: note.text for note in notes if note.kind in (_VALUE, _UNIT)}
    unit = stated.get(_UNIT, "")
    value = stated.get(_VALUE, "")
    if not value.replace(".", "", 1).isdecimal() or len(stated) != 2 or len(value) > 20:
        return notes, None
    code = profile.units.get(unit.lower(), unit)
    quantity = as_quantity(Measure(Decimal(value), code))
    if quantity is None:
        return notes, None
    return tuple(note for note in notes if note.kind not in stated), quantity


def write_line(parent: Element, line: CertificateLine, profile: Profile) -> None:
    """Append one line."""
    element = put(parent, "IncludedSPSTradeLineItem")
    put(element, "SequenceNumeric", str(line.number))
    write_texts(element, "Description", line.descriptions)
    write_texts(element, "CommonName", line.common_names)
    write_texts(element, "ScientificName", line.scientific_names)
    for batch in line.batches:
        put(element, "ProductionBatchID", batch)
    write_texts(element, "IntendedUse", line.intended_uses)
    write_measure(element, "NetWeightMeasure", line.net_mass)
    write_measure(element, "GrossWeightMeasure", line.gross_mass)
    write_measure(element, "NetVolumeMeasure", line.net_volume)
    write_measure(element, "GrossVolumeMeasure", line.gross_volume)
    write_notes(
        element, "AdditionalInformationSPSNote", _quantity_notes(line, profile) + line.notes
    )
    _write_classes(element, line)
    for packaging in line.packagings:
        _write_packaging(element, packaging)
    write_equipment(element, "AssociatedSPSTransportEquipment", line.equipment)
    for origin in line.origins:
        _write_origin(element, origin)
    for treatment in line.treatments:
        write_treatment(element, treatment)


def _quantity_notes(line: CertificateLine, profile: Profile) -> tuple[Note, ...]:
    if line.quantity is None:
        return ()
    return (
        profile.line_note(_VALUE, f"{line.quantity.value:f}"),
        profile.line_note(_UNIT, line.quantity.unit),
    )


def _write_classes(parent: Element, line: CertificateLine) -> None:
    for code in line.hs:
        _write_class(parent, Classification(_HS, code))
    for classification in line.classifications:
        _write_class(parent, classification)


def _write_class(parent: Element, classification: Classification) -> None:
    element = put(parent, "ApplicableSPSClassification")
    put_if(element, "SystemName", classification.system)
    put_if(element, "ClassCode", classification.code)
    put_if(element, "ClassName", classification.name, languageID=classification.language)


def _write_packaging(parent: Element, packaging: Packaging) -> None:
    element = put(parent, "PhysicalSPSPackage")
    put(element, "LevelCode", packaging.level)
    put(element, "TypeCode", packaging.type)
    put(element, "ItemQuantity", f"{packaging.count:f}")


def _write_origin(parent: Element, origin: Origin) -> None:
    element = write_country(parent, "OriginSPSCountry", origin.country)
    for region in origin.regions:
        part = put(element, "SubordinateSPSCountrySubDivision")
        put(part, "Name", region)
        put(part, "HierarchicalLevelCode", "0")
