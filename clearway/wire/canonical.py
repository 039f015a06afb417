"""Canonical forms: one sequence of bytes for one content, so that digests and signatures hold.

    canonical.xml(root, without="{http://www.w3.org/2000/09/xmldsig#}Signature")
    canonical.json({"b": 1, "a": [True]})        # b'{"a":[true],"b":1}'

XML: Exclusive XML Canonicalization 1.0 without comments (W3C 2002). Parse with `wire.xml` first:
its limits bound the cost. JSON: JCS (RFC 8785), for texts, whole numbers, booleans, lists, objects.
"""

from __future__ import annotations

from typing import Any

import rfc8785
from lxml import etree

from clearway.errors import BadTerm, MalformedMessage
from clearway.wire.xml import Element


def xml(root: Element, *, without: str = "") -> bytes:
    """Return the exclusive canonical form of an element of its own document.

    Args:
        root: of a document that `wire.xml.parse` returned; the elements left out are taken off it.
        without: `{namespace}name` of elements to leave out, wherever they stand; "": none.

    Raises: MalformedMessage: a namespace is a relative address, which has no canonical form.
    """
    if without:
        leave_out(root, without)
    try:
        return etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError as error:
        raise MalformedMessage(
            "The document has no canonical form: a namespace in it is a relative address; name it"
            " by an absolute one, such as urn:example:own"
        ) from error


def leave_out(root: Element, tag: str) -> None:
    """Take the elements of that tag off a document, and leave the text after them where it is."""
    for element in list(root.iterdescendants(tag)):
        parent, tail = element.getparent(), element.tail
        if parent is None:
            continue
        before = element.getprevious()
        if tail and before is not None:
            before.tail = (before.tail or "") + tail
        elif tail:
            parent.text = (parent.text or "") + tail
        parent.remove(element)


def json(value: Any) -> bytes:
    """Return the canonical form of a JSON value.

    Raises: BadTerm: a fraction (state it as text), a whole number beyond 2^53, or no JSON value.
    """
    _refuse_fractions(value)
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise BadTerm("JSON value", str(error), "must have a canonical form (RFC 8785)") from error


def _refuse_fractions(value: Any) -> None:
    """A float would be rounded on its way; nothing that is signed here is one."""
    if isinstance(value, float):
        raise BadTerm("JSON number", value, "must be whole; state a fraction as text")
    if isinstance(value, dict):
        for each in value.values():
            _refuse_fractions(each)
    elif isinstance(value, list | tuple):
        for each in value:
            _refuse_fractions(each)
