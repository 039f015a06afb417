"""The library of kinetics: how quickly one quality of one kind of goods goes, as sources give it.

The rows stand in `data/kinetics.csv`, each with the range in which it was fitted, its source and
its status: `seen` in the source, `derived` from it, `recalled` (not verified) or `weak`. A row
whose law was tabled only, or is of growth, has points and no rate model.

    rows()["salmon_smoked"].kinetics    # Exponential(per_c=0.089, valid_c=(0.0, 25.0))
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

from clearway.coldchain.model import (
    Arrhenius,
    Belehradek,
    Exponential,
    Kinetics,
    PiecewiseQ10,
    SquareRoot,
)
from clearway.errors import BadTerm

PRODUCE_Q10 = PiecewiseQ10(upto_c=(10.0, 20.0, 30.0, 40.0), q10=(3.0, 2.5, 2.0, 1.5))
"""Source: Saltveit, USDA Agriculture Handbook 66 (2002 draft): life 100, 33, 13, 7, 4 at 0, 10,
20, 30, 40 degrees."""

_FORMS = "a code of kinetics.csv, or sqrt, belehradek, exp, arrhenius or q10 with their numbers"
_NO_RATE = frozenset({"table", "baranyi", "rule"})


@dataclass(frozen=True, slots=True)
class KineticRow:
    """One row of the library.

    Args:
        code: stable.
        goods, attribute: of what, which quality.
        model: the cell as it stands, such as `exp 0.089`.
        kinetics: the same as a rate model; None for tabled points, growth and rules.
        valid_c: where it was fitted.
        points: degrees Celsius and (low, high) of the life there, in days where not said otherwise.
        source, status: where from, and how sure.
    """

    code: str
    goods: str
    attribute: str
    model: str
    kinetics: Kinetics | None
    valid_c: tuple[float, float]
    points: tuple[tuple[float, float, float], ...]
    source: str
    status: str


@cache
def rows() -> Mapping[str, KineticRow]:
    """Return all rows by code; the file is read once."""
    path = resources.files("clearway.coldchain") / "data" / "kinetics.csv"
    table = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {row["code"]: _row(row) for row in table}


def kinetics_of(cell: str) -> Kinetics:
    """Return the rate model of a cell: a code of the library, or the model itself.

    Raises: BadTerm: neither, or a row without a rate model.
    """
    row = rows().get(cell.strip())
    if row is not None:
        if row.kinetics is None:
            raise BadTerm("kinetics", cell, "this row of kinetics.csv has no rate model")
        return row.kinetics
    return _model(cell)


def _row(row: Mapping[str, str]) -> KineticRow:
    valid_c = (float(row["valid_low_c"]), float(row["valid_high_c"]))
    kinetics = None
    if row["model"].split()[0] not in _NO_RATE:
        kinetics = replace(_model(row["model"]), valid_c=valid_c)
    return KineticRow(
        row["code"],
        row["goods"],
        row["attribute"],
        row["model"],
        kinetics,
        valid_c,
        tuple(map(_point, row["points"].split())),
        row["source"],
        row["status"],
    )


def _point(text: str) -> tuple[float, float, float]:
    at, _, days = text.partition(":")
    low, _, high = days.partition("-")
    return float(at), float(low), float(high or low)


def _model(cell: str) -> Kinetics:
    """Return the model of a cell such as `sqrt -10`. Raises: BadTerm."""
    try:
        match cell.split():
            case ["q10"]:
                return PRODUCE_Q10
            case ["q10", *pairs]:
                bounds, factors = zip(*(pair.split(":") for pair in pairs), strict=True)
                return PiecewiseQ10(tuple(map(float, bounds)), tuple(map(float, factors)))
            case ["sqrt", t_min_c]:
                return SquareRoot(float(t_min_c))
            case ["belehradek", t_min_c, exponent]:
                return Belehradek(float(t_min_c), float(exponent))
            case ["exp", per_c]:
                return Exponential(float(per_c))
            case ["arrhenius", kj_mol]:
                return Arrhenius(float(kj_mol))
    except ValueError as error:
        raise BadTerm("kinetics", cell, f"a number cannot be read; it takes {_FORMS}") from error
    raise BadTerm("kinetics", cell, f"unknown; it takes {_FORMS}")
