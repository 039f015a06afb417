"""Decision tables: rules that mean what the cells say, overlaps and gaps found."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.errors import MalformedMessage, RuleViolation, TooLarge
from clearway.risk.decisions import cells, files
from clearway.risk.decisions.judging import findings, rules_of
from clearway.risk.decisions.model import HitPolicy, Table
from clearway.risk.expression.columns import compile_columns
from clearway.risk.expression.model import Kind
from clearway.risk.rules import Profiles
from clearway.terms.period import Period

FIELDS = {
    "item.hs": Kind.STRING,
    "item.origin": Kind.STRING,
    "item.value_eur": Kind.DOUBLE,
    "item.packages": Kind.INT,
    "item.is_vague": Kind.BOOL,
    "declaration.watch": Kind.STRINGS,
}
PERIOD = Period(datetime(2026, 1, 1, tzinfo=UTC))
FISH = b"""item.hs,item.value_eur,item.origin,lane,text
0302*,> 20000,"NO, IS",red,Fresh fish of high value
03*,[1000..20000],any,yellow,Fish
03*,-,not(GH),blue,Fish from abroad
"""


def table(data: bytes = FISH, policy: HitPolicy = HitPolicy.FIRST) -> Table:
    return files.read(data, id="FISH", policy=policy, fields=FIELDS)


def compiled(one: Table) -> list[Any]:
    profiles = rules_of(one, owner="fish desk", period=PERIOD, agency="customs")
    Profiles(profiles)
    return [compile_columns(profile.expression, FIELDS) for profile in profiles]


def hits(one: Table, rows: list[dict[str, Any]]) -> list[list[int]]:
    """Return the numbers of the rules that each row hits."""
    schema = {
        "item.hs": pl.String, "item.origin": pl.String, "item.value_eur": pl.Float64,
        "item.packages": pl.Int64, "item.is_vague": pl.Boolean,
        "declaration.watch": pl.List(pl.String),
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema)
    answers = frame.select(
        pl.int_range(pl.len()).alias("_"),
        *(each.hit.alias(str(n)) for n, each in enumerate(compiled(one), 1)),
    )
    return [[n for n, yes in enumerate(row[1:], 1) if yes] for row in answers.iter_rows()]


def seen(**changed: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {
        "item.hs": "030214", "item.origin": "NO", "item.value_eur": 30_000.0, "item.packages": 1,
        "item.is_vague": False, "declaration.watch": [],
    }  # fmt: skip
    return usual | {f"item.{name}": value for name, value in changed.items()}


def test_under_first_only_the_uppermost_row_counts() -> None:
    rows = [
        seen(),
        seen(value_eur=5_000.0),
        seen(value_eur=10.0),
        seen(value_eur=10.0, origin="GH"),
    ]
    assert hits(table(), rows) == [[1], [2], [3], []]


def test_under_collect_every_row_counts() -> None:
    assert hits(table(policy=HitPolicy.COLLECT), [seen(), seen(value_eur=5_000.0)]) == [
        [1, 3],
        [2, 3],
    ]


@st.composite
def tables(draw: st.DrawFn) -> Table:
    names = ["item.hs", "item.value_eur", "item.packages", "item.is_vague", "declaration.watch"]
    choices = {
        "item.hs": ["any", "0302*", "03*", "0302", "not(03*)", "93, 03*", 'not("0302")'],
        "item.value_eur": ["", "> 5", "[1..5]", "(1..5]", "not(2)", "<= 1", "-2.5", ">= 0"],
        "item.packages": ["-", "1", "< 3", "not([2..4])"],
        "item.is_vague": ["any", "true", "no"],
        "declaration.watch": ["any", "firms", "firms, words", "not(words)"],
    }
    lines = [",".join([*names, "lane", "text"])]
    for _ in range(draw(st.integers(1, 5))):
        row = [
            f'"{draw(st.sampled_from(choices[name])).replace(chr(34), chr(34) * 2)}"'
            for name in names
        ]
        lines.append(",".join([*row, draw(st.sampled_from(["red", "yellow"])), "why"]))
    policy = draw(st.sampled_from(list(HitPolicy)))
    return files.read("\n".join(lines).encode(), id="T", policy=policy, fields=FIELDS)


def meant(one: Table, row: dict[str, Any]) -> list[int]:
    """Return what the cells say, read one by one."""

    def holds(cell: cells.Cell, value: Any) -> bool:
        if isinstance(value, list) and cell.test is not None:
            return any(map(cell.test.holds, value)) is not cell.is_not
        return cell.holds(value)

    met = [
        number
        for number, each in enumerate(one.rows, 1)
        if all(holds(c, row[f]) for c, f in zip(each.cells, one.fields, strict=True))
    ]
    return met[:1] if one.policy is HitPolicy.FIRST else met


@given(tables(), st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_rules_mean_what_the_cells_say(one: Table, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = [
        seen(
            hs=str(rng.choice(["0302", "030214", "03", "93", "9301"])),
            value_eur=float(rng.choice([-2.5, 0.0, 1.0, 2.0, 5.0, 5.5])),
            packages=int(rng.integers(0, 6)),
            is_vague=bool(rng.random() < 0.5),
        )
        | {"declaration.watch": [w for w in ("firms", "words") if rng.random() < 0.5]}
        for _ in range(30)
    ]
    try:
        found = hits(one, rows)
    except RuleViolation as refused:
        assert "no condition" in refused.detail
        return
    assert found == [meant(one, row) for row in rows]


def test_overlaps_gaps_and_rows_that_never_count_are_told() -> None:
    data = b"""item.hs,item.value_eur,lane,text
03*,any,red,Fish
0302*,> 5,yellow,Fresh fish
not(03*),<= 100,blue,Cheap
"""
    found = findings(table(data))
    assert [(one.kind, one.rows) for one in found] == [
        ("overlap", (1, 2)),
        ("shadowed", (2,)),
        ("gap", ()),
    ]
    assert "different lanes; the upper one counts" in found[0].message
    assert "any other" in found[2].message
    whole = b"item.is_vague,lane,text\ntrue,red,Vague\nfalse,blue,Plain\n"
    assert findings(table(whole)) == ()


def test_a_table_comes_out_as_it_went_in_and_no_spreadsheet_runs_it() -> None:
    data = (
        b"item.value_eur,item.hs,lane,text\n"
        b"-2.5,\"0302, 03*\",red,'=cmd|' /C calc'!A0\n(1..5],not(93*),blue,@home\n"
    )
    once = table(data)
    out = files.write(once)
    assert table(out) == once
    for line in out.decode().splitlines()[1:]:
        for cell in next(csv.reader([line])):
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"item.hs,text,lane\n", "first line"),
        (b"item.nothing,lane,text\n", "no use for item.nothing"),
        (b"item.hs,item.hs,lane,text\n", "twice"),
        (b"item.hs,lane,text\n03*,green,why\n", "lane 'green'"),
        (b"item.hs,lane,text\n03*,red,\n", "text"),
        (b"item.hs,lane,text\n0*3,red,why\n", "row 1, item.hs"),
        (b"item.value_eur,lane,text\nabc,red,why\n", "no condition"),
        (b"item.value_eur,lane,text\n[5..1],red,why\n", "no condition"),
        (b"item.hs,lane,text\n03*,red\n", "2 cells"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(data: bytes, why: str) -> None:
    with pytest.raises(MalformedMessage, match=why):
        table(data)


def test_tables_are_bounded() -> None:
    with pytest.raises(TooLarge):
        table(b"item.hs,lane,text\n" + b"03*,red,why\n" * 201)
    with pytest.raises(TooLarge):
        table(b"x" * (files.MOST_BYTES + 1))
    with pytest.raises(RuleViolation, match="no condition"):
        compiled(table(b"item.hs,lane,text\nany,red,why\n", HitPolicy.COLLECT))
