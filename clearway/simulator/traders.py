"""Who trades: importers, their brokers and suppliers, and the lanes on which their goods come.

A *lane* is one importer's standing trade: these goods, from this supplier, this way in, so many kg
at a time. Volumes are heavy-tailed (Pareto): a few importers make most of the trade. Honesty is
latent: most traders never cheat, some do when it pays, a few make a living of it. Shell importers
appear with a scheme, trade for some months, and vanish with it. All of this is truth: messages
show names and numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearway.simulator import names
from clearway.simulator.goods import Catalogue
from clearway.simulator.places import AIR, ROAD, SEA, Border, Origin
from clearway.simulator.streams import Generator

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MODES = (SEA, ROAD, AIR)
_PARETO = 1.15
_LARGEST = 60.0
_OPPORTUNIST_SHARE, _CROOKED_SHARE = 0.2, 0.04
_COMPLICIT_BROKERS = 0.1


@dataclass(frozen=True, slots=True)
class Firms:
    """Firms of one role; arrays of shape (firms,).

    Args:
        ids: party numbers, country and digits.
        names: invented.
        countries: ISO 3166-1.
    """

    ids: tuple[str, ...]
    names: tuple[str, ...]
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Importers:
    """Importers, and what no message says about them; arrays of shape (importers,).

    Args:
        firms: names and numbers.
        first_day, last_day: days on which they trade, counted from the world's first day.
        dishonesty: chance that one item is a cheat where cheating pays as usual.
        is_shell: founded for a scheme.
        principal: place of the first importer of the same people: its own, unless it is a branch,
            a second shell of a scheme, or has come back under another number.
        turns_on: day from which `dishonesty_after` holds.
    """

    firms: Firms
    first_day: Ints
    last_day: Ints
    dishonesty: Floats
    is_shell: NDArray[np.bool_]
    principal: Ints
    turns_on: Ints
    dishonesty_after: Floats


@dataclass(frozen=True, slots=True)
class Lanes:
    """Standing trades; arrays of shape (lanes,).

    Args:
        importer, broker, exporter, goods, origin, dispatch: places in their lists.
        mode: place in `MODES`.
        weight: how often it is used, relative.
        mass_factor, price_factor: against the kind's usual shipment and price.
        prefers: whether the importer claims the preference where there is an agreement.
        first_day, last_day: days on which it is used.
    """

    importer: Ints
    broker: Ints
    exporter: Ints
    goods: Ints
    origin: Ints
    dispatch: Ints
    mode: Ints
    weight: Floats
    mass_factor: Floats
    price_factor: Floats
    prefers: NDArray[np.bool_]
    first_day: Ints
    last_day: Ints


def found_firms(rng: Generator, trades: list[str], countries: list[str]) -> Firms:
    """Return one firm for each trade and country; all numbers differ."""
    numbers = rng.choice(90_000_000, len(trades), replace=False) + 10_000_000
    pairs = list(zip(trades, countries, strict=True))
    return Firms(
        tuple(f"{country}{number}" for country, number in zip(countries, numbers, strict=True)),
        tuple(names.firm(rng, trade, country) for trade, country in pairs),
        tuple(countries),
    )


def lifetimes(rng: Generator, count: int, days: int) -> tuple[Ints, Ints]:
    """Return first and last days of regular importers: some are founded and some close."""
    born = np.where(rng.random(count) < 0.35, rng.integers(0, days, count), 0)
    lives = np.where(rng.random(count) < 0.3, rng.integers(200, days, count), days * 2)
    return born.astype(np.int64), np.minimum(born + lives, days).astype(np.int64)


def honesty(rng: Generator, count: int) -> Floats:
    """Return the latent dishonesty of regular importers."""
    kind = rng.random(count)
    opportunist = rng.uniform(0.01, 0.07, count)
    crooked = rng.uniform(0.1, 0.3, count)
    honest = np.full(count, 0.0012)
    return np.where(
        kind < _CROOKED_SHARE,
        crooked,
        np.where(kind < _CROOKED_SHARE + _OPPORTUNIST_SHARE, opportunist, honest),
    )


def pick(rng: Generator, weights: dict[str, float]) -> str:
    """Return one key, by weight."""
    keys = list(weights)
    share = np.array([weights[key] for key in keys])
    return keys[int(rng.choice(len(keys), p=share / share.sum()))]


def way_in(rng: Generator, modes: dict[str, float], origin: Origin) -> int:
    """Return the place in `MODES` of a way that this origin can use."""
    mode = pick(rng, modes)
    if mode == ROAD and origin.road_hours is None:
        mode = SEA if SEA in modes else AIR
    return MODES.index(mode)


def sizes(rng: Generator, count: int) -> Floats:
    """Return heavy-tailed volumes, 1 for the smallest."""
    heavy: Floats = np.minimum(1.0 + rng.pareto(_PARETO, count), _LARGEST)
    return heavy


def complicit(rng: Generator, brokers: int) -> Ints:
    """Return the places of the brokers that help to cheat."""
    count = max(1, round(brokers * _COMPLICIT_BROKERS))
    return np.sort(rng.choice(brokers, count, replace=False)).astype(np.int64)


def match_trade(lanes_goods: Ints, weight: Floats, catalogue: Catalogue) -> Floats:
    """Return lane weights scaled so that each kind of goods has its share of the trade."""
    total = np.bincount(lanes_goods, weights=weight, minlength=len(catalogue.kinds))
    factor = catalogue.weight / np.where(total > 0, total, 1.0)
    scaled: Floats = weight * factor[lanes_goods]
    return scaled


def partners(border: Border, places: dict[str, Origin]) -> list[str]:
    """Return the codes of the countries that export to the border, sorted."""
    return sorted(code for code in places if code != border.country)
