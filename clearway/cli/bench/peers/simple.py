"""Peers without a learnt ranking: chance, price, the importer's record, and what is unusual.

Source: the DATE paper, section 5.1.3, names Price, Importer and IForest as baselines.
"""

from __future__ import annotations

import time

import numpy as np
import polars as pl

from clearway.cli.bench.peers.contest import Contest, Ranking
from clearway.cli.bench.peers.date_features import DateTable

_TREES, _SAMPLE = 100, 256


def chance(contest: Contest) -> Ranking:
    """Rank by the draw."""
    scores = np.random.default_rng(contest.seed).random(int(contest.test.sum()))
    return Ranking("random", scores)


def price(contest: Contest) -> Ranking:
    """Rank by value: the dearest first."""
    start = time.perf_counter()
    worth = contest.frame.select(pl.coalesce("value", "statistical_value").fill_null(0.0))
    scores = np.nan_to_num(worth.to_series().to_numpy())[contest.test]
    return Ranking("price", scores, score_s=time.perf_counter() - start)


def importer(contest: Contest) -> Ranking:
    """Rank by the share of the importer's rows found illicit in training, smoothed."""
    start = time.perf_counter()
    illicit, _ = contest.labels()
    keys = contest.frame["importer"].fill_null("?")
    known = pl.DataFrame({"key": keys, "illicit": illicit}).filter(pl.Series(contest.teach))
    rate = float(known["illicit"].mean() or 0.0)  # type: ignore[arg-type]
    rates = known.group_by("key").agg(
        rate=(pl.col("illicit").sum() + 10.0 * rate) / (pl.len() + 10.0)
    )
    trained = time.perf_counter()
    scores = keys.filter(pl.Series(contest.test)).replace_strict(
        rates["key"], rates["rate"], default=rate, return_dtype=pl.Float64
    )
    done = time.perf_counter()
    found = scores.to_numpy()
    return Ranking("importer history", found, found, trained - start, done - trained)


def isolation_forest(contest: Contest, table: DateTable) -> Ranking:
    """Rank by how few cuts set a row apart (Liu, Ting, Zhou, ICDM 2008), scikit-learn's."""
    from sklearn.ensemble import IsolationForest

    start = time.perf_counter()
    forest = IsolationForest(
        n_estimators=_TREES, max_samples=_SAMPLE, random_state=contest.seed, n_jobs=1
    )
    forest.fit(table.matrix[contest.teach])
    trained = time.perf_counter()
    scores = -forest.score_samples(table.matrix[contest.test])
    done = time.perf_counter()
    return Ranking("isolation forest", scores, None, trained - start, done - trained)
