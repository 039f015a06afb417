"""Prefixes for the namespaces of extensions, when events are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from clearway.movements.epcis import names
from clearway.movements.epcis.model import Event, Extension, Extensions

_PREFIX = re.compile(r"(?!xml)[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_RESERVED = frozenset({*names.PREFIXES, "xsi", "epcisq", "sbdh"})


def prefixes_for(
    extensions: Iterable[Extension], declared: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """Return namespace to prefix for what these fields use; names of the standard as it gives them.

    Args:
        declared: prefix and namespace, preferred where they can be had.
    """
    used = set(_namespaces(extensions))
    found = {namespace: prefix for prefix, namespace in names.PREFIXES.items() if namespace in used}
    taken = set(_RESERVED)
    for prefix, namespace in declared:
        is_free = namespace not in found and prefix not in taken
        if namespace in used and is_free and _PREFIX.fullmatch(prefix):
            found[namespace] = prefix
            taken.add(prefix)
    number = 0
    for namespace in sorted(used - found.keys()):
        number += 1
        while f"ns{number}" in taken:
            number += 1
        found[namespace] = f"ns{number}"
    return found


def extensions_of(event: Event) -> Iterator[Extension]:
    """Yield the extensions of an event, wherever they stand."""
    yield from event.extensions
    yield from event.ilmd
    for place in (event.read_point, event.biz_location, event.error_declaration):
        if place is not None:
            yield from place.extensions
    for element in event.sensor_element_list:
        yield from element.extensions
        if element.metadata is not None:
            yield from element.metadata.extensions
        for report in element.reports:
            yield from report.extensions


def declared(used: Mapping[str, str]) -> dict[str, str]:
    """Return prefix to namespace of those that a context or a root must declare."""
    return {prefix: namespace for namespace, prefix in used.items() if prefix not in names.PREFIXES}


def _namespaces(extensions: Iterable[Extension] | Extensions) -> Iterator[str]:
    for extension in extensions:
        if extension.namespace:
            yield extension.namespace
        yield from _namespaces(extension.children)
