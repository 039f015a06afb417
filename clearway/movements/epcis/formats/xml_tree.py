"""From an XML event to the tree that JSON would give, so that one builder serves both.

EPCIS 1.2 hides later fields in `<extension>` and `<baseExtension>`: those wrappers are taken away
wherever they stand. Elements may stand in any order and in the namespace of EPCIS or in none, as
partners write them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from clearway.movements.epcis.check import Place
from clearway.movements.epcis.digital_link import LONGEST_REMEMBERED
from clearway.movements.epcis.formats.extensions import MOST_LEVELS, sorted_by_name
from clearway.movements.epcis.formats.values import Reading
from clearway.movements.epcis.model import Extension, Form
from clearway.wire import xml
from clearway.wire.xml import Element

EPCIS_2 = "urn:epcglobal:epcis:xsd:2"
EPCIS_1 = "urn:epcglobal:epcis:xsd:1"
QUERY_2 = "urn:epcglobal:epcis-query:xsd:2"
QUERY_1 = "urn:epcglobal:epcis-query:xsd:1"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
OURS = frozenset({"", EPCIS_2, EPCIS_1, QUERY_2, QUERY_1, "urn:epcglobal:epcis-masterdata:xsd:2"})
_XSI = f"{{{XSI}}}"
_WRAPPERS = frozenset({"extension", "baseExtension"})
_DECIMAL = re.compile(
    r"[+-]?(?:[0-9]{1,128}\.?[0-9]{0,128}|\.[0-9]{1,128})(?:[eE][+-]?[0-9]{1,3})?"
)
_NUMBERS = frozenset(
    {"quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"}
)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_FORMS = {"boolean": Form.BOOLEAN} | dict.fromkeys(
    ("integer", "int", "long", "decimal", "double", "float"), Form.NUMBER
)
# Elements that stand many times where JSON has a list.
_REPEATED = frozenset({"set", "unset", "certificationInfo", "sensorReport"})

Convert = Callable[[Reading, Element], Any]


def local(tag: str) -> str | None:
    """Return the name of an element or attribute of the standard, None for another's."""
    if tag[:1] != "{":
        return tag
    return _remembered(tag) if len(tag) <= LONGEST_REMEMBERED else _local(tag)


def _local(tag: str) -> str | None:
    namespace, _, name = tag.rpartition("}")
    return name if namespace[1:] in OURS else None


_remembered = lru_cache(maxsize=4_096)(_local)


def within(element: Element) -> Iterator[Element]:
    """Yield the children, those inside the wrappers of EPCIS 1.2 as if they stood here.

    A wrapper that says something itself is none: it is yielded, and refused as an unknown field.
    """
    for child in element:
        # Comments and instructions are gone, so every tag is a text.
        if local(child.tag) in _WRAPPERS and not (child.attrib or text_of(child)):
            yield from within(child)
        else:
            yield child


def text_of(element: Element) -> str:
    """Return the text of an element without outer space."""
    return (element.text or "").strip()


def xpath(base: Element, place: Place) -> str:
    """Return the XPath of a place; it ends where the document does."""
    current, at = base, 0
    while at < len(place):
        step = place[at]
        found = [one for one in within(current) if _is_named(one, step)]
        if step in _REPEATED and at + 1 < len(place):
            at += 1
            step = place[at]
        if not found:
            return _ending(current, step)
        current = found[step] if isinstance(step, int) and step < len(found) else found[0]
        at += 1
    return _path(current)


def _ending(element: Element, step: str | int) -> str:
    """Return the path of an attribute, or of what is not there."""
    path = _path(element)
    if isinstance(step, int):
        return path
    if element.get(step) is not None:
        return f"{path}/@{step}"
    # The type of an event is the name of its element.
    return path if step == "type" else f"{path}/{step}"


def _is_named(element: Element, step: str | int) -> bool:
    return isinstance(step, int) or step in (local(element.tag), element.tag)


def _path(element: Element) -> str:
    root = element.getroottree().getroot()
    path = xml.path(element)
    return f"/{xml.local_name(root)}/{path}" if path else f"/{xml.local_name(root)}"


def event_tree(reading: Reading, element: Element) -> dict[str, Any]:
    """Return the tree of an event; a field that stands twice is a finding."""
    tree: dict[str, Any] = {"type": local(element.tag) or str(element.tag)}
    tree |= _foreign(element)
    for child in within(element):
        name = local(child.tag)
        if name is None:
            tree.setdefault(str(child.tag), []).append(extension(reading, child))
        elif name == "certificationInfo":
            tree.setdefault(name, []).append(text_of(child))
        else:
            _set(reading, tree, name, _FIELDS.get(name, _text)(reading, child))
    return tree


def extension(reading: Reading, element: Element, level: int = 1) -> Extension:
    """Return a field of another namespace with all that is in it."""
    form, children = Form.TEXT, []
    for tag, value in element.attrib.items():
        if not str(tag).startswith(_XSI):
            children.append(Extension(str(tag), str(value), (), Form.ATTRIBUTE))
        elif str(tag).endswith("}type"):
            form = _FORMS.get(str(value).rpartition(":")[2], Form.TEXT)
    if level >= MOST_LEVELS and len(element):
        reading.wrong("EPC_R28", (), f"extensions go at most {MOST_LEVELS} levels deep")
    else:
        children += [extension(reading, child, level + 1) for child in element]
    text = text_of(element)
    is_fit = form is Form.TEXT or _DECIMAL.fullmatch(text) or text in ("true", "false")
    return Extension(
        str(element.tag), text, sorted_by_name(children), form if is_fit else Form.TEXT
    )


def _set(reading: Reading, tree: dict[str, Any], name: str, value: Any) -> None:
    if name in tree:
        reading.wrong("EPC_R13", (name,), f"{name} stands twice; keep one")
    tree[name] = value


def _foreign(element: Element) -> dict[str, Any]:
    """Return the attributes of other namespaces, which are extensions too."""
    return {
        str(tag): [Extension(str(tag), str(value).strip(), (), Form.ATTRIBUTE)]
        for tag, value in element.attrib.items()
        if local(str(tag)) is None and not str(tag).startswith(_XSI)
    }


def _text(reading: Reading, element: Element) -> Any:
    """Return the text; an element where a text belongs is kept for the builder to refuse."""
    for tag in element.attrib:
        if not str(tag).startswith(_XSI):
            name, where = str(tag)[:60], xml.local_name(element)[:60]
            reading.wrong("EPC_R1", (), f"the attribute {name!r} of {where} is not known here")
    if len(element):
        return _object(reading, element)
    return text_of(element)


def _number(text: str) -> Any:
    return Decimal(text) if _DECIMAL.fullmatch(text) else text


def _object(reading: Reading, element: Element) -> dict[str, Any]:
    """Return the children by their names; extensions as they are."""
    tree: dict[str, Any] = _foreign(element)
    for child in within(element):
        name = local(child.tag)
        if name is None:
            tree.setdefault(str(child.tag), []).append(extension(reading, child))
        elif child.get(f"{_XSI}nil") not in ("true", "1"):
            value = (
                _number(text_of(child))
                if name in _NUMBERS
                else _FIELDS.get(name, _text)(reading, child)
            )
            _set(reading, tree, name, value)
    return tree


def _list(item: str, convert: Convert) -> Convert:
    def take(reading: Reading, element: Element) -> list[Any]:
        found = []
        if text_of(element):
            name = xml.local_name(element)
            reading.wrong("EPC_R3", (name,), f"{name} holds a text of its own; put it into {item}")
        for child in within(element):
            if local(child.tag) == item:
                found.append(convert(reading, child))
            else:
                name = xml.local_name(child)[:60]
                list_name = xml.local_name(element)
                reading.wrong("EPC_R1", (list_name, name), f"{name!r} is no {item} of the list")
        return found

    return take


def _typed(name: str) -> Convert:
    def take(reading: Reading, element: Element) -> dict[str, Any]:
        tree = _attributes(reading, element)
        if len(element):
            tree |= _object(reading, element)
        else:
            tree[name] = text_of(element)
        return tree

    return take


def _attributes(reading: Reading, element: Element) -> dict[str, Any]:
    """Return the attributes by their names, numbers and booleans as such."""
    del reading
    tree: dict[str, Any] = {}
    for tag, raw in element.attrib.items():
        name, value = str(tag), str(raw).strip()
        known = local(name)
        if known is None and name.startswith(_XSI):
            continue
        if known is None:
            tree[name] = [Extension(name, value, (), Form.ATTRIBUTE)]
        elif known in _NUMBERS:
            tree[known] = _number(value)
        elif known == "booleanValue":
            tree[known] = _BOOLEANS.get(value, value)
        else:
            tree[known] = value
    return tree


def _flat(reading: Reading, element: Element) -> dict[str, Any]:
    """Return a sensor's attributes, with extensions that stand inside it as elements."""
    tree = _attributes(reading, element)
    return tree | _object(reading, element) if len(element) else tree


def _sensor_element(reading: Reading, element: Element) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for child in within(element):
        name = local(child.tag)
        if name == "sensorReport":
            tree.setdefault(name, []).append(_flat(reading, child))
        elif name == "sensorMetadata":
            _set(reading, tree, name, _flat(reading, child))
        elif name is None:
            tree.setdefault(str(child.tag), []).append(extension(reading, child))
        else:
            tree[name] = text_of(child)
    return tree


def _dispositions(reading: Reading, element: Element) -> dict[str, Any]:
    del reading
    tree: dict[str, Any] = {}
    for child in within(element):
        tree.setdefault(xml.local_name(child), []).append(text_of(child))
    return tree


_EPCS = _list("epc", _text)
_QUANTITIES = _list("quantityElement", _object)
_FIELDS: dict[str, Convert] = {
    "epcList": _EPCS,
    "childEPCs": _EPCS,
    "inputEPCList": _EPCS,
    "outputEPCList": _EPCS,
    "quantityList": _QUANTITIES,
    "childQuantityList": _QUANTITIES,
    "inputQuantityList": _QUANTITIES,
    "outputQuantityList": _QUANTITIES,
    "bizTransactionList": _list("bizTransaction", _typed("bizTransaction")),
    "sourceList": _list("source", _typed("source")),
    "destinationList": _list("destination", _typed("destination")),
    "sensorElementList": _list("sensorElement", _sensor_element),
    "persistentDisposition": _dispositions,
    "readPoint": _object,
    "bizLocation": _object,
    "errorDeclaration": _object,
    "correctiveEventIDs": _list("correctiveEventID", _text),
    "ilmd": _object,
}
