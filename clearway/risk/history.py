"""The memory of risk: what is counted under which key, and how pasts are added up.

Each item is counted under some forty keys (see `keys`). One function says what an item adds
(`counted`), one what a result of an examination adds (`resulted`); the projections of
`declaration.accepted/1` and of examinations use them one declaration at a time, and the engines
(`engines`) count the same whole numbers for years of history at once. Whole numbers, so that the
order of adding does not matter.

Median and MAD would be more robust than the mean and variance of logarithms kept here, but they
cannot be added up. Robustness comes from four sides instead: logarithms, bounds on them, a prior
on the spread, and prices of consignments found not conform are taken out again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from clearway.risk.keys import PLACE, SPACES, UNKNOWN, keys_of
from clearway.risk.model import Goods, Past
from clearway.risk.words import is_vague

SCALE = 10_000  # steps of a natural logarithm: 0.0001, a hundredth of a percent of a price
MOST_STEPS = 12 * SCALE  # e^12 EUR/kg; beyond, the mass is wrong and not the price

RECENT_DAYS = 60
"""Results of these last days count as recent: what is new shows there first."""

PRICED: tuple[int, ...] = tuple(
    PLACE[name] for name in ("hs6", "hs4", "hs", "hs6_origin", "importer_hs6")
)
PACKED: tuple[int, ...] = (PLACE["package"],)
VAGUE: tuple[int, ...] = (PLACE["importer"], PLACE["declarant"])
# Nothing but presence is counted of words and of packages: no result is learnt under them.
UNRESULTED: frozenset[int] = frozenset({*SPACES[-1], *SPACES[-2]})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day_of(instant: datetime) -> int:
    """Return whole days since 1970 UTC of an aware instant."""
    return (instant - _EPOCH).days


class Change(NamedTuple):
    """What one event adds to one key; the fields are the first of `Past`."""

    n: int = 0
    examined: int = 0
    found: int = 0
    logs: int = 0
    log_sum: int = 0
    log_squares: int = 0
    vague: int = 0
    revenue: int = 0


SUMS: tuple[str, ...] = Change._fields
Changes = dict[int, Change]


def log_steps(quotient: float) -> int | None:
    """Return the natural logarithm in `SCALE`-ths; None when there is none (zero, NaN ...)."""
    if not 0.0 < quotient < math.inf:
        return None
    return max(-MOST_STEPS, min(MOST_STEPS, int(np.rint(np.log(quotient) * SCALE))))


class Trace(NamedTuple):
    """What an item leaves in the memory, worked out once.

    Args:
        goods: the item.
        keys: one for each of `keys.SLOTS`.
        price: logarithm of EUR per kg in `SCALE`-ths; None when value or mass is unknown.
        package: logarithm of kg per package; None when either is unknown.
        is_vague: the description names no goods.
    """

    goods: Goods
    keys: tuple[int, ...]
    price: int | None
    package: int | None
    is_vague: bool


def trace(goods: Goods) -> Trace:
    """Return the trace of an item."""
    mass, packages = goods.net_mass_kg, goods.packages
    price = log_steps(goods.value_eur / mass) if mass > 0.0 else None
    package = log_steps(mass / packages) if packages > 0 else None
    return Trace(goods, keys_of(goods), price, package, is_vague(goods.description))


def counted(declaration: Iterable[Trace]) -> Changes:
    """Return what the acceptance of a declaration's items adds, by key."""
    changes: Changes = {}
    for each in declaration:
        bare = Change(1)
        made = {place: Change(1, vague=int(each.is_vague)) for place in VAGUE}
        made |= _logs(PRICED, each.price, 1, bare)
        made |= _logs(PACKED, each.package, 1, bare)
        for place, key in enumerate(each.keys):
            _add(changes, key, made.get(place, bare))
    return changes


def resulted(examined: Iterable[tuple[Trace, bool, float]]) -> Changes:
    """Return what results of examinations add, by key.

    Args:
        examined: items, each with whether it was found not conform, and the revenue that brought
            (NaN unknown). The price of such an item no longer counts as usual.
    """
    changes: Changes = {}
    for each, illicit, revenue in examined:
        bare = Change(0, 1, int(illicit), revenue=whole(revenue) if illicit else 0)
        made: dict[int, Change] = {}
        if illicit:
            made |= _logs(PRICED, each.price, -1, bare)
            made |= _logs(PACKED, each.package, -1, bare)
        for place, key in enumerate(each.keys):
            if place not in UNRESULTED:
                _add(changes, key, made.get(place, bare))
    return changes


def whole(revenue: float) -> int:
    """Return a revenue as it is counted: whole units, 0 when unknown."""
    return round(revenue) if 0.0 < revenue < 1e15 else 0


def _logs(places: tuple[int, ...], steps: int | None, sign: int, bare: Change) -> dict[int, Change]:
    if steps is None:
        return {}
    made = bare._replace(logs=sign, log_sum=sign * steps, log_squares=sign * steps * steps)
    return dict.fromkeys(places, made)


def _add(changes: Changes, key: int, change: Change) -> None:
    if key == UNKNOWN:
        return
    known = changes.get(key)
    changes[key] = change if known is None else Change(*map(int.__add__, known, change))


def merge(older: Past, newer: Past) -> Past:
    """Return a past and what came after it as one past; recent results are sums of both."""
    sums = map(int.__add__, older[: len(SUMS)], newer[: len(SUMS)])
    return Past._make(
        (
            *sums,
            older.first_day if older.first_day >= 0 else newer.first_day,
            max(older.last_day, newer.last_day),
            max(older.last_find, newer.last_find),
            older.recent_examined + newer.recent_examined,
            older.recent_found + newer.recent_found,
        )
    )


def without(past: Past, change: Change) -> Past:
    """Return the past as if this acceptance had never been added.

    Days stay: an item of today is no earlier day, and a first day of today reads as new.
    """
    return Past(*map(int.__sub__, past[: len(SUMS)], change), *past[len(SUMS) :])
