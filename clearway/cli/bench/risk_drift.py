"""A new scheme starts mid-year: how soon do policies find it, and what does watching for it cost?

    clearway bench --only risk_drift

Two worlds for each seed: in one the scheme cheats in a known way, with new people, goods and
broker; in the other in a way that never occurred (goods concealed behind those declared). Policies
examine 5 % of each day's items for twenty-two months, after seven months of inspections by crude
rules; all meet the same declarations. `informed` learns the result of every item, looked at or not,
with the same delays: the bound. `static` neither learns nor retrains: the negative control.
Intervals are Student's t over seeds, of means of ratios; few seeds, wide intervals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from scipy.stats import t as student

from clearway.cli.bench.pairs import Figure
from clearway.cli.bench.risk_drift_loop import Arm, Stage, Walk, walk
from clearway.cli.bench.risk_drift_memory import coded
from clearway.risk.columns import US_PER_DAY, Flags, Ints, columns_of
from clearway.risk.formats import history
from clearway.simulator.inspection import REALISTIC, Inspection
from clearway.simulator.places import SAMPLE_BORDER
from clearway.simulator.scale import NATION, Scale
from clearway.simulator.world import build, day_number
from clearway.simulator.years import years

BEGIN, STARTS, SCHEME, END = (
    date(2023, 3, 1), date(2023, 10, 1), date(2024, 7, 1), date(2025, 1, 27),
)  # fmt: skip
_EPOCH = date(1970, 1, 1)
_PERIOD = 30
_SETTLED_DAYS = 60
_FOREVER = 1 << 62
_ROWS, _QUICK_ROWS = 60_000, 12_000
_CAPACITY = 0.05
_GOAL, _MOST_COST = 0.9, 0.01
# Every item has a result that would be found, were it examined, and would come as late as others.
_EVERY = Inspection(0.0, 1.0, 0.06, 0.2, 0.15)
_SCALE = replace(NATION, importers=1_500, brokers=100, schemes_a_year=80)
_SMALL = replace(NATION, importers=500, brokers=50, schemes_a_year=50)

OURS = Arm("ours", explored=0.04, drawn=0.02, on_alarm=True, half_life_days=180)
ARMS = (
    OURS,
    replace(OURS, name="ours, no exploration", explored=0.0, drawn=0.0),
    Arm("informed", sees_all=True, half_life_days=180),
    Arm("static", retrain_days=0, learns=False),
)


@dataclass(frozen=True, slots=True)
class Tried:
    """One world, and what became of each arm in it.

    Args:
        stage: what all met.
        scheme: items of the new scheme.
        walks: by name of the arm.
    """

    stage: Stage
    scheme: Flags
    walks: dict[str, Walk]

    def period(self) -> Ints:
        """Return the 30-day period of each item; 0 begins with the scheme."""
        return (self.stage.day - _number(SCHEME)) // _PERIOD

    def precision(self, arm: str, rows: Flags) -> float:
        """Return the share illicit of what an arm examined of some rows."""
        chosen = self.walks[arm].chosen & rows
        return float(self.stage.illicit[chosen].mean()) if chosen.any() else float("nan")

    def recall(self, arm: str, rows: Flags) -> float:
        """Return the share of the new scheme's items of some rows that an arm examined."""
        there = self.scheme & rows
        return float(self.walks[arm].chosen[there].mean()) if there.any() else float("nan")

    def steady(self) -> Flags:
        """Return the rows before the scheme, once the policies have settled."""
        day = self.stage.day
        return (day >= self.stage.starts + _SETTLED_DAYS) & (day < _number(SCHEME))

    def after(self, first: int, last: int) -> Flags:
        """Return the rows of days `first` to `last`, without it, since the scheme began."""
        since = self.stage.day - _number(SCHEME)
        return (since >= first) & (since < last)


def measure(*, quick: bool) -> list[Figure]:
    """Return precision beside that of the informed arm, and the cost of exploring."""
    seeds = (0,) if quick else (0, 1, 2)
    figures: list[Figure] = []
    for is_unseen in (False, True):
        worlds = [try_on(seed, is_unseen=is_unseen, quick=quick) for seed in seeds]
        figures += report(worlds, "unseen way" if is_unseen else "known way")
    return figures


def try_on(seed: int, *, is_unseen: bool, quick: bool = False, arms: Sequence[Arm] = ARMS) -> Tried:
    """Let all arms walk through one world."""
    scale = replace(
        _SMALL if quick else _SCALE,
        new_scheme_day=day_number(SCHEME),
        new_scheme_is_unseen=is_unseen,
    )
    stage, scheme = staged(seed, _QUICK_ROWS if quick else _ROWS, scale)
    return Tried(stage, scheme, {arm.name: walk(stage, arm) for arm in arms})


def staged(seed: int, rows: int, scale: Scale) -> tuple[Stage, Flags]:
    """Return what all arms meet in one world, and the items of its new scheme."""
    full = years(seed, rows, policy=_EVERY, scale=scale, begin=BEGIN, end=END)
    warm = years(seed, rows, policy=REALISTIC, scale=scale, begin=BEGIN, end=END).frame
    frame = history.conform(full.frame)
    columns = columns_of(frame, _FOREVER)
    known = frame["known_at"].dt.epoch("us").to_numpy() // US_PER_DAY + 1
    stage = Stage(
        history=coded(columns),
        illicit=frame["illicit"].to_numpy().astype(np.bool_),
        revenue=np.rint(frame["extra_revenue"].to_numpy()).astype(np.int64),
        known=np.maximum(known, columns.declared.day + 1).astype(np.int64),
        warm=warm["examined"].to_numpy().astype(np.bool_),
        starts=_number(STARTS),
        capacity=_CAPACITY,
        seed=seed,
    )
    last = len(build(seed, SAMPLE_BORDER.country, scale).schemes) - 1
    return stage, (full.truth["scheme"] == last).to_numpy().astype(np.bool_)


def report(worlds: Sequence[Tried], way: str) -> list[Figure]:
    """Return the figures of one kind of scheme, over seeds."""
    return [_ceiling(worlds, way), *_curves(worlds, way), *_goals(worlds, way)]


def _ceiling(worlds: Sequence[Tried], way: str) -> Figure:
    shares, best = [], []
    for each in worlds:
        illicit = float(each.stage.illicit[each.after(0, 180)].mean())
        shares.append(float(each.scheme[each.after(0, 180)].mean()))
        best.append(min(1.0, illicit / each.stage.capacity))
    note = f"the scheme is {np.mean(shares):.1%} of the items of 180 days; who knows the truth"
    return Figure(f"{way}: precision at most", float(np.mean(best)), note=note)


def _curves(worlds: Sequence[Tried], way: str) -> list[Figure]:
    """Return one line for each arm: precision by 30-day periods around the start."""
    figures = []
    for arm in worlds[0].walks:
        curve, found = [], []
        for period in range(-3, 6):
            parts = [(each, each.period() == period) for each in worlds]
            curve.append(np.nanmean([each.precision(arm, rows) for each, rows in parts]))
            if period >= 0:
                found.append(np.nanmean([each.recall(arm, rows) for each, rows in parts]))
        steady = [each.precision(arm, each.steady()) for each in worlds]
        trained = np.mean([each.walks[arm].trained for each in worlds])
        note = (
            "by 30 days from -90: " + " ".join(f"{each:.2f}" for each in curve)
            + "; of the scheme found: " + " ".join(f"{each:.2f}" for each in found)
            + f"; {trained:.0f} trainings"
        )  # fmt: skip
        figures.append(Figure(f"{way}: {arm}, steady precision", _mean(steady)[0], note=note))
    return figures


def _goals(worlds: Sequence[Tried], way: str) -> list[Figure]:
    figures = []
    for arm in [name for name in worlds[0].walks if name != "informed"]:
        for first, last in ((30, 60), (60, 180)):
            ratios = []
            for each in worlds:
                rows = each.after(first, last)
                ratios.append(each.precision(arm, rows) / each.precision("informed", rows))
            mean, half = _mean(ratios)
            note = f"precision over that of informed, +- {half:.2f} (95 %), {len(ratios)} seeds"
            what = f"{way}: {arm}, days {first}-{last}"
            figures.append(Figure(what, mean, "goal", _GOAL, note))
    costs = []
    for each in worlds:
        rows = each.steady()
        free = each.precision("ours, no exploration", rows)
        costs.append(free - each.precision("ours", rows))
    mean, half = _mean(costs)
    note = f"precision given up before the scheme, +- {half:.3f} (95 %)"
    figures.append(Figure(f"{way}: cost of exploring", mean, "goal, at most", _MOST_COST, note))
    return figures


def _mean(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and half of its 95 % interval; infinite of one value."""
    count = len(values)
    if count < 2:
        return float(np.mean(values)), float("inf")
    spread = float(np.std(values, ddof=1)) / count**0.5
    return float(np.mean(values)), float(student.ppf(0.975, count - 1)) * spread


def _number(when: date) -> int:
    return (when - _EPOCH).days
