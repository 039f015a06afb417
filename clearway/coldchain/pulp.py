"""The temperature inside the goods, which nobody sees: a first-order lag behind the air.

    dT/dt = (air - T) / tau

The state is the estimate of T and of ln(tau), with their covariance: an extended Kalman filter in
closed form. Air alone moves the estimate; a probe, when there is one, corrects both T and tau.
Between T and the model's T stands what a single number cannot say (places in the load, warmth of
living goods, air that passes by): a random deviation with standing spread `SPREAD_C`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log, sqrt

SPREAD_C = 0.6
"""Standing deviation of the goods' mean from the model, one sigma. Assumed by the house; Song 2019
reports food temperature models within 1 C."""

PROBE_ERROR_C = 0.3
"""One sigma of a probe and of its place. Assumed: reefer probes are specified to about 0.3 C."""

AGREED_START_SPREAD_C = 4.0
"""One sigma of the pulp at loading about the temperature that was agreed. Assumed."""

COOLED_START_SPREAD_C, HEATED_START_SPREAD_C = 2.5, 6.0
"""One sigma of what the first air tells of the pulp, while the unit cools or while it heats."""

USUAL_RISE_C = 1.5
"""How much warmer the air comes back through cold goods: walls, fans, breath. Assumed."""

MOST_RISE_C = 10.0

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


@dataclass(frozen=True, slots=True)
class Pulp:
    """Estimate of pulp temperature and lag.

    Args:
        c: temperature, degrees Celsius.
        variance: of `c`.
        log_lag: natural logarithm of the lag in hours.
        covariance: of `c` and `log_lag`.
        log_lag_variance: of `log_lag`.
    """

    c: float
    variance: float
    log_lag: float
    covariance: float
    log_lag_variance: float

    @property
    def sigma_c(self) -> float:
        """One standard deviation of the temperature."""
        return sqrt(self.variance)

    @property
    def lag_h(self) -> float:
        """The lag behind the air, hours."""
        return exp(self.log_lag)


def measured_at_loading(pulp_c: float, lag_h: float) -> Pulp:
    """Return what is known of goods into which somebody put a probe at loading."""
    return Pulp(pulp_c, PROBE_ERROR_C**2 + SPREAD_C**2, log(lag_h), 0.0, LAG_SPREAD**2)


def guessed_at_loading(
    agreed_c: float | None, air_c: float, rise_c: float | None, lag_h: float
) -> Pulp:
    """Return a guess of the goods at loading from what was agreed and from the first air.

    Warm goods warm the air: a unit that takes much heat out, in air that comes back `rise_c` warmer
    than it left, stands around goods that are about as much warmer than the air again.

    Args:
        agreed_c: what they were to be loaded at; None when nothing was agreed.
        air_c: air at the goods.
        rise_c: return air less supply air, None without both.
    """
    told_c, spread = air_c, COOLED_START_SPREAD_C
    if rise_c is not None:
        told_c += min(max(rise_c - USUAL_RISE_C, -USUAL_RISE_C), MOST_RISE_C)
        spread = HEATED_START_SPREAD_C if rise_c < 0.0 else COOLED_START_SPREAD_C
    told = Pulp(told_c, spread * spread, log(lag_h), 0.0, LAG_SPREAD**2)
    if agreed_c is None:
        return told
    weight = told.variance / (told.variance + AGREED_START_SPREAD_C**2)
    return Pulp(
        told_c + weight * (agreed_c - told_c),
        told.variance * (1.0 - weight),
        told.log_lag,
        0.0,
        told.log_lag_variance,
    )


def follow(pulp: Pulp, air_c: float, hours: float, air_sigma_c: float = 0.0) -> Pulp:
    """Return the estimate after `hours` in air of `air_c`.

    Args:
        hours: 0 or more.
        air_sigma_c: how unsure the air is, for time without readings.
    """
    if hours <= 0.0:
        return pulp
    x = hours * exp(-pulp.log_lag)
    stays = exp(-x)
    gap = pulp.c - air_c
    by_lag = gap * stays * x  # derivative of the new temperature by ln(tau)
    fresh = SPREAD_C * SPREAD_C * (1.0 - stays * stays) + (air_sigma_c * (1.0 - stays)) ** 2
    tied = stays * pulp.covariance
    return Pulp(
        air_c + gap * stays,
        stays * stays * pulp.variance
        + by_lag * (2.0 * tied + by_lag * pulp.log_lag_variance)
        + fresh,
        pulp.log_lag,
        tied + by_lag * pulp.log_lag_variance,
        pulp.log_lag_variance,
    )


def is_surprising(pulp: Pulp, probe_c: float) -> bool:
    """Return whether a probe says something that the goods can hardly have done."""
    expected = pulp.variance + PROBE_ERROR_C**2
    return (probe_c - pulp.c) ** 2 > SURPRISE**2 * expected


def correct(pulp: Pulp, probe_c: float) -> Pulp:
    """Return the estimate after a probe in the goods showed `probe_c`."""
    expected = pulp.variance + PROBE_ERROR_C * PROBE_ERROR_C
    gain, lag_gain = pulp.variance / expected, pulp.covariance / expected
    surprise = probe_c - pulp.c
    log_lag = pulp.log_lag + lag_gain * surprise
    return Pulp(
        pulp.c + gain * surprise,
        (1.0 - gain) * pulp.variance,
        min(max(log_lag, log(SHORTEST_LAG_H)), log(LONGEST_LAG_H)),
        (1.0 - gain) * pulp.covariance,
        pulp.log_lag_variance - lag_gain * pulp.covariance,
    )


def doubt(pulp: Pulp) -> Pulp:
    """Return the estimate, less sure of itself, after a probe said what can hardly be.

    One slip of a probe is forgotten; a probe that insists is believed after a few readings.
    """
    return Pulp(pulp.c, 2.0 * pulp.variance, pulp.log_lag, pulp.covariance, pulp.log_lag_variance)


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
