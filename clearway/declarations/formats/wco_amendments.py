"""Applying a WCO amendment (FunctionCode 13, COR): only what changes comes, in its place.

An amendment holds that part of the declaration which changes, and pointers that say why each
change is made. `amend` puts the part over the declaration and reads the result as a whole.

- Items, packages and the like are found by their SequenceNumeric, other repeated elements by their
  order.
- An element without children takes the place of the old one, with its attributes.
- Taking something away is not read: a pointer that brings no value is a SEVERE finding.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

from lxml import etree

from clearway.declarations.formats import wco
from clearway.declarations.formats.fields import Fields
from clearway.declarations.formats.reading import sniff
from clearway.declarations.formats.wco_parts import NAMESPACE
from clearway.declarations.formats.wco_requests import ABOUT_THE_REQUEST
from clearway.declarations.formats.wco_vocabulary import SECTIONS
from clearway.declarations.message import Form, Message
from clearway.declarations.model import Declaration
from clearway.terms.finding import Area, Finding, Level
from clearway.wire import xml
from clearway.wire.limits import STANDARD, Limits
from clearway.wire.xml import Element

_CLASSES = {number: name for name, number in SECTIONS.items()}
_SEQUENCE = f"{{{NAMESPACE}}}SequenceNumeric"


def amend(base: bytes, amendment: bytes, *, limits: Limits = STANDARD) -> Message:
    """Return the declaration `base` with an amendment put over it, as one message.

    Args:
        base: a WCO declaration, as `read` takes it.
        amendment: a WCO message of function amendment.

    Raises: MalformedMessage, TooLarge: either of them cannot be read.
    """
    root = xml.parse(base, limits=limits)
    target = wco.find_declaration(root)
    source = wco.find_declaration(xml.parse(amendment, limits=limits))
    findings = _removals(source)
    for child in source:
        if xml.local_name(child) not in ABOUT_THE_REQUEST:
            _put_over(target, source, child)
    message = wco.read(etree.tostring(root, xml_declaration=True, encoding="UTF-8"), limits=limits)
    return replace(message.beside(findings), amendment=amendment)


def base_of(original: bytes, declaration: Declaration) -> bytes:
    """Return what an amendment is put over: the message itself, or the declaration written anew.

    Args:
        original: the bytes of the present version (`tables.original`), in whichever form.
        declaration: the present version.
    """
    is_wco = bool(original) and sniff(original) is Form.WCO
    return original if is_wco else wco.write(declaration)


def _put_over(target: Element, source: Element, child: Element) -> None:
    """Put one element of the amendment over its twin in the declaration, or add it."""
    twin = _twin(target, source, child)
    if twin is None:
        target.append(deepcopy(child))
    elif len(child) == 0:
        twin.text = child.text
        twin.attrib.clear()
        twin.attrib.update(child.attrib)
    else:
        for inner in child:
            _put_over(twin, child, inner)


def _twin(target: Element, source: Element, child: Element) -> Element | None:
    """Return the element of the declaration that `child` speaks of, or None."""
    tag = str(child.tag)
    candidates = list(target.iterchildren(tag))
    number = xml.text(child, _SEQUENCE)
    if number:
        return next((each for each in candidates if xml.text(each, _SEQUENCE) == number), None)
    place = list(source.iterchildren(tag)).index(child)
    return candidates[place] if place < len(candidates) else None


def _removals(source: Element) -> tuple[Finding, ...]:
    """Return a finding for each pointer to a part of which the amendment brings nothing."""
    fields = Fields(source, NAMESPACE)
    for place, amendment in enumerate(fields.all(source, "Amendment"), 1):
        codes = [
            fields.text(pointer, "DocumentSectionCode")
            for pointer in fields.all(amendment, "Pointer")
        ]
        names = [_CLASSES.get(code, code) for code in codes[1:]]
        if names and fields.find(source, "/".join(names)) is None:
            message = (
                f"The amendment points to {'/'.join(names)}, but brings no value for it. To take"
                " something away, send the whole declaration as it should be"
            )
            where = f"Amendment[{place}]"
            fields.add("DEC_F07", Area.MANDATORY, Level.SEVERE, where, message)
    return fields.findings
