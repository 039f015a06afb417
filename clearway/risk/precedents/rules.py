"""Which past cases are closest, and what of them may be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from clearway.risk.precedents.model import Likeness, Precedent

# Points of what two items share. A trader repeats himself more than goods do; a whole code says
# more than its heading, and a heading alone is not yet comparable.
_IMPORTER, _EXPORTER, _HS6, _HEADING, _ORIGIN = 4.0, 2.0, 3.0, 1.5, 1.5
LEAST = 3.0
# After this many days a case weighs half.
_HALF_LIFE_DAYS = 365.0


def likeness(one: Likeness, other: Likeness) -> float:
    """Return how much two items share, 0 to 10.5; what is unknown is shared by nobody."""
    points = 0.0
    for name, worth in (("importer", _IMPORTER), ("exporter", _EXPORTER), ("origin", _ORIGIN)):
        mine = getattr(one, name)
        points += worth if mine and mine == getattr(other, name) else 0.0
    if one.hs[:6] and one.hs[:6] == other.hs[:6]:
        return points + _HS6
    return points + (_HEADING if one.hs[:4] and one.hs[:4] == other.hs[:4] else 0.0)


def closest(
    goods: Likeness, candidates: Iterable[Precedent], most: int = 5
) -> tuple[Precedent, ...]:
    """Return the most comparable cases, closest first; of equals the newer, then the find.

    Args:
        goods: what is to be examined; cases of its own day or later are left out, so that what is
            shown is what was known.
        candidates: in any order; the same case twice counts once.
        most: at most so many.
    """
    ranked: dict[tuple[str, int], tuple[float, Precedent]] = {}
    for case in candidates:
        shared = likeness(goods, case.goods)
        age = goods.day - case.examined_day
        if shared < LEAST or age <= 0:
            continue
        ranked[case.mrn, case.item] = (shared * 0.5 ** (age / _HALF_LIFE_DAYS), case)
    order = sorted(
        ranked.values(),
        key=lambda one: (-one[0], -one[1].examined_day, not one[1].found, one[1].mrn, one[1].item),
    )
    return tuple(case for _, case in order[:most])


def disclosed(
    cases: Iterable[Precedent], own: str | None, *, may_see_others: bool
) -> tuple[Precedent, ...]:
    """Return the cases as a viewer may see them.

    Args:
        own: party whose cases the viewer may see whole; None: nobody's.
        may_see_others: whether policy lets the viewer see who others are.
    """
    return tuple(
        case if may_see_others or (own and case.goods.importer == own) else _blanked(case)
        for case in cases
    )


def _blanked(case: Precedent) -> Precedent:
    return replace(case, mrn="", item=0, goods=replace(case.goods, importer="", exporter=""))
