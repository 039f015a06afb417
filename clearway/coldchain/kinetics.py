"""How fast goods spoil at a temperature, relative to a reference temperature.

Pure functions of numbers. `rate_of` prepares a plain function for the hot path.

    >>> round(shelf_life_days(SquareRoot(-10.0), known_c=5.0, known_days=21.0, asked_c=0.0), 2)
    47.25
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from math import exp, log

from clearway.coldchain.model import Arrhenius, Exponential, Kinetics, PiecewiseQ10, SquareRoot
from clearway.errors import InputError

GAS_CONSTANT_KJ = 8.314472e-3
"""kJ/(mol K). Source: the value that USP <1079.2> uses for mean kinetic temperature."""

KELVIN = 273.15

MKT_ACTIVATION_KJ_MOL = 83.14472
"""Source: convention of USP <1079.2> and ICH Q1; divided by the gas constant it is 10,000 K."""

MKT_KELVIN = MKT_ACTIVATION_KJ_MOL / GAS_CONSTANT_KJ

MOST_MISSING_SHARE = 0.1
"""More than this share of missing readings makes a mean kinetic temperature a guess."""

Rate = Callable[[float], float]


class GapTooLong(InputError):
    """So much of a temperature history is missing that a figure from it would be a guess."""

    code = "gap_too_long"
    title = "Too much of the temperature history is missing"
    status = 422


def relative_rate(kinetics: Kinetics, at_c: float, reference_c: float) -> float:
    """Return how many reference days one day at `at_c` uses up; 1 at `reference_c`."""
    return rate_of(kinetics, reference_c)(at_c)


@lru_cache(maxsize=256)
def rate_of(kinetics: Kinetics, reference_c: float) -> Rate:
    """Return the function from degrees Celsius to relative rate (never negative, never falling)."""
    match kinetics:
        case SquareRoot(t_min_c):
            return _square_root(t_min_c, reference_c)
        case Exponential(per_c):
            return lambda at_c: exp(per_c * (at_c - reference_c))
        case Arrhenius(activation):
            return _arrhenius(activation, reference_c)
        case PiecewiseQ10():
            return _piecewise(kinetics, reference_c)


def _square_root(t_min_c: float, reference_c: float) -> Rate:
    span = reference_c - t_min_c
    if span <= 0:
        raise ValueError(f"reference {reference_c} must be above the growth minimum {t_min_c}")

    def rate(at_c: float) -> float:
        root = (at_c - t_min_c) / span
        return root * root if root > 0 else 0.0

    return rate


def _arrhenius(activation_kj_mol: float, reference_c: float) -> Rate:
    factor = activation_kj_mol / GAS_CONSTANT_KJ
    at_reference = 1.0 / (reference_c + KELVIN)
    return lambda at_c: exp(factor * (at_reference - 1.0 / (at_c + KELVIN)))


def _piecewise(kinetics: PiecewiseQ10, reference_c: float) -> Rate:
    slopes = tuple(log(q10) / 10.0 for q10 in kinetics.q10)
    bounds = kinetics.upto_c

    def logarithm(at_c: float) -> float:
        """Integrate the slope from the first bound to `at_c`."""
        if at_c <= bounds[0]:
            return slopes[0] * (at_c - bounds[0])
        total, low = 0.0, bounds[0]
        for high, slope in zip(bounds[1:], slopes[1:], strict=True):
            if at_c <= high:
                return total + slope * (at_c - low)
            total, low = total + slope * (high - low), high
        return total + slopes[-1] * (at_c - low)

    zero = logarithm(reference_c)
    return lambda at_c: exp(logarithm(at_c) - zero)


def shelf_life_days(
    kinetics: Kinetics, *, known_c: float, known_days: float, asked_c: float
) -> float:
    """Return the shelf life at `asked_c` of goods that keep `known_days` at `known_c`."""
    return known_days / relative_rate(kinetics, asked_c, known_c)


def mean_kinetic_temperature_c(
    readings_c: Sequence[float | None], activation_kj_mol: float = MKT_ACTIVATION_KJ_MOL
) -> float:
    """Return the one temperature that degrades as much as this history.

    Args:
        readings_c: equally spaced in time, at least one; None is a gap and is left out.
        activation_kj_mol: activation energy of the degradation.

    Returns: degrees Celsius, between the least and the greatest reading.
    Raises: GapTooLong: nothing was read, or more than a tenth is missing.
    Source: Haynes' formula as in USP <1079.2>.
    """
    seen = [value for value in readings_c if value is not None]
    missing = len(readings_c) - len(seen)
    if not seen or missing > MOST_MISSING_SHARE * len(readings_c):
        raise GapTooLong(
            f"{missing} of {len(readings_c)} readings are missing; a mean kinetic temperature"
            " needs at least nine in ten. Fetch the rest from the logger's memory",
            missing=missing,
        )
    factor = activation_kj_mol / GAS_CONSTANT_KJ
    mean = sum(exp(-factor / (value + KELVIN)) for value in seen) / len(seen)
    return min(max(factor / -log(mean) - KELVIN, min(seen)), max(seen))
