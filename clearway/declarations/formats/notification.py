"""Notifications in wire form: WCO response (RES) and JSON.

The function codes are those by which customs declarations systems tell the steps of a declaration's
life (01 accepted ... 10 invalidated); the text goes along in plain English with its stable code.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from lxml import etree

from clearway.declarations.formats.fields import write_instant
from clearway.declarations.formats.wco_vocabulary import pointers
from clearway.declarations.lifecycle import Status
from clearway.declarations.notices import render
from clearway.declarations.record import Notification
from clearway.terms.finding import Finding
from clearway.wire.xml import Element

METADATA = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
NAMESPACE = "urn:wco:datamodel:WCO:RES-DMS:2"
TYPES = "urn:wco:datamodel:WCO:Response_DS:DMS:2"
_PREFIXES: Any = {"md": METADATA, None: NAMESPACE, "ds": TYPES}

# Response function codes (WCO 017) as declaration systems use them.
FUNCTIONS: dict[str, str] = {
    Status.ACCEPTED: "01",
    Status.REJECTED: "03",
    Status.CONTROL: "05",
    Status.DOCUMENTS_REQUESTED: "06",
    Status.CORRECTED: "07",
    Status.RELEASED: "08",
    Status.CLEARED: "09",
    Status.INVALIDATED: "10",
    "key_conflict": "11",
}
# The element of Declaration that bears the instant of a change of state, where there is one.
_INSTANTS = {
    Status.ACCEPTED: "AcceptanceDateTime",
    Status.INVALIDATED: "CancellationDateTime",
    Status.REJECTED: "RejectionDateTime",
}
_LONGEST_TEXT = 512
_LONGEST_CODE = 8


def write_xml(notification: Notification, findings: Iterable[Finding] = ()) -> bytes:
    """Return a WCO response.

    Args:
        findings: of a rejected or remarked declaration, in terms of the model; each becomes an
            Error with pointers to its field.
    """
    root = etree.Element(f"{{{METADATA}}}MetaData", nsmap=_PREFIXES)
    for name, text in (("WCODataModelVersionCode", "3.6"), ("WCOTypeName", "RES")):
        etree.SubElement(root, f"{{{METADATA}}}{name}").text = text
    response = _put(root, "Response")
    _put(response, "FunctionCode", FUNCTIONS[notification.kind])
    _put(response, "FunctionalReferenceID", f"N{notification.seq}")
    _put_instant(response, "IssueDateTime", notification.at)
    information = _put(response, "AdditionalInformation")
    _put(information, "StatementCode", notification.kind[:17])
    _put(information, "StatementDescription", _cut(text_of(notification)))
    for finding in findings:
        _put_error(response, finding)
    if notification.kind == Status.RELEASED:
        _put_instant(_put(response, "Status"), "ReleaseDateTime", notification.at)
    _put_declaration(response, notification)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def write_json(notification: Notification, findings: Iterable[Finding] = ()) -> bytes:
    """Return the notification as JSON: code and parameters, and the English text."""
    return msgspec.json.encode(
        {
            "format": "clearway.notification/1",
            "seq": notification.seq,
            "party": notification.party,
            "mrn": str(notification.mrn),
            "lrn": str(notification.lrn),
            "version": notification.version,
            "kind": notification.kind,
            "at": notification.at,
            "code": notification.code,
            "params": notification.params,
            "text": text_of(notification),
            "findings": list(findings),
        }
    )


def text_of(notification: Notification) -> str:
    """Return the English text of a notification."""
    return render(notification.code, notification.params)


def _put_declaration(response: Element, notification: Notification) -> None:
    declaration = _put(response, "Declaration")
    name = _INSTANTS.get(Status(notification.kind)) if notification.kind in _INSTANTS else None
    if name in ("AcceptanceDateTime", "CancellationDateTime"):
        _put_instant(declaration, str(name), notification.at)
    _put(declaration, "FunctionalReferenceID", notification.lrn)
    _put(declaration, "ID", notification.mrn)
    if name == "RejectionDateTime":
        _put_instant(declaration, name, notification.at)
    _put(declaration, "VersionID", str(notification.version))


def _put_error(response: Element, finding: Finding) -> None:
    error = _put(response, "Error")
    _put(error, "Description", _cut(f"{finding.level}: {finding.message}"))
    _put(error, "ValidationCode", finding.code[:_LONGEST_CODE])
    for step in pointers(finding.field):
        pointer = _put(error, "Pointer")
        if step.sequence:
            _put(pointer, "SequenceNumeric", str(step.sequence))
        _put(pointer, "DocumentSectionCode", step.section)
        if step.tag:
            _put(pointer, "TagID", step.tag)


def _put(parent: Element, name: str, text: str = "") -> Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if text:
        element.text = text
    return element


def _put_instant(parent: Element, name: str, instant: datetime) -> None:
    inner = etree.SubElement(_put(parent, name), f"{{{TYPES}}}DateTimeString")
    inner.set("formatCode", "304")
    inner.text = write_instant(instant)


def _cut(text: str) -> str:
    """Return at most 512 characters, without those that XML cannot carry."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return plain if len(plain) <= _LONGEST_TEXT else f"{plain[: _LONGEST_TEXT - 3]}..."
