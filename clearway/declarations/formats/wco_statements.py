"""Additional information (03A) of a WCO declaration, and what we let it carry.

This version of the WCO messages has no element for the expected arrival, nor for the issuer and
the lines of a document. Additional information with codes of an agency's own is the standard's
place for such things: `CWETA` holds the arrival, `CWDOC` the details of the document to which its
pointers point. `CWDOC` is JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from clearway.declarations.formats import wco_parts as parts
from clearway.declarations.formats.fields import Fields, read_instant, write_instant
from clearway.declarations.model import Declaration, Document, Statement
from clearway.errors import BadTerm
from clearway.ledger.fact import encode
from clearway.terms.places import Country
from clearway.terms.quantity import Quantity
from clearway.wire.xml import Element

ARRIVAL = "CWETA"
DOCUMENT = "CWDOC"

# Where a statement may point to (WCO identifiers of classes).
_DECLARATION, _SHIPMENT, _ITEM, _DOCUMENT = "42A", "67A", "68A", "02A"

# What the document element of an item, and that of a header, have no place for.
_BEYOND_ITEM = ("issuer_country", "lines")
_BEYOND_HEADER = (*_BEYOND_ITEM, "status", "reason", "valid_until", "quantity")
_UNSET: tuple[object, ...] = (None, (), "")


@dataclass(frozen=True, slots=True)
class _Details:
    issuer_country: Country | None = None
    lines: tuple[int, ...] = ()
    status: str = ""
    reason: str = ""
    valid_until: datetime | None = None
    quantity: Quantity | None = None


_DETAILS = msgspec.json.Decoder(_Details, dec_hook=lambda wanted, value: wanted(value))


def read_statements(fields: Fields, parent: Element) -> tuple[Statement, ...]:
    """Return the additional information of an element, without the statements of ours."""
    found = (
        Statement(fields.text(each, "StatementCode"), fields.text(each, "StatementDescription"))
        for each in fields.all(parent, "AdditionalInformation")
    )
    return tuple(statement for statement in found if statement.code not in ("", ARRIVAL, DOCUMENT))


def write_statement(parent: Element, statement: Statement, *pointers: tuple[str, int]) -> None:
    """Append additional information; `pointers` are class and place, from the declaration down."""
    element = parts.put(parent, "AdditionalInformation")
    parts.put_text(element, "StatementCode", statement.code)
    parts.put_text(element, "StatementDescription", statement.text)
    for section, place in pointers:
        pointer = parts.put(element, "Pointer")
        parts.put(pointer, "SequenceNumeric", str(place))
        parts.put(pointer, "DocumentSectionCode", section)


def write_header_statements(element: Element, declaration: Declaration) -> None:
    """Append the declared statements, the expected arrival and the details of documents."""
    for statement in declaration.statements:
        write_statement(element, statement)
    if declaration.arrival_expected_at is not None:
        arrival = write_instant(declaration.arrival_expected_at)
        write_statement(element, Statement(ARRIVAL, arrival))
    for place, document in enumerate(declaration.documents, 1):
        _write_details(element, document, _BEYOND_HEADER, (_DECLARATION, 1), (_DOCUMENT, place))
    for item_place, item in enumerate(declaration.items, 1):
        above = ((_DECLARATION, 1), (_SHIPMENT, 1), (_ITEM, item_place))
        for place, document in enumerate(item.documents, 1):
            _write_details(element, document, _BEYOND_ITEM, *above, (_DOCUMENT, place))


def read_arrival(fields: Fields, element: Element) -> datetime | None:
    """Return the expected arrival, aware UTC, where it is stated."""
    for each in fields.all(element, "AdditionalInformation"):
        if fields.text(each, "StatementCode") == ARRIVAL:
            return fields.term(each, "StatementDescription", read_instant)
    return None


def with_document_details(
    fields: Fields, element: Element, declaration: Declaration
) -> Declaration:
    """Return the declaration with what `CWDOC` statements say of its documents."""
    found = {
        _target(fields, each): each
        for each in fields.all(element, "AdditionalInformation")
        if fields.text(each, "StatementCode") == DOCUMENT
    }
    if not found:
        return declaration

    def detailed(item: int, documents: tuple[Document, ...]) -> tuple[Document, ...]:
        return tuple(
            _with_details(fields, found.get((item, place)), document)
            for place, document in enumerate(documents, 1)
        )

    return replace(
        declaration,
        documents=detailed(0, declaration.documents),
        items=tuple(
            replace(item, documents=detailed(place, item.documents))
            for place, item in enumerate(declaration.items, 1)
        ),
    )


def _target(fields: Fields, statement: Element) -> tuple[int, int]:
    """Return the place of the item (0: the header) and of the document that is pointed to."""
    places = {
        fields.text(pointer, "DocumentSectionCode"): fields.whole(pointer, "SequenceNumeric") or 0
        for pointer in fields.all(statement, "Pointer")
    }
    return places.get(_ITEM, 0), places.get(_DOCUMENT, 0)


def _write_details(
    element: Element, document: Document, names: tuple[str, ...], *pointers: tuple[str, int]
) -> None:
    details = {name: value for name in names if (value := getattr(document, name)) not in _UNSET}
    if details:
        write_statement(element, Statement(DOCUMENT, encode(details).decode()), *pointers)


def _with_details(fields: Fields, statement: Element | None, document: Document) -> Document:
    if statement is None:
        return document
    try:
        details = _DETAILS.decode(fields.text(statement, "StatementDescription"))
    except (msgspec.MsgspecError, BadTerm) as error:
        fields.left_out(statement, f"The details of a document cannot be read: {error}")
        return document
    changes = {name: getattr(details, name) for name in _BEYOND_HEADER}
    return replace(document, **{k: v for k, v in changes.items() if v not in _UNSET})
