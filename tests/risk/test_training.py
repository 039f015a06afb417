from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from clearway.errors import (
    BadTerm,
    MalformedMessage,
    NotFound,
    RuleViolation,
    VerificationError,
    WrongState,
)
from clearway.risk.features import NAMES
from clearway.risk.formats import artefact as disk
from clearway.risk.formats import history as table
from clearway.risk.history import day_of, trace
from clearway.risk.replay import replay
from clearway.risk.scoring import Artefact, Scale, Scorer, rules_only
from clearway.risk.training import train

from .test_features import FOREVER, goods
from .world import BEGIN, history

END = BEGIN + timedelta(days=360)


def metric(artefact: Artefact, of: str, name: str) -> float:
    return next(m.value for m in artefact.card.metrics if (m.of, m.name) == (of, name))


def test_the_model_beats_price_and_importer_on_a_period_that_it_has_not_seen(
    artefact: Artefact,
) -> None:
    assert metric(artefact, "model", "AUC") > 0.85
    for peer in ("price", "importer"):
        assert metric(artefact, "model", "P@5") > metric(artefact, peer, "P@5")
        assert metric(artefact, "model", "AUC") > metric(artefact, peer, "AUC") + 0.05
    assert metric(artefact, "revenue", "V@2") > metric(artefact, "importer", "V@2")
    assert metric(artefact, "model", "ECE") < 0.08


def test_the_same_rows_and_seed_give_the_same_model_on_any_number_of_threads() -> None:
    frame = history(1_800, seed=8)
    one, other = (
        train(frame, seed=5, now=END, threads=threads, most_rounds=5) for threads in (1, 2)
    )
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=1)
    shuffled = train(mixed, seed=5, now=END, most_rounds=5)
    assert one.card == other.card == shuffled.card
    assert one.model == other.model
    assert train(frame, seed=6, now=END, most_rounds=5).card.id != one.card.id


def test_nothing_of_the_day_of_training_and_after_reaches_the_model() -> None:
    frame = history(3_000, seed=8)
    now = BEGIN + timedelta(days=250, hours=9)
    changed = frame.with_columns(
        pl.when(pl.col("known_at") >= now.replace(hour=0))
        .then(~pl.col("illicit"))
        .otherwise(pl.col("illicit"))
        .alias("illicit")
    )
    one, other = train(frame, seed=5, now=now), train(changed, seed=5, now=now)
    assert one.card.cut_off == datetime(2025, 9, 8, tzinfo=UTC)
    assert one.model == other.model
    assert np.array_equal(one.snapshot.matrix, other.snapshot.matrix)


def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(BadTerm, match="UTC"):
        train(history(10), seed=1, now=END.replace(tzinfo=None))


def test_a_history_without_a_column_is_refused_by_name() -> None:
    with pytest.raises(MalformedMessage, match="hs, known_at"):
        train(history(10).drop("hs", "known_at"), seed=1, now=END)


def test_a_history_with_a_column_of_another_type_is_refused() -> None:
    words = history(10).with_columns(pl.lit("much").alias("net_mass_kg"))
    with pytest.raises(MalformedMessage, match="much"):
        train(words, seed=1, now=END)


@pytest.mark.parametrize("rows", [0, 1, 150])
def test_a_thin_history_is_refused_with_a_way_out(rows: int) -> None:
    frame = history(150).head(rows)
    with pytest.raises(RuleViolation, match="random share"):
        train(frame, seed=1, now=END)


def test_a_history_in_which_all_conform_is_refused() -> None:
    frame = history(1_000).with_columns(
        pl.when("examined").then(pl.lit(value=False)).alias("illicit")
    )
    with pytest.raises(RuleViolation, match="0 of them not conform"):
        train(frame, seed=1, now=END)


def test_a_history_full_of_holes_still_trains() -> None:
    frame = history(2_500, seed=9)
    hole = pl.int_range(pl.len()) % 3 == 0
    frame = frame.with_columns(
        pl.when(hole).then(None).otherwise(pl.col(name)).alias(name)
        for name in (
            "importer",
            "exporter",
            "net_mass_kg",
            "value",
            "packages",
            "duty_rate",
            "description",
            "statistical_value",
            "currency",
        )
    ).with_columns(pl.lit(float("nan")).alias("extra_revenue"))
    artefact = train(frame, seed=1, now=END)
    assert artefact.revenue == ""
    scored = Scorer(artefact).score([trace(goods())], {})
    assert 0.0 <= scored.score <= 1.0 and scored.expected_revenue >= 0.0


def test_progress_is_told_for_each_phase() -> None:
    told: list[tuple[str, float]] = []
    train(
        history(2_000, seed=8), seed=5, now=END, progress=lambda phase, n: told.append((phase, n))
    )
    assert {"history", "binary", "seal"} <= {phase for phase, _ in told}
    assert all(0.0 < share <= 1.0 for _, share in told)


# On disk


def test_a_model_comes_back_from_disk_as_it_was(artefact: Artefact, tmp_path: Path) -> None:
    folder = disk.save(artefact, tmp_path / "models")
    again = disk.load(folder)
    assert again.card == artefact.card
    item = [trace(goods())]
    one, other = Scorer(artefact).score(item, {}), Scorer(again).score(item, {})
    assert (one.score, one.expected_revenue, one.features) == (
        other.score,
        other.expected_revenue,
        other.features,
    )
    assert disk.save(artefact, tmp_path / "models") == folder


@pytest.mark.parametrize(
    "name", ["model.txt", "revenue.txt", "kinds.txt", "snapshot.npy", "model.json"]
)
def test_a_changed_byte_is_noticed(artefact: Artefact, tmp_path: Path, name: str) -> None:
    folder = disk.save(artefact, tmp_path)
    data = bytearray((folder / name).read_bytes() or b"{}")
    place = data.index(b'"seed":7') + 7 if name == "model.json" else len(data) - 2
    data[place] = ord("9")
    (folder / name).write_bytes(data)
    with pytest.raises(VerificationError, match=artefact.card.id):
        disk.load(folder)


@pytest.mark.parametrize("name", ["model.txt", "snapshot.npy"])
@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_broken_model_is_refused(
    artefact: Artefact, tmp_path: Path, name: str, damage: str
) -> None:
    file = disk.save(artefact, tmp_path) / name
    data = file.read_bytes()
    file.unlink()
    if damage != "missing":
        file.write_bytes(data[:40] if damage == "cut" else b"")
    with pytest.raises(VerificationError):
        disk.load(file.parent)


def test_a_folder_without_a_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"model\.json"):
        disk.load(tmp_path)


def test_a_node_without_a_model_says_why_and_goes_on(artefact: Artefact, tmp_path: Path) -> None:
    assert "chosen" in disk.load_scorer(None).absence
    absence = disk.load_scorer(tmp_path / "lgb-1").absence
    assert absence == "The chosen risk model lgb-1 is not on this node."
    assert disk.load_scorer(disk.save(artefact, tmp_path)).model == artefact.card.id


def test_a_model_is_not_written_over_something_else(artefact: Artefact, tmp_path: Path) -> None:
    (tmp_path / artefact.card.id).mkdir()
    with pytest.raises(WrongState, match="move it away"):
        disk.save(artefact, tmp_path)


def test_a_history_is_read_from_parquet_files(tmp_path: Path) -> None:
    frame = history(60)
    for place, part in enumerate((frame.tail(20), frame.head(40))):
        part.write_parquet(tmp_path / f"{place}.parquet")
    assert table.read(tmp_path)["mrn"].to_list() == sorted(frame["mrn"].to_list())
    with pytest.raises(MalformedMessage, match="no Parquet"):
        table.read(tmp_path / "absent")
    (tmp_path / "9.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(MalformedMessage, match="cannot be read"):
        table.read(tmp_path)


# Scoring


def test_the_score_is_the_rank_among_recent_declarations() -> None:
    frame = table.conform(history(5_000, seed=12))
    cut_off = BEGIN + timedelta(days=300)
    scorer = Scorer(train(frame, seed=1, now=cut_off))
    rows = table.seen(frame, FOREVER)
    matrix = replay(frame, FOREVER).matrix
    later = [place for place, row in enumerate(rows) if row.goods.day >= scorer.cut_off_day]
    assert scorer.card is not None
    scale = Scale(scorer.card)
    weights = scale.blend(*scorer.predict(matrix[later]))
    best: dict[str, float] = {}
    for place, weight in zip(later, weights.tolist(), strict=True):
        mrn = rows[place].goods.mrn
        best[mrn] = max(weight, best.get(mrn, 0.0))
    ranks = scale.score(np.array(list(best.values())))
    # The sealed model has learnt from more than the one whose ranks it bears, and is surer of most;
    # the top, where capacity lies, must fit.
    assert abs(np.mean(ranks) - 0.5) < 0.15
    assert abs(np.mean(ranks >= 0.95) - 0.05) < 0.05


def test_many_items_are_scored_by_the_weightiest(artefact: Artefact) -> None:
    cheap, usual = trace(goods(value_eur=50.0, hs="030220")), trace(goods(hs="030220"))
    scorer = Scorer(artefact)
    known = scorer.snapshot.read(cheap.keys, cheap.goods.day)
    alone = scorer.score([cheap], known)
    both = scorer.score([usual, cheap], known)
    assert alone.score > 0.8
    assert both.weightiest == 1


def test_a_batch_scores_each_row_as_one_declaration_would(artefact: Artefact) -> None:
    scorer = Scorer(artefact)
    rows = table.seen(table.conform(history(300, seed=31)), FOREVER)
    matrix = replay(table.conform(history(300, seed=31)), FOREVER).matrix
    probability, revenue, scores = scorer.score_matrix(matrix)
    item = trace(goods(value_eur=50.0))
    alone = scorer.score([item], {})
    again = scorer.score_matrix(alone.matrix)
    assert [each[0] for each in again] == [
        alone.probability,
        alone.expected_revenue,
        alone.score,
    ]
    assert len(probability) == len(revenue) == len(scores) == len(rows)
    assert scores.min() >= 0.0 and scores.max() <= 1.0 and scores.std() > 0.05
    with pytest.raises(VerificationError):
        rules_only().score_matrix(matrix)


def test_without_a_model_nothing_is_scored_and_the_reason_is_told() -> None:
    scorer = rules_only("The model is being replaced.")
    scored = scorer.score([trace(goods())], {})
    assert (scored.score, scored.probability, scored.features) == (0.0, 0.0, "")
    assert scorer.model == "" and scorer.absence == "The model is being replaced."
    with pytest.raises(VerificationError):
        scorer.predict(np.zeros((1, len(NAMES))))


def test_contributions_add_up_to_the_log_odds(artefact: Artefact) -> None:
    scorer = Scorer(artefact)
    scored = scorer.score([trace(goods(value_eur=50.0))], {})
    added = scorer.contributions(scored.matrix[0])
    assert len(added) == len(NAMES)


def test_calibration_never_leaves_zero_to_one(artefact: Artefact) -> None:
    raw = np.linspace(0, 1, 101)
    true = Scale(artefact.card).calibrated(raw)
    assert true.min() >= 0.0 and true.max() <= 1.0
    assert np.all(np.diff(true) >= 0.0)


def test_the_snapshot_ends_at_the_cut_off(artefact: Artefact) -> None:
    days: Any = artefact.snapshot.matrix[:, -2:]
    assert days.max() < day_of(artefact.card.cut_off)
