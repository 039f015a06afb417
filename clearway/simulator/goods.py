"""The goods of this world: what is traded, from where, at what price, and how it perishes.

`goods.csv` holds one kind of goods a line. HS codes are of the 2022 edition; prices (USD per kg,
at the border), weights and shelf lives are plausible round numbers chosen for the
simulator, not statistics. Columns:

- `weight`: share of the trade; `price`, `spread`: median and log standard deviation per shipment;
- `sibling`: a kind with a lower duty that a cheat would rather declare;
- `origins`, `modes`: `code:weight`; modes of UN/ECE Recommendation 19 (1 sea, 3 road, 4 air);
- `certificate`: UNECE 1001 code of what the goods need (851 phytosanitary, 853 veterinary);
- `commodity`, `set_point_c`, `best_c`, `life_days`, `kinetics`: how goods that travel cold age:
  so many days at `best_c` (see decay.py);
- `descriptions`: what traders write, the last one the vaguest.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from clearway.simulator.decay import Law
from clearway.terms.goods import HsCode

# Fresh goods freeze a little below zero; tropical ones are injured above it. Order of magnitude
# as in tables of commercial storage of fruits and vegetables.
_FREEZES_C = {"wet": -2.8, "fresh": -1.6, "pharma": -0.5}
_CHILL_C = {"banana": 11.0, "avocado": 5.0, "mango": 8.0, "tomato": 9.0, "pepper": 5.0}


@dataclass(frozen=True, slots=True)
class Goods:
    """One kind of goods; a line of goods.csv."""

    key: str
    hs: HsCode
    family: str
    weight: float
    price_usd_kg: float
    spread: float
    sibling: str | None
    package_kg: float
    package_type: str
    origins: dict[str, float]
    modes: dict[str, float]
    shipment_kg: float
    certificate: str | None
    commodity: str | None
    set_point_c: float
    life_days: float
    law: Law | None
    mass_class: str
    descriptions: tuple[str, ...]

    @property
    def is_perishable(self) -> bool:
        """Whether it travels cold and ages."""
        return self.law is not None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All kinds of goods, and the columns that the draws need as arrays of shape (kinds,).

    `sibling` is the place of the cheaper sibling, -1 where there is none; `places` leads from a
    kind's key to its place.
    """

    kinds: tuple[Goods, ...]
    weight: NDArray[np.float64]
    price: NDArray[np.float64]
    spread: NDArray[np.float64]
    package_kg: NDArray[np.float64]
    shipment_kg: NDArray[np.float64]
    sibling: NDArray[np.int64]
    places: dict[str, int]

    def of_family(self, family: str) -> list[int]:
        """Return the places of the kinds of one family."""
        return [place for place, kind in enumerate(self.kinds) if kind.family == family]


@cache
def catalogue() -> Catalogue:
    """Return the goods of goods.csv."""
    text = files("clearway.simulator").joinpath("goods.csv").read_text("utf-8")
    kinds = tuple(_goods(row) for row in csv.DictReader(text.splitlines()))
    places = {kind.key: place for place, kind in enumerate(kinds)}
    sibling = [places[kind.sibling] if kind.sibling else -1 for kind in kinds]
    return Catalogue(
        kinds=kinds,
        weight=_column(kind.weight for kind in kinds),
        price=_column(kind.price_usd_kg for kind in kinds),
        spread=_column(kind.spread for kind in kinds),
        package_kg=_column(kind.package_kg for kind in kinds),
        shipment_kg=_column(kind.shipment_kg for kind in kinds),
        sibling=np.array(sibling, dtype=np.int64),
        places=places,
    )


def _column(values: Iterable[float]) -> NDArray[np.float64]:
    return np.array(list(values), dtype=np.float64)


def _goods(row: dict[str, str]) -> Goods:
    return Goods(
        key=row["key"],
        hs=HsCode(row["hs"]),
        family=row["family"],
        weight=float(row["weight"]),
        price_usd_kg=float(row["price"]),
        spread=float(row["spread"]),
        sibling=row["sibling"] or None,
        package_kg=float(row["package_kg"]),
        package_type=row["package_type"],
        origins=_weights(row["origins"]),
        modes=_weights(row["modes"]),
        shipment_kg=float(row["shipment_kg"]),
        certificate=row["certificate"] or None,
        commodity=row["commodity"] or None,
        set_point_c=float(row["set_point_c"] or "nan"),
        life_days=float(row["life_days"] or "nan"),
        law=_law(row),
        mass_class=row["mass_class"],
        descriptions=tuple(row["descriptions"].split("|")),
    )


def _weights(text: str) -> dict[str, float]:
    pairs = (pair.split(":") for pair in text.split("|"))
    return {code: float(weight) for code, weight in pairs}


def _law(row: dict[str, str]) -> Law | None:
    if not row["kinetics"]:
        return None
    form, parameter = row["kinetics"].split(" ")
    return Law(
        form,
        float(parameter),
        float(row["best_c"]),
        _CHILL_C.get(row["key"]),
        _FREEZES_C.get(row["mass_class"]),
    )
