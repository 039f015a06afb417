"""Judging rankings on the same rows, with intervals.

Ties are broken by one draw for all, so that no method gains by the order of the table. Intervals
are of the bootstrap (Efron and Tibshirani, 1993): the rows of the test are drawn anew, for all
methods alike, so that the gain of one over another has an interval too. They tell how much the rows
of this test matter; that another world differs is told by the other seeds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearway.cli.bench.peers.contest import Contest, Flags, Floats, Ranking
from clearway.risk.evaluate import calibration_error, measure

_DRAWS, _QUICK_DRAWS = 300, 100
_TOP = 0.05
_BAND = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a method reached; shares are 0 to 1, None where there is nothing to tell.

    Args:
        of: the method.
        figures: AUC, AP, and precision, recall and revenue at 1, 2, 5 and 10 %.
        low, high: 95 % interval of P@5.
        ece, brier: of its probabilities.
        train_s: wall seconds.
        rows_s: rows of the test scored a second, features included.
        note: of the run.
    """

    of: str
    figures: Mapping[str, float | None]
    low: float
    high: float
    ece: float | None
    brier: float | None
    train_s: float
    rows_s: float | None
    note: str

    @property
    def at_5(self) -> float:
        """Precision at 5 %."""
        return self.figures["P@5"] or 0.0


@dataclass(frozen=True, slots=True)
class Gain:
    """How much more precise at 5 % one method is than another, as a share of the other.

    Args:
        of, over: the methods.
        gain: 0.25 is a quarter more.
        low, high: 95 % interval.
    """

    of: str
    over: str
    gain: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Result:
    """What methods reached on one table.

    Args:
        table: its name.
        notes: what is to be known of it.
        judged: every method.
        gains: of ours over the best peer, and over the best of each kind.
        ablation: our trees on more and more of our features.
    """

    table: str
    notes: Sequence[str]
    judged: Sequence[Judged]
    gains: Sequence[Gain]
    ablation: Sequence[Judged] = ()


def judge(contest: Contest, rankings: Sequence[Ranking]) -> tuple[list[Judged], dict[str, Floats]]:
    """Return what each ranking reached, and its precision at 5 % in each draw of the bootstrap."""
    order = np.random.default_rng(contest.seed).permutation(int(contest.test.sum()))
    illicit = contest.illicit[contest.test][order]
    revenue = contest.revenue[contest.test][order]
    judged, drawn = [], {}
    for each in rankings:
        scores = np.nan_to_num(each.scores, nan=-np.inf)[order]
        sampled = _precisions(scores, illicit, contest)
        drawn[each.of] = sampled
        judged.append(_judged(each, scores, order, illicit, revenue, sampled))
    return judged, drawn


def _judged(
    each: Ranking, scores: Floats, order: npt.NDArray[np.int64], illicit: Flags, revenue: Floats,
    sampled: Floats,
) -> Judged:  # fmt: skip
    figures = {one.name: _told(one.value) for one in measure(each.of, scores, illicit, revenue)}
    low, high = np.percentile(sampled, _BAND)
    ece = brier = None
    if each.probability is not None:
        likely = each.probability[order].clip(0.0, 1.0)
        ece = calibration_error(likely, illicit)
        brier = float(np.mean((likely - illicit) ** 2))
    rows_s = len(scores) / each.score_s if each.score_s > 0 else None
    return Judged(
        each.of, figures, float(low), float(high), ece, brier, each.train_s, rows_s, each.note
    )


def _told(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _precisions(scores: Floats, illicit: Flags, contest: Contest) -> Floats:
    """Return precision at 5 % in each draw; the draws are the same for every ranking."""
    rng = np.random.default_rng(contest.seed)
    order = np.argsort(-scores, kind="stable")
    found, ranks = illicit[order].astype(np.int64), np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    top = max(1, round(len(found) * _TOP))
    reached = np.empty(_QUICK_DRAWS if contest.quick else _DRAWS)
    for place in range(len(reached)):
        times = np.bincount(ranks[rng.integers(0, len(found), len(found))], minlength=len(found))
        filled = np.cumsum(times)
        taken = np.clip(top - (filled - times), 0, times)
        reached[place] = float((taken * found).sum()) / top
    return reached


def gain(of: str, over: str, judged: Sequence[Judged], drawn: Mapping[str, Floats]) -> Gain:
    """Return the relative gain in precision at 5 %."""
    point = {each.of: each.at_5 for each in judged}
    ratios = drawn[of] / np.maximum(drawn[over], 1e-9) - 1.0
    low, high = np.percentile(ratios, _BAND)
    return Gain(of, over, point[of] / max(point[over], 1e-9) - 1.0, float(low), float(high))


def mean(parts: Sequence[Sequence[Judged]]) -> list[Judged]:
    """Return the mean over seeds of each method that every seed has."""
    names = [each.of for each in parts[0]]
    shared = [name for name in names if all(any(o.of == name for o in part) for part in parts)]
    return [_mean([one for part in parts for one in part if one.of == name]) for name in shared]


def _mean(of: Sequence[Judged]) -> Judged:
    def over(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return sum(known) / len(known) if known else None

    first = of[0]
    figures = {name: over([each.figures[name] for each in of]) for name in first.figures}
    ats = [each.at_5 for each in of]
    return Judged(
        first.of, figures, min(ats), max(ats),
        over([each.ece for each in of]), over([each.brier for each in of]),
        over([each.train_s for each in of]) or 0.0, over([each.rows_s for each in of]),
        first.note,
    )  # fmt: skip
