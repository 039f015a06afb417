"""Mean kinetic temperature: the one temperature that degrades as much as a whole history.

Medicines kept at room temperature are judged by it: excursions are forgiven as long as the mean
kinetic temperature stays within the label's limit.

    >>> round(mean_kinetic_temperature_c([20.0, 30.0]), 3)
    26.26

Source: Haynes' formula as in USP <1079.2>, with the conventional 83.14472 kJ/mol (10,000 K); the
rule of controlled room temperature as in USP <659>: 20 to 25 °C, excursions between 15 and 30 °C
while the mean kinetic temperature is not above 25 °C.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import exp, log

from clearway.coldchain.kinetics import (
    GAS_CONSTANT_KJ,
    KELVIN,
    MKT_ACTIVATION_KJ_MOL,
    GapTooLong,
    OutsideModel,
)
from clearway.terms.reason import Reason

MOST_MISSING_SHARE = 0.1
"""More than this share of missing readings makes a mean kinetic temperature a guess."""

COLDEST_C, WARMEST_C = -100.0, 100.0
"""No medicine is kept outside; a reading there is a defect of the sensor."""


@dataclass(frozen=True, slots=True)
class MktRule:
    """What a label allows.

    Args:
        limit_c: the mean kinetic temperature must not be above it.
        excursions_c: (low, high) that no single reading may leave.
        activation_kj_mol: of the degradation; the convention where the maker states none.
    """

    name: str
    limit_c: float
    excursions_c: tuple[float, float]
    activation_kj_mol: float = MKT_ACTIVATION_KJ_MOL


CONTROLLED_ROOM = MktRule("controlled room temperature", 25.0, (15.0, 30.0))
"""Source: USP <659> as quoted by navixy.com."""


@dataclass(frozen=True, slots=True)
class MktVerdict:
    """What a history says to a label.

    Args:
        ok: the limit was kept and no reading left the range of excursions.
        mkt_c: mean kinetic temperature, degrees Celsius.
        coldest_c, warmest_c: of all readings.
        hours: how long was judged.
        reasons: why, one sentence each.
    """

    ok: bool
    mkt_c: float
    coldest_c: float
    warmest_c: float
    hours: float
    reasons: tuple[Reason, ...]


def mean_kinetic_temperature_c(
    readings_c: Sequence[float | None], activation_kj_mol: float = MKT_ACTIVATION_KJ_MOL
) -> float:
    """Return the one temperature that degrades as much as this history.

    Args:
        readings_c: equally spaced in time, at least one; None is a gap and is left out.
        activation_kj_mol: activation energy of the degradation, above 0.

    Returns: degrees Celsius, between the least and the greatest reading.
    Raises:
        GapTooLong: nothing was read, or more than a tenth is missing.
        OutsideModel: a reading is outside -100 to 100 °C, or the energy is not above 0.
    """
    seen = [value for value in readings_c if value is not None]
    missing = len(readings_c) - len(seen)
    if not seen or missing > MOST_MISSING_SHARE * len(readings_c):
        raise GapTooLong(
            f"{missing} of {len(readings_c)} readings are missing; a mean kinetic temperature"
            " needs at least nine in ten. Fetch the rest from the logger's memory",
            missing=missing,
        )
    return _mean(((value, 1.0) for value in seen), activation_kj_mol)


def mean_kinetic_of(
    history: Iterable[tuple[datetime, float]],
    activation_kj_mol: float = MKT_ACTIVATION_KJ_MOL,
    *,
    longest_gap: timedelta = timedelta(hours=2),
) -> float:
    """Return the mean kinetic temperature of readings at any spacing.

    Each reading counts for half the time to its neighbours on both sides.

    Args:
        history: (instant, degrees Celsius) in order of time, two or more.
        longest_gap: a longer pause is not bridged.

    Raises:
        GapTooLong: fewer than two readings, or a pause longer than `longest_gap`.
        OutsideModel: as `mean_kinetic_temperature_c`.
    """
    return _mean(_weighed(list(history), longest_gap), activation_kj_mol)


def judge(
    history: Iterable[tuple[datetime, float]],
    rule: MktRule = CONTROLLED_ROOM,
    *,
    longest_gap: timedelta = timedelta(hours=2),
) -> MktVerdict:
    """Return whether a history keeps a label. Args and Raises: as `mean_kinetic_of`."""
    points = list(history)
    mkt_c = mean_kinetic_of(points, rule.activation_kj_mol, longest_gap=longest_gap)
    shown = [value for _, value in points]
    coldest_c, warmest_c = min(shown), max(shown)
    low, high = rule.excursions_c
    reasons = []
    if mkt_c > rule.limit_c:
        text = f"The mean kinetic temperature is {mkt_c:.2f} °C, above {rule.limit_c:g} °C."
        reasons.append(Reason("CC_MKT_WARM", text, f"{mkt_c:.2f}"))
    if coldest_c < low or warmest_c > high:
        text = (
            f"Readings went from {coldest_c:g} to {warmest_c:g} °C; excursions are allowed between"
            f" {low:g} and {high:g} °C."
        )
        reasons.append(Reason("CC_MKT_EXCURSION", text, f"{coldest_c:g}/{warmest_c:g}"))
    ok = not reasons
    if ok:
        text = f"The mean kinetic temperature is {mkt_c:.2f} °C; {rule.limit_c:g} °C is allowed."
        reasons.append(Reason("CC_MKT_KEPT", text, f"{mkt_c:.2f}"))
    hours = (points[-1][0] - points[0][0]) / timedelta(hours=1)
    return MktVerdict(ok, mkt_c, coldest_c, warmest_c, hours, tuple(reasons))


def _weighed(
    points: list[tuple[datetime, float]], longest_gap: timedelta
) -> Iterable[tuple[float, float]]:
    if len(points) < 2:
        raise GapTooLong("A history needs at least two readings; fetch more from the logger")
    for (before, before_c), (after, after_c) in pairwise(points):
        if not timedelta(0) < after - before <= longest_gap:
            raise GapTooLong(
                f"Nothing was measured between {before} and {after}: at most {longest_gap} is"
                " bridged, in order of time. Fetch the missing readings from the logger's memory"
            )
        half = (after - before).total_seconds() / 2.0
        yield before_c, half
        yield after_c, half


def _mean(weighed: Iterable[tuple[float, float]], activation_kj_mol: float) -> float:
    if activation_kj_mol <= 0.0:
        raise OutsideModel(f"An activation energy of {activation_kj_mol:g} kJ/mol is none")
    factor = activation_kj_mol / GAS_CONSTANT_KJ
    total, weight, least, most = 0.0, 0.0, WARMEST_C, COLDEST_C
    for value, seconds in weighed:
        if not COLDEST_C <= value <= WARMEST_C:
            raise OutsideModel(
                f"A reading of {value:g} °C is outside {COLDEST_C:g} to {WARMEST_C:g} °C; leave out"
                " what the sensor cannot have measured",
                at_c=value,
            )
        total += seconds * exp(-factor / (value + KELVIN))
        weight += seconds
        least, most = min(least, value), max(most, value)
    # Clamped because rounding may put a constant history a last digit beside itself.
    return min(max(factor / -log(total / weight) - KELVIN, least), most)
