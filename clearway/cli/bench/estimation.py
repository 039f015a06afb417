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
    for each in found.recalls:
        after = ""
        if each.median_min is not None and each.most_min is not None:
            after = f", after {each.median_min:,.0f} min (median), {each.most_min:,.0f} (most)"
        note = f"{each.named} of {each.happened}{after}"
        figures.append(Figure(f"{each.kind.value} named", each.share, "goal", _RECALL, note))
        if each.kind.value == "power_off" and each.most_min is not None:
            figures.append(Figure("power_off seen, min", each.most_min, "goal", _POWER_MIN, "most"))
    return figures
