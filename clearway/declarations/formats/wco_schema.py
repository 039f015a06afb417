"""Validating against the WCO schema files, where the user has them: they are not ours to ship."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

from lxml import etree

from clearway.errors import NotFound
from clearway.terms.finding import Area, Finding, Level
from clearway.wire import xml
from clearway.wire.limits import STANDARD, Limits

_NAMES = {
    "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2": "DocumentMetaData_2_DMS.xsd",
    "urn:wco:datamodel:WCO:DEC-DMS:2": "WCO_DEC_2_DMS.xsd",
    "urn:wco:datamodel:WCO:RES-DMS:2": "WCO_RES_2_DMS.xsd",
}


def validate(
    data: bytes, schema_directory: Path, *, limits: Limits = STANDARD
) -> tuple[Finding, ...]:
    """Return a finding for each place where a message breaks the schema.

    Args:
        data: a WCO message, with or without MetaData wrapper.
        schema_directory: folder that holds the schema files at any depth.

    Raises:
        NotFound: the folder has no such schema.
        MalformedMessage, TooLarge: as `wire.xml.parse`.
    """
    schema = _schema(schema_directory)
    root = xml.parse(data, limits=limits)
    if schema.validate(root):
        return ()
    return tuple(
        Finding("DEC_F06", Area.SCHEMA, Level.WARNING, f"line {error.line}", str(error.message))
        for error in cast(Iterable[Any], schema.error_log)
    )


@lru_cache(maxsize=4)
def _schema(directory: Path) -> etree.XMLSchema:
    """Return one schema for wrapper, declaration and response."""
    imports = "".join(
        f'<xs:import namespace="{namespace}" schemaLocation="{_find(directory, name).as_uri()}"/>'
        for namespace, name in _NAMES.items()
    )
    source = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    parser = etree.XMLParser(no_network=True, resolve_entities=False)
    return etree.XMLSchema(etree.fromstring(source, parser))


def _find(directory: Path, name: str) -> Path:
    found = sorted(directory.rglob(name))
    if not found:
        raise NotFound(f"The schema file {name} is not in {directory.name!r}")
    return found[0].resolve()
