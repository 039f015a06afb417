"""SPSAcknowledgement:17: what an importing country answers to the exporting one.

    <SPSAcknowledgement><SPSAcknowledgementDocument>
      <IssueDateTime/><StatusCode>41</StatusCode><ReasonInformation>...</ReasonInformation>

Types as in the Hub's service description; elements are read by name, in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from lxml import etree

from clearway.certificates.formats.sps_elements import RAM, UDT
from clearway.connectors.ippc_hub.formats.shapes import ACKNOWLEDGEMENT, canonical
from clearway.errors import MalformedMessage
from clearway.wire import xml
from clearway.wire.limits import Limits
from clearway.wire.xml import Element

LIMITS: Final = Limits(size_bytes=1 << 20, depth=16, nodes=2_000, attributes=64)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """An importing country's word on a certificate.

    Args:
        status: UNECE 4405: 39 accepted, 41 rejected.
        reason: in its own words.
    """

    status: str
    reason: str = ""


def is_one(content: bytes) -> bool:
    """Return whether this looks like an acknowledgement and not like a certificate."""
    return b"SPSAcknowledgement" in content[:2_048]


def read(content: bytes) -> Acknowledgement:
    """Return what an answer says. Raises: MalformedMessage: it is none. TooLarge."""
    root = xml.parse(content, limits=LIMITS)
    if xml.local_name(root) != "SPSAcknowledgement":
        raise MalformedMessage("The answer is no SPSAcknowledgement")
    document = _child(root, "SPSAcknowledgementDocument")
    status = _text(document, "StatusCode")
    if document is None or not (status.isascii() and status.isdigit() and len(status) <= 3):
        raise MalformedMessage(f"The answer states no StatusCode of UNECE 4405 but {status[:20]!r}")
    return Acknowledgement(status, _text(document, "ReasonInformation"))


def write(said: Acknowledgement, at: datetime) -> bytes:
    """Return an answer in exclusive canonical form.

    Args:
        at: when it is given, aware.
    """
    nsmap = {"ack": ACKNOWLEDGEMENT, "ram": RAM, "udt": UDT}
    root = etree.Element(f"{{{ACKNOWLEDGEMENT}}}SPSAcknowledgement", nsmap=nsmap)
    document = etree.SubElement(root, f"{{{ACKNOWLEDGEMENT}}}SPSAcknowledgementDocument")
    issued = etree.SubElement(document, f"{{{RAM}}}IssueDateTime")
    stamp = etree.SubElement(issued, f"{{{UDT}}}DateTimeString")
    stamp.text = at.isoformat(timespec="seconds")
    etree.SubElement(document, f"{{{RAM}}}StatusCode").text = said.status
    if said.reason:
        etree.SubElement(document, f"{{{RAM}}}ReasonInformation").text = said.reason
    return canonical(root)


def _child(element: Element, name: str) -> Element | None:
    return next((each for each in element.iterchildren() if xml.local_name(each) == name), None)


def _text(element: Element | None, name: str) -> str:
    return "" if element is None else xml.text(_child(element, name))
