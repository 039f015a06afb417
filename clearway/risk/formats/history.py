"""History of declarations as a table: what training and back-tests read.

One row per item. Any Parquet file or Polars frame with these columns will do, in any order; those
marked (o) may be absent: then they are null, which means unknown. Times are UTC.

| column | type | meaning |
|---|---|---|
| mrn | text | declaration |
| item | whole number | item of it |
| accepted_at | time | when the declaration was accepted |
| importer, declarant, exporter | text | party ids, or names where there is no id; may be null |
| office | text | customs office |
| hs | text | 6 to 10 digits |
| origin, dispatch | text | ISO 3166-1 alpha-2 |
| preference | text | preference code claimed; null or 1..: none |
| net_mass_kg, value | number | null: unknown |
| currency | text | ISO 4217, of `value` and `statistical_value` |
| statistical_value | number | used where `value` is unknown |
| duty_rate | number | percent |
| packages | whole number | null: unknown |
| transport_mode | text | UN/ECE Recommendation 19 |
| description | text | the declarant's words |
| examined | true or false | whether customs examined the item |
| illicit | true, false or null | result; null: not examined |
| extra_revenue | number | that the examination brought |
| known_at | time | when the result was known; null: never |
| certificates | number | documents cited for the item (o) |
| exporter_country | text | ISO 3166-1 alpha-2, of the exporter (o) |
| address, phone | text | of the importer, as registered (o) |
| kin | text | the oldest of the numbers that belong to the same people, as known then (o) |
| signals | whole number | what other desks knew at acceptance: bits of `signals` (o) |
| quantity, unit | number, text | supplementary quantity and its unit, UN/ECE Rec. 20 (o) |
| outcome | text | nothing, partial or full (o) |
| mode | text | kind of fraud found (o) |
| stratum, propensity | text, number | why it was examined; the chance that it would be (o) |
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import polars as pl

from clearway.errors import MalformedMessage
from clearway.risk.columns import US_PER_DAY
from clearway.risk.exchange import in_eur
from clearway.risk.model import Goods

_TIME = pl.Datetime("us", "UTC")

SCHEMA: dict[str, Any] = {
    "mrn": pl.String,
    "item": pl.Int64,
    "accepted_at": _TIME,
    "importer": pl.String,
    "declarant": pl.String,
    "exporter": pl.String,
    "office": pl.String,
    "hs": pl.String,
    "origin": pl.String,
    "dispatch": pl.String,
    "preference": pl.String,
    "net_mass_kg": pl.Float64,
    "value": pl.Float64,
    "currency": pl.String,
    "statistical_value": pl.Float64,
    "duty_rate": pl.Float64,
    "packages": pl.Int64,
    "transport_mode": pl.String,
    "description": pl.String,
    "examined": pl.Boolean,
    "illicit": pl.Boolean,
    "extra_revenue": pl.Float64,
    "known_at": _TIME,
    "certificates": pl.Float64,
    "exporter_country": pl.String,
    "address": pl.String,
    "phone": pl.String,
    "kin": pl.String,
    "signals": pl.Int64,
    "quantity": pl.Float64,
    "unit": pl.String,
    "outcome": pl.String,
    "mode": pl.String,
    "stratum": pl.String,
    "propensity": pl.Float64,
}
_OPTIONAL = frozenset(list(SCHEMA)[list(SCHEMA).index("certificates") :])


def read(folder: Path) -> pl.DataFrame:
    """Return all Parquet files below a folder, or one Parquet file, as one frame.

    Raises: MalformedMessage: no such file, no Parquet in it, or a column is missing.
    """
    files = sorted(folder.rglob("*.parquet")) if folder.is_dir() else [folder]
    if not files or not files[0].is_file():
        raise MalformedMessage(
            f"There is no Parquet file at {folder}; give the folder that holds the history"
        )
    try:
        return conform(pl.concat([pl.read_parquet(file) for file in files], how="diagonal_relaxed"))
    except pl.exceptions.PolarsError as broken:
        raise MalformedMessage(f"The history at {folder} cannot be read: {broken}") from broken


def conform(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with exactly the columns of `SCHEMA`, in the order of time.

    Raises: MalformedMessage: a column is missing, or holds what cannot be its type.
    """
    missing = [name for name in SCHEMA if name not in frame.columns and name not in _OPTIONAL]
    if missing:
        raise MalformedMessage(
            f"The history lacks the columns {', '.join(missing)}; see the schema of a history",
            missing=missing,
        )
    columns = [_column(frame, name, wanted) for name, wanted in SCHEMA.items()]
    try:
        shaped = frame.select(columns)
    except pl.exceptions.PolarsError as broken:
        raise MalformedMessage(f"A column of the history has a wrong type: {broken}") from broken
    for name in ("mrn", "item", "accepted_at", "hs"):
        if shaped[name].null_count():
            raise MalformedMessage(f"The history has rows without {name}; every row needs one")
    return shaped.sort("accepted_at", "mrn", "item", maintain_order=True)


def _column(frame: pl.DataFrame, name: str, wanted: Any) -> pl.Expr:
    if name not in frame.columns:
        return pl.lit(None, dtype=wanted).alias(name)
    column = pl.col(name)
    if wanted is _TIME and isinstance(frame.schema[name], pl.Datetime):
        zoned = frame.schema[name].time_zone is not None  # type: ignore[attr-defined]
        column = column if zoned else column.dt.replace_time_zone("UTC")
    return column.cast(wanted)


@dataclass(frozen=True, slots=True)
class Seen:
    """One item of history.

    Args:
        goods: the item.
        at: microseconds since 1970 UTC when it was accepted.
        illicit: result of its examination; None: not examined, or the result is not known yet.
        extra_revenue: that the examination brought; NaN unknown.
    """

    goods: Goods
    at: int
    illicit: bool | None = None
    extra_revenue: float = 0.0


def seen(frame: pl.DataFrame, now: int) -> list[Seen]:
    """Return the rows one by one, for what cannot work on columns.

    Args:
        frame: of `conform`.
        now: microseconds since 1970; a result that becomes known at or after it is not known.
    """
    flat = frame.with_columns(
        pl.col("accepted_at", "known_at").dt.epoch("us"),
        pl.col(pl.String).fill_null(""),
        pl.col(pl.Float64).fill_null(math.nan),
        pl.col("packages").fill_null(0),
        pl.col("signals").fill_null(-1),
    )
    return [_seen(row, now) for row in flat.iter_rows(named=True)]


def _seen(row: dict[str, Any], now: int) -> Seen:
    worth = row["value"] if row["value"] > 0.0 else row["statistical_value"]
    goods = Goods(
        day=row["accepted_at"] // US_PER_DAY,
        value_eur=in_eur(worth, row["currency"]),
        **{name: row[name] for name in _AS_THEY_ARE},
    )
    known_at, illicit = row["known_at"], row["illicit"]
    known = bool(row["examined"]) and illicit is not None and known_at is not None
    result = illicit if known and known_at < now else None
    return Seen(goods, row["accepted_at"], result, row["extra_revenue"])


_AS_THEY_ARE = tuple(field.name for field in fields(Goods) if field.name in SCHEMA)


def digest(frame: pl.DataFrame) -> str:
    """Return SHA-256 over all values of a conforming frame, in its order."""
    hasher = hashlib.sha256()
    for name in SCHEMA:
        column = frame[name]
        hasher.update(f"{name}:{len(column)}:".encode())
        hasher.update(column.is_null().to_numpy().tobytes())
        if column.dtype == pl.String:
            hasher.update((column.fill_null("").str.join("\x1f").item() or "").encode())
        else:
            numbers = column.to_physical().fill_null(0).to_numpy()
            hasher.update(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes())
    return hasher.hexdigest()
