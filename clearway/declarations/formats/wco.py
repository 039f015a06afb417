"""WCO Data Model 3.6 declarations (DEC): read leniently, written strictly.

A message is a `MetaData` wrapper with a `Declaration`, a bare `Declaration`, or either inside a
carrier of someone's own. `read` says what the message is for by its FunctionCode and TypeCode:

| FunctionCode | TypeCode | function |
|---|---|---|
| 9 | IM., EX., CO., TR. | original declaration |
| 13 | COR | amendment |
| 13 | INV | cancellation |
| 13 | GPR | presentation of goods |

    message = read(data)
    message.declaration, message.findings
    write(message.declaration) == b"<md:MetaData ..."
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from clearway.declarations.formats import wco_parts as parts
from clearway.declarations.formats.fields import Fields
from clearway.declarations.formats.wco_header import read_declaration, write_declaration
from clearway.declarations.formats.wco_requests import read_request
from clearway.declarations.formats.wco_vocabulary import READ
from clearway.declarations.message import Form, Function, Message
from clearway.declarations.model import Declaration
from clearway.errors import MalformedMessage
from clearway.terms.finding import Area, Level
from clearway.wire import xml
from clearway.wire.limits import STANDARD, Limits
from clearway.wire.xml import Element

METADATA = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
_PREFIXES: Any = {"md": METADATA, None: parts.NAMESPACE, "ds": parts.TYPES}
_ORIGINAL = "9"
_REQUEST = "13"
_REQUESTS = {
    "COR": Function.AMENDMENT,
    "INV": Function.CANCELLATION,
    "GPR": Function.PRESENTATION,
}


def read(data: bytes, *, limits: Limits = STANDARD) -> Message:
    """Return what a message says, with a finding for each thing that is not as it should be.

    Raises:
        MalformedMessage: not XML, no declaration in it, or one of a function that is not read.
        TooLarge: over one of `limits`.
    """
    element = find_declaration(xml.parse(data, limits=limits))
    fields = Fields(element, parts.NAMESPACE)
    function = _read_function(fields, element)
    _remark_what_is_not_read(fields, element)
    if function is Function.ORIGINAL:
        declaration = read_declaration(fields, element)
        return Message(function, Form.WCO, declaration, None, fields.findings, data)
    request = read_request(fields, element, function)
    return Message(function, Form.WCO, None, request, fields.findings, data)


def write(declaration: Declaration) -> bytes:
    """Return the declaration as a WCO message, an original in its MetaData wrapper.

    Raises: BadTerm: a text has characters that XML cannot carry.
    """
    root = etree.Element(f"{{{METADATA}}}MetaData", nsmap=_PREFIXES)
    for name, text in (
        ("WCODataModelVersionCode", "3.6"),
        ("WCOTypeName", "DEC"),
        ("AgencyAssignedCustomizationCode", "CW"),
    ):
        etree.SubElement(root, f"{{{METADATA}}}{name}").text = text
    write_declaration(etree.SubElement(root, f"{{{parts.NAMESPACE}}}Declaration"), declaration)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def find_declaration(root: Element) -> Element:
    """Return the one Declaration of the document.

    Raises: MalformedMessage: it has none or several, or is another kind of message.
    """
    found = list(root.iter(f"{{{parts.NAMESPACE}}}Declaration"))
    if len(found) == 1 and not _is_answer(root):
        return found[0]
    if _is_answer(root):
        raise MalformedMessage(
            f"This is {xml.local_name(root)!r}, an answer about a declaration that a customs system"
            " gives; send the declaration itself"
        )
    if found:
        raise MalformedMessage(
            f"The message holds {len(found)} declarations; send each in a message of its own"
        )
    raise MalformedMessage(
        f"The message has root element {xml.local_name(root)!r} and no Declaration of namespace"
        f" {parts.NAMESPACE}"
    )


def _is_answer(root: Element) -> bool:
    """Whether this is a response (RES), or a report of declarations (DIS)."""
    name = xml.local_name(root)
    return (name.startswith("Declaration") and name.endswith("Response")) or any(
        xml.local_name(each) == "Response" for each in root
    )


def _read_function(fields: Fields, element: Element) -> Function:
    code, kind = fields.text(element, "FunctionCode"), fields.text(element, "TypeCode")
    if code == _ORIGINAL:
        return Function.ORIGINAL
    if code == _REQUEST and kind in _REQUESTS:
        function = _REQUESTS[kind]
        message = f"This is no declaration, but the {function} of one (FunctionCode 13, {kind})"
        fields.add("DEC_F05", Area.MAPPING, Level.INFO, "FunctionCode", message)
        return function
    raise MalformedMessage(
        f"FunctionCode {code!r} with TypeCode {kind!r} is not read: use 9 for a declaration, or 13"
        f" with {', '.join(_REQUESTS)} for a request about one",
        field="FunctionCode",
    )


def _remark_what_is_not_read(fields: Fields, element: Element) -> None:
    """Name elements that mean nothing to the model, in one finding: the original keeps them."""
    names = {str(tag).rpartition("}")[2] for tag in {each.tag for each in element.iter()}}
    unread = sorted(names - READ)
    if unread:
        message = f"These elements are kept in the original, but not read: {', '.join(unread)}"
        fields.add("DEC_F04", Area.MAPPING, Level.INFO, "Declaration", message)
