"""SPSCertificate:17 (UN/CEFACT D17A, RABIE:21), the message of the IPPC ePhyto Hub and of TRACES.

    certificate, findings = read(received)        # lenient: what differs is remarked
    document = write(certificate)                 # strict: valid, or refused

Reading goes: limits, wrapping and encoding (`wrapping`), hardened XML (`wire.xml`), elements by
name (`sps_tree`), mapping (`sps_lines`, `sps_parts` ...). It raises only when there is no
certificate to file; all else is findings. Keep the bytes: the model does not carry everything.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from lxml import etree

from clearway.certificates.formats.profile import profile_of
from clearway.certificates.formats.remarks import Remarks
from clearway.certificates.formats.sps_document import (
    read_references,
    read_signatories,
    write_reference,
    write_signatory,
)
from clearway.certificates.formats.sps_elements import RAM, RSM, SIGNATURE, UDT
from clearway.certificates.formats.sps_lines import read_lines, write_line
from clearway.certificates.formats.sps_parts import (
    put,
    put_if,
    read_country,
    read_equipment,
    read_location,
    read_notes,
    read_party,
    read_stated,
    read_texts,
    write_country,
    write_equipment,
    write_location,
    write_notes,
    write_party,
    write_stated,
    write_texts,
)
from clearway.certificates.formats.sps_tree import Node, Tree, build
from clearway.certificates.formats.wrapping import unwrap
from clearway.certificates.model import Certificate, Status
from clearway.certificates.parts import Location, Text, Transport
from clearway.errors import MalformedMessage, RuleViolation, TooLarge
from clearway.terms.finding import Area, Finding, Level, is_refusal
from clearway.terms.places import Country
from clearway.wire import canonical, xml
from clearway.wire.limits import Limits
from clearway.wire.xml import Element

# Seen: 26 kB for ten lines, 220 kB with six small attachments. Some serialisers declare their
# namespaces on each element, hence the declarations. The schema knows six attributes at most.
LIMITS: Final = Limits(
    size_bytes=16 << 20, depth=32, nodes=50_000, attributes=64, declarations=4_096
)

# A larger consignment comes under several certificates.
MOST_LINES: Final = 2_000

# Codes of UNTDID 1001 have at most three characters.
_KIND: Final = re.compile(r"[A-Za-z0-9]{1,3}")
_LONGEST_NUMBER: Final = 70

# Each element repeats the name of its namespace in memory.
_LONG_NAMESPACE: Final = re.compile(rb"""xmlns[^=<>]{0,80}=\s*["'][^"']{400}""")


def read(data: bytes, *, limits: Limits = LIMITS) -> tuple[Certificate, tuple[Finding, ...]]:
    """Return the certificate in a message, and what was found on reading it.

    Args:
        data: the message as received: XML, or its base64, in any encoding seen in exchange.

    Raises:
        MalformedMessage: there is no SPSCertificate in it; names the place.
        TooLarge: over one of `limits`, or over 2,000 lines.
        RuleViolation: number, kind or issuing country cannot be read, so it cannot be filed.
    """
    remarks = Remarks()
    document = unwrap(data, remarks, limits)
    root = _parse(document, limits)
    tree = build(root, remarks)
    head = tree.root.first("SPSExchangedDocument")
    consignment = tree.root.first("SPSConsignment")
    if head is None or consignment is None:
        raise MalformedMessage(
            "An SPSCertificate has an SPSExchangedDocument and an SPSConsignment; one is missing"
        )
    certificate = dataclasses.replace(
        _read(tree, head, consignment), digest=_sha256(data), content_digest=content_digest(root)
    )
    return certificate, remarks.findings()


def content_digest(root: Element) -> str:
    """Return what all proofs of a certificate commit to, hexadecimal.

    It is the SHA-256 of the exclusive canonical form of the SPSCertificate, without comments,
    processing instructions and any enclosed signature.

    Args:
        root: of the document; enclosed signatures are taken off it.

    Raises: MalformedMessage: the document has no canonical form.
    """
    return _sha256(canonical.xml(root, without=f"{{{SIGNATURE}}}Signature"))


def issue_digest(data: bytes, *, limits: Limits = LIMITS) -> str:
    """Return the `content_digest` that a document has with the status of its issue (70).

    A withdrawal or a replacement is told by the document signed anew with another status.

    Raises: MalformedMessage, TooLarge: as `read`.
    """
    root = _parse(unwrap(data, Remarks(), limits), limits)
    heads = (each for each in root if xml.local_name(each) == "SPSExchangedDocument")
    for element in (each for head in heads for each in head):
        if xml.local_name(element) == "StatusCode":
            element.text = Status.ISSUED
    return content_digest(root)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _parse(document: bytes, limits: Limits) -> Element:
    if _LONG_NAMESPACE.search(document):
        raise TooLarge("The name of a namespace is longer than 400 characters", limit="namespace")
    grown = max(limits.size_bytes, len(document))  # UTF-16 may have grown on its way to UTF-8
    root = xml.parse(document, limits=dataclasses.replace(limits, size_bytes=grown))
    name = xml.local_name(root)
    if name != "SPSCertificate":
        raise MalformedMessage(
            f"The document is a {name[:60]!r}; a certificate is an SPSCertificate"
        )
    return root


def _require_identity(
    number: str, type_code: str, country: Country | None, remarks: Remarks
) -> Country:
    if not number or len(number) > _LONGEST_NUMBER:
        remarks.add("CERT_E01", "SPSExchangedDocument/ID", number)
    if not _KIND.fullmatch(type_code):
        remarks.add("CERT_E02", "SPSExchangedDocument/TypeCode", type_code)
    if country is None:
        remarks.add("CERT_E03", "SPSConsignment/ExportSPSCountry")
    findings = remarks.findings()
    if country is None or is_refusal(findings):
        raise RuleViolation(
            "The certificate cannot be filed: its number, its kind and its issuing country must be"
            " stated",
            findings,
        )
    return country


def _read(tree: Tree, head: Node, consignment: Node) -> Certificate:
    number, type_code = head.get("ID"), head.get("TypeCode")
    country = _require_identity(
        number, type_code, read_country(consignment.first("ExportSPSCountry")), head.remarks
    )
    profile = profile_of(type_code)
    items = consignment.all("IncludedSPSConsignmentItem")
    lines = [line for item in items for line in item.all("IncludedSPSTradeLineItem")]
    if len(lines) > MOST_LINES:
        raise TooLarge(
            f"The certificate has {len(lines):,} lines; at most {MOST_LINES:,} are read. Divide it",
            limit="lines",
        )
    transits = map(read_country, consignment.all("TransitSPSCountry"))
    return Certificate(
        number=number,
        type_code=type_code,
        status=head.get("StatusCode"),
        issuing_country=country,
        importing_country=read_country(consignment.first("ImportSPSCountry")),
        issued=read_stated(head.first("IssueDateTime")),
        issuer=read_party(head.first("IssuerSPSParty")),
        consignor=read_party(consignment.first("ConsignorSPSParty")),
        consignee=read_party(consignment.first("ConsigneeSPSParty")),
        lines=read_lines(lines, profile),
        title=read_texts(head, "Name"),
        equipment=read_equipment(consignment.all("UtilizedSPSTransportEquipment")),
        transit_countries=tuple(each for each in transits if each is not None),
        loading_place=read_location(consignment.first("LoadingBaseportSPSLocation")),
        entry_point=read_location(consignment.first("UnloadingBaseportSPSLocation")),
        examination_place=consignment.get("ExaminationSPSEvent", "OccurrenceSPSLocation", "Name"),
        transports=_read_transports(consignment.all("MainCarriageSPSTransportMovement")),
        signatories=read_signatories(head.all("SignatorySPSAuthentication")),
        notes=read_notes(head.all("IncludedSPSNote"), profile.subjects),
        references=read_references(head.all("ReferenceSPSReferencedDocument")),
        consignment_id=consignment.get("ID"),
        sense_digest=tree.sense_digest,
        has_signature=tree.is_signed,
    )


def _read_transports(nodes: list[Node]) -> tuple[Transport, ...]:
    found = (
        Transport(node.get("ModeCode"), node.get("ID"), node.get("UsedSPSTransportMeans", "Name"))
        for node in nodes
    )
    return tuple(each for each in found if each != Transport())


def write(
    certificate: Certificate, *, attachments: Mapping[str, bytes] = MappingProxyType({})
) -> bytes:
    """Return the certificate as an SPSCertificate:17 document in UTF-8.

    Args:
        certificate: its digests are not written, they follow from the document.
        attachments: contents of its attachments by their SHA-256, hexadecimal.

    Raises:
        RuleViolation: a part is missing that every certificate must have; findings list them all.
        BadTerm: a text holds a character that XML forbids.
    """
    require_complete(certificate)
    profile = profile_of(certificate.type_code)
    root = etree.Element(f"{{{RSM}}}SPSCertificate", nsmap={"rsm": RSM, "ram": RAM, "udt": UDT})
    _write_head(etree.SubElement(root, f"{{{RSM}}}SPSExchangedDocument"), certificate, attachments)
    consignment = etree.SubElement(root, f"{{{RSM}}}SPSConsignment")
    _write_consignment(consignment, certificate)
    item = put(consignment, "IncludedSPSConsignmentItem")
    for line in certificate.lines:
        write_line(item, line, profile)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _write_head(head: Element, certificate: Certificate, attachments: Mapping[str, bytes]) -> None:
    write_texts(head, "Name", certificate.title or (Text(""),))
    put(head, "ID", certificate.number)
    put(head, "TypeCode", certificate.type_code)
    put(head, "StatusCode", certificate.status)
    write_stated(head, "IssueDateTime", certificate.issued)
    write_party(head, "IssuerSPSParty", certificate.issuer)
    write_notes(head, "IncludedSPSNote", certificate.notes)
    for reference in certificate.references:
        write_reference(head, reference, attachments)
    for signatory in certificate.signatories:
        write_signatory(head, signatory)


def _write_consignment(element: Element, certificate: Certificate) -> None:
    put_if(element, "ID", certificate.consignment_id)
    write_party(element, "ConsignorSPSParty", certificate.consignor)
    write_party(element, "ConsigneeSPSParty", certificate.consignee)
    write_country(element, "ExportSPSCountry", certificate.issuing_country)
    if certificate.loading_place is not None:
        write_location(element, "LoadingBaseportSPSLocation", certificate.loading_place)
    if certificate.importing_country is not None:
        write_country(element, "ImportSPSCountry", certificate.importing_country)
    for country in certificate.transit_countries:
        write_country(element, "TransitSPSCountry", country)
    write_location(element, "UnloadingBaseportSPSLocation", certificate.entry_point or Location())
    examination = put(element, "ExaminationSPSEvent")
    write_location(
        examination, "OccurrenceSPSLocation", Location(name=certificate.examination_place)
    )
    for transport in certificate.transports:
        _write_transport(element, transport)
    write_equipment(element, "UtilizedSPSTransportEquipment", certificate.equipment)


def _write_transport(parent: Element, transport: Transport) -> None:
    element = put(parent, "MainCarriageSPSTransportMovement")
    put_if(element, "ID", transport.voyage)
    put_if(element, "ModeCode", transport.mode)
    if transport.means:
        put(put(element, "UsedSPSTransportMeans"), "Name", transport.means)


def require_complete(certificate: Certificate) -> None:
    """Refuse to write what the schema, for any kind of certificate, does not allow.

    Raises: RuleViolation: findings list every missing part.
    """
    findings = [
        Finding("CERT_W01", Area.MANDATORY, Level.SEVERE, path, f"{what} must be stated.")
        for path, what, is_there in _required(certificate)
        if not is_there
    ]
    if findings:
        missing = "; ".join(finding.field for finding in findings)
        raise RuleViolation(f"The certificate cannot be written, it lacks: {missing}", findings)


def _required(certificate: Certificate) -> Iterator[tuple[str, str, bool]]:
    head, goods = "SPSExchangedDocument", "SPSConsignment"
    issued_at = certificate.issued_at
    yield f"{head}/ID", "The number", bool(certificate.number)
    yield f"{head}/TypeCode", "The kind", bool(certificate.type_code)
    yield f"{head}/StatusCode", "The status", bool(certificate.status)
    yield f"{head}/IssueDateTime", "A date of issue that can be read", issued_at is not None
    yield f"{head}/IssuerSPSParty", "The issuing authority", bool(certificate.issuer.name)
    yield f"{head}/SignatorySPSAuthentication", "Who certifies", bool(certificate.signatories)
    for signatory in certificate.signatories:
        signs = f"{head}/SignatorySPSAuthentication"
        yield f"{signs}/ActualDateTime", "The date of signature", signatory.signed is not None
        yield f"{signs}/IncludedSPSClause", "What is certified", bool(signatory.statements)
    yield f"{goods}/ConsignorSPSParty", "The exporter", bool(certificate.consignor.name)
    yield f"{goods}/ConsigneeSPSParty", "The consignee", bool(certificate.consignee.name)
    country = certificate.importing_country
    yield f"{goods}/ImportSPSCountry", "The importing country", country is not None
    yield f"{goods}/IncludedSPSConsignmentItem", "At least one line", bool(certificate.lines)
    for line in certificate.lines:
        described = bool(line.descriptions)
        yield f"{goods}/IncludedSPSTradeLineItem/Description", "What the goods are", described
