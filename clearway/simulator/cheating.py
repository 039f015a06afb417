"""How truth becomes a declaration: honestly, with small slips, or by one of four cheats."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from clearway.simulator.schemes import (
    CONCEALMENT,
    FALSE_ORIGIN,
    HONEST,
    MISCLASSIFICATION,
    MODE_WEIGHTS,
    SHORT_QUANTITY,
    UNDERVALUATION,
    Scheme,
    possible_modes,
)
from clearway.simulator.streams import Generator, stream
from clearway.simulator.traders import Floats, Ints
from clearway.simulator.world import World

Flags = NDArray[np.bool_]

# Honest traders write the vague description sometimes, cheats of a code often.
_VAGUE_HONEST, _VAGUE_CHEAT = 0.06, 0.45
_ROUND_HONEST, _ROUND_CHEAT = 0.05, 0.5
# What is hidden is small and dear: half the worth of its cover, at a high duty.
_HIDDEN_WORTH, _HIDDEN_DUTY = 0.5, 0.3


@dataclass(frozen=True, slots=True)
class Truths:
    """What is true of each item before anybody declares it; arrays of shape (n,)."""

    lane: Ints
    goods: Ints
    origin: Ints
    mass_kg: Floats
    value_usd: Floats
    packages: Ints


@dataclass(frozen=True, slots=True)
class Declared:
    """What the declaration says of each item; arrays of shape (n,).

    Args:
        goods: kind under whose HS code it is declared.
        described_as: kind whose description is used.
        wording: which of its descriptions.
        origin, dispatch: places in the world's countries.
        prefers: whether a preference is claimed.
        mass_kg, value_usd, packages: as stated; the value before conversion to the invoice's
            currency.
        gross_kg: as stated or weighed.
    """

    goods: Ints
    described_as: Ints
    wording: Ints
    origin: Ints
    dispatch: Ints
    prefers: Flags
    mass_kg: Floats
    value_usd: Floats
    packages: Ints
    gross_kg: Floats


@dataclass(frozen=True, slots=True)
class Cheats:
    """Who cheats on what, and how; arrays of shape (n,).

    Args:
        mode: 0 honest.
        scheme: place in the world's schemes; -1 none.
        depth: how much of the value or mass is kept.
        propensity: chance that it cheats, given who trades what and when; the declaration
            itself says more.
    """

    mode: Ints
    scheme: Ints
    depth: Floats
    propensity: Floats


def choose(
    world: World, rng: Generator, lane: Ints, goods: Ints, origin: Ints, day: Ints
) -> Cheats:
    """Return which items cheat, and how; days must rise."""
    importer = world.lanes.importer[lane]
    count = len(lane)
    traders = world.importers
    has_turned = day >= traders.turns_on[importer]
    taste = np.where(has_turned, traders.dishonesty_after[importer], traders.dishonesty[importer])
    possible = possible_modes(world.catalogue, world.tariff.general)[goods]
    # Goods that are free anyway gain nothing by another code or another origin.
    is_free = world.tariff.agreement[origin] & world.lanes.prefers[lane]
    possible[:, FALSE_ORIGIN] &= ~world.tariff.agreement[origin]
    possible[:, MISCLASSIFICATION] &= ~is_free
    mode = np.zeros(count, dtype=np.int64)
    scheme = np.full(count, -1, dtype=np.int64)
    depth = rng.uniform(0.45, 0.8, count)
    can = possible.any(axis=1)
    alone = (rng.random(count) < taste) & can
    mode[alone] = _modes(rng, possible[alone])
    possible[:, CONCEALMENT] = True
    chance, organised = rng.random(count), np.zeros(count)
    for place, each in enumerate(world.schemes):
        if each.last_day < day[0] or each.first_day > day[-1]:
            continue
        span = slice(*np.searchsorted(day, (each.first_day, each.last_day + 1)).tolist())
        inside = np.flatnonzero(_members(world, each)[importer[span]]) + span.start
        inside = inside[possible[inside, each.mode] & np.isin(goods[inside], each.goods)]
        if each.origins:
            inside = inside[np.isin(origin[inside], each.origins)]
        organised[inside] = np.maximum(organised[inside], each.intensity)
        inside = inside[chance[inside] < each.intensity]
        mode[inside], scheme[inside], depth[inside] = each.mode, place, each.depth
    depth = np.clip(depth + rng.normal(0.0, 0.06, count), 0.2, 0.9)
    return Cheats(mode, scheme, depth, 1.0 - (1.0 - taste * can) * (1.0 - organised))


def _members(world: World, scheme: Scheme) -> Flags:
    """Return, shape (importers,), who takes part in a scheme."""
    takes_part = np.zeros(len(world.importers.first_day), dtype=np.bool_)
    takes_part[list(scheme.members)] = True
    return takes_part


def _modes(rng: Generator, possible: Flags) -> Ints:
    """Draw one of the possible modes for each row, by `MODE_WEIGHTS`."""
    ladder = np.cumsum(possible * MODE_WEIGHTS, axis=1)
    draws = rng.random(len(possible)) * ladder[:, -1]
    chosen: Ints = (ladder <= draws[:, None]).sum(axis=1)
    return chosen


def declare(world: World, rng: Generator, truth: Truths, mode: Ints, depth: Floats) -> Declared:
    """Return what is declared of each item."""
    count = len(mode)
    under, wrong_code, wrong_origin, short = (
        mode == each for each in (UNDERVALUATION, MISCLASSIFICATION, FALSE_ORIGIN, SHORT_QUANTITY)
    )
    goods = np.where(wrong_code, world.catalogue.sibling[truth.goods], truth.goods)
    kept = np.where(under | short, depth, 1.0)
    # Half of those who change the code lower the price towards that of the code as well.
    lowered = wrong_code & (rng.random(count) < 0.5)
    kept = np.where(lowered, rng.uniform(0.6, 0.9, count), kept)
    value = truth.value_usd * kept
    rounds = np.where(under, _ROUND_CHEAT, _ROUND_HONEST) > rng.random(count)
    value = np.where(rounds & (value > 1000), np.round(value, -2), np.round(value, 2))
    mass = np.where(short, np.round(truth.mass_kg * depth, 1), truth.mass_kg)
    hides_packages = short & (rng.random(count) < 0.45)
    packages = np.where(hides_packages, np.ceil(truth.packages * depth), truth.packages)
    vague = np.where(wrong_code, _VAGUE_CHEAT, _VAGUE_HONEST) > rng.random(count)
    wording = np.where(vague, 2, rng.integers(0, 2, count))
    keeps_words = wrong_code & (rng.random(count) < 0.5)
    origin, dispatch, prefers = _origins(world, rng, truth, wrong_origin)
    tare = rng.uniform(1.04, 1.12, count)
    # The weighbridge does not cheat: half of the short declarations still state the true gross.
    weighed = short & (rng.random(count) < 0.5)
    gross = np.round(np.where(weighed, truth.mass_kg, mass) * tare, 1)
    return Declared(
        goods=goods,
        described_as=np.where(keeps_words, truth.goods, goods),
        wording=wording.astype(np.int64),
        origin=origin,
        dispatch=dispatch,
        prefers=prefers,
        mass_kg=mass,
        value_usd=value,
        packages=packages.astype(np.int64),
        gross_kg=gross,
    )


def misdescribed(world: World, first_day: int, goods: Ints, declared: Declared) -> Declared:
    """Return what is declared, with the slips of honest clerks in the description.

    A clerk copies the last declaration, or the description of the other goods in the box: words
    that do not fit the code are a hint, and no proof. Of its own stream of chance, so that a world
    without slips is as it was.
    """
    share = world.scale.misfit_share
    if not share:
        return declared
    rng = stream(world.seed, "slips", first_day, len(goods))
    widest = max(len(group) for group in world.companions)
    table = np.array([(group * widest)[:widest] for group in world.companions])
    other = table[goods, rng.integers(0, widest, len(goods))]
    slips = rng.random(len(goods)) < share
    return replace(declared, described_as=np.where(slips, other, declared.described_as))


def _origins(world: World, rng: Generator, truth: Truths, wrong: Flags) -> tuple[Ints, Ints, Flags]:
    """Return declared origin, country of dispatch, and whether a preference is claimed."""
    lanes, agreement = world.lanes, world.tariff.agreement
    friends = np.flatnonzero(agreement)
    # A scheme keeps to one country per supplier: the same forged papers serve again.
    supplier = lanes.exporter[truth.lane]
    borrowed = friends[(supplier * 7 + truth.goods) % len(friends)]
    origin = np.where(wrong, borrowed, truth.origin)
    via = wrong & (rng.random(len(wrong)) < 0.4)
    dispatch = np.where(via, borrowed, lanes.dispatch[truth.lane])
    prefers = np.where(wrong, True, agreement[truth.origin] & lanes.prefers[truth.lane])
    return origin, dispatch, prefers.astype(np.bool_)


def extra_revenue(world: World, truth: Truths, declared: Declared, mode: Ints) -> Floats:
    """Return what the cheat would have saved, local currency; 0 for honest items."""
    tariff = world.tariff
    honest_claim = tariff.agreement[truth.origin] & world.lanes.prefers[truth.lane]
    due = tariff.owed(truth.value_usd, tariff.duty_share(truth.goods, truth.origin, honest_claim))
    paid = tariff.owed(
        declared.value_usd, tariff.duty_share(declared.goods, declared.origin, declared.prefers)
    )
    hidden = tariff.owed(truth.value_usd * _HIDDEN_WORTH, np.full(len(mode), _HIDDEN_DUTY))
    evaded = np.where(mode == CONCEALMENT, hidden, np.maximum(due - paid, 0.0))
    return np.where(mode == HONEST, 0.0, evaded)
