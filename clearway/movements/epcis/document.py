"""What carries events: a capture document, a query's answer, a bare list or a single event.

Reading a document never fails because of one event: each event that breaks a rule is a `Refusal`
with its findings, the others stand. Who wants all or nothing calls `check.require(document)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from clearway.movements.epcis.model import Event, Extension, Extensions
from clearway.terms.finding import Finding


class Kind(StrEnum):
    """What the outermost element is."""

    CAPTURE = "EPCISDocument"
    QUERY = "EPCISQueryDocument"
    EVENT_LIST = "EventList"
    EVENT = "Event"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a thing in master data; `children` where it is not a text."""

    id: str
    text: str = ""
    children: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class VocabularyElement:
    """One thing of master data, such as a location."""

    id: str
    attributes: tuple[Attribute, ...] = ()
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Master data of one type."""

    type: str
    elements: tuple[VocabularyElement, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """An event that breaks a rule.

    Args:
        index: place among the events of the document, from 0.
    """

    index: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it was read, or as it shall be written.

    Args:
        events: those that break no rule, in their order.
        refused: those that do.
        findings: what is wrong with the document itself; a SEVERE one refuses it whole.
        schema_version: as written, such as `2.0`.
        query_name, subscription_id: of a query's answer.
        prefixes: prefix and namespace of extensions, to write them with.
    """

    kind: Kind = Kind.CAPTURE
    events: tuple[Event, ...] = ()
    refused: tuple[Refusal, ...] = ()
    findings: tuple[Finding, ...] = ()
    schema_version: str | None = None
    creation_date: datetime | None = None
    id: str | None = None
    sender: str | None = None
    receiver: str | None = None
    instance_identifier: str | None = None
    query_name: str | None = None
    subscription_id: str | None = None
    vocabularies: tuple[Vocabulary, ...] = ()
    prefixes: tuple[tuple[str, str], ...] = ()
    extensions: Extensions = ()

    def all_findings(self) -> tuple[Finding, ...]:
        """Return the findings of the document and of its refused events."""
        return (*self.findings, *(each for refusal in self.refused for each in refusal.findings))


@dataclass(frozen=True, slots=True)
class Poll:
    """A query that was asked in a document.

    Args:
        query_name: such as `SimpleEventQuery`; None where the form has no name (REST).
        parameters: name to text, number, boolean or list.
        prefixes: of the names in it.
    """

    query_name: str | None
    parameters: Mapping[str, Any]
    prefixes: Mapping[str, str]
