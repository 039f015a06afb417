"""Declarations in DATE's columns: what is read, what is refused, and with which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.errors import MalformedMessage, TooLarge
from clearway.risk.formats import cells, date_csv, history

from .world import history as made_up

_HEADER = (
    "sgd.id,sgd.date,importer.id,declarant.id,country,office.id,tariff.code,quantity,gross.weight,"
    "fob.value,cif.value,total.taxes,illicit,revenue"
)
_ROW = "SGD1,13-01-02,IMP826164,DEC1,US,OFFICE60,8703241128,1,2500,2600,2809,647,0,0"


@pytest.fixture
def written(tmp_path: Path):
    """`written(text or bytes)` is the path of a file that holds it."""

    def write(content: str | bytes) -> Path:
        path = tmp_path / "declarations.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_a_row_of_date_becomes_an_item_of_history(written) -> None:
    row = date_csv.read(written(f"{_HEADER}\n{_ROW}\n")).frame.to_dicts()[0]
    assert row["mrn"] == "SGD1"
    assert row["accepted_at"] == datetime(2013, 1, 2, tzinfo=UTC)
    assert row["known_at"] == datetime(2013, 1, 9, tzinfo=UTC)
    assert (row["importer"], row["declarant"], row["origin"]) == ("IMP826164", "DEC1", "US")
    assert (row["hs"], row["net_mass_kg"], row["value"]) == ("8703241128", 2500.0, 2809.0)
    assert row["duty_rate"] == pytest.approx(647 / 2809 * 100, abs=0.005)
    assert (row["examined"], row["illicit"], row["extra_revenue"]) == (True, False, 0.0)
    assert (row["quantity"], row["fob_value"], row["total_taxes"]) == (1.0, 2600.0, 647.0)


def test_what_is_written_is_read_again(written) -> None:
    frame = history.conform(made_up(400, seed=4)).filter("examined")
    read = date_csv.read(written(date_csv.write(frame))).frame
    keys = ["mrn", "item", "importer", "hs", "origin", "net_mass_kg", "illicit", "extra_revenue"]
    day = pl.col("accepted_at").dt.date()
    was = frame.sort("mrn", "item").select(*keys, day)
    now = read.sort("mrn", "item").select(*keys, day)
    assert now.equals(was)


@pytest.mark.parametrize(
    "header",
    [
        "SGD.NAME;SGD.DATE;IMPORTER.TIN;DECLARANT.CODE;ORIGIN.CODE;OFFICE;TARIFF.CODE;QUANTITY;"
        "GROSS.WEIGHT;FOB.VALUE;CIF.VALUE;TOTAL.TAXES;illicit;RAISED_TAX_AMOUNT",
        "\ufeffSgd Id\tsgd_date\tImporter-Id\tdeclarant id\tCountry\toffice_id\tTariff Code\t"
        "Quantity\tGross_Weight\tFOB value\tCIF value\tTotal Taxes\tIllicit\tRevenue",
    ],
)
def test_case_and_separators_do_not_matter(written, header: str) -> None:
    separator = ";" if ";" in header else "\t"
    row = _ROW.replace(",", separator)
    read = date_csv.read(written(f"{header}\r\n{row}\r\n"))
    plain = date_csv.read(written(f"{_HEADER}\n{_ROW}\n"))
    assert read.frame.equals(plain.frame)


@pytest.mark.parametrize(
    ("days", "first"),
    [
        (["13-01-02", "13-12-31"], datetime(2013, 1, 2, tzinfo=UTC)),
        (["2013-01-02", "2013-12-31"], datetime(2013, 1, 2, tzinfo=UTC)),
        (["20130102", "20131231"], datetime(2013, 1, 2, tzinfo=UTC)),
        (["02/01/2013", "31/12/2013"], datetime(2013, 1, 2, tzinfo=UTC)),
        (["01/02/2013", "12/31/2013"], datetime(2013, 1, 2, tzinfo=UTC)),
        (["02.01.13", "25.05.13", "31.12.13"], datetime(2013, 1, 2, tzinfo=UTC)),
        (["2013-01-02 08:30", "2013-12-31T09:15:00Z"], datetime(2013, 1, 2, 8, 30, tzinfo=UTC)),
    ],
)
def test_days_are_read_in_the_order_that_fits_them_all(
    written, days: list[str], first: datetime
) -> None:
    rows = "\n".join(f"{day},0" for day in days)
    assert date_csv.read(written(f"date,illicit\n{rows}\n")).frame["accepted_at"][0] == first


def test_lost_zeros_of_tariff_codes_come_back(written) -> None:
    rows = "13-01-02,8703241128\n13-01-02,303890000\n13-01-02,303890000.0\n13-01-02,\n"
    read = date_csv.read(written(f"date,tariff.code\n{rows}")).frame
    assert sorted(read["hs"]) == ["", "0303890000", "0303890000", "8703241128"]


def test_decimal_commas_and_thousands_are_numbers(written) -> None:
    rows = '13-01-02,"1.234,50","1,234.50"\n13-01-02,"12,25","12.25"\n'
    read = date_csv.read(written(f"date,cif.value,fob.value\n{rows}")).frame
    assert sorted(read["value"]) == [12.25, 1234.5]
    assert sorted(read["fob_value"]) == [12.25, 1234.5]


def test_missing_columns_are_unknown_in_every_row_and_told_of(written) -> None:
    read = date_csv.read(written("sgd.date\n13-01-02\n13-01-03\n"))
    assert read.frame.height == 2
    assert read.frame["illicit"].null_count() == 2
    assert not read.frame["examined"].any()
    assert "illicit" in " ".join(read.notes)


def test_an_empty_label_is_a_row_that_nobody_examined(written) -> None:
    read = date_csv.read(written("date,illicit,revenue\n13-01-02,,\n13-01-03,1,50\n")).frame
    assert read["examined"].to_list() == [False, True]
    assert read["known_at"][0] is None
    assert read["extra_revenue"].to_list() == [None, 50.0]


def test_rows_of_one_id_are_one_declaration_only_on_one_day_of_one_importer(written) -> None:
    rows = "A,13-01-02,X\nA,13-01-02,X\nA,13-01-03,X\nA,13-01-02,Y\n,13-01-02,X\n"
    read = date_csv.read(written(f"sgd.id,sgd.date,importer.id\n{rows}")).frame
    assert sorted(read.group_by("mrn").len()["len"]) == [1, 1, 1, 2]
    assert not read.select("mrn", "item").is_duplicated().any()


def test_bytes_that_are_not_utf8_are_latin1(written) -> None:
    content = f"{_HEADER}\n{_ROW}\n".replace("IMP826164", "Société").encode("latin-1")
    assert date_csv.read(written(content)).frame["importer"][0] == "Société"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "no header"),
        ("sgd.date,illicit\n", "no rows"),
        ("a,b\n1,2\n", "no column sgd.date"),
        ("sgd.date,illicit\n13-01-02,maybe\n", "Line 2, column illicit: 'maybe'"),
        ("sgd.date,illicit\nsoon,0\n13-01-02,0\n", "first on line 2: 'soon'"),
        ("sgd.date,cif.value\n13-01-02,dear\n13-01-02,cheap\n", "first on line 2: 'dear'"),
        ("sgd.date,illicit\n13-01-02,0,0\n", "Line 2 .* has 3 cells, the header 2"),
        ('sgd.date,illicit\n13-01-02,"0\n', "Line 2 .* is a quote left open"),
    ],
)
def test_what_is_no_table_of_declarations_is_refused_with_its_place(
    written, content: str, words: str
) -> None:
    with pytest.raises(MalformedMessage, match=words):
        date_csv.read(written(content))


def test_a_few_odd_cells_are_unknown_and_told_of(written) -> None:
    rows = "".join(f"13-01-02,{value}\n" for value in [*range(1, 60), "dear"])
    read = date_csv.read(written(f"sgd.date,cif.value\n{rows}"))
    assert read.frame["value"].null_count() == 1
    assert "line 61: 'dear'" in " ".join(read.notes)


def test_more_columns_and_bytes_than_stated_are_refused(written, monkeypatch) -> None:
    with pytest.raises(TooLarge, match="columns"):
        date_csv.read(written(",".join(f"c{number}" for number in range(600)) + "\n"))
    monkeypatch.setattr(cells, "MOST_BYTES", 10)
    with pytest.raises(TooLarge, match="bytes"):
        date_csv.read(written(f"{_HEADER}\n{_ROW}\n"))


def test_written_cells_are_no_formulas() -> None:
    frame = history.conform(made_up(20, seed=1)).with_columns(importer=pl.lit("=1+1"))
    assert b",'=1+1," in date_csv.write(frame)


def test_the_korean_open_set_is_read(shared_data: Path) -> None:
    read = date_csv.read(shared_data / "risk" / "korea-ctgan" / "valid.csv").frame
    assert read.height == 8_134
    assert read["illicit"].mean() == pytest.approx(0.2095, abs=0.0001)
    assert read["hs"].str.len_chars().unique().to_list() == [6]


@settings(max_examples=50)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "any.csv"
    path.write_bytes(b"sgd.date,illicit,cif.value\n" + content)
    try:
        read = date_csv.read(path)
    except (MalformedMessage, TooLarge):
        return
    assert read.frame.height >= 1


@settings(max_examples=20)
@given(st.floats(0, 30), st.booleans())
def test_a_result_is_known_so_many_days_later(tmp_path_factory, days: float, illicit: bool) -> None:
    path = tmp_path_factory.mktemp("late") / "late.csv"
    path.write_text(f"date,illicit\n2020-03-01,{int(illicit)}\n")
    row = date_csv.read(path, known_after=days).frame.to_dicts()[0]
    assert row["known_at"] - row["accepted_at"] == timedelta(days=days)
    assert row["illicit"] is illicit
