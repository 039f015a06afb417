"""What risk commands say when there is nothing to show, and of what they cannot use."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from clearway.cli.app import app
from clearway.cli.risk_models import show_figures
from clearway.cli.risk_selection import to_show
from clearway.errors import BadTerm, MalformedMessage, RuleViolation
from clearway.risk.card import Metric
from tests.risk.world import history


@pytest.fixture
def node(tmp_path: Path) -> Path:
    file = tmp_path / "clearway.toml"
    file.write_text(f'data_directory = "{tmp_path / "node"}"\nnode_name = "border.example/new"\n')
    made = CliRunner().invoke(app, ["node", "init", "--settings", str(file)])
    assert made.exit_code == 0, made.output
    return file


def said(*words: object) -> str:
    asked = [str(word) for word in ("risk", *words)]
    return CliRunner().invoke(app, asked, catch_exceptions=False).output


@pytest.mark.parametrize(
    ("command", "way_out"),
    [
        (("performance",), "--days"),
        (("challenger",), "risk_watch_seconds"),
        (("share", "priors"), "clearway risk share hazards"),
    ],
)
def test_a_new_node_shows_no_empty_table_but_what_to_do(
    node: Path, command: tuple[str, ...], way_out: str
) -> None:
    shown = said(*command, "--settings", node)
    assert way_out in shown
    assert "┃" not in shown


def test_a_file_without_rules_is_never_called_usable(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    file.write_text('name = "none"\n')
    with pytest.raises(MalformedMessage, match="holds no rule"):
        said("rules", "check", file)


def test_fairness_is_written_in_a_form_that_exists_or_not_at_all(tmp_path: Path) -> None:
    past = tmp_path / "history.parquet"
    history(600, seed=5).write_parquet(past)
    with pytest.raises(BadTerm, match=r"\.md, \.csv, \.json"):
        said("fairness", "--history", past, "--out", tmp_path / "report.pdf")
    assert not (tmp_path / "report.pdf").exists()
    assert "Written to" in said("fairness", "--history", past, "--out", tmp_path / "report.md")


def test_figures_of_a_model_stand_in_one_line_beside_its_peers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = [("model", "AUC", 0.9), ("model", "P@1", 1.0), ("price", "AUC", 0.5)]
    show_figures("m", [*(Metric(*each) for each in told), Metric("model", "ECE", 0.03)])
    shown = capsys.readouterr().out
    lines = [line.split() for line in shown.splitlines()]
    assert ["│", "model", "│", "0.900", "│", "1.000", "│"] in lines
    assert ["│", "price", "│", "0.500", "│", "-", "│"] in lines
    assert "0.030" in shown and "top 1, 2, 5 and 10 %" in shown


def test_past_items_are_shown_with_their_currency_and_result_in_words(tmp_path: Path) -> None:
    past = tmp_path / "history.parquet"
    history(600, seed=5).write_parquet(past)
    shown = said("search", "--history", past, "illicit=true", "--limit", 3)
    assert "not conform" in shown and " EUR" in shown and "True" not in shown
    assert "not examined" in said("search", "--history", past, "examined=false", "--limit", 1)
    assert "Fields: mrn, item" in said("search", "--history", past, "hs=9999999999")


def test_what_a_table_left_out_is_said_before_a_model_learns_of_it(tmp_path: Path) -> None:
    table = tmp_path / "declarations.csv"
    table.write_text("sgd.date,cif.value\n" + "20-01-01,5\n" * 400 + "yesterday,6\n")
    asked = ["risk", "train", "--history", str(table), "--out", str(tmp_path / "models")]
    shown = CliRunner().invoke(app, asked)
    assert "1 rows without a date are left out" in shown.output
    assert isinstance(shown.exception, RuleViolation) and "too thin" in str(shown.exception)


def test_a_back_test_never_says_that_there_is_less_than_was_found(tmp_path: Path) -> None:
    past, rules = tmp_path / "history.parquet", tmp_path / "rules.toml"
    # All but one were chosen for certain, and the one that was drawn was conform.
    made = history(600, seed=5).filter(pl.col("examined"))
    drawn = pl.int_range(pl.len()) == made["illicit"].to_list().index(False)
    made.with_columns(
        propensity=pl.when(drawn).then(0.001).otherwise(1.0), stratum=pl.lit("profile")
    ).write_parquet(past)
    rules.write_text(
        "[[profile]]\nid = 'ALL'\ntext = 'all'\nexpression = 'item.packages >= 0'\nlane = 'red'\n"
        "agency = 'customs'\nmandatory = false\nvalid_from = 2020-01-01T00:00:00Z\n"
    )
    words = ("rules", "back-test", rules, "--history", past)
    (one,) = json.loads(said(*words, "--json"))["rules"]
    low, high = one["found"]["low"], one["found"]["high"]
    assert one["precision"]["count"] <= low <= one["found"]["value"] <= high <= one["hits"]
    assert f"{low:,.0f} to {high:,.0f}" in said(*words)


def test_the_whole_period_stands_under_its_weeks(tmp_path: Path) -> None:
    past = tmp_path / "history.parquet"
    history(600, seed=5).write_parquet(past)
    shown = said("performance", "--history", past, "--days", 3_000)
    assert shown.count("all of it") >= 1
    made = json.loads(said("performance", "--history", past, "--days", 3_000, "--json"))
    (every,) = made["overall"]
    assert every["declarations"] == sum(week["declarations"] for week in made["weeks"]) > 0


def test_the_recommended_estimate_is_shown_and_the_others_when_asked() -> None:
    data = {
        "recommended": "doubly_robust",
        "judgements": [{"method": name} for name in ("hajek", "doubly_robust", "stratified")],
    }
    assert [one["method"] for one in to_show(data, every=False)] == ["doubly_robust"]
    assert [one["method"] for one in to_show(data, every=True)] == [
        "doubly_robust", "hajek", "stratified",
    ]  # fmt: skip
