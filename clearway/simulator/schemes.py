"""Fraud schemes: they start, they have members, they pay, they end.

Four modes that are known, each with its side effects in what the border can see:

- undervaluation: the price per kg falls below that of like goods, often to a round sum;
- misclassification: a cheaper sibling's HS code, so the price per kg or the weight of a package
  does not fit the code, and the description grows vague;
- false_origin: preferential origin claimed for goods dispatched from elsewhere;
- short_quantity: less mass and value than is in the box; the count of packages or the weighbridge
  tells.

And one that a world has only when it is told to: concealment, other goods hidden behind those that
are declared. Price, words and packages are right; seals, scales and the people tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clearway.simulator.goods import Catalogue
from clearway.simulator.streams import Generator

HONEST, UNDERVALUATION, MISCLASSIFICATION, FALSE_ORIGIN, SHORT_QUANTITY, CONCEALMENT = range(6)
MODE_NAMES = ("", "undervaluation", "misclassification", "false_origin", "short_quantity",
              "concealed")  # fmt: skip

# How often cheats choose each mode, where it is possible.
# Nobody conceals goods but the scheme that is made for it.
MODE_WEIGHTS = np.array([0.0, 0.38, 0.3, 0.17, 0.15, 0.0])
_WORTH_CHEATING = 0.08


@dataclass(frozen=True, slots=True)
class Scheme:
    """One organised way to cheat.

    Args:
        mode: one of `MODE_NAMES`.
        goods: places of the kinds it moves.
        members: places of the importers that take part.
        broker: place of the broker that helps.
        first_day, last_day: of the world.
        intensity: share of the members' items of these goods that cheat.
        depth: how much of the value or mass is kept, between 0 and 1.
        origins: true origins of its goods, places in the world's countries; empty: any.
    """

    mode: int
    goods: tuple[int, ...]
    members: tuple[int, ...]
    broker: int
    first_day: int
    last_day: int
    intensity: float
    depth: float
    origins: tuple[int, ...] = ()


def possible_modes(catalogue: Catalogue, duty: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return, shape (kinds, modes), which modes pay for which goods.

    Args:
        duty: shape (kinds,), general rate as a share of the value.
    """
    dutiable = duty >= _WORTH_CHEATING
    sibling = catalogue.sibling
    possible = np.zeros((len(catalogue.kinds), len(MODE_NAMES)), dtype=np.bool_)
    possible[:, UNDERVALUATION] = dutiable
    possible[:, MISCLASSIFICATION] = (sibling >= 0) & (duty > duty[sibling])
    possible[:, FALSE_ORIGIN] = dutiable
    possible[:, SHORT_QUANTITY] = dutiable
    return possible


def choose_goods(rng: Generator, catalogue: Catalogue, pays: NDArray[np.bool_]) -> tuple[int, ...]:
    """Return one to three kinds of one family, among those for which cheating pays."""
    weight = np.where(pays, catalogue.weight, 0.0)
    first = int(rng.choice(len(weight), p=weight / weight.sum()))
    family = [place for place in catalogue.of_family(catalogue.kinds[first].family) if pays[place]]
    others = rng.permutation([place for place in family if place != first])
    return (first, *(int(place) for place in others[: int(rng.integers(0, 3))]))


def plan(rng: Generator, days: int) -> tuple[int, int, float, float]:
    """Return first day, last day, intensity and depth of a new scheme."""
    first = int(rng.integers(-200, days))
    length = int(rng.integers(70, 420))
    return first, first + length, float(rng.uniform(0.3, 0.9)), float(rng.uniform(0.3, 0.72))
