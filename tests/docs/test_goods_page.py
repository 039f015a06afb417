"""The page about goods and treatments is true: its tables are read, its numbers are the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clearway.coldchain import commodity_rows, kinetic_rows, treatment_schedules
from clearway.coldchain.model import JudgedBy
from clearway.coldchain.treatment import Restart
from clearway.coldchain.treatment_proof import Outcome

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "design" / "goods.md").read_text(encoding="utf-8")
COMMODITIES, TREATMENTS = re.findall(r"```csv\n(.*?)```", PAGE, re.S)


def test_the_commodities_of_the_example_are_read() -> None:
    khat, insulin = commodity_rows.read_file(COMMODITIES.encode())
    assert khat.hs == ("121190",)
    assert khat.respiration == ((5.0, 60.0),)
    assert insulin.judged_by is JudgedBy.MKT
    assert insulin.kinetics == kinetic_rows.rows()["medicine_mkt"].kinetics


def test_the_treatment_of_the_example_is_read() -> None:
    (row,) = treatment_schedules.read_file(TREATMENTS.encode())
    assert row.pests == ("Ceratitis capitata", "Bactrocera dorsalis")
    assert row.protocol.probes_at_least == 3
    assert row.protocol.start_c == 1.5
    assert row.status == "law"


def test_the_example_has_the_columns_of_the_files_that_ship() -> None:
    data = ROOT / "clearway" / "coldchain" / "data"
    for text, name in ((COMMODITIES, "commodities.csv"), (TREATMENTS, "treatments.csv")):
        with (data / name).open(encoding="utf-8") as file:
            assert text.splitlines()[0] == file.readline().strip()


@pytest.mark.parametrize("name", sorted(commodity_rows.OPTIONAL))
def test_each_column_that_may_be_missing_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_words_and_limits_are_those_of_the_code() -> None:
    for word in (*Outcome, *JudgedBy, *Restart, *commodity_rows.STATUSES):
        assert f"`{word}`" in PAGE
    assert f"{commodity_rows.MOST_ROWS:,} rows" in PAGE
    assert f"{commodity_rows.LIMITS.size_bytes >> 20} MiB" in PAGE
    assert f"to {treatment_schedules.SAME_C} °C" in PAGE
