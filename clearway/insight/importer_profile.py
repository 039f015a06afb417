"""All that a history knows of one importer, beside the market.

    profile_of(pl.scan_parquet(folder), "GH0001")

A few scans of the columns that are needed, so that a history of millions of items is answered in
seconds. Results of examinations are told as they were, chosen as they were (see `hit_rates`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from clearway.insight.figures import wilson
from clearway.risk.backtest.fields import value_eur

MOST_GROUPS = 12
MOST_FINDS = 20
_LEAST_PRICES = 5
"""Fewer prices of others make no market."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many were examined and found not conform, with the 95 % interval of the rate (Wilson)."""

    examined: int
    found: int
    rate: float | None
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Month:
    """One month of an importer; `month` is such as 2026-03, `value` is EUR."""

    month: str
    items: int
    value: float


@dataclass(frozen=True, slots=True)
class Group:
    """What it declared of one kind: goods (HS heading), an origin, a declarant or an exporter."""

    name: str
    items: int
    value: float
    hits: Share


@dataclass(frozen=True, slots=True)
class Price:
    """Unit values of one kind of goods from one origin, EUR per kg.

    Args:
        hs: six digits.
        own: median of the importer.
        items: of the importer.
        low, middle, high: tenth, half and ninth decile of all others; None: too few of them.
        others: their items.
    """

    hs: str
    origin: str
    own: float
    items: int
    low: float | None
    middle: float | None
    high: float | None
    others: int


@dataclass(frozen=True, slots=True)
class Find:
    """A past examination that found something; revenue in the currency of the history."""

    mrn: str
    item: int
    accepted_at: datetime
    hs: str
    origin: str
    description: str
    kind: str
    revenue: float


@dataclass(frozen=True, slots=True)
class ImporterProfile:
    """One importer; `value` is EUR over the whole history."""

    importer: str
    since: datetime
    until: datetime
    declarations: int
    items: int
    value: float
    hits: Share
    everybody: Share
    months: tuple[Month, ...]
    headings: tuple[Group, ...]
    origins: tuple[Group, ...]
    declarants: tuple[Group, ...]
    exporters: tuple[Group, ...]
    prices: tuple[Price, ...]
    finds: tuple[Find, ...]


def profile_of(history: pl.LazyFrame, importer: str) -> ImporterProfile | None:
    """Return the profile of an importer; None: it is not in the history.

    Args:
        history: columns of `risk.formats.history.SCHEMA`; optional ones may be absent.
        importer: its number, or name where it has none.
    """
    table = _shaped(history)
    own = table.filter(pl.col("importer") == importer).collect()
    if own.is_empty():
        return None
    whole = table.select(pl.len().alias("n"), pl.col("known").sum(), pl.col("bad").sum()).collect()
    return ImporterProfile(
        importer=importer,
        since=own["accepted_at"].min(),  # type: ignore[arg-type]
        until=own["accepted_at"].max(),  # type: ignore[arg-type]
        declarations=own["mrn"].n_unique(),
        items=len(own),
        value=float(own["eur"].sum()),
        hits=_share(int(own["known"].sum()), int(own["bad"].sum())),
        everybody=_share(int(whole["known"][0]), int(whole["bad"][0])),
        months=_months(own),
        headings=_groups(own, pl.col("hs").str.slice(0, 4)),
        origins=_groups(own, pl.col("origin")),
        declarants=_groups(own, pl.col("declarant")),
        exporters=_groups(own, pl.col("exporter")),
        prices=_prices(table, own, importer),
        finds=_finds(own),
    )


def _shaped(history: pl.LazyFrame) -> pl.LazyFrame:
    """Add value in EUR, unit value, and whether a result is known and bad."""
    names = history.collect_schema().names()
    kind = pl.col("mode") if "mode" in names else pl.lit(None, dtype=pl.String)
    known = (pl.col("examined") & pl.col("illicit").is_not_null()).fill_null(value=False)
    eur = value_eur()
    mass = pl.col("net_mass_kg")
    return history.select(
        "mrn", "item", "accepted_at", "importer", "declarant", "exporter", "hs", "origin",
        "description", "extra_revenue",
        eur.fill_null(0.0).alias("eur"),
        pl.when((mass > 0.0) & (eur > 0.0)).then(eur / mass).alias("price"),
        known.alias("known"),
        (known & pl.col("illicit")).fill_null(value=False).alias("bad"),
        kind.fill_null("").alias("kind"),
    )  # fmt: skip


def _share(examined: int, found: int) -> Share:
    low, high = wilson(found, examined)
    return Share(examined, found, found / examined if examined else None, low, high)


def _months(own: pl.DataFrame) -> tuple[Month, ...]:
    by = own.group_by(pl.col("accepted_at").dt.strftime("%Y-%m").alias("month"))
    rows = by.agg(pl.len().alias("n"), pl.col("eur").sum()).sort("month").iter_rows()
    return tuple(Month(*row) for row in rows)


def _groups(own: pl.DataFrame, key: pl.Expr) -> tuple[Group, ...]:
    by = own.group_by(key.fill_null("").alias("key"))
    counted = by.agg(
        pl.len().alias("n"), pl.col("eur").sum(), pl.col("known").sum(), pl.col("bad").sum()
    ).sort("n", "key", descending=[True, False])
    return tuple(
        Group(name, items, value, _share(examined, found))
        for name, items, value, examined, found in counted.head(MOST_GROUPS).iter_rows()
    )


def _prices(table: pl.LazyFrame, own: pl.DataFrame, importer: str) -> tuple[Price, ...]:
    goods = (pl.col("hs").str.slice(0, 6).alias("goods"), pl.col("origin"))
    mine = (
        own.filter(pl.col("price").is_not_null())
        .group_by(*goods)
        .agg(pl.col("price").median().alias("own"), pl.len().alias("items"))
        .sort("items", "goods", "origin", descending=[True, False, False])
        .head(MOST_GROUPS)
    )
    market = (
        table.filter(pl.col("importer").ne_missing(importer) & pl.col("price").is_not_null())
        .with_columns(goods[0])
        .join(mine.lazy().select("goods", "origin"), on=["goods", "origin"], how="semi")
        .group_by("goods", "origin")
        .agg(
            *(pl.col("price").quantile(q, "linear").alias(f"q{q}") for q in (0.1, 0.5, 0.9)),
            pl.len().alias("others"),
        )
        .collect()
    )
    rows = mine.join(market, on=["goods", "origin"], how="left", maintain_order="left")
    return tuple(_price(row) for row in rows.iter_rows(named=True))


def _price(row: dict[str, Any]) -> Price:
    others = row["others"] or 0
    is_market = others >= _LEAST_PRICES
    low, middle, high = (row[f"q{q}"] if is_market else None for q in (0.1, 0.5, 0.9))
    return Price(row["goods"], row["origin"], row["own"], row["items"], low, middle, high, others)


def _finds(own: pl.DataFrame) -> tuple[Find, ...]:
    found = own.filter("bad").sort("accepted_at", "mrn", descending=[True, False])
    columns = ("mrn", "item", "accepted_at", "hs", "origin", "description", "kind")
    rows = found.head(MOST_FINDS).select(*columns, pl.col("extra_revenue").fill_null(0.0))
    return tuple(Find(*row) for row in rows.iter_rows())


@dataclass(frozen=True, slots=True)
class Entry:
    """An importer as a line of a list."""

    importer: str
    items: int
    value: float
    hits: Share


def list_importers(history: pl.LazyFrame, words: str = "", *, limit: int = 50) -> tuple[Entry, ...]:
    """Return importers whose number or name holds `words`, those with most finds first."""
    table = _shaped(history).filter(pl.col("importer").is_not_null())
    if words:
        wanted = pl.col("importer").str.to_lowercase().str.contains(words.lower(), literal=True)
        table = table.filter(wanted)
    counted = (
        table.group_by("importer")
        .agg(pl.len().alias("n"), pl.col("eur").sum(), pl.col("known").sum(), pl.col("bad").sum())
        .sort("bad", "n", "importer", descending=[True, True, False])
        .head(limit)
        .collect()
    )
    return tuple(
        Entry(name, items, value, _share(examined, found))
        for name, items, value, examined, found in counted.iter_rows()
    )
