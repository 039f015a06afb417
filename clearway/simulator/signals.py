"""What other desks noticed before the declaration was accepted, in four bits.

Each follows from what is physically true of the goods, through an instrument or a clerk who errs:

- certificate (1): a certificate or proof of origin names other goods, another origin or another
  quantity. Forgers mostly make papers that fit; honest clerks slip more often than frauds are seen.
- seal (2): a seal's number or state is not as announced. Boxes are opened on the way to be
  filled up or relabelled, and by customs of transit, by thieves, by rough handling.
- mass (4): the weighed gross mass (verified gross mass of a container under SOLAS VI/2, the road
  weighbridge, the airline's scales) does not fit the declared net mass and its usual tare.
- cold_chain (8): a logger on the box tells of an excursion. It says little about duties: goods
  that went another way than stated had more chances to get warm.

How often, per desk, are judgements (README).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearway.simulator.places import AIR, ROAD, SEA
from clearway.simulator.schemes import CONCEALMENT
from clearway.simulator.streams import Generator, stream
from clearway.simulator.trade import Items
from clearway.simulator.traders import MODES, Floats, Ints
from clearway.simulator.world import World

Flags = NDArray[np.bool_]

CERTIFICATE, SEAL, MASS, COLD_CHAIN = 1, 2, 4, 8

# Chances by mode: honest, undervaluation, misclassification, false origin, short, concealment.
_MISMATCH = np.array([0.025, 0.03, 0.16, 0.2, 0.22, 0.03])
_BROKEN_SEAL = np.array([0.008, 0.008, 0.012, 0.07, 0.06, 0.12])
_EXCURSION = np.array([0.05, 0.05, 0.05, 0.09, 0.06, 0.05])
# Share of consignments weighed before the declaration is accepted.
_WEIGHED = {SEA: 0.75, ROAD: 0.35, AIR: 0.9}
_USUAL_TARE, _TOLERANCE = 1.08, 0.1
# What is hidden weighs little beside its cover.
_HIDDEN_MASS = 0.04
# Scales err by two percent; pallets, ice and dunnage by more, now and then by a lot.
_SCALE_ERROR, _DUNNAGE_ERROR, _DUNNAGE_SHARE = 0.02, 0.12, 0.06


def noticed(world: World, items: Items) -> Ints:
    """Return the bits of each item, shape (n,)."""
    rng = stream(world.seed, "signals", int(items.day[0]), len(items.day))
    regulated = np.array([kind.certificate is not None for kind in world.catalogue.kinds])
    cold = np.array([kind.is_perishable for kind in world.catalogue.kinds])
    by_sea_or_road = np.array([mode != AIR for mode in MODES])[world.lanes.mode[items.lane]]
    has_paper = regulated[items.declared.goods] | items.declared.prefers
    paper = (rng.random(len(items.day)) < _MISMATCH[items.mode]) & has_paper
    seal = _once(rng, items, _BROKEN_SEAL) & by_sea_or_road
    warm = _once(rng, items, _EXCURSION) & cold[items.goods]
    off = _mass_is_off(world, rng, items)
    bits: Ints = CERTIFICATE * paper + SEAL * seal + MASS * off + COLD_CHAIN * warm
    return bits


def _once(rng: Generator, items: Items, chance: Floats) -> Flags:
    """Draw once for each declaration, with the chance of its worst item."""
    count = int(items.declaration[-1]) + 1
    worst = np.zeros(count)
    np.maximum.at(worst, items.declaration, chance[items.mode])
    return (rng.random(count) < worst)[items.declaration]


def _mass_is_off(world: World, rng: Generator, items: Items) -> Flags:
    count = int(items.declaration[-1]) + 1
    net = np.bincount(items.declaration, items.declared.mass_kg, count)
    hidden = np.where(items.mode == CONCEALMENT, _HIDDEN_MASS, 0.0)
    true = np.bincount(items.declaration, items.mass_kg * (1.0 + hidden), count)
    tare = rng.uniform(1.04, 1.12, count)
    error = rng.normal(0.0, _SCALE_ERROR, count)
    dunnage = rng.random(count) < _DUNNAGE_SHARE
    error += np.where(dunnage, rng.normal(0.0, _DUNNAGE_ERROR, count), 0.0)
    scales = true * tare * np.exp(error)
    share = np.array([_WEIGHED[mode] for mode in MODES])
    opening = np.searchsorted(items.declaration, np.arange(count))
    weighed = rng.random(count) < share[world.lanes.mode[items.lane[opening]]]
    # Who hides part of the load from the scales as well splits it over two boxes.
    off = np.abs(np.log(scales / (net * _USUAL_TARE))) > _TOLERANCE
    return (weighed & off)[items.declaration]
