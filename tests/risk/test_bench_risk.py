"""The benchmark of risk models: nothing leaks into it, and it takes any table it is given."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from clearway.cli.app import app
from clearway.cli.bench import risk, risk_korea, risk_measure, risk_ours, risk_tables
from clearway.cli.bench.peers.contest import Contest, Ranking
from clearway.cli.bench.risk_tables import Terms
from clearway.errors import InputError, RuleViolation
from clearway.risk.features import NAMES
from clearway.risk.formats import date_csv, history

from .world import history as made_up

pytest.importorskip("xgboost", reason="the peers need the extra `peers`")
if find_spec("jax") is None:  # found, not imported: it would warn of every fork from here on
    pytest.skip("the peers need the extra `peers`", allow_module_level=True)

from clearway.cli.bench.peers import date, simple, trees
from clearway.cli.bench.peers.date_features import build

_TERMS = Terms(seed=1, threads=1, quick=True)


@pytest.fixture
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """DATE's network on few rows: whether it reads a label does not depend on how many."""
    monkeypatch.setattr(trees, "_QUICK_ROWS", 600)
    monkeypatch.setattr(trees, "_QUICK_STEPS", 1)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    """A table in DATE's columns of 3,000 made-up items, all examined."""
    frame = history.conform(made_up(3_000, seed=5, examined=1.0))
    path = tmp_path_factory.mktemp("table") / "declarations.csv"
    path.write_bytes(date_csv.write(frame))
    return path


@pytest.fixture(scope="module")
def contest(table: Path) -> Contest:
    """The contest on that table."""
    return risk_tables.from_csv(table, _TERMS, None).contest


def _with_labels(contest: Contest, rows: np.ndarray, seed: int) -> Contest:
    """Return the contest with the labels of these rows shuffled among them."""
    places = np.flatnonzero(rows)
    order = np.arange(contest.frame.height)
    order[places] = np.random.default_rng(seed).permutation(places)
    mixed = contest.frame.select("illicit", "extra_revenue")[order]
    return replace(contest, frame=contest.frame.with_columns(mixed))


def _ours(contest: Contest) -> np.ndarray:
    return risk_ours.rankings(contest, risk_ours.view(contest))[0].scores


def test_labels_of_the_last_week_change_no_score_of_ours(contest: Contest) -> None:
    late = contest.frame["known_at"].dt.epoch("us").to_numpy()
    last = contest.frame["accepted_at"].dt.epoch("us").to_numpy()[-1]
    unknown = contest.test & (late > last)
    assert unknown.sum() > 30
    mixed = _with_labels(contest, unknown, seed=2)
    assert not mixed.frame["illicit"].equals(contest.frame["illicit"])
    assert np.array_equal(_ours(contest), _ours(mixed))


def test_labels_of_the_test_change_only_scores_of_those_who_come_after_them(
    contest: Contest,
) -> None:
    was, now = _ours(contest), _ours(_with_labels(contest, contest.test, seed=3))
    at = contest.frame["accepted_at"].to_numpy()[contest.test]
    known = contest.frame["known_at"].to_numpy()[contest.test].min()
    assert np.array_equal(was[at < known], now[at < known])
    assert not np.array_equal(was[at >= known], now[at >= known])


def test_labels_of_training_do_change_scores(contest: Contest) -> None:
    assert not np.array_equal(_ours(contest), _ours(_with_labels(contest, contest.teach, 4)))


def test_no_peer_reads_a_label_of_the_test(
    contest: Contest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The network's inputs are held by the test of the flags; training it twice takes too long.
    monkeypatch.setattr(trees, "network", lambda *given: [])
    mixed = _with_labels(contest, contest.test, seed=6)
    for each in (contest, mixed):
        assert each.labels()[0][each.teach].sum() == contest.labels()[0][contest.teach].sum()
    for was, now in zip(risk.peers_of(contest), risk.peers_of(mixed), strict=True):
        assert was.of == now.of
        assert np.allclose(was.scores, now.scores), was.of


def test_a_leaking_feature_would_be_seen(contest: Contest) -> None:
    """Negative control: a column that knows the label of its own row finds everything."""
    honest = risk_ours.view(contest).matrix
    leak = contest.labels()[0].astype(np.float64)[:, None]
    judged, _ = risk_measure.judge(
        contest,
        [
            risk_ours.fitted(contest, honest, "honest"),
            risk_ours.fitted(contest, np.column_stack([honest, leak]), "leaking"),
        ],
    )
    assert judged[1].figures["AUC"] == pytest.approx(1.0, abs=0.001)
    assert judged[0].figures["AUC"] < 0.99


def test_what_teaches_was_known_before_the_test_begins(contest: Contest) -> None:
    first = contest.frame.filter(pl.Series(contest.test))["accepted_at"].min()
    assert contest.frame.filter(pl.Series(contest.teach))["known_at"].max() < first
    assert not (contest.teach & contest.test).any()
    assert contest.check.sum() > 0
    assert not (contest.check & ~contest.teach).any()


def test_chance_finds_its_share_and_truth_finds_all(contest: Contest) -> None:
    illicit = contest.illicit[contest.test]
    rankings = [simple.chance(contest), Ranking("truth", illicit.astype(float), illicit * 1.0)]
    judged, drawn = risk_measure.judge(contest, rankings)
    assert judged[0].figures["AUC"] == pytest.approx(0.5, abs=0.1)
    assert judged[1].figures["AUC"] == 1.0
    assert (judged[1].ece, judged[1].brier) == (0.0, 0.0)
    won = risk_measure.gain("truth", "random", judged, drawn)
    assert won.low > 0.5


def test_the_interval_holds_the_precision_and_narrows_with_more_rows() -> None:
    rng = np.random.default_rng(0)
    widths = []
    for rows in (2_000, 32_000):
        illicit = rng.random(rows) < 0.1
        scores = illicit + rng.normal(0.0, 1.5, rows)
        test = np.ones(rows, dtype=np.bool_)
        frame = pl.DataFrame({"illicit": illicit})
        made = Contest(frame, ~test, ~test, test, illicit, illicit * 1.0, 0, 1, quick=True)
        one = risk_measure.judge(made, [Ranking("one", scores)])[0][0]
        assert one.low <= one.at_5 <= one.high
        widths.append(one.high - one.low)
    assert widths[1] < widths[0] / 2


def test_ties_are_broken_by_the_draw_and_not_by_the_order_of_the_table() -> None:
    rows = 20_000
    illicit = np.arange(rows) < 1_000  # a table sorted by label would please a constant score
    test = np.ones(rows, dtype=np.bool_)
    frame = pl.DataFrame({"illicit": illicit})
    made = Contest(frame, ~test, ~test, test, illicit, illicit * 1.0, 0, 1, quick=True)
    one = risk_measure.judge(made, [Ranking("constant", np.zeros(rows))])[0][0]
    assert one.at_5 == pytest.approx(0.05, abs=0.03)


def test_every_feature_of_ours_belongs_to_a_step_of_the_ablation() -> None:
    groups = {name: risk_ours.group_of(name) for name in NAMES}
    assert groups["value_log"] == groups["duty_rate"] == "declared"
    assert groups["price_z_hs6"] == "price"
    assert groups["importer_rate"] == groups["importer_found"] == "entity"
    assert groups["importer_hs6_rate"] == groups["hs6_origin_n"] == "pair"
    assert set(groups.values()) <= set(risk_ours.STEPS)


def test_dates_network_learns_what_leaves_tell_and_nothing_from_noise() -> None:
    rng = np.random.default_rng(0)
    rows = 4_096
    leaves = rng.integers(0, 4, (rows, 6)).astype(np.int32)
    told = ((leaves[:, 0] == 0) & (leaves[:, 1] == 0)).astype(np.float32)
    noise = rng.permutation(told)
    places = np.ones(rows, dtype=np.int32)
    made = date.Rows(leaves, places, places)
    reached = []
    for illicit in (told, noise):
        told = date.answer(
            date.Task(
                made, illicit, illicit, (made, illicit), made, sizes=(6, 4, 2, 2), seed=0, epochs=12
            )
        )
        heads = (told.likely, told.costly)
        reached.append([np.corrcoef(head, illicit)[0, 1] for head in heads])
    assert "jax" not in sys.modules  # its threads and ours would meet at the next fork
    assert min(reached[0]) > 0.9
    assert max(reached[1]) < 0.2


def test_dates_flags_come_from_training_alone(contest: Contest) -> None:
    made = build(contest, contest.teach)
    mixed = build(_with_labels(contest, contest.test, seed=9), contest.teach)
    assert np.array_equal(made.matrix, mixed.matrix)
    assert made.importer[contest.test].min() == 0 or made.sizes[0] > 1
    assert np.isfinite(made.matrix).all()


def test_leaves_on_our_features_isolate_the_model(contest: Contest) -> None:
    matrix = np.nan_to_num(risk_ours.view(contest).matrix, nan=-99.0).astype(np.float32)
    alone, on_leaves = trees.gbdt(contest, matrix, "ours")
    assert (alone.of, on_leaves.of) == ("GBDT, ours", "GBDT+LR, ours")
    assert alone.scores.shape == on_leaves.scores.shape == (int(contest.test.sum()),)


def _rows(count: int, illicit: str = "mixed") -> str:
    lines = ["sgd.id,sgd.date,importer.id,tariff.code,gross.weight,cif.value,illicit,revenue"]
    for number in range(count):
        label = {"mixed": int(number % 7 == 0), "none": 0, "all": 1}[illicit]
        month, day = 1 + number * 12 // count, 1 + number % 28
        lines.append(
            f"A{number % 90},13-{month:02d}-{day:02d},I{number % 31},870324{number % 9}128,"
            f"{number % 50 - 5},{number % 300 - 20},{label},{label}e308"
        )
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_rows(50), "too thin to learn from"),
        (_rows(2_000, "none"), "too thin to learn from"),
        (_rows(2_000, "all"), "too thin to learn from"),
        ("sgd.date\n" + "13-01-02\n" * 400, "no row whether it was illicit"),
    ],
)
def test_a_table_that_cannot_tell_anything_is_refused_with_the_way_out(
    tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "thin.csv"
    path.write_text(text)
    with pytest.raises(RuleViolation, match=words):
        risk_tables.from_csv(path, _TERMS, None)


@pytest.mark.parametrize("drop", ["", "importer.id", "tariff.code", "cif.value", "gross.weight"])
def test_duplicate_ids_negative_amounts_and_missing_columns_are_no_obstacle(
    tmp_path: Path, drop: str
) -> None:
    lines = [line.split(",") for line in _rows(1_500).splitlines()]
    kept = [place for place, name in enumerate(lines[0]) if name != drop]
    text = "\n".join(";".join(line[place] for place in kept) for line in lines)
    path = tmp_path / "odd.csv"
    path.write_bytes(text.replace("I3", "Société").encode("latin-1"))
    made = risk_tables.from_csv(path, _TERMS, None).contest
    ranking = risk_ours.fitted(made, risk_ours.view(made).matrix, "ours")
    assert np.isfinite(ranking.scores).all()
    table = build(made, made.teach)
    for each in [*trees.gbdt(made, table.matrix, "DATE"), simple.price(made)]:
        assert np.isfinite(each.scores).all()


def test_a_first_day_of_the_test_is_obeyed(table: Path) -> None:
    first = datetime(2025, 10, 1, tzinfo=UTC)
    made = risk_tables.from_csv(table, _TERMS, first.date()).contest
    assert made.frame.filter(pl.Series(made.test))["accepted_at"].min() >= first


def test_a_partly_examined_world_is_judged_by_the_truth_and_taught_by_results() -> None:
    made = risk_tables.world(3_000, _TERMS, examined=False).contest
    labelled = made.frame["illicit"].is_not_null().to_numpy()
    assert labelled.mean() < 0.2
    assert not (made.teach & ~labelled).any()
    assert (made.illicit & ~labelled & made.test).any()


@pytest.mark.usefixtures("small_network")
def test_the_command_tries_a_table_and_prints_json(table: Path) -> None:
    done = CliRunner().invoke(app, ["bench", "risk", "--csv", str(table), "--quick", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)[0]
    names = [each["of"] for each in result["judged"]]
    for wanted in ("random", "price", "importer history", "isolation forest", "GBDT, DATE"):
        assert wanted in names
    for wanted in ("GBDT+LR, DATE", "DATE-CLS, DATE", "DATE-REV, DATE", "LightGBM raw"):
        assert wanted in names
    assert {"ours, probability", "ours, expected revenue", "ours, blend"} <= set(names)
    assert result["gains"][0]["of"] == "ours, probability"


def test_wrong_words_are_refused(table: Path) -> None:
    with pytest.raises(InputError, match="date, korea"):
        risk.run(risk.Request(csv=table, schema="excel"), as_json=True)
    with pytest.raises(InputError, match="whole numbers"):
        risk.seeds_of("0,x")
    with pytest.raises(InputError, match=r"train\.csv"):
        risk.run(risk.Request(csv=table.parent, schema="korea"), as_json=True)


def test_tuples_of_the_korean_set_count_earlier_days_only() -> None:
    day = [datetime(2020, 1, 1 + number, tzinfo=UTC) for number in (0, 0, 1, 2, 3)]
    frame = pl.DataFrame(
        {
            "hs": "870324", "dispatch": "DE", "origin": "DE", "duty_rate": 8.0,
            "preference": "100", "net_mass_kg": 5.0, "accepted_at": day,
            "illicit": [True, True, False, True, True], "extra_revenue": 0.0,
        }
    )  # fmt: skip
    teach = np.array([True, True, True, True, False])
    made = Contest(
        frame, teach, teach & False, ~teach, teach & False, np.zeros(5), 0, 1, quick=True
    )
    assert risk_korea.tuple_history(made)[:, 1].tolist() == [0.0, 0.0, 2.0, 3.0, 4.0]
