"""One policy, day by day: features as they were known, choices under capacity, results that come.

Each arm walks through the same declarations in the same order. It sees a result only where it
looked, and only once the result is known; what nobody looked at stays unknown to it. The exception
is the arm that knows all results (`Arm.sees_all`), the bound that the others are measured by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import lightgbm
import numpy as np

from clearway.cli.bench.risk_drift_memory import Coded, Memory
from clearway.risk.columns import Flags, Floats, Ints
from clearway.risk.exploration import curiosity
from clearway.risk.features import COLUMN, NAMES
from clearway.risk.learning import boosting
from clearway.risk.monitor.adwin import DELTA

_LEAST_FOUND = 30
_LEAST_GAP_DAYS = 7
# Smaller trees than a model in use: an arm trains twenty times, and all arms alike.
_ROUNDS = 60
_LEAN = {"num_leaves": 15, "max_bin": 63, "min_data_in_leaf": 20, "num_threads": 1}
# Of conform results so many are learnt from; each then weighs as many as it stands for.
_MOST_CONFORM = 6_000


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to choose.

    Args:
        name: of the table.
        explored: share of the capacity spent on what would teach most (`risk.exploration`).
        drawn: share of the capacity spent by chance.
        retrain_days: between two trainings; 0: never after the first.
        on_alarm: whether a change of the hit rate (ADWIN) trains at once.
        sees_all: whether it learns every result, looked at or not.
        learns: whether results that come after the start count at all.
        half_life_days: age at which a result weighs half in training; 0: all weigh alike.
    """

    name: str
    explored: float = 0.0
    drawn: float = 0.0
    retrain_days: int = 30
    on_alarm: bool = False
    sees_all: bool = False
    learns: bool = True
    half_life_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """What all arms meet; arrays of shape (items,).

    Args:
        history: in the order of time.
        illicit: the result of each item, were it examined.
        revenue: that it would bring, whole units.
        known: day from which the result would be known, since 1970.
        warm: items whose results are known from before the start.
        starts: first day of the policies.
        capacity: share of a day's items that are examined.
        seed: of what is drawn.
    """

    history: Coded
    illicit: Flags
    revenue: Ints
    known: Ints
    warm: Flags
    starts: int
    capacity: float
    seed: int

    @property
    def day(self) -> Ints:
        """Day of acceptance, since 1970."""
        return self.history.columns.declared.day


@dataclass(slots=True)
class Walk:
    """What became of one arm.

    Args:
        chosen: items that it examined.
        explored: of these, those not chosen by score.
        trained: how often a model was trained.
        alarms: of these, out of turn.
    """

    chosen: Flags
    explored: Flags
    trained: int = 0
    alarms: int = 0


def walk(stage: Stage, arm: Arm) -> Walk:
    """Let one arm choose from the first day to the last."""
    return _Walker(stage, arm).go()


@dataclass(slots=True)
class _Learnt:
    """What an arm has learnt from: rows with a known result, and results still on their way."""

    labelled: Flags
    due: dict[int, list[int]] = field(default_factory=dict)

    def wait_for(self, rows: Ints, known: Ints) -> None:
        """Let the results of some rows be on their way."""
        for row, day in zip(rows.tolist(), known[rows].tolist(), strict=True):
            self.due.setdefault(day, []).append(row)

    def come(self, day: int) -> list[Ints]:
        """Return the results that are known by a day, oldest first."""
        ready = sorted(each for each in self.due if each <= day)
        return [np.array(self.due.pop(each), dtype=np.int64) for each in ready]


class _Walker:
    """The state of one arm."""

    def __init__(self, stage: Stage, arm: Arm) -> None:
        count = len(stage.illicit)
        self.stage, self.arm = stage, arm
        self.memory = Memory(stage.history)
        self.matrix = np.empty((count, len(NAMES)))
        self.learnt = _Learnt(np.zeros(count, dtype=np.bool_))
        self.walk = Walk(np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_))
        self.model: Any = None
        self.trained_on = 0
        self.rng = np.random.default_rng(stage.seed)
        self.watch = _watch() if arm.on_alarm else None

    def go(self) -> Walk:
        """Walk through all days."""
        days, first = np.unique(self.stage.day, return_index=True)
        ends = [*first[1:].tolist(), len(self.stage.day)]
        for day, start, end in zip(days.tolist(), first.tolist(), ends, strict=True):
            has_changed = self._learn(day)
            self.matrix[start:end] = self.memory.features(start, end)
            self.memory.count(start, end)
            if day >= self.stage.starts:
                self._train_when_due(day, has_changed)
                looked = self._choose(start, end)
            else:
                looked = np.flatnonzero(self.stage.warm[start:end]) + start
            taught = np.arange(start, end) if self.arm.sees_all else looked
            self.learnt.wait_for(taught, self.stage.known)
        return self.walk

    def _learn(self, day: int) -> bool:
        """Learn the results that are known by now; return whether the hit rate changed."""
        stage, has_changed = self.stage, False
        for rows in self.learnt.come(day):
            if day >= stage.starts and not self.arm.learns:
                continue
            self.memory.learn(rows, stage.illicit[rows], stage.revenue[rows], day)
            self.learnt.labelled[rows] = True
            if self.watch is not None:
                by_score = rows[self.walk.chosen[rows] & ~self.walk.explored[rows]]
                for found in stage.illicit[by_score].tolist():
                    self.watch.update(float(found))
                    has_changed |= bool(self.watch.drift_detected)
        return has_changed

    def _train_when_due(self, day: int, has_changed: bool) -> None:
        since = day - self.trained_on
        is_due = bool(self.arm.retrain_days) and since >= self.arm.retrain_days
        is_alarm = has_changed and since >= _LEAST_GAP_DAYS
        if self.model is not None and not is_due and not is_alarm:
            return
        if int(self.stage.illicit[self.learnt.labelled].sum()) < _LEAST_FOUND:
            return
        self.walk.alarms += int(self.model is not None and not is_due)
        self.walk.trained += 1
        self.trained_on = day
        self._train(day)

    def _train(self, day: int) -> None:
        """Train on all results known, the newest weighing most."""
        illicit = self.stage.illicit
        rows = np.flatnonzero(self.learnt.labelled)
        share = min(1.0, _MOST_CONFORM / max(1, int((~illicit[rows]).sum())))
        rows = rows[illicit[rows] | (self.rng.random(len(rows)) < share)]
        weights = np.where(illicit[rows], 1.0, 1.0 / share)
        if self.arm.half_life_days:
            weights = weights * 0.5 ** ((day - self.stage.day[rows]) / self.arm.half_life_days)
        params = {**boosting.CLASSIFY, **_LEAN, "seed": self.stage.seed}
        target = illicit[rows].astype(np.float64)
        data = lightgbm.Dataset(self.matrix[rows], target, weight=weights, params=params)
        self.model = lightgbm.train(params, data, _ROUNDS)

    def _choose(self, start: int, end: int) -> Ints:
        """Choose of a day's items: by score, by what they would teach, by chance."""
        matrix = self.matrix[start:end]
        places = max(1, round((end - start) * self.stage.capacity))
        drawn = self._share(places, self.arm.drawn)
        explored = min(self._share(places, self.arm.explored), places - drawn)
        score = self._scored(matrix)
        left = np.ones(end - start, dtype=np.bool_)
        best = np.argsort(-score, kind="stable")[: max(0, places - drawn - explored)]
        left[best] = False
        teaching = best[:0]
        if explored:
            would_teach = np.where(left, _curious(score, matrix), -1.0)
            teaching = np.argsort(-would_teach, kind="stable")[:explored]
            left[teaching] = False
        rest = np.flatnonzero(left)
        chance = self.rng.choice(rest, min(drawn, len(rest)), replace=False)
        others = np.concatenate([teaching, chance]) + start
        looked = np.concatenate([best + start, others])
        self.walk.chosen[looked] = True
        self.walk.explored[others] = True
        return np.sort(looked)

    def _scored(self, matrix: Floats) -> Floats:
        if self.model is None:
            return self.rng.random(len(matrix))
        return np.asarray(self.model.predict(matrix, num_threads=1), dtype=np.float64)

    def _share(self, places: int, share: float) -> int:
        """Return a share of the places, its fraction by chance."""
        exact = places * share
        return int(exact) + int(self.rng.random() < exact % 1.0)


def _curious(score: Floats, matrix: Floats) -> Floats:
    examined = matrix[:, COLUMN["importer_examined"]].tolist()
    value = np.exp(matrix[:, COLUMN["value_log"]]).tolist()
    each = zip(score.tolist(), examined, value, strict=True)
    return np.array([curiosity(*one) for one in each])


def _watch() -> Any:
    from river import drift

    detector: Any = drift.ADWIN
    return detector(delta=DELTA)
