"""The head of a certificate: signatories, referenced documents and attachments."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterable, Mapping

from clearway.certificates.formats.sps_parts import (
    put,
    put_if,
    read_location,
    read_party,
    read_stated,
    read_texts,
    write_location,
    write_party,
    write_stated,
    write_texts,
)
from clearway.certificates.formats.sps_tree import Node
from clearway.certificates.parts import Attachment, Party, Reference, Signatory
from clearway.errors import RuleViolation
from clearway.wire.xml import Element


def read_signatories(nodes: Iterable[Node]) -> tuple[Signatory, ...]:
    """Return who certifies; an empty authentication is none."""
    found = (_read_signatory(node) for node in nodes)
    return tuple(each for each in found if each != Signatory(None, None, Party("")))


def _read_signatory(node: Node) -> Signatory:
    clauses = node.all("IncludedSPSClause")
    return Signatory(
        signed=read_stated(node.first("ActualDateTime")),
        place=read_location(node.first("IssueSPSLocation")),
        authority=read_party(node.first("ProviderSPSParty")),
        statements=tuple(text for clause in clauses for text in read_texts(clause, "Content")),
        type=node.get("TypeCode"),
    )


def write_signatory(parent: Element, signatory: Signatory) -> None:
    """Append one authentication; its statements are numbered from 1."""
    element = put(parent, "SignatorySPSAuthentication")
    put_if(element, "TypeCode", signatory.type)
    write_stated(element, "ActualDateTime", signatory.signed)
    if signatory.place is not None:
        write_location(element, "IssueSPSLocation", signatory.place)
    write_party(element, "ProviderSPSParty", signatory.authority)
    for number, statement in enumerate(signatory.statements, start=1):
        clause = put(element, "IncludedSPSClause")
        put(clause, "ID", str(number))
        write_texts(clause, "Content", (statement,))


def read_references(nodes: Iterable[Node]) -> tuple[Reference, ...]:
    """Return the documents that the certificate refers to."""
    return tuple(map(_read_reference, nodes))


def _read_reference(node: Node) -> Reference:
    information = read_texts(node, "Information")
    return Reference(
        relationship=node.get("RelationshipTypeCode"),
        number=node.get("ID"),
        type_code=node.get("TypeCode"),
        issued=read_stated(node.first("IssueDateTime")),
        information=information[0] if information else None,
        attachments=tuple(map(_read_attachment, node.all("AttachmentBinaryObject"))),
    )


def _read_attachment(node: Node) -> Attachment:
    """Weigh a file without keeping it; its content stays in the original message."""
    filename = node.attributes.get("filename", "")
    mime = node.attributes.get("mimeCode", "")
    try:
        content = binascii.a2b_base64("".join(node.text.split()), strict_mode=True)
    except ValueError as error:
        node.remarks.add("CERT_M08", node.path, f"{filename}: {error}")
        return Attachment(filename, mime, 0, "")
    return Attachment(filename, mime, len(content), hashlib.sha256(content).hexdigest())


def write_reference(parent: Element, reference: Reference, contents: Mapping[str, bytes]) -> None:
    """Append one referenced document.

    Args:
        contents: attachments by their digest.

    Raises: RuleViolation: an attachment's content is not among `contents`.
    """
    element = put(parent, "ReferenceSPSReferencedDocument")
    write_stated(element, "IssueDateTime", reference.issued)
    put_if(element, "TypeCode", reference.type_code)
    put(element, "RelationshipTypeCode", reference.relationship or "ZZZ")
    put_if(element, "ID", reference.number)
    for attachment in reference.attachments:
        _write_attachment(element, attachment, contents)
    if reference.information is not None:
        write_texts(element, "Information", (reference.information,))


def _write_attachment(
    parent: Element, attachment: Attachment, contents: Mapping[str, bytes]
) -> None:
    content = contents.get(attachment.digest)
    if content is None:
        raise RuleViolation(
            f"The attachment {attachment.filename!r} cannot be written: its content was not given"
        )
    put(
        parent,
        "AttachmentBinaryObject",
        binascii.b2a_base64(content, newline=False).decode(),
        filename=attachment.filename,
        mimeCode=attachment.mime,
    )
