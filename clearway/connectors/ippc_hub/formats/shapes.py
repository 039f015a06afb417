"""Wire types as tables: which elements a type has, in which order, and what they are called here.

    HEADER = Shape(ENTITIES, "EnvelopeHeader", Header, (text("From", "from_", needed=True), ...))
    element = write(HEADER, header, "env", HUB)
    header = read(HEADER, element)

One table serves reading, writing and the WSDL, so that the three cannot come apart. Read leniently:
elements by their local names in any order, unknown ones passed over. Written strictly: in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from lxml import etree

from clearway.errors import BadTerm, MalformedMessage
from clearway.wire.xml import Element, local_name

HUB: Final = "http://ephyto.ippc.int/"
ENTITIES: Final = "http://ephyto.ippc.int/HUB.Entities"
CERTIFICATE: Final = "urn:un:unece:uncefact:data:standard:SPSCertificate:17"
ACKNOWLEDGEMENT: Final = "urn:un:unece:uncefact:data:standard:SPSAcknowledgement:17"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NIL: Final = f"{{{XSI}}}nil"
_LEAST, _MOST = -(2**31), 2**31 - 1


class Simple(StrEnum):
    """A value without elements of its own; named as XML Schema names it."""

    TEXT = "string"
    INT = "int"
    TRUTH = "boolean"
    INSTANT = "dateTime"
    DOCUMENT = "any"  # an element of another standard, kept in exclusive canonical form


@dataclass(frozen=True, slots=True)
class Shape:
    """A complex type.

    Args:
        namespace, name: of the type in the WSDL.
        build: the dataclass that it becomes.
        parts: in the order of the wire; attributes among them have no order.
        base: the type that it extends; `parts` hold those of the base too, first.
    """

    namespace: str
    name: str
    build: Callable[..., Any]
    parts: tuple[Part, ...]
    base: Shape | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One element or attribute of a shape.

    Args:
        name: on the wire. namespace: of the element; "": unqualified.
        field: of the dataclass.
        kind: what it holds.
        is_needed: refused when it is absent, written when it is empty.
        is_many: a tuple of them.
        is_attribute: an attribute.
        item: name of the elements inside, in the namespace of the entities, when this is an
            array's wrapper; array: name of the wrapper's type.
    """

    name: str
    field: str
    kind: Simple | Shape
    namespace: str = HUB
    is_needed: bool = False
    is_many: bool = False
    is_attribute: bool = False
    item: str = ""
    array: str = ""

    @property
    def tag(self) -> str:
        """The name as lxml writes it."""
        return f"{{{self.namespace}}}{self.name}" if self.namespace else self.name


def read(shape: Shape, element: Element) -> Any:
    """Return what an element states. Raises: MalformedMessage: names the element."""
    values = read_parts(shape.parts, element)
    defaults = _defaults(shape)
    return shape.build(**{k: v for k, v in values.items() if v is not None or k not in defaults})


def read_parts(parts: tuple[Part, ...], element: Element) -> dict[str, Any]:
    """Return the values of `parts` by field; None: absent. Raises: MalformedMessage."""
    found: dict[str, list[Element]] = {}
    for child in element.iterchildren():
        found.setdefault(local_name(child), []).append(child)
    return {part.field: _read_part(part, element, found.get(part.name, [])) for part in parts}


def write(shape: Shape, value: Any, tag: str, parent: Element) -> Element:
    """Append an element with what `value` states; return it."""
    element = etree.SubElement(parent, tag)
    for part in shape.parts:
        write_part(part, getattr(value, part.field), element)
    return element


def write_part(part: Part, value: Any, parent: Element) -> None:
    """Append one part. Raises: BadTerm: a text that XML cannot hold."""
    if part.is_attribute:
        if part.is_needed or value not in ("", None):
            parent.set(part.name, _as_text(part.kind, value))
    elif part.item:
        if value or part.is_needed:
            wrapper = etree.SubElement(parent, part.tag)
            for each in value:
                _write_one(part.kind, each, f"{{{ENTITIES}}}{part.item}", wrapper)
    elif part.is_many:
        for each in value:
            _write_one(part.kind, each, part.tag, parent)
    elif part.is_needed or value not in ("", b"", None):
        _write_one(part.kind, value, part.tag, parent)


def canonical(element: Element) -> bytes:
    """Return an element as a document of its own: exclusive C14N, without comments."""
    return bytes(etree.tostring(element, method="c14n", exclusive=True, with_comments=False))


def _defaults(shape: Shape) -> frozenset[str]:
    return frozenset(
        each.name
        for each in fields(shape.build)  # type: ignore[arg-type]
        if each.default is not MISSING
    )


def _read_part(part: Part, element: Element, found: list[Element]) -> Any:
    if part.is_attribute:
        stated = element.get(part.name)
        if stated is None and part.is_needed:
            raise MalformedMessage(f"{local_name(element)} lacks the attribute {part.name}")
        return None if stated is None else _simple(part, stated)
    if part.is_many and not part.item:
        return tuple(_read_one(part, each) for each in found if not _is_nil(each))
    if len(found) > 1:
        raise MalformedMessage(f"{local_name(element)} states {part.name} {len(found)} times")
    if not found or _is_nil(found[0]):
        if part.is_needed and not part.item:
            raise MalformedMessage(f"{local_name(element)} lacks {part.name}")
        return () if part.item else None
    if part.item:
        items = (each for each in found[0].iterchildren() if local_name(each) == part.item)
        return tuple(_read_one(part, each) for each in items if not _is_nil(each))
    return _read_one(part, found[0])


def _is_nil(element: Element) -> bool:
    return element.get(_NIL) in ("true", "1")


def _read_one(part: Part, element: Element) -> Any:
    if isinstance(part.kind, Shape):
        return read(part.kind, element)
    if part.kind is Simple.DOCUMENT:
        return canonical(element)
    if len(element):
        raise MalformedMessage(
            f"{part.name} holds elements; it is a text: escape the XML in it, or send its base64"
        )
    return _simple(part, element.text or "")


def _simple(part: Part, stated: str) -> Any:
    if part.kind is Simple.TEXT:
        return stated
    plain = stated.strip()
    if part.kind is Simple.TRUTH:
        if plain not in ("true", "1", "false", "0"):
            raise MalformedMessage(f"{part.name} is true or false, not {plain[:40]!r}")
        return plain in ("true", "1")
    if part.kind is Simple.INSTANT:
        return _instant(part.name, plain)
    return _int(part.name, plain)


def _int(name: str, stated: str) -> int:
    digits = stated[1:] if stated[:1] in ("-", "+") else stated
    value = int(stated) if digits.isascii() and digits.isdigit() and len(digits) <= 12 else None
    if value is None or not _LEAST <= value <= _MOST:
        raise MalformedMessage(f"{name} is a whole number of 32 bits, not {stated[:40]!r}")
    return value


def _instant(name: str, stated: str) -> datetime:
    try:
        at = datetime.fromisoformat(stated)
    except ValueError as error:
        raise MalformedMessage(
            f"{name} is a date and time such as 2026-03-14T09:30:00Z, not {stated[:40]!r}"
        ) from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def _write_one(kind: Simple | Shape, value: Any, tag: str, parent: Element) -> None:
    if isinstance(kind, Shape):
        write(kind, value, tag, parent)
    elif kind is Simple.DOCUMENT:
        parent.append(etree.fromstring(value, _OWN))
    else:
        element = etree.SubElement(parent, tag)
        text = _as_text(kind, value)
        try:
            element.text = text
        except ValueError as error:
            rule = "holds a character that XML forbids; send its base64"
            raise BadTerm(etree.QName(tag).localname, text[:60], rule) from error


def _as_text(kind: Simple | Shape, value: Any) -> str:
    if kind is Simple.TRUTH:
        return "true" if value else "false"
    if kind is Simple.INSTANT:
        return str(value.isoformat())
    return str(value)


# Documents written here were read here, or emitted by us: parsed once more without entities.
_OWN: Final = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
