"""All is settled."""

from __future__ import annotations

from clearway.declarations import lifecycle, tables
from clearway.declarations.facts import Cleared, subject
from clearway.declarations.lifecycle import Step
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


def clear(act: Act, mrn: Mrn) -> Fact:
    """Close a declaration whose goods are released and whose duties are settled.

    Raises: NotFound. Refused. WrongState: the goods are not released.
    """
    summary = tables.get_summary(act.connection, mrn)
    act.require("declaration.clear", **summary.policy_attributes)
    lifecycle.take(Step.CLEAR, summary.status, f"declaration {mrn}")
    return act.append(Cleared(mrn), subject=subject(mrn))
