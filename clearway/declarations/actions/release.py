"""The goods may leave."""

from __future__ import annotations

from clearway.declarations import lifecycle, tables
from clearway.declarations.facts import Released, subject
from clearway.declarations.lifecycle import Step
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn
from clearway.terms.reason import Reason


def release(act: Act, mrn: Mrn, reasons: tuple[Reason, ...]) -> Fact:
    """Release the goods of a declaration.

    Raises: NotFound. Refused. WrongState: released before, rejected or invalidated.
    """
    summary = tables.get_summary(act.connection, mrn)
    act.require("declaration.release", **summary.policy_attributes)
    lifecycle.take(Step.RELEASE, summary.status, f"declaration {mrn}")
    return act.append(Released(mrn, reasons), subject=subject(mrn))
