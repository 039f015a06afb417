"""Views over facts: a room that reads the lake says which fields of a body it needs, and as what.

The lake knows no word of trade, so these are declared above it, for example:

    RELEASES = View(
        name="releases",
        types=("parcel.released/1",),
        columns=(Column("parcel", "$.parcel"), Column("mass_kg", "$.mass_kg", "DECIMAL(18, 3)")),
    )
    LINES = View(
        name="lines",
        types=("parcel.announced/1",),
        each="$.lines",
        columns=(Column("parcel", "$.parcel"), Column("goods", "@.goods")),
    )

`$` is the body, `@` one element of the list `each`, which then gives one row each. Every view also
has the fact's own `seq, type, subject, issuer, actor, occurred_at, recorded_at`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from clearway.errors import BadTerm
from clearway.lake.confined import quoted

FACT_COLUMNS = ("seq", "type", "subject", "issuer", "actor", "occurred_at", "recorded_at")

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_PATH = re.compile(r"[$@](\.[A-Za-z_][A-Za-z0-9_]*|\[\d+\])*")
_KIND = re.compile(
    r"(VARCHAR|BOOLEAN|INTEGER|BIGINT|DOUBLE|DATE|TIMESTAMPTZ|JSON|DECIMAL\(\d{1,2}, ?\d{1,2}\))"
)


@dataclass(frozen=True, slots=True)
class Column:
    """One field of the body.

    Args:
        name: of the column; lower case.
        path: JSON path, such as `$.declaration.office` or `@.hs`; absent members give NULL.
        kind: DuckDB type; a value that does not fit gives NULL.
    """

    name: str
    path: str
    kind: str = "VARCHAR"

    def __post_init__(self) -> None:
        _require("Column name", self.name, _NAME, "lower case letters, digits and _")
        _require("JSON path", self.path, _PATH, "$ or @ with members and [numbers]")
        _require("Column kind", self.kind, _KIND, "a plain DuckDB type such as DECIMAL(18, 3)")


@dataclass(frozen=True, slots=True)
class View:
    """A table of what some facts say.

    Args:
        name: of the view; lower case.
        types: fact types that it reads.
        columns: fields of their bodies.
        each: path of a list, each element of which gives a row; without it, a row is a fact.
    """

    name: str
    types: tuple[str, ...]
    columns: tuple[Column, ...]
    each: str | None = None

    def __post_init__(self) -> None:
        _require("View name", self.name, _NAME, "lower case letters, digits and _")
        if self.each is not None:
            _require("JSON path", self.each, _PATH, "$ with members and [numbers]")
        doubled = {column.name for column in self.columns} & set(FACT_COLUMNS)
        if doubled:
            raise BadTerm("View", self.name, f"has the fact's own {min(doubled)} already")
        if not self.types:
            raise BadTerm("View", self.name, "must name at least one fact type")
        if self.each is None and any(column.path.startswith("@") for column in self.columns):
            raise BadTerm("View", self.name, "must say `each` list that @ stands for")


def create_statement(view: View) -> str:
    """Return the SQL that makes the view over `facts`."""
    types = ", ".join(quoted(type_) for type_ in view.types)
    # By noun too, so that files of other nouns are not even opened.
    nouns = ", ".join(sorted({quoted(type_.partition(".")[0]) for type_ in view.types}))
    source = f"SELECT * FROM facts WHERE noun IN ({nouns}) AND type IN ({types})"
    if view.each is not None:
        elements = f"CAST(json_extract(body, {quoted(view.each)}) AS JSON[])"
        source = f"SELECT *, unnest({elements}) AS element FROM ({source})"
    columns = ", ".join((*FACT_COLUMNS, *(_select(column) for column in view.columns)))
    return f"CREATE VIEW {view.name} AS SELECT {columns} FROM ({source})"


def _select(column: Column) -> str:
    source = "body" if column.path.startswith("$") else "element"
    path = quoted("$" + column.path[1:])
    if column.kind == "JSON":
        return f'json_extract({source}, {path}) AS "{column.name}"'
    text = f"json_extract_string({source}, {path})"
    return f'TRY_CAST({text} AS {column.kind}) AS "{column.name}"'


def _require(term: str, value: str, form: re.Pattern[str], rule: str) -> None:
    if not form.fullmatch(value):
        raise BadTerm(term, value, f"must be {rule}")
