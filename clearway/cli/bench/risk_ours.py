"""Ours in the contest: features as they were, one training, three rankings; and what each adds.

The features of a row of the test know the results that were known when it was declared, as they do
at the border, where findings flow back daily. `frozen` are the same without any result of the test.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from clearway.cli.bench.peers.contest import Contest, Flags, Floats, Ranking
from clearway.ledger.columns import to_microseconds
from clearway.risk import calibration, snapshot
from clearway.risk.features import NAMES
from clearway.risk.formats import history
from clearway.risk.learning import boosting
from clearway.risk.learning.boosting import CLASSIFY, Effort, Task
from clearway.risk.learning.material import gather
from clearway.risk.replay import replay
from clearway.risk.scale import Scale
from clearway.risk.scoring import Artefact, Scorer
from clearway.risk.training import Order, learn

_FOREVER = 1 << 62
_WEIGHT = 0.2


@dataclass(frozen=True, slots=True)
class Viewed:
    """Our features of a table.

    Args:
        matrix: shape (rows, features).
        seconds: that they took, of wall time.
    """

    matrix: Floats
    seconds: float


def view(contest: Contest, *, frozen: bool = False) -> Viewed:
    """Return our features of every row, as they were known then."""
    frame = history.conform(contest.frame)
    if frozen:
        hidden = pl.when(~pl.Series(contest.test))
        frame = frame.with_columns(hidden.then(pl.col("illicit", "known_at")))
    start = time.perf_counter()
    matrix = replay(frame, _FOREVER).matrix
    return Viewed(matrix, time.perf_counter() - start)


def rankings(contest: Contest, viewed: Viewed, suffix: str = "") -> list[Ranking]:
    """Return our rankings: by probability, by expected revenue, and by the blend of both.

    Raises: RuleViolation: the table is too thin for a model.
    """
    first = _first_day(contest)
    before = (contest.frame["accepted_at"] < first).to_numpy()
    start = time.perf_counter()
    artefact = _trained(contest, viewed.matrix, before, first)
    trained = time.perf_counter()
    scorer = Scorer(artefact)
    raw, revenue = scorer.predict(viewed.matrix[contest.test])
    scale = Scale(artefact.card)
    blend, probability = scale.blend(raw, revenue), scale.calibrated(raw)
    done = time.perf_counter()
    share = float(before.mean())
    spent = (trained - start + share * viewed.seconds, done - trained + _tested(contest, viewed))
    note = f"{artefact.card.rounds} trees, revenue by {artefact.card.revenue_form}"
    return [
        Ranking(f"ours, probability{suffix}", raw, probability, *spent, note),
        Ranking(f"ours, expected revenue{suffix}", revenue, None, *spent, note),
        Ranking(f"ours, blend{suffix}", blend, None, *spent, note),
    ]


def _tested(contest: Contest, viewed: Viewed) -> float:
    return float(contest.test.mean()) * viewed.seconds


def _first_day(contest: Contest) -> datetime:
    at: datetime = contest.frame.filter(pl.Series(contest.test))["accepted_at"][0]
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def _trained(contest: Contest, matrix: Floats, before: Flags, first: datetime) -> Artefact:
    past = history.conform(contest.frame).filter(pl.Series(before))
    order = Order(contest.seed, first, first, "trees", _WEIGHT, weighted=True, data="")
    params = {"seed": contest.seed, "num_threads": contest.threads}
    effort = Effort(params, boosting.MOST_ROUNDS, lambda phase, share: None)
    material = gather(past, matrix[before], to_microseconds(first))
    return learn(material, snapshot.empty(), order, effort)


def fitted(contest: Contest, matrix: Floats, of: str) -> Ranking:
    """Return the ranking of our trees on any features; the last month stops and calibrates."""
    start = time.perf_counter()
    illicit = contest.labels()[0]
    weights = np.ones(len(illicit))
    target = illicit.astype(np.float64)
    task = Task(CLASSIFY, matrix, target, weights, contest.learn, contest.check)
    params = {"seed": contest.seed, "num_threads": contest.threads}
    effort = Effort(params, boosting.MOST_ROUNDS, lambda phase, share: None)
    model = boosting.fit(task, effort)
    checked = boosting.predict(model, matrix[contest.check])
    points = np.array(calibration.fit(checked, illicit[contest.check]))
    trained = time.perf_counter()
    raw = boosting.predict(model, matrix[contest.test])
    probability = np.interp(raw, points[:, 0], points[:, 1])
    return Ranking(of, raw, probability, trained - start, time.perf_counter() - trained)


def ablation(contest: Contest, matrix: Floats) -> list[Ranking]:
    """Return rankings of the same trees on more and more of our features."""
    groups = [group_of(name) for name in NAMES]
    found: list[Ranking] = []
    for place, step in enumerate(STEPS):
        wanted = [number for number, group in enumerate(groups) if group in STEPS[: place + 1]]
        sign = "raw" if place == 0 else f"+ {step}"
        if any(groups[number] == step for number in wanted):
            found.append(fitted(contest, matrix[:, wanted], f"{sign} ({len(wanted)} features)"))
    return found


STEPS = ("declared", "price", "entity", "pair", "rest")
_PAST = ("_recent_rate", "_rate", "_n", "_examined", "_found", "_find_days", "_find_revenue")
_LATE = ("signal_", "words_", "kin_", "address_", "phone_")


def group_of(name: str) -> str:
    """Return what a feature is built on: `declared`, `price`, `entity`, `pair` or `rest`.

    The rest are kin, the words of the description, other desks' signals and times.
    """
    if name.startswith(_LATE):
        return "rest"
    if "_z_" in name or name.startswith("prices_"):
        return "price"
    if NAMES.index(name) < NAMES.index("price_z_hs6"):
        return "declared"
    slot = next((name.removesuffix(end) for end in _PAST if name.endswith(end)), "")
    if not slot:
        return "rest"
    return "pair" if "_" in slot or slot == "twin" else "entity"
