"""The features of DATE's experiments: amounts, ratios, time, and flags of risky profiles.

Source: the DATE paper, section 5.1, and the preparation of data that its authors publish: unit
values by quantity and weight, taxes by value and quantity, FOB by CIF, code levels as numbers,
day, week and month of the year; and for importer, declarant, code levels, quantity, office and four
crosses a flag: 1 for the tenth of the values with the highest smoothed share of illicit rows in
training, illicit / (rows + 10). Unknown numbers are 0, as there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from clearway.cli.bench.peers.contest import Contest, Flags, Floats

_TOP, _SMOOTH = 0.1, 10.0
_NUMBERS = (
    "fob", "cif", "taxes", "mass", "quantity", "unit_price", "kilo_price", "tax_ratio",
    "tax_unit", "fob_ratio", "tariff", "hs6", "hs4", "hs2", "day", "week", "month",
)  # fmt: skip
_PROFILES: tuple[tuple[str, ...], ...] = (
    ("importer",), ("declarant",), ("hs",), ("hs6",), ("hs4",), ("hs2",), ("quantity",),
    ("office",), ("office", "importer"), ("office", "hs6"), ("office", "origin"),
    ("hs6", "origin"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DateTable:
    """DATE's view of a table.

    Args:
        matrix: shape (rows, features): numbers, then flags.
        raw: how many of its columns come first and use no result.
        importer, item: place in the vocabulary of the training, 0: not seen there.
        sizes: of both vocabularies, with place 0.
    """

    matrix: npt.NDArray[np.float32]
    raw: int
    importer: npt.NDArray[np.int32]
    item: npt.NDArray[np.int32]
    sizes: tuple[int, int]


def build(contest: Contest, teach: Flags) -> DateTable:
    """Return the features of all rows; flags and vocabularies come from `teach` alone."""
    rows = _columns(contest.frame)
    illicit, _ = contest.labels()
    numbers = rows.select(_NUMBERS).cast(pl.Float64).fill_null(0.0).fill_nan(0.0).to_numpy()
    flags = [_flag(_joined(rows, names), illicit, teach) for names in _PROFILES]
    matrix = np.column_stack([numbers, *flags])
    importer, importers = _places(_joined(rows, ("importer",)), teach)
    item, items = _places(_joined(rows, ("hs",)), teach)
    capped = np.nan_to_num(matrix, nan=0.0, posinf=0.0, neginf=0.0).clip(-1e30, 1e30)
    return DateTable(capped.astype(np.float32), len(_NUMBERS), importer, item, (importers, items))


def _columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the columns that DATE reads, from a history that may lack some of them."""
    given, col = frame.columns, pl.col
    quantity = [col("quantity")] if "quantity" in given else []
    worth = pl.coalesce("statistical_value", "value")
    cif = col("value") if "fob_value" in given else worth
    fob = col("fob_value") if "fob_value" in given else col("value")
    taxes = [col("total_taxes")] if "total_taxes" in given else []
    base = frame.select(
        "importer", "declarant", "office", "origin", "hs",
        cif=cif, fob=fob, mass="net_mass_kg",
        quantity=pl.coalesce(*quantity, col("packages").cast(pl.Float64)),
        taxes=pl.coalesce(*taxes, cif * col("duty_rate") / 100.0),
        day=col("accepted_at").dt.ordinal_day(),
        week=col("accepted_at").dt.week(),
        month=col("accepted_at").dt.month(),
        tariff=col("hs").cast(pl.Float64, strict=False),
    )  # fmt: skip
    return base.with_columns(
        unit_price=col("cif") / col("quantity"),
        kilo_price=col("cif") / col("mass"),
        tax_ratio=col("taxes") / col("cif"),
        tax_unit=col("taxes") / col("quantity"),
        fob_ratio=col("fob") / col("cif"),
        **{f"hs{n}": col("hs").str.slice(0, n).cast(pl.Float64, strict=False) for n in (6, 4, 2)},
    )


def _joined(rows: pl.DataFrame, names: tuple[str, ...]) -> pl.Series:
    parts = [pl.col(name).cast(pl.String).fill_null("?") for name in names]
    return rows.select(pl.concat_str(parts, separator="&").alias("key"))["key"]


def _flag(keys: pl.Series, illicit: Flags, teach: Flags) -> Floats:
    known = pl.DataFrame({"key": keys, "illicit": illicit}).filter(pl.Series(teach))
    rates = known.group_by("key").agg(
        rate=pl.col("illicit").sum() / (pl.len() + _SMOOTH), rows=pl.len()
    )
    count = int(_TOP * rates.height) + 1
    risky = rates.sort("rate", "rows", "key", descending=[True, False, False])["key"].head(count)
    return keys.is_in(risky.implode()).to_numpy().astype(np.float64)


def _places(keys: pl.Series, teach: Flags) -> tuple[npt.NDArray[np.int32], int]:
    seen = keys.filter(pl.Series(teach)).unique().sort()
    places = keys.replace_strict(
        seen, pl.Series(range(1, len(seen) + 1), dtype=pl.Int32), default=0, return_dtype=pl.Int32
    )
    return places.to_numpy().astype(np.int32), len(seen) + 1
