"""Training beyond one machine: boosted trees on Spark, scored by the same scorer.

Features are written as Parquet, one file after another; Spark's workers read them, each bins and
learns its part, and the trees come back as XGBoost's own JSON, which `estimators` reads like any
other model. `on_spark` gives what `training.learn` takes for its own trees, so that such a model is
calibrated, ranked, measured and sealed like all others.

    learn(material, snapshot, order, effort, elsewhere=on_spark(spark, folder, Boosting()))

Needs the extra `spark` and Java 17.

Source: Chen and Guestrin, XGBoost: A scalable tree boosting system (KDD 2016), section 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from clearway.errors import InputError, RuleViolation
from clearway.risk.features import NAMES
from clearway.risk.learning.boosting import Elsewhere
from clearway.risk.learning.material import Flags, Floats, Material

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LABEL, WEIGHT = "illicit", "weight"
MOST_WORKERS = 1_000
_ROWS_A_FILE = 500_000


@dataclass(frozen=True, slots=True)
class Boosting:
    """How trees are learnt.

    Args:
        rounds: trees.
        depth: of a tree at most.
        learning_rate: share of each tree that is added.
        workers: of Spark that learn at once.
        seed: of everything drawn.
    """

    rounds: int = 120
    depth: int = 6
    learning_rate: float = 0.1
    workers: int = 2
    seed: int = 1

    def parameters(self) -> dict[str, Any]:
        """Return XGBoost's parameters, the same on one machine and on many."""
        return {
            "max_depth": self.depth,
            "learning_rate": self.learning_rate,
            "min_child_weight": 10.0,
            "reg_lambda": 5.0,
            "max_bin": 128,
            "tree_method": "hist",
        }


def write_part(
    folder: Path,
    part: int,
    matrix: Floats,
    illicit: Flags,
    weights: Floats,
    names: Sequence[str],
) -> Path:
    """Write features and results of some rows as one Parquet file, and return it.

    Args:
        part: number of the file; the same number writes the same file anew.
        matrix: shape (rows, features), labelled rows only; NaN unknown.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"part-{part:05d}.parquet"
    columns: dict[str, Any] = {name: matrix[:, place] for place, name in enumerate(names)}
    columns |= {LABEL: illicit.astype(np.float64), WEIGHT: weights}
    pl.DataFrame(columns).write_parquet(file)
    return file


def train_on_spark(
    spark: SparkSession, folder: Path | str, names: Sequence[str], boosting: Boosting
) -> str:
    """Return the XGBoost JSON of a model learnt by Spark's workers.

    Args:
        spark: session; it stays open.
        folder: Parquet of `write_part`, where every worker can read it.
        names: of the features, in the order of the model's columns.

    Raises:
        InputError: the extra is not installed.
        RuleViolation: more workers than Spark could ever have.
    """
    if not 1 <= boosting.workers <= MOST_WORKERS:
        raise RuleViolation(f"{boosting.workers} workers; must be 1 to {MOST_WORKERS}")
    try:
        from xgboost.spark import SparkXGBClassifier
    except ImportError as absent:
        raise InputError(
            "Training on Spark needs pyspark and xgboost, which are not installed;"
            " pip install clearway[spark]"
        ) from absent
    rows = spark.read.parquet(str(folder))
    learner = SparkXGBClassifier(
        features_col=list(names),
        label_col=LABEL,
        weight_col=WEIGHT,
        num_workers=boosting.workers,
        n_estimators=boosting.rounds,
        missing=float("nan"),
        random_state=boosting.seed,
        **boosting.parameters(),
    )
    model = learner.fit(rows)
    return _text(model.get_booster())


def on_spark(spark: SparkSession, folder: Path, boosting: Boosting) -> Elsewhere:
    """Return how `training.learn` has its trees learnt by Spark.

    Args:
        folder: for the feature matrices, where every worker can read it; one folder for each
            learning is made in it.
    """

    def fit(material: Material, weights: Floats, rows: Flags) -> str:
        part = folder / f"rows-{int(rows.sum())}"
        places = np.flatnonzero(rows)
        for number, start in enumerate(range(0, len(places), _ROWS_A_FILE)):
            some = places[start : start + _ROWS_A_FILE]
            write_part(
                part, number, material.matrix[some], material.illicit[some], weights[some], NAMES
            )
        return train_on_spark(spark, part, NAMES, boosting)

    return Elsewhere(fit, boosting.rounds, "xgboost on spark", "xgboost")


def train_on_one_machine(folder: Path, names: Sequence[str], boosting: Boosting) -> str:
    """Return the XGBoost JSON of the same trees learnt in this process, to compare with.

    Raises: InputError: the extra is not installed.
    """
    try:
        import xgboost
    except ImportError as absent:
        raise InputError("XGBoost is not installed; pip install clearway[spark]") from absent
    frame = pl.read_parquet(folder / "*.parquet")
    data = xgboost.DMatrix(
        frame.select(list(names)).to_numpy(),
        frame[LABEL].to_numpy(),
        weight=frame[WEIGHT].to_numpy(),
        missing=np.nan,
        nthread=boosting.workers,
    )
    parameters = {
        **boosting.parameters(),
        "objective": "binary:logistic",
        "seed": boosting.seed,
        "nthread": boosting.workers,
    }
    return _text(xgboost.train(parameters, data, boosting.rounds))


def _text(booster: Any) -> str:
    return bytes(booster.save_raw("json")).decode()
