"""How fast goods spoil at a temperature, relative to a reference temperature.

Pure functions of numbers. `rate_of` prepares a plain function for the hot path; it answers at any
temperature, for a sensor may show any. Where a figure is asked for (`shelf_life_days`), a
temperature at which the model was never fitted is refused; `remark` says so without refusing.

    >>> round(shelf_life_days(SquareRoot(-10.0), known_c=5.0, known_days=21.0, asked_c=0.0), 2)
    47.25
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, log

from clearway.coldchain.model import (
    Arrhenius,
    Belehradek,
    Exponential,
    Kinetics,
    PiecewiseQ10,
    SquareRoot,
)
from clearway.errors import InputError
from clearway.terms.reason import Reason

GAS_CONSTANT_KJ = 8.314472e-3
"""kJ/(mol K). Source: the value that USP <1079.2> uses for mean kinetic temperature."""

KELVIN = 273.15

MKT_ACTIVATION_KJ_MOL = 83.14472
"""Source: convention of USP <1079.2> and ICH Q1; divided by the gas constant it is 10,000 K."""

MKT_KELVIN = MKT_ACTIVATION_KJ_MOL / GAS_CONSTANT_KJ

Rate = Callable[[float], float]


class GapTooLong(InputError):
    """So much of a temperature history is missing that a figure from it would be a guess."""

    code = "gap_too_long"
    title = "Too much of the temperature history is missing"
    status = 422


class OutsideModel(InputError):
    """A figure was asked for at a temperature at which its model was never fitted."""

    code = "outside_model"
    title = "The model does not hold at this temperature"
    status = 422


def require_valid(kinetics: Kinetics, at_c: float) -> None:
    """Refuse a temperature outside the range in which the model was fitted.

    Raises: OutsideModel: `at_c` is outside `kinetics.valid_c`, or no number.
    """
    said = remark(kinetics, at_c)
    if said is not None:
        raise OutsideModel(said.text, at_c=at_c, valid_c=kinetics.valid_c)


def remark(kinetics: Kinetics, at_c: float) -> Reason | None:
    """Return why a figure at this temperature is a guess; None where the model was fitted."""
    low, high = kinetics.valid_c
    if low <= at_c <= high:
        return None
    name = type(kinetics).__name__
    text = (
        f"{at_c:g} °C is outside {low:g} to {high:g} °C, where the {name} model of these goods was"
        " fitted; measure their quality instead of reckoning it."
    )
    return Reason("CC_OUTSIDE_MODEL", text, f"{at_c:g}")


def relative_rate(kinetics: Kinetics, at_c: float, reference_c: float) -> float:
    """Return how many reference days one day at `at_c` uses up; 1 at `reference_c`."""
    return rate_of(kinetics, reference_c)(at_c)


@lru_cache(maxsize=256)
def rate_of(kinetics: Kinetics, reference_c: float) -> Rate:
    """Return the function from degrees Celsius to relative rate (never negative, never falling)."""
    match kinetics:
        case SquareRoot(t_min_c):
            return _square_root(t_min_c, reference_c)
        case Belehradek(t_min_c, exponent):
            return _belehradek(t_min_c, exponent, reference_c)
        case Exponential(per_c):
            return lambda at_c: exp(per_c * (at_c - reference_c))
        case Arrhenius(activation):
            return _arrhenius(activation, reference_c)
        case PiecewiseQ10():
            return _piecewise(kinetics, reference_c)


def _square_root(t_min_c: float, reference_c: float) -> Rate:
    span = _span(t_min_c, reference_c)

    def rate(at_c: float) -> float:
        root = (at_c - t_min_c) / span
        return root * root if root > 0 else 0.0

    return rate


def _belehradek(t_min_c: float, exponent: float, reference_c: float) -> Rate:
    span = _span(t_min_c, reference_c)
    if exponent <= 0:
        raise ValueError(f"exponent {exponent} must be above 0")
    return lambda at_c: ((at_c - t_min_c) / span) ** exponent if at_c > t_min_c else 0.0


def _span(t_min_c: float, reference_c: float) -> float:
    if reference_c <= t_min_c:
        raise ValueError(f"reference {reference_c} must be above the growth minimum {t_min_c}")
    return reference_c - t_min_c


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
    """Return the shelf life at `asked_c` of goods that keep `known_days` at `known_c`.

    Raises: OutsideModel: one of the temperatures is outside the range of the model.
    """
    require_valid(kinetics, known_c)
    require_valid(kinetics, asked_c)
    rate = relative_rate(kinetics, asked_c, known_c)
    if rate <= 0.0:
        raise OutsideModel(
            f"At {asked_c:g} °C the model's rate is zero, so it gives no shelf life", at_c=asked_c
        )
    return known_days / rate
