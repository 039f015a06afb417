"""Asking: right answers, and no way out of the folder."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from clearway.errors import BadTerm, InputError, TryLater
from clearway.lake.query import Lake
from clearway.lake.views import Column, View
from clearway.lake.writer import LakeWriter

from .conftest import NOON, appender, body_of

PARCELS = View(
    name="parcels",
    types=("parcel.announced/1", "parcel.weighed/1"),
    columns=(
        Column("parcel", "$.parcel"),
        Column("mass_kg", "$.mass_kg", "DECIMAL(18, 3)"),
        Column("lines", "$.lines", "JSON"),
        Column("first_goods", "$.lines[0].goods"),
        Column("whole", "$.mass_kg", "DATE"),
    ),
)
LINES = View(
    name="lines",
    types=("parcel.announced/1", "parcel.weighed/1", "gate.opened/1"),
    each="$.lines",
    columns=(
        Column("parcel", "$.parcel"),
        Column("number", "@.number", "INTEGER"),
        Column("goods", "@.goods"),
    ),
)


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    with engine.connect() as connection:
        appender(connection)(30)
        LakeWriter(tmp_path / "la'ke").copy(connection)
    return tmp_path / "la'ke"


@pytest.fixture
def lake(folder: Path) -> Iterator[Lake]:
    with Lake(folder, views=(PARCELS, LINES), timeout_s=5) as opened:
        yield opened


def test_an_answer_comes_as_rows_or_as_a_frame(lake: Lake) -> None:
    sql = "SELECT noun, count(*) AS n FROM facts GROUP BY noun ORDER BY noun"
    assert lake.rows(sql) == (["noun", "n"], [("gate", 10), ("parcel", 20)])
    assert isinstance(lake.frame(sql), pl.DataFrame)
    assert lake.cursor == 29


def test_instants_are_aware_utc(lake: Lake) -> None:
    _, rows = lake.rows("SELECT occurred_at FROM facts WHERE seq = 0")
    assert rows == [(NOON,)]
    assert rows[0][0].utcoffset() == NOON.astimezone(UTC).utcoffset()


def test_parameters_are_values_never_sql(lake: Lake) -> None:
    assert lake.rows("SELECT seq FROM facts WHERE subject = ?", ["parcel:P00003"])[1] == [(3,)]
    assert lake.rows("SELECT seq FROM facts WHERE subject = ?", ["' OR 1=1 --"])[1] == []


def test_a_view_gives_the_fields_of_the_body_in_their_types(lake: Lake) -> None:
    names, rows = lake.rows("SELECT * FROM parcels WHERE seq = 4")
    assert names[:7] == [
        *("seq", "type", "subject", "issuer", "actor"),
        *("occurred_at", "recorded_at"),
    ]
    assert rows[0][7:] == (
        "P00004",
        Decimal("4.250"),
        '[{"number":1,"goods":"mängo 0\'s"}]',
        "mängo 0's",
        None,
    )


def test_what_a_body_lacks_is_null(lake: Lake) -> None:
    _, rows = lake.rows("SELECT parcel, mass_kg, lines FROM parcels WHERE seq = 0")
    assert rows == [("P00000", None, None)]


def test_a_list_gives_a_row_for_each_element(lake: Lake) -> None:
    expected = [
        (f"P{seq:05d}", line["number"], line["goods"])
        for seq in range(30)
        for line in body_of(seq).get("lines", ())
    ]
    assert lake.rows("SELECT parcel, number, goods FROM lines ORDER BY 1, 2")[1] == expected


def test_an_empty_lake_answers_with_nothing(tmp_path: Path) -> None:
    with Lake(tmp_path / "nowhere", views=(PARCELS, LINES)) as lake:
        assert lake.cursor == -1
        for view in ("facts", "parcels", "lines"):
            assert lake.rows(f"SELECT * FROM {view}")[1] == []
        assert lake.frame("SELECT occurred_at FROM facts").schema["occurred_at"] == pl.Datetime(
            "us", "UTC"
        )


def test_an_opened_lake_sees_one_state(engine: Engine, tmp_path: Path) -> None:
    with engine.connect() as connection:
        append, writer = appender(connection), LakeWriter(tmp_path)
        append(5)
        writer.copy(connection)
        with Lake(tmp_path) as lake:
            append(5)
            writer.copy(connection)
            assert lake.rows("SELECT count(*) FROM facts")[1] == [(5,)]
        with Lake(tmp_path) as lake:
            assert lake.rows("SELECT count(*) FROM facts")[1] == [(10,)]


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP VIEW facts",
        "DROP VIEW facts",
        "CREATE TABLE t (a INTEGER)",
        "COPY (SELECT 1) TO '{folder}/x.csv'",
        "ATTACH '{folder}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET memory_limit = '100GB'",
        "RESET memory_limit",
        "PRAGMA enable_external_access",
        "EXPORT DATABASE '{folder}/x'",
        "CALL pragma_version()",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_text('{folder}/../secret.txt')",
        "SELECT * FROM read_text('{folder}/link.txt')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_parquet('https://example.com/x.parquet')",
        "SELECT * FROM sqlite_scan('{folder}/../node.db', 'fact')",
        "SELECT getenv('HOME')",
        "SELECT * FROM outside_frame",
        "SELECT * FROM nothing",
        "SELECT CAST(body AS INTEGER) FROM facts",
        "SELECT \x00",
        "SELEC 1",
    ],
)
def test_nothing_but_a_select_inside_the_folder_is_answered(
    lake: Lake, folder: Path, sql: str
) -> None:
    outside_frame = pl.DataFrame({"a": [1]})  # must not be found by its Python name
    (folder.parent / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(folder.parent / "secret.txt")
    escaped = str(folder).replace("'", "''")
    with pytest.raises(InputError, match="The lake"):
        lake.rows(sql.replace("{folder}", escaped))
    assert outside_frame.height == 1
    assert {path.name for path in folder.iterdir()} <= {
        *("facts", "lake.json", "lake.lock", "link.txt", ".spill")
    }
    assert lake.rows("SELECT count(*) FROM facts")[1] == [(30,)]


def test_a_query_that_takes_too_long_is_stopped(folder: Path) -> None:
    with Lake(folder, timeout_s=0.2) as lake:
        with pytest.raises(TryLater, match=r"longer than 0\.2 s"):
            lake.rows(
                "SELECT count(*) FROM range(10000000) a(i), range(10000000) b(j) WHERE i * j = -1"
            )
        assert lake.rows("SELECT 1 AS one")[1] == [(1,)]


def test_a_query_over_the_memory_limit_is_refused(folder: Path) -> None:
    with Lake(folder, memory_mb=20) as lake:
        with pytest.raises(InputError, match="cannot answer"):
            lake.rows("SELECT list(i) FROM range(20000000) t(i)")
        assert lake.rows("SELECT count(*) FROM facts")[1] == [(30,)]


def test_a_file_that_was_merged_away_asks_to_come_again(folder: Path) -> None:
    with Lake(folder) as lake:
        for path in folder.rglob("*.parquet"):
            path.unlink()
        with pytest.raises(TryLater, match="rearranged"):
            lake.rows("SELECT body FROM facts")


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda: Column("a b", "$.a"), "lower case letters"),
        (lambda: Column("a", "$.a'; DROP VIEW facts; --"), "members and"),
        (lambda: Column("a", "$.a", "INTEGER); DROP"), "plain DuckDB type"),
        (lambda: Column("a", "a"), "members and"),
        (lambda: View("Ä", ("a.b/1",), ()), "lower case letters"),
        (lambda: View("a", (), ()), "at least one fact type"),
        (lambda: View("a", ("a.b/1",), (), each="x"), "members and"),
        (lambda: View("a", ("a.b/1",), (Column("b", "@.b"),)), "`each` list"),
        (lambda: View("a", ("a.b/1",), (Column("seq", "$.b"),)), "own seq already"),
    ],
)
def test_a_view_that_could_be_more_than_a_view_is_refused(make: object, rule: str) -> None:
    with pytest.raises(BadTerm, match=rule):
        make()  # type: ignore[operator]


def test_a_type_with_a_quote_is_a_value(folder: Path) -> None:
    odd = View("odd", ("it's.odd/1",), (Column("a", "$.a"),))
    with Lake(folder, views=(odd,)) as lake:
        assert lake.rows("SELECT * FROM odd")[1] == []
