"""The temperature inside the goods, which nobody sees, and the life that it uses up.

    dT/dt = (air + b - T) / tau          the goods follow the air at a lag
    dD/dt = rate(T)                      reference days are used up

The state is the estimate of the goods' temperature T, of ln(tau), of the *offset* b by which the
goods settle above the air that the sensors show (breath of living goods, bias of sensors, their
place) and of the days used up D, with their covariance: an extended Kalman filter in closed form.
Air alone moves the estimate; a probe, when there is one, corrects T and with it lag, offset and, as
they are correlated, the days that were used up since the goods left what was believed of them.

A probe sits in one place of many: T is what it would show there, and the mean of the load differs
from it by `PLACE_C`, which no number of readings at that place makes smaller. `used_slope` carries
what that difference means for D.

docs/design/estimation.md derives the equations and says what is assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp, inf, log, sqrt
from typing import NamedTuple

PLACE_C = 0.38
"""One sigma of the mean of a load about the place of a probe. Assumed; Song 2019 reports models of
food temperature within 1 C."""

SPREAD_C = 0.3
"""Standing deviation of the goods from the model, one sigma, where the lag forgets it. Assumed."""

PROBE_ERROR_C = 0.3
"""One sigma of a probe and of its place. Assumed: reefer probes are specified to about 0.3 C."""

OFFSET_SPREAD_C = 0.4
"""One sigma of the offset of goods from the air, before a probe tells. Assumed."""

OFFSET_WANDER_C = 0.3
"""One sigma by which the offset changes in a day: weather, ripening, ice on the coil. Assumed."""

AGREED_START_SPREAD_C = 4.0
"""One sigma of the pulp at loading about the temperature that was agreed. Assumed."""

COOLED_START_SPREAD_C, HEATED_START_SPREAD_C = 1.2, 6.0
"""One sigma of what the first air tells of the pulp, while the unit cools or while it heats."""

WARM_START_SHARE = 0.4
"""Goods that are `d` warmer than the air by the heat that it carries are so within this share."""

FAN_RISE_C, WALL_RISE_PER_K = 0.35, 0.03
"""How much warmer the air comes back through goods as cold as it: by the fans, and per kelvin
between weather and hold. Assumed: walls of 45 W/K and fans of 500 W in 1,500 W/K of moving air."""

USUAL_RISE_C = 1.5
"""The same where nobody measures the weather. Assumed."""

MOST_RISE_C = 14.0

LAG_SPREAD = 0.5
"""One sigma of ln(tau): a first guess of tau is right within a factor 1.6. Assumed."""

SHORTEST_LAG_H, LONGEST_LAG_H = 0.5, 400.0

SURPRISE = 6.0
"""A probe this many sigma from the estimate is doubted, not believed."""

Z80 = 1.2815515655446004
"""Half width of the 80 % interval of the normal distribution, in sigma."""

Z90 = 1.6448536269514722
"""The same of the 90 % interval."""

_STEPS_PER_LAG = 24
_SLOPE_STEP_C = 0.25
_WANDER_A_DAY, _OFFSET_MOST = OFFSET_WANDER_C**2, OFFSET_SPREAD_C**2
_LEAST_LOG_LAG, _MOST_LOG_LAG = log(SHORTEST_LAG_H), log(LONGEST_LAG_H)

Pace = Callable[[float], float]
"""Reference days used up a day at a temperature."""


@dataclass(frozen=True, slots=True)
class Pulp:
    """Estimate of temperature, lag, offset and days used up; fields that end in a pair's names are
    covariances.

    Args:
        c: temperature, degrees Celsius, at the place of a probe.
        variance: of `c`.
        log_lag: natural logarithm of the lag in hours.
        covariance: of `c` and `log_lag`.
        log_lag_variance: of `log_lag`.
        offset_c: by which the goods settle above the air.
        used_days: reference days used up since loading.
        used_slope: by how much `used_days` grows for each kelvin that the load is warmer than `c`.
    """

    c: float
    variance: float
    log_lag: float
    covariance: float
    log_lag_variance: float
    offset_c: float = 0.0
    offset_variance: float = 0.0
    c_offset: float = 0.0
    lag_offset: float = 0.0
    used_days: float = 0.0
    used_variance: float = 0.0
    c_used: float = 0.0
    lag_used: float = 0.0
    offset_used: float = 0.0
    used_slope: float = 0.0

    @property
    def sigma_c(self) -> float:
        """One standard deviation of the mean temperature of the load."""
        return sqrt(self.variance + PLACE_C * PLACE_C)

    @property
    def used_sigma_days(self) -> float:
        """One standard deviation of the days used up, owed to the temperature."""
        by_place = PLACE_C * self.used_slope
        return sqrt(self.used_variance + by_place * by_place)

    @property
    def lag_h(self) -> float:
        """The lag behind the air, hours."""
        return exp(self.log_lag)


def measured_at_loading(pulp_c: float, lag_h: float, offset_c: float = 0.0) -> Pulp:
    """Return what is known of goods into which somebody put a probe at loading."""
    return Pulp(
        pulp_c,
        PROBE_ERROR_C**2 + SPREAD_C**2,
        log(lag_h),
        0.0,
        LAG_SPREAD**2,
        offset_c,
        OFFSET_SPREAD_C**2,
    )


def guessed_at_loading(
    agreed_c: float | None,
    air_c: float,
    rise_c: float | None,
    lag_h: float,
    *,
    ambient_c: float | None = None,
    offset_c: float = 0.0,
) -> Pulp:
    """Return a guess of the goods at loading from what was agreed and from the first air.

    Warm goods warm the air: a unit that takes much heat out, in air that comes back `rise_c` warmer
    than it left, stands around goods that are about as much warmer than the air again.

    Args:
        agreed_c: what they were to be loaded at; None when nothing was agreed.
        air_c: air at the goods.
        rise_c: return air less supply air, None without both.
        ambient_c: weather, None when nobody measures it.
    """
    told_c, spread = air_c, 2.0 * COOLED_START_SPREAD_C
    if rise_c is not None:
        usual_c = usual_rise_c(air_c, ambient_c)
        warmer_c = min(max(rise_c - usual_c, -USUAL_RISE_C), MOST_RISE_C)
        told_c += warmer_c
        spread = COOLED_START_SPREAD_C + WARM_START_SHARE * abs(warmer_c)
        if rise_c < 0.0:
            spread = HEATED_START_SPREAD_C
    variance = spread * spread
    if agreed_c is not None:
        weight = variance / (variance + AGREED_START_SPREAD_C**2)
        told_c, variance = told_c + weight * (agreed_c - told_c), variance * (1.0 - weight)
    return Pulp(told_c, variance, log(lag_h), 0.0, LAG_SPREAD**2, offset_c, OFFSET_SPREAD_C**2)


def usual_rise_c(air_c: float, ambient_c: float | None) -> float:
    """Return how much warmer air comes back through goods that are as cold as it is."""
    if ambient_c is None:
        return USUAL_RISE_C
    return FAN_RISE_C + WALL_RISE_PER_K * (ambient_c - air_c)


def follow(
    pulp: Pulp,
    air_c: float,
    hours: float,
    air_sigma_c: float = 0.0,
    *,
    pace: Pace | None = None,
    days: float = 0.0,
) -> Pulp:
    """Return the estimate after `hours` in air of `air_c`.

    Args:
        hours: 0 or more; as the goods feel them, fewer than the clock's where air stands still.
        air_sigma_c: how unsure the air is, for time without readings.
        pace: at which life is used up; None: it is not counted.
        days: of the clock, for the life used up and for how the offset wanders.
    """
    if hours <= 0.0:
        return pulp
    x = hours * exp(-pulp.log_lag)
    stays = exp(-x)
    moves = 1.0 - stays
    settles_c = air_c + pulp.offset_c
    gap = pulp.c - settles_c
    by_lag = gap * stays * x  # derivative of the new temperature by ln(tau)
    new_c = settles_c + gap * stays
    cc, cl, co = pulp.variance, pulp.covariance, pulp.c_offset
    ll, lo, oo = pulp.log_lag_variance, pulp.lag_offset, pulp.offset_variance
    to_lag = stays * cl + by_lag * ll + moves * lo
    to_offset = stays * co + by_lag * lo + moves * oo
    fresh = SPREAD_C * SPREAD_C * (1.0 - stays * stays) + (air_sigma_c * moves) ** 2
    new_cc = (
        stays * (stays * cc + by_lag * cl + moves * co)
        + by_lag * to_lag
        + moves * to_offset
        + fresh
    )
    step = _Step(new_c, stays, by_lag, moves, fresh, days)
    used, used_variance, c_used, lag_used, offset_used, used_slope = _used(pulp, step, pace)
    return Pulp(
        new_c,
        new_cc,
        pulp.log_lag,
        to_lag,
        ll,
        pulp.offset_c,
        oo + _WANDER_A_DAY * days if oo < _OFFSET_MOST else oo,
        to_offset,
        lo,
        used,
        used_variance,
        c_used,
        lag_used,
        offset_used,
        used_slope,
    )


class _Step(NamedTuple):
    """The new temperature, its derivatives by the old one, by ln(tau) and by the offset, the
    variance that came anew, and the days of the clock."""

    c: float
    stays: float
    by_lag: float
    moves: float
    fresh: float
    days: float


def _used(
    pulp: Pulp, step: _Step, pace: Pace | None
) -> tuple[float, float, float, float, float, float]:
    """Return the days used up after a step, their variance, covariances and slope."""
    cu, lu, ou = pulp.c_used, pulp.lag_used, pulp.offset_used
    used, variance, slope, late = pulp.used_days, pulp.used_variance, pulp.used_slope, 0.0
    new_c, stays, by_lag, moves, fresh, days = step
    if pace is not None:
        cc, cl, co = pulp.variance, pulp.covariance, pulp.c_offset
        ll, lo, oo = pulp.log_lag_variance, pulp.lag_offset, pulp.offset_variance
        now, then = pace(pulp.c), pace(new_c)
        half = days / 2.0
        # One slope for both ends: in a step of minutes the goods hardly move.
        late = half * (pace(new_c + _SLOPE_STEP_C) - then) / _SLOPE_STEP_C
        used += half * (now + then)
        slope += 2.0 * late
        # Derivatives of the new days used by temperature, ln(tau) and offset.
        by_c = late * (1.0 + stays)
        by_l, by_o = late * by_lag, late * moves
        variance += by_c * cu + by_l * lu + by_o * ou
        cu, lu, ou = (
            by_c * cc + by_l * cl + by_o * co + cu,
            by_c * cl + by_l * ll + by_o * lo + lu,
            by_c * co + by_l * lo + by_o * oo + ou,
        )
        variance += by_c * cu + by_l * lu + by_o * ou + late * late * fresh
    return used, variance, stays * cu + by_lag * lu + moves * ou + late * fresh, lu, ou, slope


def is_surprising(pulp: Pulp, probe_c: float) -> bool:
    """Return whether a probe says something that the goods can hardly have done."""
    expected = pulp.variance + PROBE_ERROR_C**2
    return (probe_c - pulp.c) ** 2 > SURPRISE**2 * expected


def correct(pulp: Pulp, probe_c: float, error_c: float = PROBE_ERROR_C) -> Pulp:
    """Return the estimate after a probe in the goods showed `probe_c`.

    What the probe says of today corrects the days used up so far: goods that are warmer than was
    believed have been so for a while.

    Args:
        error_c: one sigma of what was shown.
    """
    cc, cl, co, cu = pulp.variance, pulp.covariance, pulp.c_offset, pulp.c_used
    expected = cc + error_c * error_c
    gain, lag_gain, offset_gain, used_gain = (x / expected for x in (cc, cl, co, cu))
    surprise = probe_c - pulp.c
    log_lag = pulp.log_lag + lag_gain * surprise
    return Pulp(
        pulp.c + gain * surprise,
        (1.0 - gain) * cc,
        min(max(log_lag, _LEAST_LOG_LAG), _MOST_LOG_LAG),
        (1.0 - gain) * cl,
        pulp.log_lag_variance - lag_gain * cl,
        pulp.offset_c + offset_gain * surprise,
        pulp.offset_variance - offset_gain * co,
        (1.0 - gain) * co,
        pulp.lag_offset - lag_gain * co,
        max(0.0, pulp.used_days + used_gain * surprise),
        max(0.0, pulp.used_variance - used_gain * cu),
        (1.0 - gain) * cu,
        pulp.lag_used - lag_gain * cu,
        pulp.offset_used - offset_gain * cu,
        pulp.used_slope,
    )


def doubt(pulp: Pulp) -> Pulp:
    """Return the estimate, less sure of itself, after a probe said what can hardly be.

    One slip of a probe is forgotten; a probe that insists is believed after a few readings.
    """
    return replace(pulp, variance=2.0 * pulp.variance)


def hours_until(
    pulp_c: float,
    limit_c: float,
    *,
    air_c: float,
    lag_h: float,
    air_goes_to_c: float | None = None,
    air_lag_h: float = 1.0,
    horizon_h: float = 72.0,
) -> float:
    """Return the hours until the pulp rises above, or falls below, `limit_c`; inf if it does not.

    Whether it rises or falls follows from where `pulp_c` stands; at the limit the answer is 0.

    Args:
        air_goes_to_c: where the air itself is going (the weather, without power); None: it stays.
        air_lag_h: time constant of the air on its way there.
        horizon_h: further ahead is inf.
    """
    if pulp_c == limit_c:
        return 0.0
    if air_goes_to_c is None:
        return _hours_in_steady_air(pulp_c, limit_c, air_c, lag_h, horizon_h)
    step = max(horizon_h / 288.0, min(lag_h, air_lag_h) / _STEPS_PER_LAG)
    rises, hours, now_c = limit_c > pulp_c, 0.0, pulp_c
    while hours < horizon_h:
        middle = air_goes_to_c + (air_c - air_goes_to_c) * exp(-(hours + step / 2) / air_lag_h)
        then_c = middle + (now_c - middle) * exp(-step / lag_h)
        if (then_c >= limit_c) if rises else (then_c <= limit_c):
            return hours + step * (limit_c - now_c) / (then_c - now_c)
        now_c, hours = then_c, hours + step
    return inf


def _hours_in_steady_air(
    pulp_c: float, limit_c: float, air_c: float, lag_h: float, horizon_h: float
) -> float:
    """Solve limit = air + (pulp - air) exp(-t / lag)."""
    beyond = (air_c - limit_c) / (limit_c - pulp_c)
    if beyond <= 0.0:
        return inf
    hours = lag_h * log((air_c - pulp_c) / (air_c - limit_c))
    return hours if hours <= horizon_h else inf
