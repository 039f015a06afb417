"""How officers of the past chose what to open: crude rules, a share by chance, and some misses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearway.simulator.streams import Generator, stream
from clearway.simulator.trade import Items
from clearway.simulator.traders import Floats
from clearway.simulator.world import World

Flags = NDArray[np.bool_]

_NEW_TRADER_DAYS = 120


@dataclass(frozen=True, slots=True)
class Inspection:
    """How officers chose.

    Args:
        targeted_share: of declarations, by the rules of the past.
        random_share: of declarations, by chance.
        missed_share: of cheats, that an examination does not find.
        partial_share: of cheats found, of which only a part is proved.
        slow_share: of results, that wait for a laboratory or a valuation for one to four months.
    """

    targeted_share: float = 0.052
    random_share: float = 0.012
    missed_share: float = 0.06
    partial_share: float = 0.0
    slow_share: float = 0.0


USUAL = Inspection()
EVERYTHING = Inspection(0.0, 1.0, 0.0)
# The protocol of DATE (Kim et al., KDD 2020): a country that examines every declaration.
FULL = Inspection(0.0, 1.0, 0.06, 0.2, 0.0)
# What an administration has: results where crude rules looked, late, and of a small random share.
REALISTIC = Inspection(0.052, 0.012, 0.06, 0.2, 0.15)

NOTHING, PARTIAL, WHOLE = "nothing", "partial", "full"
# Share of the evaded revenue that is proved where only a part is.
_PROVED = (0.2, 0.8)


@dataclass(frozen=True, slots=True)
class Looked:
    """Which items were looked at, and why; arrays of shape (n,).

    Args:
        examined: whether officers looked.
        drawn: whether by chance.
        propensity: chance that they would look, given the crude rules: 1 above their bar.
    """

    examined: Flags
    drawn: Flags
    propensity: Floats


def examined(world: World, rng: Generator, items: Items, inspection: Inspection) -> Looked:
    """Return which items were looked at: a chosen declaration is opened whole."""
    suspicion = np.full(items.declaration[-1] + 1, -np.inf)
    np.maximum.at(suspicion, items.declaration, _suspicion(world, rng, items))
    opening = np.searchsorted(items.declaration, np.arange(len(suspicion)))
    month = items.day[opening] // 30
    drawn = rng.random(len(suspicion)) < inspection.random_share
    suspected = np.zeros(len(suspicion), dtype=np.bool_)
    if inspection.targeted_share > 0:
        for each in np.unique(month):
            rows = month == each
            bar = np.quantile(suspicion[rows], 1.0 - inspection.targeted_share)
            suspected |= rows & (suspicion >= bar)
    propensity = np.where(suspected, 1.0, inspection.random_share)
    places = items.declaration
    return Looked((drawn | suspected)[places], (drawn & ~suspected)[places], propensity[places])


def _suspicion(world: World, rng: Generator, items: Items) -> Floats:
    """Return how suspicious an item looked to the crude rules of the past."""
    declared, kinds = items.declared, world.catalogue
    importer = world.lanes.importer[items.lane]
    log_price = np.log(declared.value_usd / declared.mass_kg / kinds.price[declared.goods])
    cheap = np.clip(-log_price / (kinds.spread[declared.goods] + 0.1), 0.0, 4.0)
    young = items.day - world.importers.first_day[importer] < _NEW_TRADER_DAYS
    duty = world.tariff.general[declared.goods]
    # A name among colleagues: some of the dishonest are known, some of the honest are suspected.
    gossip = stream(world.seed, "gossip").normal(0.0, 0.05, len(world.importers.dishonesty))
    repute = np.clip(world.importers.dishonesty + gossip, 0.0, 0.3)[importer]
    noise = rng.normal(0.0, 0.9, len(importer))
    return 0.7 * cheap + 0.9 * young + 3.0 * duty + 6.0 * repute + noise


def found(rng: Generator, items: Items, inspection: Inspection) -> Flags:
    """Return which cheats an examination finds, were it made."""
    noticed = rng.random(len(items.mode)) >= inspection.missed_share
    return (items.mode > 0) & noticed


def proved(rng: Generator, count: int, inspection: Inspection) -> Floats:
    """Return the share of the evaded revenue that an examination proves, were a cheat found."""
    is_partial = rng.random(count) < inspection.partial_share
    return np.where(is_partial, rng.uniform(*_PROVED, count), 1.0)


def delay_s(rng: Generator, count: int, inspection: Inspection) -> NDArray[np.int64]:
    """Return seconds from acceptance to the recorded result: days, sometimes months."""
    days = np.minimum(rng.lognormal(0.7, 0.8, count), 45.0)
    if inspection.slow_share:
        is_slow = rng.random(count) < inspection.slow_share
        days = np.where(is_slow, rng.uniform(30.0, 120.0, count), days)
    return (days * 86_400).astype(np.int64)
