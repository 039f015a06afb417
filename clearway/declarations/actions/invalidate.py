"""A declaration is taken back, by who lodged it or by Customs."""

from __future__ import annotations

from clearway.declarations import lifecycle, tables
from clearway.declarations.facts import Invalidated, subject
from clearway.declarations.lifecycle import Step
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


def invalidate(act: Act, mrn: Mrn, reason: str) -> Fact:
    """Invalidate a declaration before release; it counts as never lodged.

    Args:
        reason: in words, shown to the parties.

    Raises: NotFound. Refused. WrongState: the goods are released already.
    """
    summary = tables.get_summary(act.connection, mrn)
    act.require("declaration.invalidate", **summary.policy_attributes)
    lifecycle.take(Step.INVALIDATE, summary.status, f"declaration {mrn}")
    return act.append(Invalidated(mrn, reason), subject=subject(mrn))
