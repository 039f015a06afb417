"""The features of an item: what the model sees, known at the moment of acceptance only.

One function, `compute`, serves training (pasts from a `Memory` that walks through history) and the
live border (pasts from the snapshot of the model plus `risk_history`). It takes the items of one
declaration and the pasts of their keys, without the declaration itself, and returns one row of
floats per item, in the order of `FEATURES`. What is unknown is NaN; the trees have a branch for it.

The text of a feature is its public explanation: no text, no feature.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clearway.risk.history import (
    SCALE,
    SLOTS,
    UNKNOWN,
    Trace,
)
from clearway.risk.model import NEVER, Past

_NAN = math.nan

# Spread of log prices before any is known: half a natural logarithm, worth five prices.
_PRIOR_PRICES = 5
_PRIOR_SQUARES = 0.25 * _PRIOR_PRICES
_LEAST_PRICES = 3
_MOST_SPREADS = 12.0

# Examinations that the rate of the whole (the border, or the trader for a pair) is worth.
_PRIOR_SINGLE = 10.0
_PRIOR_PAIR = 4.0

# Before any examination: one of twenty finds something, a cautious start.
_PRIOR_FOUND = 1.0
_PRIOR_EXAMINED = 20.0


@dataclass(frozen=True, slots=True)
class Feature:
    """One column.

    Args:
        name: stable.
        idea: what it belongs to when a score is explained (see `explain`).
        text: what it measures, in a sentence.
    """

    name: str
    idea: str
    text: str


_DECLARED = (
    Feature("value_log", "size", "Logarithm of the item's value in EUR."),
    Feature("mass_log", "size", "Logarithm of the net mass in kg."),
    Feature("price_log", "unit_value", "Logarithm of the value per kg in EUR."),
    Feature("package_value_log", "size", "Logarithm of the value per package in EUR."),
    Feature("package_mass_log", "package_mass", "Logarithm of the net mass per package in kg."),
    Feature("packages", "size", "Number of packages."),
    Feature("duty_rate", "duty", "Duty in percent of the value."),
    Feature("duty_log", "duty", "Logarithm of the duty due in EUR, plus one."),
    Feature("is_preferential", "preference", "1 when a preferential rate is claimed."),
    Feature("is_indirect", "route", "1 when the goods were not sent from their origin."),
    Feature("transport_mode", "route", "Mode of transport, UN/ECE Recommendation 19."),
    Feature("is_vague", "description", "1 when the description names no goods."),
    Feature("description_length", "description", "Characters of the description."),
    Feature("items", "size", "Items of the declaration."),
    Feature("value_share", "size", "Share of the item in the value of the declaration."),
    Feature("certificates", "documents", "Documents cited for the item."),
)

_UNIT_VALUES = (
    Feature("price_z_hs6", "unit_value", "Spreads of the unit value from usual for the HS code."),
    Feature("price_z_hs4", "unit_value", "Spreads of the unit value from usual for the heading."),
    Feature(
        "price_z_hs6_origin",
        "unit_value",
        "Spreads of the unit value from usual for the HS code from this origin.",
    ),
    Feature(
        "price_z_importer_hs6",
        "unit_value",
        "Spreads of the unit value from what this importer used to declare for the HS code.",
    ),
    Feature("package_z_hs6", "package_mass", "Spreads of kg per package from usual for the code."),
    Feature("prices_hs6_origin", "unit_value", "Prices known of the HS code from this origin."),
)
_PRICED_SLOTS = ("hs6", "hs4", "hs6_origin", "importer_hs6")

# Idea of each slot, and the slot whose rate is its prior; None: the rate of the border.
_RATED: tuple[tuple[str, str, str | None, str], ...] = (
    ("importer", "importer", None, "the importer"),
    ("declarant", "declarant", None, "the declarant"),
    ("exporter", "exporter", None, "the exporter"),
    ("office", "route", None, "the office"),
    ("origin", "origin", None, "the origin"),
    ("hs6", "goods", None, "the HS code"),
    ("hs4", "goods", None, "the heading"),
    ("hs2", "goods", None, "the chapter"),
    ("importer_hs6", "importer_goods", "importer", "the importer with the HS code"),
    ("importer_origin", "importer_goods", "importer", "the importer with the origin"),
    ("importer_exporter", "exporter", "importer", "the importer with the exporter"),
    ("importer_declarant", "declarant", "importer", "the importer with the declarant"),
    ("declarant_hs4", "declarant", "declarant", "the declarant with the heading"),
    ("declarant_origin", "declarant", "declarant", "the declarant with the origin"),
    ("exporter_hs4", "exporter", "exporter", "the exporter with the heading"),
    ("hs6_origin", "goods_origin", "hs6", "the HS code from the origin"),
    ("hs4_origin", "goods_origin", "hs4", "the heading from the origin"),
    ("origin_dispatch", "route", "origin", "the origin by way of the country of dispatch"),
)

_RATES = tuple(
    feature
    for slot, idea, _, words in _RATED
    for feature in (
        Feature(
            f"{slot}_rate", idea, f"Smoothed share of examinations of {words} not conform so far."
        ),
        Feature(f"{slot}_n", idea, f"Items of {words} so far."),
    )
)

_COUNTED_SLOTS = ("importer", "declarant", "exporter", "importer_hs6", "hs6_origin")
_COUNTS = tuple(
    feature
    for slot, idea, _, words in _RATED
    if slot in _COUNTED_SLOTS
    for feature in (
        Feature(f"{slot}_examined", idea, f"Items of {words} examined so far."),
        Feature(f"{slot}_found", idea, f"Items of {words} found not conform so far."),
    )
)

_TIMES = (
    Feature("border_rate", "border", "Share of all examinations not conform so far."),
    Feature("importer_age_days", "importer", "Days since the importer's first item."),
    Feature("importer_idle_days", "importer", "Days since the importer's last day with items."),
    Feature("importer_hs6_idle_days", "importer_goods", "Days since it last declared the code."),
    Feature("exporter_age_days", "exporter", "Days since the exporter's first item."),
    Feature("importer_vague_share", "description", "Share of its descriptions that say nothing."),
    Feature("declarant_vague_share", "description", "Share of the declarant's such descriptions."),
)

FEATURES: tuple[Feature, ...] = (*_DECLARED, *_UNIT_VALUES, *_RATES, *_COUNTS, *_TIMES)
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
COLUMN: Mapping[str, int] = {name: column for column, name in enumerate(NAMES)}

_PLACE = {slot: place for place, slot in enumerate(SLOTS)}
_PRICED_PLACES = tuple(_PLACE[slot] for slot in _PRICED_SLOTS)
_COUNTED_PLACES = tuple(_PLACE[slot] for slot in _COUNTED_SLOTS)
_RATED_PLACES = tuple(
    (
        _PLACE[slot],
        -1 if prior is None else _PLACE[prior],
        _PRIOR_SINGLE if prior is None else _PRIOR_PAIR,
    )
    for slot, _, prior, _ in _RATED
)


def compute(declaration: Sequence[Trace], pasts: Mapping[int, Past]) -> list[list[float]]:
    """Return the features of each item.

    Args:
        declaration: all items of one declaration.
        pasts: of the keys of its items, this declaration not counted; absent: never seen.
    """
    values = [each.goods.value_eur for each in declaration]
    total = sum(value for value in values if value > 0.0)
    return [_row(each, pasts, len(declaration), total) for each in declaration]


def _row(item: Trace, pasts: Mapping[int, Past], items: int, total: float) -> list[float]:
    known = [pasts.get(key, NEVER) for key in item.keys]
    row = _declared(item, items, total)
    row += _unit_values(item, known)
    row += _rates(item.keys, known)
    for place in _COUNTED_PLACES:
        past = known[place]
        row.append(float(past.examined))
        row.append(float(past.found))
    row += _times(item, known)
    return row


def _log(number: float) -> float:
    return math.log(number) if 0.0 < number < math.inf else _NAN


def _declared(item: Trace, items: int, total: float) -> list[float]:
    goods = item.goods
    value, mass, packages = goods.value_eur, goods.net_mass_kg, goods.packages
    duty = value * goods.duty_rate / 100.0
    return [
        _log(value),
        _log(mass),
        _NAN if item.price is None else item.price / SCALE,
        _log(value / packages) if packages > 0 else _NAN,
        _NAN if item.package is None else item.package / SCALE,
        float(packages),
        goods.duty_rate,
        _log(duty + 1.0),
        1.0 if is_preferential(goods.preference) else 0.0,
        1.0 if goods.dispatch and goods.origin != goods.dispatch else 0.0,
        float(goods.transport_mode) if goods.transport_mode.isdecimal() else _NAN,
        1.0 if item.is_vague else 0.0,
        float(len(goods.description)),
        float(items),
        value / total if value > 0.0 and total > 0.0 else _NAN,
        goods.certificates,
    ]


def is_preferential(preference: str) -> bool:
    """Return whether a preference code claims a preferential rate.

    Source: EU customs data model, preference codes: a first digit of 1 is the erga omnes rate.
    """
    return bool(preference) and preference[0] != "1"


def _unit_values(item: Trace, known: Sequence[Past]) -> list[float]:
    row = [spreads(item.price, known[place]) for place in _PRICED_PLACES]
    row.append(spreads(item.package, known[_PLACE["package"]]))
    row.append(float(known[_PLACE["hs6_origin"]].logs))
    return row


def spreads(steps: int | None, past: Past) -> float:
    """Return how many standard deviations a logarithm lies above the usual; NaN when unknown.

    Args:
        steps: natural logarithm in `history.SCALE`-ths, or None.
        past: of the key it is compared with; with fewer than 3 logarithms nothing is usual.
    """
    count = past.logs
    if steps is None or count < _LEAST_PRICES:
        return _NAN
    squares = (past.log_squares * count - past.log_sum * past.log_sum) / count
    variance = (max(squares, 0.0) / (SCALE * SCALE) + _PRIOR_SQUARES) / (count - 1 + _PRIOR_PRICES)
    distance = (steps - past.log_sum / count) / SCALE / math.sqrt(variance)
    return max(-_MOST_SPREADS, min(_MOST_SPREADS, distance))


def usual_price(item: Trace, pasts: Mapping[int, Past]) -> tuple[float, bool] | None:
    """Return the usual EUR per kg, and whether it is that of the origin too; None when unknown."""
    for slot in ("hs6_origin", "hs6"):
        past = pasts.get(item.keys[_PLACE[slot]], NEVER)
        if past.logs >= _LEAST_PRICES:
            return math.exp(past.log_sum / past.logs / SCALE), slot == "hs6_origin"
    return None


def _border_rate(known: Sequence[Past]) -> float:
    border = known[_PLACE["all"]]
    return (border.found + _PRIOR_FOUND) / (border.examined + _PRIOR_EXAMINED)


def _rates(keys: Sequence[int], known: Sequence[Past]) -> list[float]:
    rates = {-1: _border_rate(known)}
    row: list[float] = []
    for place, prior, weight in _RATED_PLACES:
        past = known[place]
        rate = (past.found + weight * rates[prior]) / (past.examined + weight)
        rates[place] = rate
        if keys[place] == UNKNOWN:
            row += (_NAN, _NAN)
        else:
            row += (rate, float(past.n))
    return row


def _times(item: Trace, known: Sequence[Past]) -> list[float]:
    importer, exporter = known[_PLACE["importer"]], known[_PLACE["exporter"]]
    declarant, importer_hs6 = known[_PLACE["declarant"]], known[_PLACE["importer_hs6"]]
    day = item.goods.day
    return [
        _border_rate(known),
        _age(importer, day),
        _idle(importer, day),
        _idle(importer_hs6, day),
        _age(exporter, day) if item.goods.exporter else _NAN,
        importer.vague / importer.n if importer.n else _NAN,
        declarant.vague / declarant.n if declarant.n else _NAN,
    ]


def _age(past: Past, day: int) -> float:
    return float(day - past.first_day) if past.first_day >= 0 else 0.0


def _idle(past: Past, day: int) -> float:
    return float(day - past.last_day) if past.last_day >= 0 else _NAN
