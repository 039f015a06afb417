"""Harm that cold or dry air does: chilling and freezing doses, vapour pressure deficit, water loss.

A dose is the time below a temperature weighed by how far below: degree hours. Whoever looks at the
goods needs both that and the plain time, because a short hard chill and a long mild one differ.

    >>> found = dose_below([(noon, 9.0), (noon + timedelta(hours=4), 9.0)], 11.0)  # doctest: +SKIP
    >>> found.hours, found.degree_hours  # doctest: +SKIP
    (4.0, 8.0)

A freezing dose says that ice may have formed, not that it did: most fruit cools a little below its
freezing point before ice begins, and a sensor is one spot. Goods with any dose are to be cut open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import exp

from clearway.coldchain.kinetics import GapTooLong, OutsideModel
from clearway.coldchain.model import Commodity

VAPOUR_VALID_C = (-5.0, 50.0)
"""Where the formula of FAO 56 is used here; colder, the pressure over ice differs by over 5 %."""

SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Dose:
    """Time below a temperature.

    Args:
        below_c: the temperature.
        hours: below it, in all.
        degree_hours: summed over the time below, degrees times hours.
        coldest_c: least value of the history.
        first_at: when it first went below, None when it never did.
    """

    below_c: float
    hours: float
    degree_hours: float
    coldest_c: float
    first_at: datetime | None


def dose_below(
    history: Iterable[tuple[datetime, float]],
    below_c: float,
    *,
    longest_gap: timedelta = timedelta(hours=2),
) -> Dose:
    """Return the dose of a history under a temperature; between readings it is a line, exactly.

    Args:
        history: (instant, degrees Celsius) in order of time, at least one.

    Raises: GapTooLong: nothing was read, a pause is too long, or time runs backward.
    """
    points = list(history)
    if not points:
        raise GapTooLong("A dose needs at least one reading; fetch them from the logger")
    hours, degree_hours, first_at = 0.0, 0.0, None
    if points[0][1] < below_c:
        first_at = points[0][0]
    for (before, before_c), (after, after_c) in pairwise(points):
        if not timedelta(0) <= after - before <= longest_gap:
            raise GapTooLong(
                f"Nothing was measured between {before} and {after}: at most {longest_gap} is"
                " bridged, in order of time. Fetch the missing readings from the logger's memory"
            )
        length = (after - before) / timedelta(hours=1)
        share, depth, begins = _under(before_c - below_c, after_c - below_c)
        if share > 0.0 and first_at is None:
            first_at = before + begins * (after - before)
        hours += share * length
        degree_hours += depth * length
    return Dose(below_c, hours, degree_hours, min(c for _, c in points), first_at)


def _under(before: float, after: float) -> tuple[float, float, float]:
    """Return of a line from `before` to `after`: share below zero, mean depth, where it begins."""
    if before >= 0.0 and after >= 0.0:
        return 0.0, 0.0, 0.0
    if before <= 0.0 and after <= 0.0:
        return 1.0, -(before + after) / 2.0, 0.0
    crossing = before / (before - after)
    if before < 0.0:
        return crossing, -before * crossing / 2.0, 0.0
    return 1.0 - crossing, -after * (1.0 - crossing) / 2.0, crossing


def chilling_dose(history: Iterable[tuple[datetime, float]], commodity: Commodity) -> Dose | None:
    """Return the dose below the chilling point; None for goods that cold does not injure.

    Raises: GapTooLong: as `dose_below`.
    """
    if commodity.chilling_c is None:
        return None
    return dose_below(history, commodity.chilling_c)


def freezing_dose(history: Iterable[tuple[datetime, float]], commodity: Commodity) -> Dose | None:
    """Return the dose below the highest freezing point; None for frozen goods.

    Raises: GapTooLong: as `dose_below`.
    """
    if commodity.freezing_c is None:
        return None
    return dose_below(history, commodity.freezing_c)


def saturation_kpa(at_c: float) -> float:
    """Return the pressure of saturated water vapour, kPa.

    Source: Tetens' formula as FAO Irrigation and Drainage Paper 56 gives it (equation 11).
    Raises: OutsideModel: outside -5 to 50 °C.
    """
    low, high = VAPOUR_VALID_C
    if not low <= at_c <= high:
        raise OutsideModel(
            f"{at_c:g} °C is outside {low:g} to {high:g} °C, where the vapour formula is used",
            at_c=at_c,
        )
    return 0.6108 * exp(17.27 * at_c / (at_c + 237.3))


def deficit_kpa(goods_c: float, air_c: float, humidity_pct: float) -> float:
    """Return what draws water out of the goods, kPa: saturated at their skin, less the air's.

    Args:
        goods_c: of the skin; moist goods are taken as saturated there.
        air_c, humidity_pct: of the air beside them, 0 to 100 %.

    Returns: below zero where water condenses on the goods.
    Raises: OutsideModel: a temperature outside -5 to 50 °C, a humidity outside 0 to 100 %.
    """
    if not 0.0 <= humidity_pct <= 100.0:
        raise OutsideModel(
            f"A relative humidity of {humidity_pct:g} % is outside 0 to 100 %; check the sensor",
            humidity_pct=humidity_pct,
        )
    return saturation_kpa(goods_c) - saturation_kpa(air_c) * humidity_pct / 100.0


def water_loss_pct(coefficient: float, deficit: float, days: float) -> float:
    """Return the mass that goods lose by transpiration, percent.

    Args:
        coefficient: transpiration coefficient, ng of water per kg, second and Pa, 0 or more.
        deficit: kPa, see `deficit_kpa`; condensation (below zero) gives no gain.
        days: for how long, 0 or more.

    Source: loss = coefficient * deficit (Becker and Fricke 1996, the basic form). It holds for
    small losses: a loss that would be over 20 % is refused, since drying skin resists more.
    Raises: OutsideModel: a negative argument, or a loss over 20 %.
    """
    if coefficient < 0.0 or days < 0.0:
        raise OutsideModel(f"coefficient {coefficient:g} and days {days:g} must not be negative")
    share = coefficient * 1e-12 * max(deficit, 0.0) * 1000.0 * SECONDS_A_DAY * days
    if share > 0.2:
        raise OutsideModel(
            f"A loss of {share:.0%} in {days:g} days is more than the straight law holds for;"
            " weigh the goods instead"
        )
    return share * 100.0
