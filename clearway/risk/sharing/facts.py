"""What is stated of sharing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from clearway.risk.sharing.hazards import Cell


@dataclass(frozen=True, slots=True)
class HazardShared:
    """Counts of hazards that partners may have. Subject: `hazards:<agency>`.

    A partner gets it like any fact, by its rules (`risk.hazard_shared/1`), with the proof that it
    stands in our log.

    Args:
        agency: whose examinations were counted.
        first: first day counted, since 1970 UTC.
        last: last day counted; it has passed.
        least_examined, least_importers, least_found: of a cell that is told.
        cells: product x origin, in their order.
    """

    TYPE: ClassVar[str] = "risk.hazard_shared/1"

    agency: str
    first: int
    last: int
    least_examined: int
    least_importers: int
    least_found: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ListsCompared:
    """Two watch lists were compared with a partner's, by `psi`. Subject: `list:<list>`.

    No entry stands in it: what both lists have is told to who asked, and to nobody else.

    Args:
        partner: the other agency.
        list: ours.
        is_asked: whether we asked (or answered).
        asked: entries asked for.
        held: entries of the list that answered.
        common: entries in both, as the asker finds; None: we answered, and do not know.
        reason: why it was asked.
    """

    TYPE: ClassVar[str] = "risk.lists_compared/1"

    partner: str
    list: str
    is_asked: bool
    asked: int
    held: int
    common: int | None = None
    reason: str = ""
