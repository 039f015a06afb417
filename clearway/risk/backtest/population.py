"""The declarations of a history as arrays: what hits of rules are counted against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Ints = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

# By the items that the importer had brought before: who is new must not be punished for it.
SIZES = ("new (under 10 items before)", "small (under 100)", "middle (under 1,000)", "large")
_BOUNDS = (10, 100, 1_000)

NEEDED = ("mrn", "accepted_at", "office", "origin", "examined", "illicit", "extra_revenue")
USEFUL = ("propensity", "stratum", "importer_n")


@dataclass(frozen=True, slots=True)
class Population:
    """One entry for each declaration, in order.

    Args:
        office, origin, size: places in `offices`, `origins`, `SIZES`; the origin is that of the
            first item. `size` is -1 where unknown.
        day: days since 1970.
        examined: whether an item has a result.
        found: whether an item was not conform.
        revenue: that the examination brought.
        propensity: of physical examination; NaN unknown.
        scored: whether the model's score selected it; None: the history does not say.
    """

    offices: tuple[str, ...]
    origins: tuple[str, ...]
    office: Ints
    origin: Ints
    size: Ints
    day: Ints
    examined: Bools
    found: Bools
    revenue: Floats
    propensity: Floats
    scored: Bools | None

    def __len__(self) -> int:
        return len(self.day)


class Builder:
    """Takes batches, gives the population of them all."""

    def __init__(self) -> None:
        self._offices: dict[str, int] = {}
        self._origins: dict[str, int] = {}
        self._parts: list[tuple[npt.NDArray[np.generic], ...]] = []
        self._has_strata = False

    def add(self, batch: pl.DataFrame, starts: Ints) -> None:
        """Add a batch.

        Args:
            batch: with the columns of `NEEDED`, and those of `USEFUL` that there are.
            starts: row of the first item of each declaration.
        """
        is_single = len(starts) == len(batch)
        first = batch if is_single else batch[starts]
        known = (pl.col("examined").fill_null(False) & pl.col("illicit").is_not_null()).alias("k")
        result = batch.select(
            known,
            (known & pl.col("illicit")).fill_null(False).alias("f"),
            pl.when(pl.col("extra_revenue") > 0.0)
            .then(pl.col("extra_revenue").fill_nan(0.0))
            .otherwise(0.0)
            .alias("r"),
        )
        examined, found, revenue = (result[name].to_numpy() for name in ("k", "f", "r"))
        if not is_single:
            examined = np.logical_or.reduceat(examined, starts)
            found = np.logical_or.reduceat(found, starts)
            revenue = np.add.reduceat(revenue, starts)
        self._has_strata |= "stratum" in batch.columns
        self._parts.append(
            (
                _places(first["office"], self._offices),
                _places(first["origin"], self._origins),
                _sizes(first),
                first["accepted_at"].dt.epoch("d").cast(pl.Int32).to_numpy(),
                examined,
                found,
                revenue,
                _propensities(first),
                _scored(first),
            )
        )

    def build(self) -> Population:
        """Return the population of all batches added, at least one."""
        columns: list[Any] = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        office, origin, size, day, examined, found, revenue, propensity, scored = columns
        return Population(
            offices=tuple(self._offices),
            origins=tuple(self._origins),
            office=office,
            origin=origin,
            size=size,
            day=day,
            examined=examined,
            found=found,
            revenue=revenue,
            propensity=propensity,
            scored=scored if self._has_strata else None,
        )


def _places(texts: pl.Series, known: dict[str, int]) -> Ints:
    filled = texts.fill_null("")
    distinct = filled.unique().to_list()
    for text in sorted(distinct):
        known.setdefault(text, len(known))
    places = [known[text] for text in distinct]
    return filled.replace_strict(distinct, places, return_dtype=pl.Int32).to_numpy()


def _sizes(first: pl.DataFrame) -> Ints:
    if "importer_n" not in first.columns:
        return np.full(len(first), -1, dtype=np.int32)
    before = first["importer_n"].fill_null(np.nan).to_numpy()
    sizes = np.digitize(before, _BOUNDS).astype(np.int32)
    return np.where(np.isnan(before), -1, sizes).astype(np.int32)


def _propensities(first: pl.DataFrame) -> Floats:
    if "propensity" not in first.columns:
        return np.full(len(first), np.nan)
    return first["propensity"].cast(pl.Float64).fill_null(np.nan).to_numpy()


def _scored(first: pl.DataFrame) -> Bools:
    if "stratum" not in first.columns:
        return np.zeros(len(first), dtype=np.bool_)
    return (first["stratum"].fill_null("") == "score").to_numpy()
