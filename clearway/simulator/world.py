"""The world outside: one seed, one border, years of trade.

    world = build(seed=7)

All firms, lanes, prices and schemes of 2022 to 2029 are drawn at once, so that a year of history
and a day after it belong to the same world: the same traders, the same schemes, the same prices.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np

from clearway.simulator import heirs
from clearway.simulator.founding import Register, found_regular, found_schemes
from clearway.simulator.goods import Catalogue, catalogue
from clearway.simulator.places import SAMPLE_BORDER, Border, Origin, origins
from clearway.simulator.scale import SAMPLE, Scale
from clearway.simulator.schemes import Scheme
from clearway.simulator.streams import stream
from clearway.simulator.tariff import Tariff, sample_tariff
from clearway.simulator.traders import Firms, Floats, Importers, Lanes, found_firms, partners

FIRST_DAY = date(2022, 1, 1)
LAST_DAY = date(2029, 12, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
_MONTHS = DAYS // 30 + 2


@dataclass(frozen=True, slots=True)
class World:
    """Everything that stays the same from one day to the next.

    Args:
        countries: exporting countries; `origin` and `dispatch` are places in it.
        price_level: shape (kinds, countries), factor on the kind's price.
        price_month: shape (kinds, months), slow drift of prices.
        companions: for each kind, the kinds that come on the same declaration.
    """

    seed: int
    scale: Scale
    border: Border
    catalogue: Catalogue
    tariff: Tariff
    countries: tuple[str, ...]
    places: dict[str, Origin]
    importers: Importers
    brokers: Firms
    exporters: Firms
    lanes: Lanes
    schemes: tuple[Scheme, ...]
    price_level: Floats
    price_month: Floats
    companions: tuple[tuple[int, ...], ...]


def day_number(when: date) -> int:
    """Return the number of a date in the world. Raises: ValueError: outside the world's years."""
    number = (when - FIRST_DAY).days
    if not 0 <= number < DAYS:
        raise ValueError(f"{when} lies outside the simulated years, {FIRST_DAY} to {LAST_DAY}")
    return number


def border_of(country: str) -> Border:
    """Return the sample border under another country's code."""
    offices = {mode: country + office[2:] for mode, office in SAMPLE_BORDER.offices.items()}
    return replace(SAMPLE_BORDER, country=country, offices=offices)


@lru_cache(maxsize=4)
def build(seed: int, country: str = SAMPLE_BORDER.country, scale: Scale = SAMPLE) -> World:
    """Return the world of one seed; the same seed gives the same world.

    Args:
        seed: 0 or more.
        country: code of the importing country, for offices and party numbers.
        scale: numbers of firms, and which mechanisms run.
    """
    border, kinds, places = border_of(country), catalogue(), origins()
    countries = tuple(partners(border, places))
    tariff = sample_tariff(kinds, countries)
    register = Register(seed, border, kinds, places, countries, tariff, DAYS, scale)
    found_regular(register)
    schemes = heirs.found(register, found_schemes(register))
    naming, prices = stream(seed, "names"), stream(seed, "prices")
    importers = heirs.renamed(register, register.importers(naming))
    level = np.exp(prices.normal(0.0, 0.12, (len(kinds.kinds), len(countries))))
    drift = np.exp(np.cumsum(prices.normal(0.0, 0.02, (len(kinds.kinds), _MONTHS)), axis=1))
    return World(
        seed=seed,
        scale=scale,
        border=border,
        catalogue=kinds,
        tariff=tariff,
        countries=countries,
        places=places,
        importers=importers,
        brokers=found_firms(naming, ["broker"] * scale.brokers, [country] * scale.brokers),
        exporters=register.exporters(naming),
        lanes=register.lanes(importers),
        schemes=schemes,
        price_level=level,
        price_month=drift,
        companions=tuple(_companions(kinds, place) for place in range(len(kinds.kinds))),
    )


def _companions(kinds: Catalogue, place: int) -> tuple[int, ...]:
    """Return what comes on the same declaration: its family, but cold goods travel alone."""
    kind = kinds.kinds[place]
    if kind.is_perishable:
        return (place,)
    return tuple(
        other for other in kinds.of_family(kind.family) if not kinds.kinds[other].is_perishable
    )
