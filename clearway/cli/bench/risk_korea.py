"""The published Korean set: what can be learnt on its goods tuples, and on those not seen before.

Its rows were made by a generator that kept each source row's goods tuple together with its result,
so most rows of the validation repeat a tuple of the training with its label: an exact look-up finds
nearly all. Each method is therefore judged on seen and unseen tuples apart
(docs/design/risk-benchmark.md). Train on train, report on valid; nothing of valid teaches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from clearway.cli.bench import risk_measure, risk_ours
from clearway.cli.bench.peers import simple, trees
from clearway.cli.bench.peers.contest import Contest, Flags, Floats, Ranking
from clearway.cli.bench.peers.date_features import build
from clearway.cli.bench.risk_measure import Judged
from clearway.cli.bench.risk_tables import Terms
from clearway.errors import MalformedMessage
from clearway.risk.formats import date_csv

_TUPLE = ("hs", "dispatch", "origin", "duty_rate", "preference", "net_mass_kg")
_CHECK_SHARE, _WORTH = 0.1, 0.3


@dataclass(frozen=True, slots=True)
class Korea:
    """What methods reached on the set.

    Args:
        name: with its size.
        whole, seen, unseen: of all rows of the validation, and parted by their tuple.
    """

    name: str
    whole: Sequence[Judged]
    seen: Sequence[Judged]
    unseen: Sequence[Judged]


def run(folder: Path, terms: Terms) -> Korea:
    """Return what ours and the peers reach.

    Raises: MalformedMessage: the folder does not hold train.csv and valid.csv.
    """
    contest, known = _contest(folder, terms)
    rankings = _rankings(contest, known)
    whole, _ = risk_measure.judge(contest, rankings)
    seen = known[contest.test]
    parts = [_part(contest, rankings, rows) for rows in (seen, ~seen)]
    name = (
        f"{int(contest.teach.sum()):,} rows to learn, {len(seen):,} to judge,"
        f" {seen.mean():.1%} of them with a goods tuple of the training"
    )
    return Korea(name, whole, *parts)


def _contest(folder: Path, terms: Terms) -> tuple[Contest, Flags]:
    """Return the contest, and which rows have a goods tuple that the training has."""
    parts = []
    for name in ("train", "valid"):
        path = folder / f"{name}.csv"
        if not path.is_file():
            raise MalformedMessage(
                f"{folder} holds no {name}.csv; give the folder with train.csv and valid.csv of"
                " the Korean import declarations"
            )
        parts.append(date_csv.read(path).frame.with_columns(part=pl.lit(name)))
    frame = pl.concat(parts).sort("accepted_at", "mrn", "item", maintain_order=True)
    test = (frame["part"] == "valid").to_numpy()
    places = np.flatnonzero(~test)
    check = np.zeros(len(test), dtype=np.bool_)
    check[places[-int(len(places) * _CHECK_SHARE) :]] = True
    illicit = frame["illicit"].fill_null(value=False).to_numpy().astype(np.bool_)
    worth = (frame["value"] * frame["duty_rate"] / 100.0).fill_null(0.0).to_numpy()
    keys = frame.select(pl.struct(_TUPLE).hash()).to_series()
    known = keys.is_in(keys.filter(pl.Series(~test)).unique().implode()).to_numpy()
    contest = Contest(
        frame.drop("part"), ~test, check, test, illicit, np.where(illicit, worth, 0.0),
        seed=terms.seed, threads=terms.threads, quick=terms.quick,
    )  # fmt: skip
    return contest, known


def _rankings(contest: Contest, known: Flags) -> list[Ranking]:
    table = build(contest, contest.teach)
    viewed = risk_ours.view(contest, frozen=True)
    tuples = tuple_history(contest)
    ours = np.column_stack([viewed.matrix, tuples])
    lookup = tuples[contest.test][:, 0]
    return [
        simple.chance(contest),
        simple.price(contest),
        simple.importer(contest),
        *trees.gbdt(contest, table.matrix, "DATE"),
        trees.raw_lightgbm(contest, table),
        Ranking("look-up of the exact tuple", lookup, lookup),
        risk_ours.fitted(contest, viewed.matrix, "ours"),
        risk_ours.fitted(contest, ours, "ours + tuple history"),
    ]


def tuple_history(contest: Contest) -> Floats:
    """Return, shape (rows, 2), the smoothed rate and the count of a goods tuple on earlier days.

    Only results of the training count, and for a row of the training only those of earlier days.
    """
    illicit = contest.labels()[0] & contest.teach
    taught = pl.Series(contest.teach).cast(pl.Int64)
    rate = float(illicit.sum()) / max(1.0, float(contest.teach.sum()))
    rows = contest.frame.select(
        key=pl.struct(_TUPLE).hash(), day=pl.col("accepted_at").dt.date()
    ).with_columns(found=pl.Series(illicit).cast(pl.Int64), taught=taught)
    daily = rows.group_by("key", "day").agg(pl.col("found", "taught").sum()).sort("key", "day")
    before = daily.with_columns(
        pl.col("found", "taught").cum_sum().over("key") - pl.col("found", "taught")
    )
    joined = rows.select("key", "day").join(
        before, on=["key", "day"], how="left", maintain_order="left"
    )
    shares = (joined["found"] + _WORTH * rate) / (joined["taught"] + _WORTH)
    return np.column_stack([shares.to_numpy(), joined["taught"].to_numpy().astype(np.float64)])


def _part(contest: Contest, rankings: Sequence[Ranking], rows: Flags) -> Sequence[Judged]:
    test = contest.test.copy()
    test[np.flatnonzero(contest.test)[~rows]] = False
    some = [
        replace(
            each,
            scores=each.scores[rows],
            probability=None if each.probability is None else each.probability[rows],
        )
        for each in rankings
    ]
    return risk_measure.judge(replace(contest, test=test), some)[0]
