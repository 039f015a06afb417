"""Vaccine vial monitors: a label whose colour reaches its end point by heat and time.

The vaccine may be used until the end point. Readings of the store tell, before a vial is looked at,
how much of the monitor is used up and when it will end.

| monitor | end point at 37 °C | at 25 °C | at 5 °C |
|---|---|---|---|
| VVM30 | 30 days | 193 days | over 4 years |
| VVM14 | 14 days | 90 days | over 3 years |
| VVM7 | 7 days | 45 days | over 2 years |
| VVM2 | 2 days | - | 225 days |

Source: WHO specification E6/IN5 of 25 March 2002 as tabled in technet-21 post 00444E. The energies
are derived from those figures: one energy of 119.2 kJ/mol fits VVM7, VVM14 and VVM30.

    >>> round(end_days(Monitor.VVM30, 25.0))
    193
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from clearway.coldchain.kinetics import GapTooLong, Rate, rate_of, shelf_life_days
from clearway.coldchain.model import Arrhenius

TESTED_C = 37.0
"""The monitors are rated at this temperature."""

VALID_C = (5.0, 37.0)
"""Between the coldest and the warmest temperature of the specification."""


class Monitor(StrEnum):
    """Categories by days to the end point at 37 °C."""

    VVM2 = "VVM2"
    VVM7 = "VVM7"
    VVM14 = "VVM14"
    VVM30 = "VVM30"

    @property
    def days_at_37(self) -> float:
        """Days to the end point at 37 °C."""
        return float(self.value[3:])

    @property
    def kinetics(self) -> Arrhenius:
        """How its colour follows temperature."""
        return Arrhenius(105.9 if self is Monitor.VVM2 else 119.2, VALID_C)


@dataclass(frozen=True, slots=True)
class MonitorState:
    """How far a monitor is.

    Args:
        used: share of the way to the end point, 0 when new; 1 or more: discard.
        outside_h: hours outside 5 to 37 °C, for which `used` is a guess.
    """

    monitor: Monitor
    used: float = 0.0
    outside_h: float = 0.0

    @property
    def is_at_end(self) -> bool:
        """Whether the vaccine must be discarded."""
        return self.used >= 1.0

    def days_left(self, at_c: float) -> float:
        """Return days to the end point at a temperature; 0 when reached.

        Raises: OutsideModel: outside 5 to 37 °C.
        """
        return max(0.0, 1.0 - self.used) * end_days(self.monitor, at_c)


def end_days(monitor: Monitor, at_c: float) -> float:
    """Return days from new to the end point. Raises: OutsideModel: outside 5 to 37 °C."""
    return shelf_life_days(
        monitor.kinetics, known_c=TESTED_C, known_days=monitor.days_at_37, asked_c=at_c
    )


def advance(state: MonitorState, at_c: float, hours: float) -> MonitorState:
    """Return the monitor after `hours` at one temperature.

    Total: outside 5 to 37 °C the law goes on and the hours are told in `outside_h`.
    """
    rate = rate_of(state.monitor.kinetics, TESTED_C)
    return _moved(state, rate(at_c), hours, is_outside=not VALID_C[0] <= at_c <= VALID_C[1])


def follow(
    state: MonitorState,
    history: Iterable[tuple[datetime, float]],
    *,
    longest_gap: timedelta = timedelta(hours=2),
) -> MonitorState:
    """Return the monitor after a history; between two readings the mean of their rates holds.

    Args:
        history: (instant, degrees Celsius) in order of time.

    Raises: GapTooLong: a pause is longer than `longest_gap`, or time runs backward.
    """
    rate: Rate = rate_of(state.monitor.kinetics, TESTED_C)
    low, high = VALID_C
    for (before, before_c), (after, after_c) in pairwise(history):
        if not timedelta(0) <= after - before <= longest_gap:
            raise GapTooLong(
                f"Nothing was measured between {before} and {after}: at most {longest_gap} is"
                " bridged. Look at the vials, or fetch the readings from the logger's memory"
            )
        mean = (rate(before_c) + rate(after_c)) / 2.0
        is_outside = not (low <= before_c <= high and low <= after_c <= high)
        state = _moved(state, mean, (after - before) / timedelta(hours=1), is_outside=is_outside)
    return state


def _moved(state: MonitorState, rate: float, hours: float, *, is_outside: bool) -> MonitorState:
    used = state.used + rate * hours / (24.0 * state.monitor.days_at_37)
    return MonitorState(state.monitor, used, state.outside_h + (hours if is_outside else 0.0))
