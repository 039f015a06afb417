"""This node's own store was rolled back, or its key signs elsewhere: a partner proved it."""

from __future__ import annotations

from clearway.identity.facts_agencies import RollbackShown
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact


def report_rollback(act: Hand, agency: str, size: int, ours: int, note: str) -> Fact:
    """Record what a partner showed; it stands in the log that goes on from here.

    Args:
        agency: whose witness showed it.
        size: of the checkpoint shown.
        ours: how many facts this log had.
        note: the checkpoint, signed by our own key.

    Raises: Refused.
    """
    act.require("agency.report", subject=agency)
    return act.append(RollbackShown(agency, size, ours, note), subject=f"agency:{agency}")
