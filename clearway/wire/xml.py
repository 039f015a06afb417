"""XML from strangers: size, encoding, DOCTYPE, nodes and depth are judged before the content.

The order of the checks is the defence:

1. size, then encoding (UTF-8, UTF-16, US-ASCII, ISO-8859-1), strictly decoded to UTF-8;
2. no DOCTYPE at all, hence no entities, no external files, no amplification;
3. at most so many tags, counted in the bytes;
4. parse with libxml2: no network, no entities, comments and processing instructions left out
   (so that a comment inside a value cannot cut the value short);
5. nodes, depth, attributes and namespaces in force, counted exactly: canonical XML, on which
   digests and signatures stand, costs the square of the latter two.

    root = xml.parse(b"<a xmlns='urn:x'><b> 1 </b></a>")
    xml.text(root, "{urn:x}b")      # "1"
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from clearway.errors import MalformedMessage, TooLarge
from clearway.wire.limits import STANDARD, Limits, decode_utf8, require_size, wrong_bytes

Element = etree._Element

_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*["']([^"'<]{1,16})["']"""
    rb"""(?:\s+encoding\s*=\s*["']([^"'<]{1,40})["'])?"""
)
# Everything that may stand before a DOCTYPE; it always matches, and in linear time.
_PROLOG = re.compile(rb"(?:\s++|<!--.*?-->|<\?.*?\?>)*+", re.DOTALL)
_LONGEST_REASON = 200
_EIGHT_BIT = {"us-ascii": "ascii", "ascii": "ascii", "iso-8859-1": "latin-1", "latin1": "latin-1"}
_BYTE_ORDERS = (
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_count_before: Any = etree.XPath("count(preceding-sibling::*[local-name() = $name])")
_count_elements: Any = etree.XPath("count(//*)")


def parse(data: bytes, *, limits: Limits = STANDARD) -> Element:
    """Return the root element of `data`.

    Raises:
        MalformedMessage: not well-formed, wrongly encoded, or with a DOCTYPE; names the line.
        TooLarge: over one of `limits`.
    """
    require_size(data, limits)
    document = _to_utf8(data)
    _refuse_doctype(document)
    _refuse_many_tags(document, limits)
    root = _parse(document)
    _require_shape(root, document, limits)
    return root


def child(element: Element, tag: str) -> Element | None:
    """Return the first child `{namespace}name`, or None."""
    return next(element.iterchildren(tag), None)


def children(element: Element, tag: str) -> Iterator[Element]:
    """Yield the children `{namespace}name` in their order."""
    return element.iterchildren(tag)


def descend(element: Element | None, *tags: str) -> Element | None:
    """Return the first child of the first child ... along `tags`, or None."""
    for tag in tags:
        if element is None:
            return None
        element = next(element.iterchildren(tag), None)
    return element


def text(element: Element | None, *tags: str) -> str:
    """Return the text at `tags` below `element` without outer space; "" where it is absent."""
    found = descend(element, *tags)
    return (found.text or "").strip() if found is not None else ""


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def path(element: Element, below: Element | None = None) -> str:
    """Return the place of an element, such as `Items/Item[2]/Origin`; the first needs no number.

    Args:
        below: the ancestor at which the path starts; None: the root.
    """
    steps: list[str] = []
    current = element
    while current is not below and (parent := current.getparent()) is not None:
        name = local_name(current)
        before = int(_count_before(current, name=name))
        steps.append(f"{name}[{before + 1}]" if before else name)
        current = parent
    return "/".join(reversed(steps))


def _to_utf8(data: bytes) -> bytes:
    """Return the document as UTF-8 without a byte order mark, judged by mark and declaration."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise MalformedMessage("The message is in UTF-32; send it as UTF-8")
    for mark, codec in _BYTE_ORDERS:
        if data.startswith(mark):
            return _from_utf16(data, codec)
    document = data.removeprefix(codecs.BOM_UTF8)
    encoding = _declared_encoding(document)
    if encoding in ("", "utf-8"):
        decode_utf8(document)
        return document
    if encoding not in _EIGHT_BIT or document is not data:
        raise MalformedMessage(
            f"The XML declaration says encoding {encoding!r}, but the bytes are not so;"
            " send the message as UTF-8"
        )
    return _decode(document, _EIGHT_BIT[encoding], encoding.upper()).encode()


def _from_utf16(data: bytes, codec: str) -> bytes:
    document = _decode(data, codec, "UTF-16").removeprefix("\ufeff").encode()
    encoding = _declared_encoding(document)
    if encoding not in ("", "utf-16", codec):
        raise MalformedMessage(
            f"The bytes are UTF-16, but the XML declaration says encoding {encoding!r};"
            " make the two agree"
        )
    return document


def _decode(data: bytes, codec: str, name: str) -> str:
    try:
        return data.decode(codec)
    except UnicodeDecodeError as error:
        raise wrong_bytes(data, error.start, name) from error


def _declared_encoding(document: bytes) -> str:
    """Return the encoding that the XML declaration names, in lower case, or "".

    Raises: MalformedMessage: it is not XML 1.0.
    """
    found = _DECLARATION.match(document)
    if found is None:
        return ""
    version = found[1].decode("ascii", "replace")
    if version != "1.0":
        raise MalformedMessage(f"The message is in XML {version!r}; only XML 1.0 is read")
    return (found[2] or b"").decode("ascii", "replace").lower()


def _refuse_doctype(document: bytes) -> None:
    prolog = _PROLOG.match(document)
    after = prolog.end() if prolog else 0
    if document[after : after + 9].upper() == b"<!DOCTYPE":
        raise _doctype(document.count(b"\n", 0, after) + 1)


def _doctype(line: int) -> MalformedMessage:
    return MalformedMessage(
        f"Line {line:,}: the message has a DOCTYPE. Document types and entities are not accepted;"
        " send the document without it",
        line=line,
    )


def _refuse_many_tags(document: bytes, limits: Limits) -> None:
    """Bound the work of the parser: in well-formed XML only a tag, comment or CDATA has `<`."""
    if document.count(b"<") > 2 * limits.nodes + 1000:
        raise _too_many("elements", limits.nodes)
    declarations = document.count(b"xmlns")
    if declarations > limits.declarations:
        raise _too_many("namespace declarations", limits.declarations)
    if declarations > limits.namespaces and any(
        tag.count(b"xmlns") > limits.namespaces for tag in document.split(b"<")
    ):
        raise _too_many("namespace declarations on one element", limits.namespaces)


def _parse(document: bytes) -> Element:
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype(1)
    return root


def _malformed(error: etree.XMLSyntaxError) -> MalformedMessage | TooLarge:
    line, column = error.position
    code: Any = getattr(error, "code", None)
    if code == etree.ErrorTypes.ERR_RESOURCE_LIMIT:
        return TooLarge(f"Line {line:,}: the document is nested too deeply or has too long a value")
    # The parser quotes names of any length.
    reason = (error.msg or "not well-formed").split(", line ")[0][:_LONGEST_REASON]
    return MalformedMessage(
        f"Line {line:,}, column {column:,}: this is not well-formed XML: {reason}",
        line=line,
        column=column,
    )


def _require_shape(root: Element, document: bytes, limits: Limits) -> None:
    if _count_elements(root) > limits.nodes:
        raise _too_many("elements", limits.nodes)
    if etree.XPath(f"boolean(//*/@*[{limits.attributes + 1}])")(root):
        raise _too_many("attributes on one element", limits.attributes)
    if etree.XPath(f"boolean({'/*' * (limits.depth + 1)})")(root):
        raise _too_many("levels of nesting", limits.depth)
    declared = document.count(b"xmlns")
    if declared > limits.namespaces and _most_namespaces(root) > limits.namespaces:
        raise _too_many("namespaces in force at one place", limits.namespaces)


def _most_namespaces(root: Element) -> int:
    """Return how many namespace declarations are in force where most are."""
    in_force = most = 0
    for event, _ in etree.iterwalk(root, events=("start-ns", "end-ns")):
        in_force += 1 if event == "start-ns" else -1
        most = max(most, in_force)
    return most


def _too_many(what: str, limit: int) -> TooLarge:
    return TooLarge(f"The document has more than {limit:,} {what}", limit=what)
