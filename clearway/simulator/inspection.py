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
    """

    targeted_share: float = 0.052
    random_share: float = 0.012
    missed_share: float = 0.06


USUAL = Inspection()
EVERYTHING = Inspection(0.0, 1.0, 0.0)


def examined(world: World, rng: Generator, items: Items, inspection: Inspection) -> Flags:
    """Return which items were looked at: a chosen declaration is opened whole."""
    suspicion = np.full(items.declaration[-1] + 1, -np.inf)
    np.maximum.at(suspicion, items.declaration, _suspicion(world, rng, items))
    opening = np.searchsorted(items.declaration, np.arange(len(suspicion)))
    month = items.day[opening] // 30
    chosen = rng.random(len(suspicion)) < inspection.random_share
    if inspection.targeted_share > 0:
        for each in np.unique(month):
            rows = month == each
            bar = np.quantile(suspicion[rows], 1.0 - inspection.targeted_share)
            chosen |= rows & (suspicion >= bar)
    whole: Flags = chosen[items.declaration]
    return whole


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


def delay_s(rng: Generator, count: int) -> NDArray[np.int64]:
    """Return seconds from acceptance to the recorded result: days, sometimes weeks."""
    days = np.minimum(rng.lognormal(0.7, 0.8, count), 45.0)
    return (days * 86_400).astype(np.int64)
