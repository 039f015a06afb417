"""A certificate's elements by their local names, with what differs from the schema remarked.

Reading by local name makes order, prefix and namespace version harmless; remarking on them keeps
the sender honest. The sense digest is taken on the way: it covers every name, attribute and value
but those of signatures, and neither encoding, prefixes nor indentation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from clearway.certificates.formats.remarks import Remarks
from clearway.certificates.formats.sps_elements import (
    NOT_CARRIED,
    PLACES,
    RAM,
    RSM,
    SIGNATURE,
    UDT,
)
from clearway.wire.xml import Element

_SIGNATURE: Final = f"{{{SIGNATURE}}}Signature"
_NAMESPACES: Final = frozenset((RSM, RAM, UDT))

# Seen where a value is required and there is none.
_PLACEHOLDERS: Final = frozenset(
    {"null", "(null)", "ninguno", "ninguna", "vacio", "vacío", "undefined"}
)
_LONGEST_PLACEHOLDER: Final = 9

_NO_PLACES: Final[Mapping[str, int]] = MappingProxyType({})
_NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})

# Of a name that no schema knows, so much is shown.
_LONGEST_NAME: Final = 60


@dataclass(slots=True)
class Node:
    """One element.

    Args:
        name: without its namespace.
        path: its place below the root, such as `SPSConsignment/ImportSPSCountry/ID`.
        text: as it stands; `value` cleans it.
        attributes: as they stand.
        children: by name, in their order.
        remarks: where remarks on it go.
    """

    name: str
    path: str
    text: str
    attributes: Mapping[str, str]
    remarks: Remarks
    children: Mapping[str, list[Node]]

    def first(self, *names: str) -> Node | None:
        """Return the first child of the first child ... along `names`; None: one is absent."""
        node: Node | None = self
        for name in names:
            found = node.children.get(name) if node is not None else None
            node = found[0] if found else None
        return node

    def all(self, name: str) -> list[Node]:
        """Return the children of this name."""
        return self.children.get(name, [])

    def get(self, *names: str) -> str:
        """Return the value at `names`; "" when absent, empty or a placeholder."""
        node = self.first(*names)
        return node.value() if node is not None else ""

    def values(self, name: str) -> Iterator[tuple[Node, str]]:
        """Yield the children of this name that have a value, with it."""
        for node in self.children.get(name, ()):
            value = node.value()
            if value:
                yield node, value

    def value(self) -> str:
        """Return the text without outer and double space; "" for a placeholder, remarked."""
        value = " ".join(self.text.split())
        if value and _is_placeholder(value):
            self.remarks.add("CERT_M01", self.path, value)
            return ""
        return value


def _is_placeholder(value: str) -> bool:
    if len(value) > _LONGEST_PLACEHOLDER and value[0].isalnum():
        return False
    return value.casefold() in _PLACEHOLDERS or not any(map(str.isalnum, value))


_NO_CHILDREN: Final[Mapping[str, list[Node]]] = MappingProxyType({})


@dataclass(slots=True)
class Tree:
    """The whole message.

    Args:
        root: its root.
        sense_digest: SHA-256 of names, attributes and values, hexadecimal (see `_Builder`).
        is_signed: it encloses an XML signature.
    """

    root: Node
    sense_digest: str
    is_signed: bool


def build(root: Element, remarks: Remarks) -> Tree:
    """Return the tree of a parsed document (at most 64 levels, see `wire`)."""
    builder = _Builder(remarks)
    tag = str(root.tag)
    node = builder.node(root, tag, builder.split(tag)[0], "", 0)
    if builder.strange:
        remarks.add("CERT_S04", "", min(builder.strange) or "no namespace")
    return Tree(node, builder.digest(), builder.is_signed)


class _Builder:
    """Walks the document once.

    The digest is SHA-256 over one line for each element in document order: depth, {namespace}name,
    attributes sorted as name=value, and text, parted by tabs. Space is collapsed in values, so that
    no tab or line end can stand in one.
    """

    def __init__(self, remarks: Remarks) -> None:
        self.remarks = remarks
        self.is_signed = False
        self.strange: set[str] = set()
        self._lines: list[str] = []
        self._names: dict[str, tuple[str, str]] = {}

    def digest(self) -> str:
        """Return the digest of all that was walked, hexadecimal."""
        return hashlib.sha256("\n".join(self._lines).encode()).hexdigest()

    def split(self, tag: str) -> tuple[str, str]:
        """Return local name and namespace."""
        known = self._names.get(tag)
        if known is None:
            namespace, _, name = tag.rpartition("}")
            known = self._names[tag] = name, namespace[1:]
            if known[1] not in _NAMESPACES and known[1] != SIGNATURE:
                self.strange.add(known[1])
        return known

    def node(self, element: Element, tag: str, name: str, path: str, depth: int) -> Node:
        """Return the node of an element and of all below it."""
        text = element.text or ""
        attributes = _attributes(element)
        self._note(depth, tag, attributes, text)
        children = self._children(element, name, path, depth + 1) if len(element) else _NO_CHILDREN
        return Node(name, path, text, attributes, self.remarks, children)

    def _children(
        self, element: Element, parent: str, path: str, depth: int
    ) -> dict[str, list[Node]]:
        places = PLACES.get(parent, _NO_PLACES)
        furthest, is_ordered = -1, True
        found: dict[str, list[Node]] = {}
        prefix = f"{path}/" if path else ""
        for child in element:
            tag = str(child.tag)
            name, _ = self._names.get(tag) or self.split(tag)
            place = places.get(name, -1)
            if place < 0:
                self._leave_unread(child, f"{prefix}{name[:_LONGEST_NAME]}", depth)
                continue
            siblings = found.setdefault(name, [])
            below = f"{prefix}{name}[{len(siblings) + 1}]" if siblings else prefix + name
            if name in NOT_CARRIED:
                self.remarks.add("CERT_S06", below)
            if place >= furthest:
                furthest = place
            elif is_ordered:
                is_ordered = False
                self.remarks.add("CERT_S05", below)
            siblings.append(self.node(child, tag, name, below, depth))
            tail = child.tail
            if tail and not tail.isspace():
                self._note(depth, "", _NO_ATTRIBUTES, tail)
        return found

    def _leave_unread(self, element: Element, path: str, depth: int) -> None:
        """Pass over an element that no schema puts here, and all in it; only the digest sees them.

        No path grows with such names: a message could make them long, and deep, and many.
        """
        _, namespace = self.split(str(element.tag))
        if namespace != SIGNATURE:
            self.remarks.add("CERT_S06", path)
        self._pass_over(element, depth)

    def _pass_over(self, element: Element, depth: int) -> None:
        if element.tag == _SIGNATURE:
            self.is_signed = True
        else:
            self._note(depth, str(element.tag), _attributes(element), element.text or "")
            for child in element:
                self._pass_over(child, depth + 1)
        if element.tail and not element.tail.isspace():
            self._note(depth, "", _NO_ATTRIBUTES, element.tail)

    def _note(self, depth: int, tag: str, attributes: Mapping[str, str], text: str) -> None:
        line = f"{depth}\t{tag}\t"
        if attributes:
            for name in sorted(attributes):
                line += f"{name}={' '.join(attributes[name].split())}\t"
        self._lines.append(line + " ".join(text.split()) if text else line)


def _attributes(element: Element) -> Mapping[str, str]:
    items = element.items()
    return {str(key): str(value) for key, value in items} if items else _NO_ATTRIBUTES
