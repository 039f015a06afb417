"""What the cold chain's estimator knows of journeys whose truth it cannot see.

Trips come from an independent physical simulator on seeds that development never looks at; the
figures stand beside the goals that were set for them.
"""

from __future__ import annotations

import time

from clearway.cli.bench.pairs import Figure
from clearway.simulator.fleet.report import FIRST_UNSEEN, Report, report

_TRIPS, _QUICK_TRIPS = 560, 56
_USED_DAYS, _LEAST_COVERED, _RECALL, _FALSE_A_MONTH, _POWER_MIN = 0.5, 0.85, 0.95, 1.0, 30.0


def measure(*, quick: bool) -> list[Figure]:
    """Return the figures of the report beside their goals."""
    start = time.perf_counter()
    found = report((FIRST_UNSEEN,), _QUICK_TRIPS if quick else _TRIPS)
    spent = time.perf_counter() - start
    note = (
        f"{found.trips} trips, {found.container_months:.0f} container-months,"
        f" {found.readings:,} readings in {spent:.0f} s, seed {FIRST_UNSEEN}"
    )
    return [*_knowledge(found, note), *_alarms(found)]


def _knowledge(found: Report, note: str) -> list[Figure]:
    by_probe = ", ".join(f"{name} {value:.2f}" for name, value in found.used_rmse_by_probe.items())
    covered = "goal (at most 0.95)"
    return [
        Figure("life used, RMSE in days of 14", found.used_rmse_days, "goal", _USED_DAYS, note),
        Figure("pulp, RMSE in kelvin", found.pulp_rmse_c, note=f"life used by probe: {by_probe}"),
        Figure("90 % interval of life left", found.life_coverage, covered, _LEAST_COVERED),
        Figure("90 % interval of life used", found.used_coverage, covered, _LEAST_COVERED),
        Figure("90 % interval of the pulp", found.pulp_coverage, covered, _LEAST_COVERED),
    ]


def _alarms(found: Report) -> list[Figure]:
    false = ", ".join(f"{kind} {count}" for kind, count in found.false_kinds.items())
    figures = [
        Figure("false alarms/container-month", found.false_per_month, "goal", _FALSE_A_MONTH, false)
    ]
    if found.warning_lead_h is not None and found.warning_error_h is not None:
        wrong = f"the hour foretold was wrong by {found.warning_error_h:.1f} h"
        note = f"medians of {found.warnings}; {wrong}"
        figures.append(Figure("limit expected, h before", found.warning_lead_h, note=note))
    if found.power_told_min is not None:
        note = "the longest, with units that tell of power"
        if found.power_guessed_min is not None:
            note += f"; with others {found.power_guessed_min:.0f}"
        figures.append(
            Figure("power off seen, min", found.power_told_min, "goal", _POWER_MIN, note)
        )
    for each in found.recalls:
        after = ""
        if each.median_min is not None and each.most_min is not None:
            after = f", after {each.median_min:,.0f} min (median), {each.most_min:,.0f} (most)"
        note = f"{each.named} of {each.happened}{after}"
        figures.append(Figure(f"{each.kind.value} named", each.share, "goal", _RECALL, note))
    return figures
