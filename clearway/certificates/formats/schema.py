"""Validation against an official schema, from a folder that the operator names.

The schemas of UN/CEFACT are not part of this software: the setting `certificate_schemas` names the
folder of a release, with `data/standard/SPSCertificate_17p0.xsd` and what that includes. Without it
documents are held against the structure that our own reader and writer know (`sps_elements`).

    schema = load(folder)                # None for an empty setting
    schema.findings(document)            # CERT_S08, in the Hub's terms
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

from lxml import etree

from clearway.certificates.formats import sps_certificate
from clearway.errors import InputError
from clearway.terms.finding import Area, Finding, Level
from clearway.wire import canonical, xml

ROOT: Final = "SPSCertificate*.xsd"
_SIGNATURE: Final = "{http://www.w3.org/2000/09/xmldsig#}Signature"
_MOST_FINDINGS: Final = 20
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Schema:
    """A compiled schema; one serves all threads, one document at a time: it keeps its errors."""

    compiled: Any
    lock: Any = field(default_factory=Lock, compare=False)

    def is_valid(self, root: xml.Element) -> bool:
        """Return whether a parsed document follows the schema."""
        with self.lock:
            return bool(self.compiled.validate(root))

    def findings(self, document: bytes) -> tuple[Finding, ...]:
        """Return where a document does not follow the schema; an enclosed signature is passed over.

        Raises: MalformedMessage, TooLarge: it cannot be parsed.
        """
        root = xml.parse(document, limits=sps_certificate.LIMITS)
        canonical.leave_out(root, _SIGNATURE)
        with self.lock:
            errors = [] if self.compiled.validate(root) else list(self.compiled.error_log)
        return tuple(
            Finding("CERT_S08", Area.SCHEMA, Level.WARNING, _place(error.path), _said(error))
            for error in errors[:_MOST_FINDINGS]
        )


@lru_cache(maxsize=2)
def held(setting: str) -> Schema | None:
    """Return the schema that the setting names, compiled once; None: it is empty."""
    return load(Path(setting)) if setting else None


def load(folder: Path | None) -> Schema | None:
    """Return the schema of a folder; None for no folder.

    Raises: InputError: there is no such schema in it, or it cannot be compiled; says why.
    """
    if folder is None or not str(folder) or folder == Path():
        return None
    roots = sorted((*folder.glob(ROOT), *folder.glob(f"data/standard/{ROOT}")))
    if not roots:
        raise InputError(
            f"The folder {folder} holds no {ROOT}; see the setting certificate_schemas"
        )
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    try:
        return Schema(etree.XMLSchema(etree.parse(str(roots[-1]), parser)))
    except (etree.XMLSyntaxError, etree.XMLSchemaParseError, OSError) as error:
        raise InputError(f"The schema {roots[-1].name} cannot be used: {error}") from error


def _place(path: str | None) -> str:
    return (path or "").replace("/*/", "", 1)[:_LONGEST]


def _said(error: Any) -> str:
    return f"Line {error.line:,}: {str(error.message)[:_LONGEST]}"
