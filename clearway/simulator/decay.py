"""How fast perishable goods truly age in this world: the truth that the border only estimates.

A lot has so many days of life at its own best temperature; at another temperature it ages `rate`
times as fast. Laws, as goods.csv names them:

- `sqrt <tmin>`: rate = ((T - tmin) / (Tset - tmin))^2, square-root law of chilled fish and meat;
- `exponential <a>`: rate = exp(a (T - Tset));
- `q10 <q>`: rate = q^((T - Tset) / 10), produce and flowers;
- `arrhenius <kJ/mol>`: rate = exp(Ea/R (1/Tset - 1/T)), frozen goods and medicines.

A lot differs from its kind: its life and the steepness of its law are drawn once. Tropical fruit
below its chill point ages faster again, with the cold (chilling injury), and fresh goods that
freeze are lost within a day.

The laws are those of the literature on shelf life; the numbers per kind are plausible choices of
this simulator. They are written here apart from the estimator of the border, on purpose: the
border must not mark its own work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

GAS_CONSTANT_KJ = 8.314462618e-3
_KELVIN = 273.15
# A lot ages no slower than this, however cold it is kept.
_SLOWEST = 0.02
_FROZEN_RATE = 30.0
_CHILL_RATE_PER_K = 0.35
_SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Law:
    """How a kind of goods ages.

    Args:
        form: `sqrt`, `exponential`, `q10` or `arrhenius`.
        parameter: tmin in degrees, a per degree, the Q10, or kJ/mol.
        best_c: temperature at which the rate is 1.
        chill_c: below it tropical fruit is injured; None when it is not.
        freezes_c: below it fresh goods freeze and are lost; None for goods sold frozen.
    """

    form: str
    parameter: float
    best_c: float
    chill_c: float | None = None
    freezes_c: float | None = None


@dataclass(frozen=True, slots=True)
class Lot:
    """One lot's own ageing.

    Args:
        law: of its kind.
        life_days: from loading to the end, at the best temperature.
        steepness: factor on how strongly the rate follows the temperature; 1 is its kind.
    """

    law: Law
    life_days: float
    steepness: float = 1.0


def rate(lot: Lot, pulp_c: Floats) -> Floats:
    """Return how many times faster than at its best temperature the lot ages; same shape."""
    law = lot.law
    warm = np.maximum(pulp_c, -40.0)
    if law.form == "sqrt":
        plain = (np.maximum(warm - law.parameter, 0.0) / (law.best_c - law.parameter)) ** 2
    elif law.form == "exponential":
        plain = np.exp(law.parameter * (warm - law.best_c))
    elif law.form == "q10":
        plain = law.parameter ** ((warm - law.best_c) / 10.0)
    else:
        inverse = 1.0 / (law.best_c + _KELVIN) - 1.0 / (warm + _KELVIN)
        plain = np.exp(law.parameter / GAS_CONSTANT_KJ * inverse)
    aged: Floats = np.maximum(plain, _SLOWEST) ** lot.steepness
    return _with_injury(law, warm, aged)


def _with_injury(law: Law, pulp_c: Floats, aged: Floats) -> Floats:
    if law.chill_c is not None:
        aged = aged + _CHILL_RATE_PER_K * np.maximum(law.chill_c - pulp_c, 0.0)
    if law.freezes_c is not None:
        aged = np.where(pulp_c < law.freezes_c, _FROZEN_RATE, aged)
    return aged


def consumed_days(lot: Lot, pulp_c: Floats, aboard: NDArray[np.bool_], dt_s: float) -> Floats:
    """Return the days of life used up by the end of each step; shape (steps,), ascending.

    Args:
        pulp_c: at the end of each step.
        aboard: whether the lot is loaded; before, it does not age here.
    """
    used: Floats = np.cumsum(np.where(aboard, rate(lot, pulp_c), 0.0)) * (dt_s / _SECONDS_A_DAY)
    return used
