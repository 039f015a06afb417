"""Searching a history: the same rows as by hand, no SQL from anybody, bounds kept."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.errors import BadTerm, ClearwayError, InputError, MalformedMessage, TooLarge
from clearway.insight.history_search import FIELDS, Condition, History, Query, parse
from tests.risk.world import history


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("history")
    frame = history(2_000, seed=3)
    frame = frame.with_columns(
        pl.when(pl.int_range(pl.len()) % 400 == 0)
        .then(pl.lit("=HYPERLINK(1)"))
        .otherwise("description")
        .alias("description")
    )
    frame.head(1_200).write_parquet(made / "1.parquet")
    frame.slice(1_200).write_parquet(made / "2.parquet")
    return made


@pytest.fixture
def searched(folder: Path) -> Iterator[History]:
    with History(folder) as opened:
        yield opened


def rows(folder: Path) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(folder / "1.parquet"), pl.read_parquet(folder / "2.parquet")])


BY_HAND = [
    (["hs^03"], pl.col("hs").str.starts_with("03")),
    (["description~PRODUCE", "value>1000"],
     (pl.col("description") == "fresh produce") & (pl.col("value") > 1000)),
    (["origin in NO, VN"], pl.col("origin").is_in(["NO", "VN"])),
    (["illicit=true", "office!=GHACC"], pl.col("illicit") & (pl.col("office") != "GHACC")),
    (["accepted_at>=2025-03-01", "accepted_at<2025-04-01"], pl.col("accepted_at").is_between(
        datetime(2025, 3, 1, tzinfo=UTC), datetime(2025, 4, 1, tzinfo=UTC), closed="left")),
    (["importer=nobody"], pl.lit(value=False)),
]  # fmt: skip


@pytest.mark.parametrize(("written", "meant"), BY_HAND)
def test_what_is_found_is_what_is_meant(
    folder: Path, searched: History, written: list[str], meant: pl.Expr
) -> None:
    found = searched.search(Query(tuple(map(parse, written)), limit=1_000))
    expected = rows(folder).filter(meant)
    assert found.total == len(expected)
    assert found.illicit == int((expected["examined"] & expected["illicit"]).sum())
    keys = {(row[0], row[1]) for row in found.rows}
    assert len(found.rows) == min(1_000, len(expected))
    assert keys <= set(zip(expected["mrn"], expected["item"], strict=True))


def test_pages_follow_one_another_without_gap_or_repeat(folder: Path, searched: History) -> None:
    query, seen = Query((parse("hs^0"),), limit=97), []
    while True:
        found = searched.search(query)
        seen += [(row[2], row[0], row[1]) for row in found.rows]
        if found.following is None:
            break
        query = Query(query.conditions, limit=97, before=found.following)
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == found.total == len(rows(folder).filter(pl.col("hs").str.starts_with("0")))


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_text_is_ever_run(text: str) -> None:
    try:
        condition = parse(text)
    except InputError:
        return
    assert condition.field in FIELDS


@pytest.mark.parametrize(
    "value", ["' OR 1=1 --", "x'); DROP VIEW history; --", "%", "\x00", "); COPY history TO 'x'"]
)
def test_hostile_values_find_nothing_and_break_nothing(searched: History, value: str) -> None:
    for sign in ("=", "^", "~"):
        assert searched.search(Query((Condition("description", sign, (value,)),))).total == 0
    assert searched.search(Query()).total == 2_000


@pytest.mark.parametrize(
    ("text", "error", "why"),
    [
        ("nothing", MalformedMessage, "no condition"),
        ("body=1", BadTerm, "none of"),
        ("value>abc", BadTerm, "no number"),
        ("accepted_at>31.1.2025", BadTerm, "no time"),
        ("examined=perhaps", BadTerm, "yes or no"),
        ("value~5", BadTerm, "for texts"),
        ("origin in " + ",".join(["NO"] * 201), TooLarge, "at most"),
        ("description~" + "x" * 201, BadTerm, "characters"),
    ],
)
def test_what_is_no_condition_is_said(text: str, error: type[ClearwayError], why: str) -> None:
    with pytest.raises(error, match=why):
        parse(text)


def test_one_file_is_searched_like_a_folder_and_its_neighbours_are_not(folder: Path) -> None:
    with History(folder / "1.parquet") as opened:
        assert opened.search(Query()).total == 1_200
    with pytest.raises(MalformedMessage, match="no Parquet"):
        History(folder / "3.parquet")


def test_an_export_runs_in_no_spreadsheet(searched: History) -> None:
    lines = list(csv.reader(searched.export(Query((parse("description~hyperlink"),)))))
    assert lines[0] == list(FIELDS)
    cells = [line[list(FIELDS).index("description")] for line in lines[1:]]
    assert cells == ["'=HYPERLINK(1)"] * 5


def test_an_export_defuses_texts_of_every_beginning_and_leaves_numbers_alone(
    folder: Path, tmp_path: Path
) -> None:
    told = ["\r=1+1", "a\r=1", "\t=1", "+1", "-1", "@x", "=1", "plain"]
    some = rows(folder).head(len(told))
    some = some.with_columns(pl.Series("description", told), extra_revenue=pl.lit(-12.5))
    some.write_parquet(tmp_path / "odd.parquet")
    with History(tmp_path) as opened:
        lines = list(csv.reader(io.StringIO("".join(opened.export(Query())), newline="")))[1:]
    names = list(FIELDS)
    assert {line[names.index("description")] for line in lines} == {
        "'\n=1+1", "a\n=1", "'\t=1", "'+1", "'-1", "'@x", "'=1", "plain",
    }  # fmt: skip
    assert {line[names.index("extra_revenue")] for line in lines} == {"-12.5"}


def test_bounds_of_a_search_are_kept(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(TooLarge):
        Query((parse("hs^0"),) * 21)
    with pytest.raises(BadTerm):
        Query(limit=0)
    with pytest.raises(MalformedMessage, match="no Parquet"):
        History(tmp_path)
    rows(folder).drop("hs").write_parquet(tmp_path / "x.parquet")
    with pytest.raises(MalformedMessage, match="cannot be searched"):
        History(tmp_path)


def test_what_only_some_histories_tell_can_be_asked_too(tmp_path: Path) -> None:
    told = history(60, seed=8).with_columns(
        mode=pl.Series(["false_origin", "undervaluation", ""] * 20), stratum=pl.lit("random")
    )
    told.head(30).write_parquet(tmp_path / "1.parquet")
    told.slice(30).drop("mode").write_parquet(tmp_path / "2.parquet")
    with History(tmp_path) as opened:
        assert opened.search(Query((parse("mode=false_origin"),))).total == 10
        assert opened.search(Query((parse("stratum=random"), parse("address~road")))).total == 0
        assert opened.search(Query((parse("stratum=random"),))).total == 60


def test_what_is_no_number_is_more_than_nothing_to_nobody(tmp_path: Path) -> None:
    frame = history(40, seed=9).with_columns(
        pl.when(pl.int_range(pl.len()) < 10).then(float("nan")).otherwise(50.0).alias("value"),
        pl.when(pl.int_range(pl.len()) < 10)
        .then(float("nan"))
        .otherwise(2.0)
        .alias("extra_revenue"),
    )
    frame.write_parquet(tmp_path / "1.parquet")
    with History(tmp_path) as opened:
        assert opened.search(Query((parse("value>49"),))).total == 30
        assert opened.search(Query((parse("value!=1"), parse("item>0")))).total == 30
        assert opened.search(Query()).extra_revenue == 60.0
