"""Counts of hazards that may leave the house: product x origin, never a declaration or a trader.

A cell (HS 6 digits x origin) is told only if enough was examined of enough importers, none of whom
makes up more than half of it, and if what was found in it is nothing or not too little: else one
who knows its own goods could subtract them and read a rival's. What is left of a heading (HS 4
digits x origin) is told as one cell under the same conditions, or not at all. Cells never overlap,
and a period is told once, so that no difference of two cells or two facts is smaller than a cell.
Rules as statistical offices use them (minimum frequency, dominance): Hundepool and others,
"Statistical Disclosure Control" (2012), chapter 4. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clearway.errors import RuleViolation

MOST_CELLS = 2_000
LEAST_THRESHOLD = 3
# A rate is shrunk towards a usual one, as if so many more had been examined.
_PRIOR_EXAMINED = 20.0
_PRIOR_RATE = 0.05


@dataclass(frozen=True, slots=True)
class Case:
    """One examined item.

    Args:
        hs6: first six digits.
        origin: ISO 3166-1 alpha-2.
        importer: whose; never told.
        is_found: whether it was not conform.
        kinds: what was found.
    """

    hs6: str
    origin: str
    importer: str
    is_found: bool
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a cell may be told.

    Args:
        examined: fewest items.
        importers: fewest importers.
        found: fewest finds, unless there are none.
        share: most that one importer may make up, 0 to 1.
    """

    examined: int = 10
    importers: int = 5
    found: int = 3
    share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what would protect nobody. Raises: RuleViolation."""
        least = min(self.examined, self.importers, self.found)
        if least < LEAST_THRESHOLD or not 0.0 < self.share <= 0.5:
            raise RuleViolation(
                f"A cell needs at least {LEAST_THRESHOLD} items, importers and finds, and no"
                f" importer may make up more than half of it; {self} protects nobody"
            )


@dataclass(frozen=True, slots=True)
class Cell:
    """What is told of a product from an origin.

    Args:
        product: 6 digits, or 4 for the rest of a heading.
        origin: ISO 3166-1 alpha-2.
        examined: items.
        found: of these, not conform.
        kinds: kinds found often enough, with how often.
    """

    product: str
    origin: str
    examined: int
    found: int
    kinds: tuple[tuple[str, int], ...] = ()


def cells(cases: Iterable[Case], threshold: Threshold) -> tuple[Cell, ...]:
    """Return the cells that may be told, in their order."""
    by_code: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        by_code[case.hs6, case.origin].append(case)
    told: list[Cell] = []
    rest: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for (hs6, origin), members in by_code.items():
        if _may_be_told(members, threshold):
            told.append(_cell(hs6, origin, members, threshold))
        else:
            rest[hs6[:4], origin].extend(members)
    told += [
        _cell(heading, origin, members, threshold)
        for (heading, origin), members in rest.items()
        if _may_be_told(members, threshold)
    ]
    return tuple(sorted(told, key=lambda cell: (cell.product, cell.origin)))


def _may_be_told(members: Sequence[Case], threshold: Threshold) -> bool:
    importers = Counter(case.importer for case in members)
    found = sum(case.is_found for case in members)
    return (
        len(members) >= threshold.examined
        and len(importers) >= threshold.importers
        and max(importers.values()) <= threshold.share * len(members)
        and (found == 0 or found >= threshold.found)
    )


def _cell(product: str, origin: str, members: Sequence[Case], threshold: Threshold) -> Cell:
    kinds = Counter(kind for case in members for kind in set(case.kinds))
    often = tuple(sorted((k, n) for k, n in kinds.items() if n >= threshold.found))
    found = sum(case.is_found for case in members)
    return Cell(product, origin, len(members), found, often)


def require_cells(told: Sequence[Cell]) -> None:
    """Refuse cells that are no counts: what another agency tells is judged before it counts.

    Raises: RuleViolation: too many, or one is not of the form above; says which.
    """
    if len(told) > MOST_CELLS:
        raise RuleViolation(f"At most {MOST_CELLS} cells can be told at once, not {len(told)}")
    for cell in told:
        is_product = cell.product.isascii() and cell.product.isdigit()
        is_origin = len(cell.origin) == 2 and cell.origin.isascii() and cell.origin.isupper()
        if not is_product or len(cell.product) not in (4, 6) or not is_origin:
            raise RuleViolation(f"{cell.product!r} x {cell.origin!r} is no product and origin")
        if not 0 <= cell.found <= cell.examined < 2**40:
            raise RuleViolation(
                f"{cell.product} from {cell.origin}: {cell.found} found of {cell.examined}"
                " examined cannot be"
            )


def prior(counts: Mapping[str, tuple[int, int]], hs: str) -> float:
    """Return the rate at which others found hazards in a product of one origin; -1.0: none told.

    Args:
        counts: (examined, found) by product, of that origin, over all who told.
        hs: of the goods, 6 digits or more.
    """
    examined, found = counts.get(hs[:6]) or counts.get(hs[:4]) or (0, 0)
    if not examined:
        return -1.0
    return (found + _PRIOR_RATE * _PRIOR_EXAMINED) / (examined + _PRIOR_EXAMINED)
