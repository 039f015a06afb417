"""An agency asks for documents."""

from __future__ import annotations

from clearway.declarations import lifecycle, tables
from clearway.declarations.facts import DocumentsRequested, subject
from clearway.declarations.lifecycle import Step
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn
from clearway.terms.reason import Reason


def request_documents(
    act: Act, mrn: Mrn, documents: tuple[str, ...], reasons: tuple[Reason, ...]
) -> Fact:
    """Ask the declarant for documents, in the name of the actor's agency.

    Args:
        documents: types of document, such as `N851`.

    Raises: NotFound. Refused. WrongState: the goods are released already.
    """
    summary = tables.get_summary(act.connection, mrn)
    agency = act.actor.agency
    act.require("declaration.request_documents", **summary.policy_attributes | {"agency": agency})
    lifecycle.take(Step.REQUEST_DOCUMENTS, summary.status, f"declaration {mrn}")
    return act.append(DocumentsRequested(mrn, documents, agency, reasons), subject=subject(mrn))
