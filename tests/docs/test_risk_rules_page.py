"""docs/design/risk-rules.md says what rules see, and its examples are read."""

from __future__ import annotations

import re
from pathlib import Path

from clearway.risk.backtest.fields import FIELDS
from clearway.risk.decisions import cells, files
from clearway.risk.decisions.model import HitPolicy
from clearway.risk.formats import profiles

PAGE = (Path(__file__).resolve().parents[2] / "docs/design/risk-rules.md").read_text("utf-8")


def block(language: str) -> bytes:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return bytes(str(found), "utf-8")


def test_every_field_that_a_rule_sees_stands_on_the_page_with_its_kind() -> None:
    told = re.findall(r"^\| `((?:item|declaration)\.\w+)` \| (\w+) \|", PAGE, re.MULTILINE)
    assert len(told) == len(FIELDS)
    assert dict(told) == {name: kind.name.lower() for name, kind in FIELDS.items()}


def test_the_example_of_a_file_is_read_whole() -> None:
    data = block("toml")
    (one,) = profiles.read(data).profiles
    assert one.owner == "textile desk" and one.period.end is not None
    assert profiles.read_bounds(data) == {
        "KNIT-1": {"most_per_day": 5, "opens": 8, "closes": 18}
    }  # fmt: skip


def test_the_example_of_a_table_is_read_whole() -> None:
    table = files.read(block("csv"), id="KNIT", policy=HitPolicy.FIRST, fields=FIELDS)
    assert [row.text for row in table.rows] == ["Knitwear of high value", "Fish of middling value"]


def test_the_cells_of_the_page_are_conditions() -> None:
    for cell, field in (
        ("-", "item.hs"), ("0302*, 0303*", "item.hs"), ("> 20000", "item.value_eur"),
        ("<= 5.5", "item.value_eur"), ("7", "item.packages"), ("(1000..20000]", "item.value_eur"),
        ("yes", "item.is_vague"), ("no", "item.is_vague"),
        ("firms, brokers", "declaration.watch"), ("not(GH, TG)", "item.origin"),
    ):  # fmt: skip
        assert f"`{cell}`" in PAGE or cell in PAGE
        cells.read(cell, FIELDS[field], "the page")
