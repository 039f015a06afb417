"""The goods are to be examined."""

from __future__ import annotations

from clearway.declarations import lifecycle, tables
from clearway.declarations.facts import ControlOrdered, subject
from clearway.declarations.lifecycle import Step
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn
from clearway.terms.reason import Reason


def order_control(
    act: Act, mrn: Mrn, agencies: tuple[str, ...], reasons: tuple[Reason, ...]
) -> Fact:
    """Order one control for all agencies that must see the goods or the documents.

    Raises: NotFound. Refused. WrongState: a control is ordered already, or the goods are released.
    """
    summary = tables.get_summary(act.connection, mrn)
    act.require("declaration.order_control", **summary.policy_attributes)
    lifecycle.take(Step.ORDER_CONTROL, summary.status, f"declaration {mrn}")
    return act.append(ControlOrdered(mrn, agencies, reasons), subject=subject(mrn))
