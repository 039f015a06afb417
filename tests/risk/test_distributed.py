"""Trees learnt by Spark are as good as one machine's, and the same scorer reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from clearway.cli.app import app
from clearway.errors import RuleViolation, VerificationError
from clearway.ledger.columns import to_microseconds
from clearway.risk.distributed import (
    Boosting,
    on_spark,
    train_on_one_machine,
    train_on_spark,
    write_part,
)
from clearway.risk.estimators.opening import open_estimator
from clearway.risk.evaluate import area_under_roc
from clearway.risk.features import NAMES
from clearway.risk.formats import artefact as disk
from clearway.risk.formats import history as table
from clearway.risk.learning.boosting import Effort
from clearway.risk.learning.material import gather
from clearway.risk.replay import replay
from clearway.risk.scoring import Scorer
from clearway.risk.snapshot import empty
from clearway.risk.training import Order, learn

from .test_features import FOREVER
from .world import BEGIN, history

END = BEGIN + timedelta(days=360)
BOOSTING = Boosting(rounds=12, depth=4, learning_rate=0.3)
pytestmark = [
    pytest.mark.slow,
    # What pyspark and xgboost.spark use of the newest libraries is theirs to mend.
    pytest.mark.filterwarnings("ignore"),
]


@pytest.fixture(scope="module")
def border() -> Any:
    """Features and results of a made-up border."""
    shaped = table.conform(history(4_000, seed=3, examined=1.0))
    return gather(shaped, replay(shaped, FOREVER).matrix, to_microseconds(END))


@pytest.fixture(scope="module")
def learnt(spark: Any, border: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sealed model of Spark, the text of its first trees, and the rows these learnt from."""
    folder = tmp_path_factory.mktemp("rows")
    engine = on_spark(spark, folder, BOOSTING)
    texts: list[str] = []

    def fit(*asked: Any) -> str:
        texts.append(engine.fit(*asked))
        return texts[-1]

    order = Order(1, END, END, "trees", 0.2, False, "d" * 64)
    effort = Effort({"seed": 1, "num_threads": 1}, 30, lambda phase, share: None)
    made = learn(border, empty(), order, effort, replace(engine, fit=fit))
    return made, texts[0], folder / f"rows-{int(border.learn.sum())}"


def test_trees_of_spark_rank_as_those_of_one_machine(
    learnt: Any, border: Any, tmp_path: Path
) -> None:
    _, many, folder = learnt
    alone = train_on_one_machine(folder, NAMES, BOOSTING)
    last, illicit = border.matrix[border.last], border.illicit[border.last]
    aucs = [
        area_under_roc(open_estimator("xgboost", text).predict(last), illicit)
        for text in (alone, many)
    ]
    assert aucs[0] > 0.8
    assert abs(aucs[0] - aucs[1]) < 0.02
    # The control: labels that mean nothing give no such ranking.
    places = np.flatnonzero(border.learn)
    shuffled = np.random.default_rng(1).permutation(border.illicit[places])
    write_part(tmp_path, 0, border.matrix[places], shuffled, np.ones(len(places)), NAMES)
    noise = train_on_one_machine(tmp_path, NAMES, BOOSTING)
    assert area_under_roc(open_estimator("xgboost", noise).predict(last), illicit) < aucs[1] - 0.1


def test_a_model_of_spark_is_sealed_scored_and_explained_like_any_other(
    learnt: Any, border: Any, tmp_path: Path
) -> None:
    again = disk.load(disk.save(learnt[0], tmp_path))
    assert again.card.id.startswith("xgb-") and again.card.estimator == "xgboost"
    scorer = Scorer(again)
    probability, _, score = scorer.score_matrix(border.matrix[:200])
    assert score.std() > 0.1 and 0.0 <= probability.min() <= probability.max() <= 1.0
    raw, _ = scorer.predict(border.matrix[:1])
    import xgboost

    booster = xgboost.Booster(model_file=bytearray(again.model.encode()))
    data = xgboost.DMatrix(border.matrix[:1], missing=np.nan)
    bias = booster.predict(data, pred_contribs=True, validate_features=False)[0][-1]
    odds = bias + sum(scorer.contributions(border.matrix[0]))
    assert raw[0] == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-5)


def test_a_text_that_is_no_xgboost_model_is_refused() -> None:
    pytest.importorskip("xgboost", reason="extra spark is not installed")
    for text in ("", "{}", '{"learner": 1}', "\x00binf"):
        with pytest.raises(VerificationError, match="XGBoost"):
            open_estimator("xgboost", text)


def test_a_number_of_workers_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuleViolation, match="0 workers"):
        train_on_spark(None, tmp_path, NAMES, Boosting(workers=0))  # type: ignore[arg-type]


@pytest.mark.parametrize("on", ["duckdb", "spark"])
@pytest.mark.usefixtures("spark")
def test_the_command_trains_where_it_is_told(on: str, tmp_path: Path) -> None:
    # In a process of its own, as its user has it: it stops the Spark that it opened.
    history(1_500, seed=5, examined=1.0).write_parquet(tmp_path / "past.parquet")
    asked = ["risk", "train", "--history", "past.parquet", "--json", "--out", "models", "--on", on]
    told = subprocess.run(
        [sys.executable, "-c", "from clearway.cli import main; main()", *asked],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    card = json.loads(told.stdout)
    assert card["engine"].startswith("xgboost on spark" if on == "spark" else "lightgbm")
    assert disk.load_scorer(tmp_path / "models" / card["id"]).model == card["id"]


def test_a_place_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    history(300, seed=5).write_parquet(tmp_path / "past.parquet")
    asked = ["risk", "train", "--history", str(tmp_path / "past.parquet"), "--on", "moon"]
    told = CliRunner().invoke(app, [*asked, "--out", str(tmp_path / "models")])
    assert told.exit_code != 0
    assert "memory, duckdb, spark" in str(told.exception)
