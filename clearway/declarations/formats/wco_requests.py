"""Messages about a declaration that exists: amendment, cancellation, presentation of goods."""

from __future__ import annotations

from clearway.declarations.formats.fields import Fields
from clearway.declarations.message import Change, Function, Request
from clearway.terms.identifiers import Lrn, Mrn
from clearway.wire import xml
from clearway.wire.xml import Element

# Children of Declaration that speak of the request, not of the declaration.
ABOUT_THE_REQUEST = frozenset(
    (
        "FunctionCode",
        "FunctionalReferenceID",
        "ID",
        "TypeCode",
        "Submitter",
        "AdditionalInformation",
        "Amendment",
    )
)


def read_request(fields: Fields, element: Element, function: Function) -> Request:
    """Return what is asked for; without a declaration's number there is a finding."""
    if not fields.text(element, "ID"):
        fields.absent("ID", f"The number (MRN) of the declaration to which this {function} belongs")
    reasons = (
        fields.text(each, "StatementDescription")
        for each in fields.all(element, "AdditionalInformation")
    )
    return Request(
        mrn=fields.term(element, "ID", Mrn),
        lrn=fields.term(element, "FunctionalReferenceID", Lrn),
        reason_code=fields.text(element, "Amendment/ChangeReasonCode"),
        reason="; ".join(reason for reason in reasons if reason),
        changes=_changes(element),
    )


def _changes(element: Element) -> tuple[Change, ...]:
    """Return every value below the declaration that does not speak of the request."""
    return tuple(
        Change(xml.path(leaf, element), (leaf.text or "").strip())
        for part in element
        if xml.local_name(part) not in ABOUT_THE_REQUEST
        for leaf in part.iter()
        if len(leaf) == 0
    )
