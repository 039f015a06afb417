"""Growth of bacteria on goods: primary models over time, secondary models over temperature.

Units: `log10` counts of colony-forming units per gram (or per area), hours, degrees Celsius; a rate
`mu` is the specific growth rate, natural logarithm per hour.

Primary models, at one temperature in closed form and along any history by exact steps:
- Baranyi and Roberts (1994): `Baranyi`, with the work to be done before growth, h0 = mu * lag;
- Gompertz as modified by Zwietering and others (1990): `Gompertz`, with the same work.

A step with one rate is solved exactly, so a history gives the same count however it is cut. Along a
history the readings are joined by steps of one hour at most, at the mean rate of their ends.

Secondary models: `FullRatkowsky` (1983), `CardinalTemperature` (Rosso and others 1993), and the
square-root model below its optimum (`kinetics`). `gamma` is the rate as a share of the optimal one
(the gamma concept of Zwietering and others 1992).

    >>> salmon = Baranyi(start_log10=3.0, most_log10=9.0, work=2.0)
    >>> round(salmon.log10_at(mu=0.1, hours=100.0), 3)
    6.473
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil, e, exp, expm1, inf, log, log1p

from clearway.coldchain.kinetics import GapTooLong, OutsideModel

LN10 = log(10.0)
LONGEST_STEP_H = 1.0
MOST_WORK = 100.0
"""A lag of a hundred times the doubling is no lag but no growth."""

GrowthRate = Callable[[float], float]
"""From degrees Celsius to mu, per hour, never negative."""


@dataclass(frozen=True, slots=True)
class FullRatkowsky:
    """sqrt(mu) = b (T - t_min) (1 - exp(c (T - t_max))), from minimum to maximum.

    Source: Ratkowsky and others 1983, over the whole range of growth.

    Args:
        b: per degree and root hour, above 0.
        c: per degree, above 0.
        t_min_c, t_max_c: outside them nothing grows.
    """

    b: float
    c: float
    t_min_c: float
    t_max_c: float

    def mu(self, at_c: float) -> float:
        """Return the growth rate, per hour; 0 outside the range of growth."""
        if not self.t_min_c < at_c < self.t_max_c:
            return 0.0
        root = self.b * (at_c - self.t_min_c) * -expm1(self.c * (at_c - self.t_max_c))
        return root * root


@dataclass(frozen=True, slots=True)
class CardinalTemperature:
    """Rosso's model with inflection: minimum, optimum, maximum, and the rate at the optimum.

    Source: Rosso, Lobry, Flandrois 1993 (CTMI).

    Args:
        mu_opt: at the optimum, per hour.
        t_min_c, t_opt_c, t_max_c: in this order, the optimum above the middle of the other two,
            for below it the formula gives nonsense.
    """

    mu_opt: float
    t_min_c: float
    t_opt_c: float
    t_max_c: float

    def __post_init__(self) -> None:
        """Raises: OutsideModel: the three temperatures are not in order."""
        if not (self.t_min_c + self.t_max_c) / 2.0 < self.t_opt_c < self.t_max_c:
            raise OutsideModel(
                f"The cardinal temperatures {self.t_min_c:g}, {self.t_opt_c:g}, {self.t_max_c:g} °C"
                " must rise, the optimum above the middle of the other two"
            )

    def gamma(self, at_c: float) -> float:
        """Return the rate as a share of the optimal one, 0 to 1."""
        low, best, high = self.t_min_c, self.t_opt_c, self.t_max_c
        if not low < at_c < high:
            return 0.0
        above = (at_c - high) * (at_c - low) ** 2
        left = (best - low) * (at_c - best)
        right = (best - high) * (best + low - 2.0 * at_c)
        return above / ((best - low) * (left - right))

    def mu(self, at_c: float) -> float:
        """Return the growth rate, per hour; 0 outside the range of growth."""
        return self.mu_opt * self.gamma(at_c)


@dataclass(frozen=True, slots=True)
class Baranyi:
    """Growth after Baranyi and Roberts (1994, 1995): lag, exponential phase, stationary phase.

    Args:
        start_log10, most_log10: count at the start, and the most that the goods can bear.
        work: h0 = mu * lag, what cells must do before they grow; 0 or more, without unit.
    """

    start_log10: float
    most_log10: float
    work: float

    def __post_init__(self) -> None:
        """Raises: OutsideModel: the start is not below the most, or the work is negative."""
        _require_counts(self.start_log10, self.most_log10, self.work)

    def log10_at(self, mu: float, hours: float) -> float:
        """Return the count after `hours` at one rate, log10."""
        return self.log10_after(mu * hours)

    def log10_after(self, growth: float) -> float:
        """Return the count, log10, after a growth of mu * hours summed over the history.

        The state of the cells and the logistic end both move with that sum alone, so that the
        closed form holds at changing temperatures too.
        """
        room = (self.most_log10 - self.start_log10) * LN10
        # A(t) mu = s + ln(exp(-s) + exp(-h0) - exp(-s - h0)), written so that nothing overflows.
        grown = growth + log(exp(-growth) - exp(-self.work) * expm1(-growth))
        return self.start_log10 + (grown - _softened(grown, room)) / LN10

    def hours_to(self, log10: float, mu: float) -> float:
        """Return when the count is reached at one rate; infinite where it never is."""
        return _hours_to(self.log10_after, log10, mu, self.most_log10)


@dataclass(frozen=True, slots=True)
class Gompertz:
    """Growth after Gompertz, with the parameters of Zwietering and others (1990).

    log10 N = start + A exp(-exp(mu' e / A (lag - t) + 1)) with A = most - start and mu' the rate in
    log10 per hour. With lag = work / mu it depends on mu * t alone, which is how it is moved along
    a history.

    Args:
        start_log10, most_log10: asymptotes, before and after growth.
        work: mu * lag, 0 or more.
    """

    start_log10: float
    most_log10: float
    work: float

    def __post_init__(self) -> None:
        """Raises: OutsideModel: the start is not below the most, or the work is negative."""
        _require_counts(self.start_log10, self.most_log10, self.work)

    def log10_at(self, mu: float, hours: float) -> float:
        """Return the count after `hours` at one rate, log10."""
        return self.log10_after(mu * hours)

    def log10_after(self, growth: float) -> float:
        """Return the count, log10, after a growth of mu * hours summed over the history."""
        room = self.most_log10 - self.start_log10
        inner = e / (room * LN10) * (self.work - growth) + 1.0
        return self.start_log10 + room * exp(-exp(min(inner, 700.0)))

    def hours_to(self, log10: float, mu: float) -> float:
        """Return when the count is reached at one rate; infinite where it never is."""
        return _hours_to(self.log10_after, log10, mu, self.most_log10)


def growth_along(
    history: Iterable[tuple[datetime, float]],
    rate: GrowthRate,
    *,
    longest_gap: timedelta = timedelta(hours=2),
) -> float:
    """Return mu * hours summed over a history of temperature, for `log10_after`.

    Args:
        history: (instant, degrees Celsius) in order of time; between two, temperature is a line.
        rate: of a secondary model, such as `CardinalTemperature(...).mu`.

    Raises: GapTooLong: a pause is longer than `longest_gap`, or time runs backward.
    """
    total = 0.0
    for (before, before_c), (after, after_c) in pairwise(history):
        if not timedelta(0) <= after - before <= longest_gap:
            raise GapTooLong(
                f"Nothing was measured between {before} and {after}: at most {longest_gap} is"
                " bridged, in order of time. Fetch the missing readings from the logger's memory"
            )
        hours = (after - before) / timedelta(hours=1)
        steps = max(1, ceil(hours / LONGEST_STEP_H))
        rates = [rate(before_c + (after_c - before_c) * i / steps) for i in range(steps + 1)]
        total += (sum(rates) - (rates[0] + rates[-1]) / 2.0) * hours / steps
    return total


def _require_counts(start: float, most: float, work: float) -> None:
    if not 0.0 < most - start <= 20.0 or not 0.0 <= work <= MOST_WORK:
        raise OutsideModel(
            f"The count must grow from {start:g} to more than that, by at most 20 log10, not to"
            f" {most:g}; and the work before growth, {work:g}, must lie between 0 and {MOST_WORK:g}"
        )


def _softened(grown: float, room: float) -> float:
    """Return ln(1 + (exp(grown) - 1) / exp(room)), what the end of growth takes off."""
    if grown > 600.0:  # beyond it the exponential overflows, and the term is a straight line
        return grown - room
    return log1p(expm1(grown) * exp(-room))


def _hours_to(count: Callable[[float], float], log10: float, mu: float, most: float) -> float:
    """Return hours by halving: the count never falls as growth goes on."""
    if log10 <= count(0.0):
        return 0.0
    if mu <= 0.0 or log10 >= most:
        return inf
    low, high = 0.0, 1.0
    while count(high) < log10:
        low, high = high, high * 2.0
        if high > 1e6:  # within a rounding of the most: never reached
            return inf
    for _ in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if count(middle) < log10 else (low, middle)
    return high / mu
