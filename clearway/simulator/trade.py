"""Declarations of many days at once: what is true of each item, and what is declared of it.

Everything here is arrays, one row per item, so that four years of trade take seconds. The same
draw makes the history that a risk model learns from and the declarations of the simulated day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clearway.simulator import cheating
from clearway.simulator.cheating import Declared, Truths
from clearway.simulator.places import AIR
from clearway.simulator.streams import Generator
from clearway.simulator.traders import MODES, Floats, Ints
from clearway.simulator.world import World

# Trade of Monday to Sunday, against the mean.
WEEKDAY = np.array([1.18, 1.2, 1.2, 1.16, 1.12, 0.66, 0.48])
# Items on a declaration: one, two ... six.
_ITEM_COUNTS = np.array([0.6, 0.2, 0.1, 0.06, 0.03, 0.01])
_MONDAY = 5  # the world's first day is a Saturday
_LARGEST_KG = 26_500.0
_LARGEST_BY_AIR_KG = 12_000.0


@dataclass(frozen=True, slots=True)
class Items:
    """Items of declarations, truth and statement side by side; arrays of shape (n,).

    Args:
        declaration: number of the declaration, ascending from 0.
        number: of the item on its declaration, from 1.
        day: of the world.
        second: of that day.
        lane: place in the world's lanes; importer, supplier and way in follow from it.
        goods: true kind.
        origin: true origin.
        mass_kg, value_usd: true net mass and price.
        packages: true count.
        mode: how it cheats, 0 when it does not.
        scheme: place in the world's schemes, -1 when it cheats alone or not at all.
        propensity: chance that it cheats, before anything is declared.
        declared: what the declaration says.
    """

    declaration: Ints
    number: Ints
    day: Ints
    second: Ints
    lane: Ints
    goods: Ints
    origin: Ints
    mass_kg: Floats
    value_usd: Floats
    packages: Ints
    mode: Ints
    scheme: Ints
    propensity: Floats
    declared: Declared

    @property
    def truths(self) -> Truths:
        """What is true of each item."""
        return Truths(
            self.lane, self.goods, self.origin, self.mass_kg, self.value_usd, self.packages
        )


def count_a_day(world: World, rng: Generator, first_day: int, days: int, per_day: float) -> Ints:
    """Return how many declarations come on each day."""
    weekday = (np.arange(first_day, first_day + days) + _MONDAY) % 7
    return rng.poisson(per_day * WEEKDAY[weekday]).astype(np.int64)


def draw(world: World, rng: Generator, first_day: int, counts: Ints) -> Items:
    """Return the items of `counts[k]` declarations on day `first_day + k`."""
    day = np.repeat(np.arange(first_day, first_day + len(counts)), counts)
    lane = _lanes(world, rng, first_day, counts)
    second = np.sort(_seconds(rng, len(day)) + day * 86_400) - day * 86_400
    single = np.array([kind.is_perishable for kind in world.catalogue.kinds])
    items = 1 + rng.choice(len(_ITEM_COUNTS), len(day), p=_ITEM_COUNTS)
    items = np.where(single[world.lanes.goods[lane]] & (rng.random(len(day)) < 0.8), 1, items)
    declaration = np.repeat(np.arange(len(day)), items)
    starts = np.cumsum(items) - items
    number = np.arange(len(declaration)) - starts[declaration] + 1
    lane, day, second = lane[declaration], day[declaration], second[declaration]
    goods = _goods(world, rng, lane, number)
    origin = world.lanes.origin[lane]
    mass, value, packages = _shipment(world, rng, lane, goods, number, day)
    cheats = cheating.choose(world, rng, lane, goods, origin, day)
    truth = Truths(lane, goods, origin, mass, value, packages)
    declared = cheating.declare(world, rng, truth, cheats.mode, cheats.depth)
    declared = cheating.misdescribed(world, first_day, goods, declared)
    return Items(
        declaration, number, day, second, lane, goods, origin, mass, value, packages,
        cheats.mode, cheats.scheme, cheats.propensity, declared,
    )  # fmt: skip


def _lanes(world: World, rng: Generator, first_day: int, counts: Ints) -> Ints:
    """Return the lane of each declaration, among those in use on its day."""
    lanes = world.lanes
    chosen = np.empty(int(counts.sum()), dtype=np.int64)
    place = 0
    for day, count in enumerate(counts, start=first_day):
        weight = np.where((lanes.first_day <= day) & (day < lanes.last_day), lanes.weight, 0.0)
        ladder = np.cumsum(weight)
        draws = rng.random(count) * ladder[-1]
        chosen[place : place + count] = np.searchsorted(ladder, draws, side="right")
        place += count
    return chosen


def _seconds(rng: Generator, count: int) -> Ints:
    """Return seconds of the day: offices lodge by day, systems by night too."""
    at_desk = np.clip(rng.normal(11.5, 3.0, count), 0.1, 23.8)
    around = rng.uniform(0.0, 24.0, count)
    hours = np.where(rng.random(count) < 0.85, at_desk, around)
    return (hours * 3600).astype(np.int64)


def _goods(world: World, rng: Generator, lane: Ints, number: Ints) -> Ints:
    """Return the true kind of each item: the lane's own first, then its companions."""
    own = world.lanes.goods[lane]
    widest = max(len(group) for group in world.companions)
    table = np.array([(group * widest)[:widest] for group in world.companions])
    other = table[own, rng.integers(0, widest, len(own))]
    return np.where(number == 1, own, other)


def _shipment(
    world: World, rng: Generator, lane: Ints, goods: Ints, number: Ints, day: Ints
) -> tuple[Floats, Floats, Ints]:
    """Return true mass, true value and true number of packages."""
    lanes, kinds = world.lanes, world.catalogue
    by_air = np.array([mode == AIR for mode in MODES])[lanes.mode[lane]]
    share = np.where(number == 1, 1.0, rng.uniform(0.1, 0.5, len(lane)))
    noise = np.exp(rng.normal(0.0, 0.25, len(lane)))
    mass = kinds.shipment_kg[goods] * lanes.mass_factor[lane] * share * noise
    mass = np.minimum(mass, np.where(by_air, _LARGEST_BY_AIR_KG, _LARGEST_KG) * share)
    packages = np.maximum(np.rint(mass / kinds.package_kg[goods]), 1.0)
    filled = rng.normal(1.0, 0.015, len(lane))
    mass = np.maximum(np.round(packages * kinds.package_kg[goods] * filled, 1), 1.0)
    season = 1.0 + 0.06 * np.sin(2 * np.pi * (day / 365.25 + goods / 7.0))
    level = world.price_level[goods, lanes.origin[lane]] * world.price_month[goods, day // 30]
    spread = np.exp(rng.normal(0.0, 1.0, len(lane)) * kinds.spread[goods] * 0.5)
    price = kinds.price[goods] * level * season * lanes.price_factor[lane] * spread
    return mass, np.round(mass * price, 2), packages.astype(np.int64)
