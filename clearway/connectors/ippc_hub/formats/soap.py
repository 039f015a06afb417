"""SOAP 1.1 messages of the Hub: document/literal, one element in the body.

    sent = emit_request(BY_NAME["DeliverEnvelope"], envelope)
    operation, value = parse_request(sent, action)
    answer = emit_response(operation, header)

Limits and the refusal of a DOCTYPE come first (`wire.xml`). Header blocks are passed over, those of
WS-Addressing among them; one that must be understood and is not is refused, as SOAP asks.
"""

from __future__ import annotations

from typing import Any, Final

from lxml import etree

from clearway.connectors.ippc_hub.formats.operations import BY_NAME, Operation
from clearway.connectors.ippc_hub.formats.shapes import (
    ENTITIES,
    HUB,
    Part,
    read_parts,
    write_part,
)
from clearway.connectors.ippc_hub.model import Receipt
from clearway.errors import ClearwayError, MalformedMessage
from clearway.wire import xml
from clearway.wire.limits import Limits
from clearway.wire.xml import Element

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_ADDRESSING: Final = (
    "http://www.w3.org/2005/08/addressing",
    "http://schemas.xmlsoap.org/ws/2004/08/addressing",
)
_ENVELOPE, _HEADER, _BODY, _FAULT = (
    f"{{{SOAP}}}{name}" for name in ("Envelope", "Header", "Body", "Fault")
)
_NSMAP: Final = {"soap": SOAP, "hub": HUB, "ent": ENTITIES}

# A certificate with attachments as base64 in one text; libxml2 itself takes no text over 10 MB.
# A structured one has as many elements as the certificate; those of the envelope are few.
LIMITS: Final = Limits(size_bytes=12 << 20, depth=40, nodes=50_000, attributes=256)


class Fault(ClearwayError):
    """The other side answered with a fault: its message, for people.

    Args:
        is_hubs: it bears a HubWebException, so the hub itself judged; else something before it
            failed, and the same call may work later.
    """

    code = "hub_fault"
    title = "The hub refuses"
    status = 502

    def __init__(self, detail: str, *, is_hubs: bool) -> None:
        super().__init__(detail)
        self.is_hubs = is_hubs


class NotUnderstood(MalformedMessage):
    """A header block must be understood, and is not (SOAP 1.1, section 4.2.3)."""

    code = "not_understood"
    title = "A header of the message is not understood"


def parse_request(
    data: bytes, action: str | None = None, limits: Limits = LIMITS
) -> tuple[Operation, Any]:
    """Return which operation is called with what.

    Args:
        action: the SOAPAction of the HTTP header, with or without quotes; empty or None: not said.

    Raises: MalformedMessage: it is no such message, or `action` names another operation. TooLarge.
    """
    content = _content(data, limits)
    operation = BY_NAME.get(xml.local_name(content))
    if operation is None or etree.QName(content).namespace != HUB:
        raise MalformedMessage(
            f"There is no operation {xml.local_name(content)[:60]!r} in {HUB}; see ?wsdl"
        )
    said = (action or "").strip().strip('"')
    if said and said != operation.soap_action:
        raise MalformedMessage(
            f"The SOAPAction {said[:120]!r} is not that of {operation.name}:"
            f" {operation.soap_action}"
        )
    return operation, _value(operation.takes, content)


def emit_request(operation: Operation, value: Any = None) -> bytes:
    """Return a request. Raises: BadTerm: a text that XML cannot hold."""
    return _emit(operation.name, operation.takes, value)


def parse_response(operation: Operation, data: bytes, limits: Limits = LIMITS) -> Any:
    """Return what an operation gave.

    Raises: Fault: a fault instead. MalformedMessage, TooLarge: it is no such answer.
    """
    content = _content(data, limits)
    if content.tag == _FAULT:
        raise _fault(content)
    if xml.local_name(content) != f"{operation.name}Response":
        raise MalformedMessage(
            f"The answer to {operation.name} is a {xml.local_name(content)[:60]!r}"
        )
    return _value(operation.gives, content)


def emit_response(operation: Operation, value: Any = None) -> bytes:
    """Return an answer. Raises: BadTerm: a text that XML cannot hold."""
    return _emit(f"{operation.name}Response", operation.gives, value)


def emit_fault(message: str, *, is_callers: bool, code: str = "") -> bytes:
    """Return a fault with its HubWebException.

    Args:
        is_callers: the caller must mend the message; else the hub is at fault, or busy.
        code: of SOAP 1.1, such as `MustUnderstand`; "": Client or Server.
    """
    envelope, body = _envelope()
    fault = etree.SubElement(body, _FAULT)
    printable = "".join(char if char.isprintable() else " " for char in message)
    etree.SubElement(fault, "faultcode").text = f"soap:{code or _faultcode(is_callers)}"
    etree.SubElement(fault, "faultstring").text = printable
    detail = etree.SubElement(fault, "detail")
    exception = etree.SubElement(detail, f"{{{HUB}}}HubWebException")
    etree.SubElement(exception, f"{{{HUB}}}message").text = printable
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def _faultcode(is_callers: bool) -> str:
    return "Client" if is_callers else "Server"


def _content(data: bytes, limits: Limits) -> Element:
    """Return the one element in the body."""
    root = xml.parse(data, limits=limits)
    if root.tag != _ENVELOPE:
        raise MalformedMessage(f"The message is no SOAP 1.1 envelope but {str(root.tag)[:80]!r}")
    _pass_over_headers(root)
    bodies = list(root.iterchildren(_BODY))
    if len(bodies) != 1 or len(bodies[0]) != 1:
        raise MalformedMessage("A message has one soap:Body with one element in it")
    return next(bodies[0].iterchildren())


def _pass_over_headers(root: Element) -> None:
    for block in (each for header in root.iterchildren(_HEADER) for each in header.iterchildren()):
        must = block.get(f"{{{SOAP}}}mustUnderstand") in ("1", "true")
        if must and etree.QName(block).namespace not in _ADDRESSING:
            raise NotUnderstood(f"The header {str(block.tag)[:120]} is not understood here")


def _value(parts: tuple[Part, ...], content: Element) -> Any:
    values = read_parts(parts, content)
    if len(parts) > 1:
        return Receipt(**values)
    if not parts:
        return None
    value = values[parts[0].field]
    return "" if value is None and _is_text(parts[0]) else value


def _is_text(part: Part) -> bool:
    return part.kind == "string"


def _emit(name: str, parts: tuple[Part, ...], value: Any) -> bytes:
    envelope, body = _envelope()
    content = etree.SubElement(body, f"{{{HUB}}}{name}")
    for part in parts:
        write_part(part, value if len(parts) == 1 else getattr(value, part.field), content)
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def _envelope() -> tuple[Element, Element]:
    envelope = etree.Element(_ENVELOPE, nsmap=_NSMAP)
    return envelope, etree.SubElement(envelope, _BODY)


def _fault(fault: Element) -> Fault:
    """Return what a fault says: the hub's own message, else the faultstring."""
    found = [each for each in fault.iter() if xml.local_name(each) == "HubWebException"]
    own = [xml.text(each) for one in found for each in one if xml.local_name(each) == "message"]
    told = "".join(own[:1]) or xml.text(xml.child(fault, "faultstring"))
    return Fault((told or "a fault without a word")[:2_000], is_hubs=bool(found))
