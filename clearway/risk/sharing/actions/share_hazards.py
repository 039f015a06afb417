"""Share counts of hazards with the partners who may have them."""

from __future__ import annotations

from clearway.errors import RuleViolation, WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.risk.history import day_of
from clearway.risk.sharing import tables
from clearway.risk.sharing.facts import HazardShared
from clearway.risk.sharing.hazards import Threshold, cells, require_cells


def share_hazards(act: Act, agency: str, first: int, last: int, threshold: Threshold) -> Fact:
    """State the cells of a period that may be told; partners take the fact by their rules.

    Args:
        agency: whose examinations are counted.
        first, last: days since 1970 UTC, both counted.

    Raises:
        WrongState: the period has not passed, or overlaps one that was shared: their difference
            would tell more than either.
        RuleViolation: it ends before it begins, or no cell may be told.
        Refused: policy says no.
    """
    act.require("risk.share", agency=agency)
    if last < first:
        raise RuleViolation("last lies before first; name the first and the last day")
    if last >= day_of(act.now):
        raise WrongState("The period has not passed; what is shared of it could not be added to")
    other = tables.overlapping(act.connection, agency, first, last)
    if other is not None:
        raise WrongState(
            f"Days {other[0]} to {other[1]} of {agency} were shared; a period is shared once, since"
            " the difference of two would tell of single traders"
        )
    told = cells(tables.cases(act.connection, agency, first, last), threshold)
    if not told:
        raise RuleViolation(
            f"No product and origin has {threshold.examined} items examined of"
            f" {threshold.importers} importers; take a longer period"
        )
    require_cells(told)
    body = HazardShared(
        agency, first, last, threshold.examined, threshold.importers, threshold.found, told
    )
    return act.append(body, subject=f"hazards:{agency}")
