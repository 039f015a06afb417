"""The node's own witness found that a partner's log shows two histories."""

from __future__ import annotations

from clearway.identity.facts_agencies import ForkFound
from clearway.identity.hand import Hand
from clearway.ledger.fact import Fact


def report_fork(
    act: Hand, agency: str, origin: str, size: int, held: str, shown: str, proof: tuple[str, ...]
) -> Fact:
    """Record the evidence; officers see it, and anybody can check it with the log's key.

    Args:
        size: at which the histories differ.
        held, shown: the two signed checkpoints.
        proof: see `ForkFound`.

    Raises: Refused.
    """
    act.require("agency.report", subject=agency)
    body = ForkFound(agency, origin, size, held, shown, proof)
    return act.append(body, subject=f"agency:{agency}")
