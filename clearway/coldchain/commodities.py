"""The library of commodities: how goods want to be kept and how they spoil.

The figures stand in `data/commodities.csv`, one commodity a row, with the source of each row, its
status (`seen` in the source, `derived` from it, or `assumed` by the house) and, in `assumed`, the
columns that the house filled in itself. They are a start for officers, not a standard: an agency
that knows its trade better edits the file.

    of_hs("080390").code    # "banana"
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from clearway.coldchain.model import (
    Arrhenius,
    Commodity,
    Exponential,
    Kinetics,
    PiecewiseQ10,
    SquareRoot,
)
from clearway.errors import NotFound

PRODUCE_Q10 = PiecewiseQ10(upto_c=(10.0, 20.0, 30.0, 40.0), q10=(3.0, 2.5, 2.0, 1.5))
"""Source: Saltveit, USDA Agriculture Handbook 66 (2002 draft): life 100, 33, 13, 7, 4 at 0, 10,
20, 30, 40 degrees."""


def get(code: str) -> Commodity:
    """Return the commodity of this code. Raises: NotFound: the library has none."""
    found = library().get(code)
    if found is None:
        raise NotFound(
            f"No commodity {code!r} in the library; it knows {', '.join(sorted(library()))}",
            code=code,
        )
    return found


def find(code: str | None) -> Commodity | None:
    """Return the commodity of this code, or None."""
    return None if code is None else library().get(code)


def of_hs(hs: str) -> Commodity | None:
    """Return the commodity with the longest prefix of an HS code, or None for other goods."""
    by_prefix = _by_prefix()
    for length in range(min(len(hs), 10), 3, -1):
        found = by_prefix.get(hs[:length])
        if found is not None:
            return found
    return None


@cache
def library() -> Mapping[str, Commodity]:
    """Return all commodities by code; the file is read once."""
    path = resources.files("clearway.coldchain") / "data" / "commodities.csv"
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {found.code: found for found in read(rows)}


@cache
def _by_prefix() -> Mapping[str, Commodity]:
    return {prefix: found for found in library().values() for prefix in found.hs}


def read(rows: Iterable[Mapping[str, str]]) -> Iterable[Commodity]:
    """Yield the commodities of CSV rows.

    Raises: ValueError: a cell is not what its column holds; the file ships with the package, so
    that is a defect.
    """
    for row in rows:
        yield Commodity(
            code=row["code"],
            name=row["name"],
            hs=tuple(row["hs"].split()),
            coldest_c=float(row["coldest_c"]),
            warmest_c=float(row["warmest_c"]),
            limit_c=float(row["limit_c"]),
            life_days=(float(row["life_low_days"]), float(row["life_high_days"])),
            reference_c=float(row["reference_c"]),
            freezing_c=_maybe(row["freezing_c"]),
            chilling_c=_maybe(row["chilling_c"]),
            kinetics=_kinetics(row["kinetics"]),
            lag_h=float(row["lag_h"]),
            source=row["source"],
            status=row["status"],
            assumed=tuple(row["assumed"].split()),
        )


def _maybe(cell: str) -> float | None:
    return float(cell) if cell else None


def _kinetics(cell: str) -> Kinetics:
    match cell.split():
        case ["q10"]:
            return PRODUCE_Q10
        case ["sqrt", t_min_c]:
            return SquareRoot(float(t_min_c))
        case ["exp", per_c]:
            return Exponential(float(per_c))
        case ["arrhenius", kj_mol]:
            return Arrhenius(float(kj_mol))
        case _:
            raise ValueError(f"kinetics {cell!r}: expected q10, sqrt, exp or arrhenius")
