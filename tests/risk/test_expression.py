"""The tree of expressions and its columns, beside the CEL engine that judges declarations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cel
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.risk.expression.columns import compile_columns
from clearway.risk.expression.forms import MOST_WHOLE
from clearway.risk.expression.model import Kind, OutsideTheTree
from clearway.risk.expression.reading import read
from clearway.risk.rules import FAILURES

FIELDS = {
    "item.hs": Kind.STRING,
    "item.description": Kind.STRING,
    "item.packages": Kind.INT,
    "item.importer_items": Kind.INT,
    "item.value_eur": Kind.DOUBLE,
    "item.price_spreads": Kind.DOUBLE,
    "item.is_vague": Kind.BOOL,
    "declaration.documents": Kind.STRINGS,
}
FAILED = "failed"

TEXTS = st.one_of(
    st.sampled_from(["", "03", "0302", "é", "😀x", "N851", "a\nb", 'q"\\', "Straße", "0"]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=4),
)
WHOLE = st.one_of(
    st.integers(-3, 12), st.sampled_from([MOST_WHOLE, -MOST_WHOLE]), st.integers(-(10**6), 10**6)
)
DECIMALS = st.one_of(
    st.sampled_from([0.0, -0.0, -1.0, 0.1, 1e300, -1e300, 1e-310, 2.0, 3.0]),
    st.floats(allow_nan=False, allow_infinity=False),
)
ROW = st.fixed_dictionaries(
    {
        "item.hs": TEXTS,
        "item.description": TEXTS,
        "item.packages": WHOLE,
        "item.importer_items": WHOLE,
        "item.value_eur": DECIMALS,
        "item.price_spreads": DECIMALS,
        "item.is_vague": st.booleans(),
        "declaration.documents": st.lists(TEXTS, max_size=3),
    }
)


class Author:
    """Writes random expressions of the language, all kinds of parts about equally often."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def _one(self, *choices: Callable[[], str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]()

    def _of(self, choices: Sequence[str]) -> str:
        return choices[int(self._rng.integers(len(choices)))]

    def _field(self, kind: Kind) -> str:
        return self._of([name for name, one in FIELDS.items() if one is kind])

    def _pair(self, part: Callable[[], str], signs: Sequence[str]) -> str:
        return f"({part()} {self._of(signs)} {part()})"

    def text(self) -> str:
        literals = ['""', '"03"', "'0302'", '"é"', r'"\U0001F600x"', r'"\x41\n"', "r'a\\b'", '"0"']
        return self._one(
            lambda: self._field(Kind.STRING),
            lambda: self._field(Kind.STRING),
            lambda: self._of(literals),
            lambda: f"({self._of(literals)} + {self._field(Kind.STRING)})",
        )

    def whole(self, depth: int) -> str:
        leaves = (
            lambda: self._field(Kind.INT),
            lambda: self._of(["0", "1", "-1", "2", "-3", "7", "0x10", "2147483647", "100000"]),
        )
        if depth <= 0:
            return self._one(*leaves)
        return self._one(
            *leaves,
            lambda: self._pair(lambda: self.whole(depth - 1), "+-*/%"),
            lambda: self._pair(lambda: self.whole(depth - 1), "/%"),
            lambda: f"-({self.whole(depth - 1)})",
            lambda: f"size({self.text()})",
            lambda: f"{self._field(Kind.STRINGS)}.size()",
            lambda: f"({self.answer(0)} ? {self.whole(depth - 1)} : {self.whole(depth - 1)})",
        )

    def decimal(self, depth: int) -> str:
        leaves = (
            lambda: self._field(Kind.DOUBLE),
            lambda: self._of(["0.0", "-1.0", "0.1", "1e300", "-1e308", "2.0", ".5"]),
        )
        if depth <= 0:
            return self._one(*leaves)
        return self._one(
            *leaves,
            lambda: self._pair(lambda: self.decimal(depth - 1), "+-*/"),
            lambda: self._pair(lambda: self.decimal(depth - 1), "-/"),
            lambda: f"double({self.whole(depth - 1)})",
        )

    def number(self, depth: int) -> str:
        return self._one(lambda: self.whole(depth), lambda: self.decimal(depth))

    def test(self, depth: int) -> str:
        orders = ["<", "<=", ">", ">=", "==", "!="]
        patterns = ['"^0"', '"(?i)STRASSE|é"', r'r"\w+\d"', '"."', '"[^a-z]$"']
        inner = ['k == "N851"', 'k.startsWith("0")', 'size(k) > 1 || k in ["é"]']
        macros = ["exists", "all", "exists_one"]
        ends = ["startsWith", "endsWith", "contains"]
        number = lambda: self.number(depth)  # noqa: E731
        return self._one(
            lambda: self._pair(number, orders),
            lambda: self._pair(number, orders),
            lambda: self._pair(self.text, orders),
            lambda: f"({self.text()} {self._of(['==', '!='])} {number()})",
            lambda: f"{self.text()}.{self._of(ends)}({self.text()})",
            lambda: f"{self.text()}.matches({self._of(patterns)})",
            lambda: f"({self.text()} in [{self.text()}, {number()}, {self.text()}])",
            lambda: f"({number()} in [{number()}, {self.text()}, {number()}])",
            lambda: f"({self.text()} in {self._field(Kind.STRINGS)})",
            lambda: f"{self._field(Kind.STRINGS)}.{self._of(macros)}(k, {self._of(inner)})",
            lambda: self._of(["item.is_vague", "true", "false", 'item["is_vague"]']),
        )

    def answer(self, depth: int) -> str:
        if depth <= 0:
            return self.test(1)
        part = lambda: self.answer(depth - 1)  # noqa: E731
        return self._one(
            lambda: self.test(2),
            lambda: f"!({part()})",
            lambda: f"({part()} && {part()} && {part()})",
            lambda: f"({part()} || {part()} || {part()})",
            lambda: f"{part()} || {part()} && {part()}",
            lambda: f"({part()} ? {part()} : {part()})",
        )


def by_engine(expression: str, rows: list[dict[str, Any]]) -> list[object]:
    program = cel.compile(expression)
    found: list[object] = []
    for row in rows:
        names: dict[str, dict[str, Any]] = {"item": {}, "declaration": {}}
        for name, value in row.items():
            root, _, field = name.partition(".")
            names[root][field] = value
        try:
            found.append(program.execute(names))
        except FAILURES:
            found.append(FAILED)
    return found


def by_columns(expression: str, rows: list[dict[str, Any]]) -> list[object]:
    types = {
        Kind.STRING: pl.String(),
        Kind.INT: pl.Int64(),
        Kind.DOUBLE: pl.Float64(),
        Kind.BOOL: pl.Boolean(),
        Kind.STRINGS: pl.List(pl.String()),
    }
    frame = pl.DataFrame(rows, schema={name: types[kind] for name, kind in FIELDS.items()})
    compiled = compile_columns(expression, FIELDS)
    failed = pl.lit(False) if compiled.failed is None else compiled.failed
    answered = frame.select(
        pl.int_range(pl.len()).alias("row"), compiled.hit.alias("hit"), failed.alias("failed")
    )
    return [FAILED if broken else hit for _, hit, broken in answered.iter_rows()]


@given(st.integers(0, 2**32), st.lists(ROW, min_size=1, max_size=6))
@settings(max_examples=250, deadline=None)
def test_both_engines_give_one_answer_to_any_expression(
    seed: int, rows: list[dict[str, Any]]
) -> None:
    expression = Author(seed).answer(2)
    try:
        columns = by_columns(expression, rows)
    except OutsideTheTree:
        return
    assert columns == by_engine(expression, rows), expression


ROWS: list[dict[str, Any]] = [
    {
        "item.hs": "0302", "item.description": "é", "item.packages": 0, "item.importer_items": -7,
        "item.value_eur": 0.0, "item.price_spreads": -3.0, "item.is_vague": True,
        "declaration.documents": ["N851"],
    },
    {
        "item.hs": "", "item.description": "ab", "item.packages": 7, "item.importer_items": 2,
        "item.value_eur": 1e300, "item.price_spreads": 0.0, "item.is_vague": False,
        "declaration.documents": [],
    },
]  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("10 / item.packages > 0", [FAILED, True]),
        ("item.is_vague || 10 / item.packages > 0", [True, True]),
        ("10 / item.packages > 0 || item.is_vague", [True, True]),
        ("10 / item.packages > 0 && !item.is_vague", [False, True]),
        ("item.importer_items / 2 == -3", [True, False]),
        ("item.importer_items % 2 == -1", [True, False]),
        ("0.0 / item.value_eur == 0.0 / item.value_eur", [False, True]),
        ("0.0 / item.value_eur != 0.0 / item.value_eur", [True, False]),
        ("0.0 / item.value_eur > 1.0", [FAILED, False]),
        ("item.value_eur * item.value_eur > 1e308", [False, True]),
        ("size(item.description) == 2", [True, True]),
        ("item.packages == 7.0", [False, True]),
        ("item.hs == 7", [False, False]),
        ('item["hs"].matches("^03")', [True, False]),
        ('declaration.documents.exists(k, k.startsWith("N"))', [True, False]),
        ("has(item.hs) // whatever it holds", [True, True]),
        (r"""r"\" + "a" == "\\a" """, [True, True]),
        (r"""item.hs + r'\' == "0302\\" """, [True, False]),
        (r"""'''a\\''' == "a\\" """, [True, True]),
        ("item.packages > 9007199254740993 - 9007199254740992", [False, True]),
    ],
)
def test_the_corners_of_the_language_are_kept(expression: str, expected: list[object]) -> None:
    assert by_columns(expression, ROWS) == expected
    assert by_engine(expression, ROWS) == expected


@pytest.mark.parametrize(
    ("expression", "at", "why"),
    [
        ("item.value_eur > 1.0 && item.hs[0] == 'a'", 31, "brackets"),
        ("item.packages + 1.5 > 2.0", 14, "does not join"),
        ("item.packages * item.packages * item.packages > 1", 30, "could leave"),
        ("item.hs.matches(item.description)", 16, "written down"),
        ("item.hs.matches('[')", 16, "cannot be read"),
        ("item.nothing == 1", 0, "do not see"),
        ("item.hs < 3", 8, "no order"),
        ("item.hs", 0, "not a yes or no"),
        ("item.is_vague && 1", 17, "needed"),
        ("item.is_vague item.is_vague", 14, "should end"),
        ("1u == 1", 0, "Unsigned"),
        ("'abc", 0, "no part"),
        (r"'\q' == 'q'", 0, "escape"),
        ("declaration.documents.exists(k, k == item.hs)", 37, "other fields"),
        ("(" * 60 + "true" + ")" * 60, 40, "nested"),
        ("true" + " " * 2_000, 2_000, "characters"),
        ("99999999999999999999 > 1", 0, "too large"),
    ],
)
def test_what_cannot_be_made_into_columns_is_said_with_its_place(
    expression: str, at: int, why: str
) -> None:
    with pytest.raises(OutsideTheTree, match=why) as refused:
        compile_columns(expression, FIELDS)
    assert refused.value.at == at


@given(st.text(max_size=80))
@settings(max_examples=300)
def test_no_text_makes_the_reader_do_anything_but_read_or_refuse(text: str) -> None:
    try:
        read(text)
    except OutsideTheTree as refused:
        assert refused.detail
