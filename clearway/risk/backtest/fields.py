"""What profiles see (`rules`), as columns over a history (`formats.history`).

`variables` says the same of one declaration; a test holds both together. A history does not tell
everything: `UNTOLD` names what it leaves out and the neutral value that stands in its place.
"""

from __future__ import annotations

import math

import polars as pl

from clearway.risk.exchange import EUR_PER_UNIT
from clearway.risk.expression.forms import MOST_WHOLE
from clearway.risk.expression.model import Kind
from clearway.risk.history import SCALE
from clearway.risk.rules import DECLARATION, ITEM

_KINDS = {bool: Kind.BOOL, int: Kind.INT, float: Kind.DOUBLE, str: Kind.STRING, list: Kind.STRINGS}
FIELDS: dict[str, Kind] = {
    f"{root}.{name}": _KINDS[type(example)]
    for root, examples in (("item", ITEM), ("declaration", DECLARATION))
    for name, example in examples.items()
}

# Counts are never negative; so divisions of them need no care for signs.
LEAST: dict[str, int] = {
    name: -1 if name == "item.importer_items" else 0
    for name, kind in FIELDS.items()
    if kind is Kind.INT
}

_NO_TEXTS = pl.lit([], dtype=pl.List(pl.String))
UNTOLD: dict[str, pl.Expr] = {
    "declaration.kind": pl.lit("import"),
    "declaration.containers": pl.lit(0, dtype=pl.Int64),
    "declaration.documents": _NO_TEXTS,
    "declaration.alarms": _NO_TEXTS,
    "item.hazard_prior": pl.lit(-1.0),
}

# Features that profiles see; a history that holds them needs no replay.
FEATURES = (
    "price_z_hs6_origin",
    "price_z_hs6",
    "importer_n",
    "importer_examined",
    "importer_found",
)
NEED_FEATURES = frozenset(
    {"item.price_spreads", "item.importer_items", "item.importer_examined", "item.importer_found"}
)

# Made by the reader of batches: place of the declaration's first item, and how many it has.
FIRST, ITEMS, VALUE = "_first", "_items", "_value"

_CURRENCIES = pl.Enum(list(EUR_PER_UNIT))
_RATES = pl.Series(list(EUR_PER_UNIT.values()), dtype=pl.Float64)

_MOST_STEPS = 12 * SCALE
_PRICES = pl.Series([math.exp(step / SCALE) for step in range(-_MOST_STEPS, _MOST_STEPS + 1)])


def columns_of(vague: frozenset[str], *, is_single: bool) -> dict[str, pl.Expr]:
    """Return each field as an expression over the columns of a history.

    Args:
        vague: the descriptions of it that say nothing (`words.is_vague`).
        is_single: every declaration has one item, so that none needs to ask its first one.
    """
    columns = {
        "item.number": _whole(pl.col("item")),
        "item.hs": pl.col("hs"),
        "item.origin": _text("origin"),
        "item.preference": _text("preference"),
        "item.is_preferential": _is_preferential(),
        "item.net_mass_kg": _known(pl.col("net_mass_kg")),
        "item.value_eur": _known(value_eur()),
        "item.price_eur_kg": _price(),
        "item.duty_rate": _known(pl.col("duty_rate")),
        "item.packages": _whole(pl.col("packages")),
        "item.description": _text("description"),
        "item.is_vague": _text("description").is_in(list(vague)),
        "item.certificates": _known(pl.col("certificates")),
        "item.price_spreads": pl.coalesce(
            pl.col("price_z_hs6_origin").fill_nan(None), pl.col("price_z_hs6").fill_nan(None), 0.0
        ),
        "item.importer_items": _whole(_known(pl.col("importer_n")), -1),
        "item.importer_examined": _whole(pl.col("importer_examined")),
        "item.importer_found": _whole(pl.col("importer_found")),
        "declaration.items": pl.col(ITEMS),
        "declaration.value_eur": pl.col(VALUE),
    }
    for name in ("office", "importer", "declarant", "exporter", "dispatch", "transport_mode"):
        own = _text(name)
        columns[f"declaration.{name}"] = own if is_single else own.gather(pl.col(FIRST))
    return columns | UNTOLD


def value_eur() -> pl.Expr:
    """Return the value in EUR, null when unknown: as `formats.history` reads it."""
    value = pl.col("value").fill_nan(None)
    worth = pl.when(value > 0.0).then(value).otherwise(pl.col("statistical_value"))
    place = pl.col("currency").cast(_CURRENCIES, strict=False).to_physical().cast(pl.UInt32)
    return (worth * pl.lit(_RATES).gather(place)).fill_nan(None)


def _text(name: str) -> pl.Expr:
    return pl.col(name).fill_null("")


def _known(number: pl.Expr) -> pl.Expr:
    return number.fill_nan(None).fill_null(-1.0)


def _whole(number: pl.Expr, least: int = 0) -> pl.Expr:
    return number.cast(pl.Int64).fill_null(0).clip(least, MOST_WHOLE)


def _is_preferential() -> pl.Expr:
    """As `features.is_preferential`."""
    code = _text("preference")
    return (code != "") & ~code.str.starts_with("1")


def _price() -> pl.Expr:
    """EUR per kg in the steps of `history.log_steps`; -1.0: unknown."""
    mass = pl.col("net_mass_kg").fill_nan(None)
    quotient = pl.when(mass > 0.0).then(value_eur() / mass)
    steps = (quotient.log() * SCALE).round(mode="half_to_even").clip(-_MOST_STEPS, _MOST_STEPS)
    is_known = (quotient > 0.0) & quotient.is_finite()
    place = pl.when(is_known).then(steps).otherwise(0.0).cast(pl.Int64) + _MOST_STEPS
    return pl.when(is_known).then(pl.lit(_PRICES).gather(place)).otherwise(-1.0)
