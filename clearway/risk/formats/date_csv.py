"""Declarations as CSV in DATE's columns, or those of the Korean open set, as a history and back.

    read = date_csv.read(Path("declarations.csv"))
    read.frame          # columns of formats.history.SCHEMA, and PLAIN
    read.notes          # what was odd, for whoever runs it

DATE is the model of the KDD 2020 paper "DATE: Dual Attentive Tree-aware Embedding for Customs Fraud
Detection"; its authors publish the columns in the READMEs of their repositories and other names of
the same columns in the scripts that prepare four administrations' data. One row is one item; the
order of columns, their case and what stands between words do not matter, and a column that is
absent is unknown in every row. Only a date is needed.

| DATE | history |
|---|---|
| sgd.id, item.number | mrn, item; without an id each row is a declaration |
| sgd.date | accepted_at |
| importer.id, declarant.id, exporter.name | importer, declarant, exporter |
| country, last.departure.code | origin, dispatch |
| office.id, tariff.code | office, hs |
| quantity | packages, and quantity where the history has that column |
| gross.weight | net_mass_kg |
| cif.value, fob.value | value, statistical_value; all amounts are of one currency, read as EUR |
| total.taxes / cif.value | duty_rate |
| illicit | illicit; empty: customs did not look |
| revenue | extra_revenue |

When a result was known is not in such a table: `known_after` days after the declaration.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import polars as pl

from clearway.errors import MalformedMessage
from clearway.risk.formats import cells, history

# Other names of a column, letters and digits only.
_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("sgdid", "sgdname", "sgdnumber", "sgdno", "declarationid", "regno", "id"),
    "item": ("itemnumber", "itemno", "item"),
    "date": ("sgddate", "date", "regdate", "declarationdate", "accepteddate", "receiptdate"),
    "importer": ("importerid", "importertin", "importer", "tpin", "importercode"),
    "declarant": ("declarantid", "declarantcode", "declarant", "brokerid", "agentcode"),
    "exporter": ("exportername", "exporterid", "exporter", "sellerid", "contractpartycode"),
    "origin": ("country", "origincode", "countryoforigin", "origin", "iso3", "countryid"),
    "dispatch": ("lastdeparturecode", "expcty", "countryofdeparture", "dispatch"),
    "office": ("officeid", "office", "officecode"),
    "hs": ("tariffcode", "hs10", "hscode", "hs6code", "hs6", "hs"),
    "quantity": ("quantity", "qty", "quantities"),
    "mass": ("grossweight", "netmass", "netweight", "weight", "netmasskg"),
    "cif": ("cifvalue", "cif", "itemprice", "value"),
    "fob": ("fobvalue", "fob"),
    "taxes": ("totaltaxes", "totaltax", "taxes"),
    "rate": ("taxrate", "dutyrate"),
    "regime": ("taxtype",),
    "mode": ("modeoftransport", "transportmode"),
    "description": ("tariffdescription", "description", "goodsdescription"),
    "illicit": ("illicit", "fraud", "label", "isillicit"),
    "revenue": ("revenue", "raisedtaxamount", "raisedtax", "topuptax", "raisedtaxamountusd"),
}
_NUMBERS = ("quantity", "mass", "cif", "fob", "taxes", "rate", "revenue")
_MOST_ITEMS = 999
_CURRENCY = "EUR"
# An agreement's rate in the Korean set begins with F; the history knows 1..: none, and others.
_AGREEMENT, _GENERAL = "300", "100"

# What DATE's own features need beside the history.
PLAIN = {"quantity": pl.Float64, "fob_value": pl.Float64, "total_taxes": pl.Float64}


@dataclass(frozen=True, slots=True)
class Read:
    """A table of declarations.

    Args:
        frame: columns of `history.SCHEMA` and `PLAIN`, in the order of time.
        notes: what was odd or absent, one sentence each.
    """

    frame: pl.DataFrame
    notes: tuple[str, ...]


def read(path: Path, *, known_after: float = 7.0) -> Read:
    """Return the declarations of a CSV file.

    Args:
        path: of the file.
        known_after: days from a declaration to its result.

    Raises: MalformedMessage: the file is no table of declarations; the message says where.
    TooLarge: it is over the limits of `cells`.
    """
    notes: list[str] = []
    table = cells.table(path)
    found = _columns(table, notes)
    if "date" not in found:
        raise MalformedMessage(
            f"{path.name} has no column sgd.date; name the day of each declaration so (columns:"
            f" {', '.join(table.columns[:30])})"
        )
    typed = _typed(table, found, notes)
    dated = typed.filter(pl.col("date").is_not_null())
    if dated.height < typed.height:
        notes.append(f"{typed.height - dated.height:,} rows without a date are left out")
    if not dated.height:
        raise MalformedMessage(f"{path.name} has no row with a date; see column {found['date']}")
    frame = _history(_named(dated), known_after)
    plain = frame.select("mrn", "item", *(pl.col(name).alias(f"_{name}") for name in PLAIN))
    joined = history.conform(frame).join(
        plain, on=["mrn", "item"], how="left", maintain_order="left"
    )
    return Read(_plain(joined), tuple(notes))


def _plain(joined: pl.DataFrame) -> pl.DataFrame:
    return joined.with_columns(pl.col(f"_{name}").alias(name) for name in PLAIN).drop(
        f"_{name}" for name in PLAIN
    )


def _columns(table: pl.DataFrame, notes: list[str]) -> dict[str, str]:
    """Return which column of the table is which of ours."""
    bare: dict[str, str] = {}
    for name in table.columns:
        bare.setdefault(re.sub(r"[^a-z0-9]", "", name.lower()), name)
    found = {
        ours: bare[alias]
        for ours, aliases in _NAMES.items()
        for alias in reversed(aliases)
        if alias in bare
    }
    absent = [ours for ours in ("importer", "hs", "cif", "illicit") if ours not in found]
    if absent:
        notes.append(f"The table has no column for {', '.join(absent)}: unknown in every row")
    return found


def _typed(table: pl.DataFrame, found: dict[str, str], notes: list[str]) -> pl.DataFrame:
    readers: dict[str, Callable[[pl.Series], pl.Series]] = {
        "date": lambda column: cells.times(column, notes),
        "hs": cells.codes,
        "illicit": cells.flags,
    }
    readers |= {name: lambda column: cells.numbers(column, notes) for name in _NUMBERS}
    typed: dict[str, pl.Series] = {}
    absent = pl.Series([None] * table.height, dtype=pl.String)
    for name in _NAMES:
        column = table[found[name]] if name in found else absent
        typed[name] = readers.get(name, cells.words)(column)
    return pl.DataFrame(typed).with_row_index("row")


def _named(typed: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with mrn and item, each pair once.

    Rows of one id are items of one declaration only when day and importer agree as well.
    """
    row = pl.format("row {}", "row")
    whole = pl.struct("id", "date", pl.col("importer").fill_null(""))
    fits = pl.col("id").is_not_null() & (pl.len().over(whole) <= _MOST_ITEMS)
    shared = pl.struct("date", pl.col("importer").fill_null("")).n_unique().over("id") > 1
    apart = pl.format(
        "{} of {} for {}", "id", pl.col("date").dt.date(), pl.col("importer").fill_null("?")
    )
    mrn = pl.when(~fits).then(row).when(shared).then(apart).otherwise(pl.col("id"))
    named = typed.with_columns(mrn=mrn, number=pl.col("item").cast(pl.Int64, strict=False))
    pairs = named.select("mrn", "number")
    if not named["number"].null_count() and not pairs.is_duplicated().any():
        return named
    return named.with_columns(number=pl.col("row").rank("ordinal").over("mrn").cast(pl.Int64))


def _history(rows: pl.DataFrame, known_after: float) -> pl.DataFrame:
    column = pl.col
    if rows["illicit"].null_count() == rows.height and rows["revenue"].null_count() < rows.height:
        rows = rows.with_columns(illicit=column("revenue") > 0)
    examined = column("illicit").is_not_null()
    ratio = pl.when(column("cif") > 0).then(column("taxes") / column("cif") * 100.0)
    agreement = column("regime").str.starts_with("F").fill_null(value=False)
    quantity = pl.when(column("quantity").is_between(0, 2**53)).then(column("quantity"))
    return rows.select(
        *("mrn", "importer", "declarant", "exporter", "origin", "dispatch", "office", "hs"),
        item=column("number"),
        accepted_at=column("date"),
        preference=pl.when(agreement).then(pl.lit(_AGREEMENT)).otherwise(pl.lit(_GENERAL)),
        net_mass_kg=column("mass"),
        value=column("cif"),
        currency=pl.lit(_CURRENCY),
        statistical_value=column("fob"),
        duty_rate=pl.coalesce("rate", ratio).clip(0.0, 1_000.0).round(2),
        packages=quantity.round().cast(pl.Int64),
        transport_mode=column("mode"),
        description=column("description"),
        examined=examined,
        illicit=column("illicit"),
        extra_revenue=pl.when(examined).then(column("revenue").fill_null(0.0).clip(0.0)),
        known_at=pl.when(examined).then(column("date") + timedelta(days=known_after)),
        quantity=column("quantity"),
        fob_value=column("fob"),
        total_taxes=pl.coalesce("taxes", column("cif") * column("rate") / 100.0),
    )


def write(frame: pl.DataFrame) -> bytes:
    """Return a history as CSV in DATE's columns; `read` takes it back.

    Args:
        frame: columns of `history.SCHEMA`; what DATE has no column for is lost.
    """
    column = pl.col
    cif = pl.coalesce("statistical_value", "value")
    quantity = column("quantity") if "quantity" in frame.columns else pl.lit(None, dtype=pl.Float64)
    table = frame.select(
        column("mrn").alias("sgd.id"),
        column("item").alias("item.number"),
        column("accepted_at").dt.strftime("%y-%m-%d").alias("sgd.date"),
        column("importer").alias("importer.id"),
        column("declarant").alias("declarant.id"),
        column("origin").alias("country"),
        column("office").alias("office.id"),
        column("hs").alias("tariff.code"),
        pl.coalesce(quantity, column("packages").cast(pl.Float64)).alias("quantity"),
        column("net_mass_kg").alias("gross.weight"),
        cif.alias("fob.value"),
        cif.alias("cif.value"),
        (cif * column("duty_rate") / 100.0).round(2).alias("total.taxes"),
        column("illicit").cast(pl.Int8).alias("illicit"),
        column("extra_revenue").alias("revenue"),
    )
    texts = [name for name, kind in table.schema.items() if kind == pl.String]
    defused = [_defused(table[name]).alias(name) for name in texts]
    return table.with_columns(defused).write_csv().encode()


def _defused(column: pl.Series) -> pl.Series:
    return pl.Series(cells.formulas_defused(column.fill_null("").to_list()), dtype=pl.String)
