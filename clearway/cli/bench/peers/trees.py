"""Boosted trees, alone, with a logistic regression on their leaves, and under DATE's network.

Sources: the DATE paper, section 5.1.3 (XGBoost, 100 trees of depth 4; GBDT+LR); He et al.,
"Practical lessons from predicting clicks on ads at Facebook", ADKDD 2014 (GBDT+LR); Ke et al.,
LightGBM, NeurIPS 2017. `of` names the features: `DATE` as published, or `ours` to tell how much
of a difference is the model's and how much the features'.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from clearway.cli.bench.peers import date
from clearway.cli.bench.peers.contest import Contest, Flags, Floats, Ranking
from clearway.cli.bench.peers.date_features import DateTable

Matrix = npt.NDArray[np.float32]
_TREES, _DEPTH, _RATE = 100, 4, 0.3
# Epochs at least and at most; of few rows more, so that the network takes so many steps.
_EPOCHS, _MOST_EPOCHS, _STEPS, _QUICK_STEPS = 3, 25, 500, 150
# Rows that the network learns from: all illicit ones, and licit ones by chance up to this many.
_ROWS, _QUICK_ROWS = 90_000, 6_000
_LIGHTGBM = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 63, "min_data_in_leaf": 50,
    "feature_fraction": 0.8, "bagging_fraction": 0.8, "bagging_freq": 1, "verbosity": -1,
    "deterministic": True, "force_col_wise": True,
}  # fmt: skip


def gbdt(contest: Contest, matrix: Matrix, of: str) -> list[Ranking]:
    """Return the rankings of the trees, and of a regression on their leaves."""
    start = time.perf_counter()
    forest = _forest(contest, matrix, contest.teach)
    trained = time.perf_counter()
    probability = forest.predict_proba(matrix[contest.test])[:, 1].astype(np.float64)
    done = time.perf_counter()
    alone = Ranking(f"GBDT, {of}", probability, probability, trained - start, done - trained)
    return [alone, _on_leaves(contest, matrix, forest, of, trained - start)]


def _forest(contest: Contest, matrix: Matrix, rows: Flags) -> Any:
    import xgboost

    forest = xgboost.XGBClassifier(
        n_estimators=_TREES, max_depth=_DEPTH, learning_rate=_RATE, tree_method="hist",
        n_jobs=contest.threads, random_state=contest.seed,
    )  # fmt: skip
    return forest.fit(matrix[rows], contest.labels()[0][rows])


def _on_leaves(contest: Contest, matrix: Matrix, forest: Any, of: str, forest_s: float) -> Ranking:
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import OneHotEncoder

    start = time.perf_counter()
    code = OneHotEncoder(handle_unknown="ignore", dtype=np.float32)
    leaves = code.fit_transform(forest.apply(matrix[contest.teach]))
    regression = LogisticRegression(max_iter=60, tol=1e-3)
    regression.fit(leaves, contest.labels()[0][contest.teach])
    trained = time.perf_counter()
    tested = code.transform(forest.apply(matrix[contest.test]))
    probability = regression.predict_proba(tested)[:, 1].astype(np.float64)
    done = time.perf_counter()
    spent = forest_s + trained - start
    return Ranking(f"GBDT+LR, {of}", probability, probability, spent, done - trained)


def raw_lightgbm(contest: Contest, table: DateTable) -> Ranking:
    """Rank by LightGBM on DATE's numbers alone, without any history."""
    import lightgbm

    start = time.perf_counter()
    matrix, illicit = table.matrix[:, : table.raw], contest.labels()[0]
    params = {**_LIGHTGBM, "seed": contest.seed, "num_threads": contest.threads}
    parts = [
        lightgbm.Dataset(matrix[rows], illicit[rows].astype(np.float64), params=params)
        for rows in (contest.learn, contest.check)
    ]
    booster = lightgbm.train(
        params, parts[0], 600, valid_sets=[parts[1]],
        callbacks=[lightgbm.early_stopping(40, verbose=False)],
    )  # fmt: skip
    trained = time.perf_counter()
    probability = np.asarray(booster.predict(matrix[contest.test]), dtype=np.float64)
    done = time.perf_counter()
    return Ranking("LightGBM raw", probability, probability, trained - start, done - trained)


def network(contest: Contest, matrix: Matrix, table: DateTable, of: str) -> list[Ranking]:
    """Return DATE's rankings by probability (DATE-CLS) and by revenue (DATE-REV)."""
    start = time.perf_counter()
    forest = _forest(contest, matrix, contest.learn)
    leaves, most = _leaves(forest.apply(matrix).astype(np.int64))
    rows = date.Rows(leaves, table.importer, table.item)
    illicit, revenue = contest.labels()
    logs = np.log1p(revenue)
    logs = (logs / max(float(logs[contest.learn].max()), 1e-9)).astype(np.float32)
    chosen = _sample(contest, illicit)
    check = np.flatnonzero(contest.check)
    made = date.Task(
        _rows(rows, chosen), illicit[chosen].astype(np.float32), logs[chosen],
        (_rows(rows, check), illicit[check].astype(np.float32)),
        _rows(rows, np.flatnonzero(contest.test)),
        sizes=(leaves.shape[1], most, *table.sizes), seed=contest.seed,
        epochs=_epochs(len(chosen), quick=contest.quick),
    )  # fmt: skip
    prepared = time.perf_counter() - start
    told = date.answer(made)
    spent = (prepared + told.learning, told.ranking)
    share = len(chosen) / max(1, int(contest.learn.sum()))
    note = f"{len(chosen):,} rows learnt, epoch {told.epoch} of {told.epochs}"
    probability = _unsampled(told.likely.astype(np.float64), illicit, contest.learn, share)
    return [
        Ranking(f"DATE-CLS, {of}", probability, probability, *spent, note),
        Ranking(f"DATE-REV, {of}", told.costly.astype(np.float64), None, *spent, note),
    ]


def _epochs(rows: int, *, quick: bool) -> int:
    steps = _QUICK_STEPS if quick else _STEPS
    return min(_MOST_EPOCHS, max(_EPOCHS, -(-steps * date.BATCH // max(rows, 1))))


def _rows(rows: date.Rows, places: npt.NDArray[np.intp]) -> date.Rows:
    return date.Rows(*rows.of(places))


def _leaves(nodes: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int32], int]:
    """Return the leaves of each tree numbered from 0, and the most that one tree has."""
    numbered = np.empty(nodes.shape, dtype=np.int32)
    most = 1
    for tree in range(nodes.shape[1]):
        known, numbered[:, tree] = np.unique(nodes[:, tree], return_inverse=True)
        most = max(most, len(known))
    return numbered, most


def _sample(contest: Contest, illicit: Flags) -> npt.NDArray[np.intp]:
    most = _QUICK_ROWS if contest.quick else _ROWS
    rng = np.random.default_rng(contest.seed)
    guilty = rng.permutation(np.flatnonzero(contest.learn & illicit))[: most // 2]
    others = rng.permutation(np.flatnonzero(contest.learn & ~illicit))
    return np.sort(np.concatenate([guilty, others[: most - len(guilty)]]))


def _unsampled(likely: Floats, illicit: Flags, learn: Flags, share: float) -> Floats:
    """Return probabilities for all rows from those of a sample that kept the illicit ones."""
    if share >= 1.0:
        return likely
    licit = float((learn & ~illicit).sum())
    kept = max(1.0, share * float(learn.sum()) - float((learn & illicit).sum()))
    odds = likely / (1.0 - likely).clip(1e-9) * kept / licit
    return np.asarray(odds / (1.0 + odds))
