"""The description of the service (WSDL 1.1), made from the same tables that read and write it.

The certificate and the acknowledgement inside structured envelopes are left open (`xs:any`): their
schema is UN/CEFACT's, and what comes is judged by `certificates`, which says more than a schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from lxml import etree

from clearway.connectors.ippc_hub.formats.operations import OPERATIONS, Operation
from clearway.connectors.ippc_hub.formats.shapes import (
    ACKNOWLEDGEMENT,
    CERTIFICATE,
    ENTITIES,
    HUB,
    Part,
    Shape,
    Simple,
)
from clearway.connectors.ippc_hub.model import Tracking
from clearway.wire.xml import Element

_WSDL: Final = "http://schemas.xmlsoap.org/wsdl/"
_SOAP: Final = "http://schemas.xmlsoap.org/wsdl/soap/"
_XS: Final = "http://www.w3.org/2001/XMLSchema"
_PREFIX: Final = {HUB: "hub", ENTITIES: "ent", CERTIFICATE: "cert", ACKNOWLEDGEMENT: "ack"}
_NSMAP: Final = {"wsdl": _WSDL, "soap": _SOAP, "xs": _XS} | {v: k for k, v in _PREFIX.items()}
_FAULT: Final = "HubWebException"


@cache
def emit(address: str) -> bytes:
    """Return the WSDL of the service at this https address."""
    root = etree.Element(f"{{{_WSDL}}}definitions", nsmap=_NSMAP)
    root.set("name", "DeliveryService")
    root.set("targetNamespace", HUB)
    _types(_put(root, _WSDL, "types"))
    for operation in OPERATIONS:
        _message(root, operation.name, "parameters")
        _message(root, f"{operation.name}Response", "parameters")
    _message(root, _FAULT, _FAULT)
    port = _put(root, _WSDL, "portType", name="IDeliveryService")
    binding = _put(root, _WSDL, "binding", name="DeliveryServiceSoapBinding")
    binding.set("type", "hub:IDeliveryService")
    _put(
        binding,
        _SOAP,
        "binding",
        style="document",
        transport="http://schemas.xmlsoap.org/soap/http",
    )
    for operation in OPERATIONS:
        _abstract(port, operation)
        _concrete(binding, operation)
    service = _put(root, _WSDL, "service", name="DeliveryService")
    at = _put(service, _WSDL, "port", name="IDeliveryServiceImplPort")
    at.set("binding", "hub:DeliveryServiceSoapBinding")
    _put(at, _SOAP, "address", location=address)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


def _put(parent: Element, namespace: str, tag: str, /, **attributes: str) -> Element:
    return etree.SubElement(parent, f"{{{namespace}}}{tag}", attributes)


def _message(root: Element, name: str, part: str) -> None:
    message = _put(root, _WSDL, "message", name=name)
    _put(message, _WSDL, "part", name=part, element=f"hub:{name}")


def _abstract(port: Element, operation: Operation) -> None:
    element = _put(port, _WSDL, "operation", name=operation.name)
    _put(element, _WSDL, "input", name=operation.name, message=f"hub:{operation.name}")
    answer = f"{operation.name}Response"
    _put(element, _WSDL, "output", name=answer, message=f"hub:{answer}")
    _put(element, _WSDL, "fault", name=_FAULT, message=f"hub:{_FAULT}")


def _concrete(binding: Element, operation: Operation) -> None:
    element = _put(binding, _WSDL, "operation", name=operation.name)
    _put(element, _SOAP, "operation", soapAction=operation.soap_action, style="document")
    for kind, name in (("input", operation.name), ("output", f"{operation.name}Response")):
        _put(_put(element, _WSDL, kind, name=name), _SOAP, "body", use="literal")
    _put(_put(element, _WSDL, "fault", name=_FAULT), _SOAP, "fault", name=_FAULT, use="literal")


def _types(types: Element) -> None:
    shapes = list(_shapes())
    for namespace, name in (
        (CERTIFICATE, "SPSCertificate"),
        (ACKNOWLEDGEMENT, "SPSAcknowledgement"),
    ):
        _open_element(_schema(types, namespace), name)
    entities = _schema(types, ENTITIES, HUB, CERTIFICATE, ACKNOWLEDGEMENT)
    hub = _schema(types, HUB, ENTITIES)
    arrays = {part.array: part for part in _parts(shapes) if part.array}
    for name, part in arrays.items():
        _array(entities, name, part)
    _tracking(entities)
    for shape in shapes:
        _complex(entities if shape.namespace == ENTITIES else hub, shape)
    for operation in OPERATIONS:
        for name, parts in (
            (operation.name, operation.takes),
            (f"{operation.name}Response", operation.gives),
        ):
            _put(hub, _XS, "element", name=name, type=f"hub:{name}")
            _sequence(_put(hub, _XS, "complexType", name=name), parts, HUB)
    fault = _put(_put(hub, _XS, "element", name=_FAULT), _XS, "complexType")
    message = _put(_put(fault, _XS, "sequence"), _XS, "element", name="message", type="xs:string")
    message.set("minOccurs", "0")
    message.set("form", "qualified")


def _schema(types: Element, namespace: str, *imports: str) -> Element:
    schema = _put(types, _XS, "schema", targetNamespace=namespace, version="1.0")
    for other in imports:
        _put(schema, _XS, "import", namespace=other)
    return schema


def _open_element(schema: Element, name: str) -> None:
    element = _put(_put(schema, _XS, "element", name=name), _XS, "complexType")
    sequence = _put(element, _XS, "sequence")
    _put(
        sequence,
        _XS,
        "any",
        namespace="##any",
        processContents="skip",
        minOccurs="0",
        maxOccurs="unbounded",
    )


def _tracking(schema: Element) -> None:
    named = _put(schema, _XS, "simpleType", name="HUBTrackingInfo")
    restriction = _put(named, _XS, "restriction", base="xs:string")
    for each in Tracking:
        _put(restriction, _XS, "enumeration", value=each.value)


def _shapes() -> Iterator[Shape]:
    """Yield every complex type once, those inside others first."""
    seen: dict[tuple[str, str], Shape] = {}

    def visit(parts: tuple[Part, ...]) -> None:
        for part in parts:
            if isinstance(part.kind, Shape) and (part.kind.namespace, part.kind.name) not in seen:
                visit(part.kind.parts)
                if part.kind.base is not None:
                    seen.setdefault((part.kind.base.namespace, part.kind.base.name), part.kind.base)
                seen[part.kind.namespace, part.kind.name] = part.kind

    for operation in OPERATIONS:
        visit(operation.takes + operation.gives)
    yield from seen.values()


def _parts(shapes: list[Shape]) -> Iterator[Part]:
    for shape in shapes:
        yield from shape.parts
    for operation in OPERATIONS:
        yield from operation.gives


def _array(schema: Element, name: str, part: Part) -> None:
    sequence = _put(_put(schema, _XS, "complexType", name=name), _XS, "sequence")
    item = _put(sequence, _XS, "element", name=part.item, type=_type(part.kind), form="qualified")
    item.set("nillable", "true")
    item.set("minOccurs", "0")
    item.set("maxOccurs", "unbounded")


def _complex(schema: Element, shape: Shape) -> None:
    element = _put(schema, _XS, "complexType", name=shape.name)
    inherited = len(shape.base.parts) if shape.base else 0
    if shape.base is not None:
        content = _put(element, _XS, "complexContent")
        element = _put(content, _XS, "extension", base=_type(shape.base))
    _sequence(element, shape.parts[inherited:], shape.namespace)


def _sequence(element: Element, parts: tuple[Part, ...], namespace: str) -> None:
    sequence = _put(element, _XS, "sequence")
    for part in parts:
        if part.is_attribute:
            attribute = _put(element, _XS, "attribute", name=part.name, type=_type(part.kind))
            if part.is_needed:
                attribute.set("use", "required")
        elif part.kind is Simple.DOCUMENT:
            ref = f"{_PREFIX[part.namespace]}:{part.name}"
            _put(sequence, _XS, "element", ref=ref, minOccurs="0")
        else:
            _element(sequence, part)


def _element(sequence: Element, part: Part) -> None:
    kind = f"ent:{part.array}" if part.array else _type(part.kind)
    element = _put(sequence, _XS, "element", name=part.name, type=kind)
    element.set("form", "qualified" if part.namespace else "unqualified")
    if not part.is_needed or part.item:
        element.set("minOccurs", "0")
    if part.is_many:
        element.set("maxOccurs", "unbounded")


def _type(kind: Simple | Shape) -> str:
    return f"{_PREFIX[kind.namespace]}:{kind.name}" if isinstance(kind, Shape) else f"xs:{kind}"
