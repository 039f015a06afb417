"""Searching past declarations by any field: ten million rows in seconds, and no SQL from anybody.

    query = Query((parse("hs^0302"), parse("description~salmon"), parse("value>20000")))
    with History(folder) as history:
        page = history.search(query)
        page.total, page.rows, page.following

A condition is a field, a comparison and a value; fields and comparisons come from lists here,
values go to the engine as parameters. The engine reaches no file outside the folder, and its memory
and time are bounded. Rows come newest first, in pages.
"""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

from clearway.errors import BadTerm, MalformedMessage, TooLarge, TryLater
from clearway.lake.confined import confined, quoted
from clearway.risk.formats.cells import formulas_defused

MOST_CONDITIONS = 20
MOST_VALUES = 200
MOST_CHARACTERS = 200
MOST_ROWS = 1_000
MOST_EXPORTED = 100_000

_TEXT, _NUMBER, _TIME, _TRUTH = "text", "number", "time", "yes or no"
FIELDS: dict[str, str] = {
    "mrn": _TEXT, "item": _NUMBER, "accepted_at": _TIME, "importer": _TEXT, "declarant": _TEXT,
    "exporter": _TEXT, "office": _TEXT, "hs": _TEXT, "origin": _TEXT, "dispatch": _TEXT,
    "preference": _TEXT, "net_mass_kg": _NUMBER, "value": _NUMBER, "currency": _TEXT,
    "duty_rate": _NUMBER, "packages": _NUMBER, "transport_mode": _TEXT, "description": _TEXT,
    "examined": _TRUTH, "illicit": _TRUTH, "extra_revenue": _NUMBER, "known_at": _TIME,
    "statistical_value": _NUMBER, "certificates": _NUMBER, "quantity": _NUMBER, "unit": _TEXT,
    "exporter_country": _TEXT, "address": _TEXT, "phone": _TEXT, "kin": _TEXT, "signals": _NUMBER,
    "outcome": _TEXT, "mode": _TEXT, "stratum": _TEXT, "propensity": _NUMBER,
}  # fmt: skip
"""What can be asked and is shown, in this order."""

_ABSENT = frozenset(list(FIELDS)[list(FIELDS).index("statistical_value") :])
"""A history may lack these; then they are unknown in every row."""
_TYPES = {_TEXT: "VARCHAR", _NUMBER: "DOUBLE"}

_COMPARED = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_CONDITION = re.compile(
    r"\s*([a-z_]{1,30})\s*(<=|>=|!=|=|<|>|\^|~|\s+in\s+)\s*(.+?)\s*", re.DOTALL | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing that a row must be.

    Args:
        field: one of `FIELDS`.
        sign: = != < <= > >=, `^` begins with, `~` holds (without case), `in` one of.
        values: one; several for `in`.
    """

    field: str
    sign: str
    values: tuple[str | float | bool | datetime, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for: rows that meet all conditions.

    Args:
        conditions: at most `MOST_CONDITIONS`; none: every row.
        limit: rows of a page.
        before: time, MRN and item of the last row of the page before.
    """

    conditions: tuple[Condition, ...] = ()
    limit: int = 50
    before: tuple[datetime, str, int] | None = None

    def __post_init__(self) -> None:
        if len(self.conditions) > MOST_CONDITIONS:
            raise TooLarge(f"A search has at most {MOST_CONDITIONS} conditions")
        if not 1 <= self.limit <= MOST_EXPORTED:
            raise BadTerm("limit", self.limit, f"is 1 to {MOST_EXPORTED}", field="limit")


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found.

    Args:
        total: rows that meet the conditions, on all pages.
        examined, illicit: rows with a result, and those not conform.
        extra_revenue: that their examinations brought.
        rows: of this page, values in the order of `FIELDS`.
        following: where the next page begins; None: this was the last.
    """

    total: int
    examined: int
    illicit: int
    extra_revenue: float
    rows: tuple[tuple[Any, ...], ...]
    following: tuple[datetime, str, int] | None


def parse(text: str) -> Condition:
    """Return the condition that somebody wrote, such as `hs^0302` or `origin in NO, IS`.

    Raises: MalformedMessage: it is none. BadTerm: no such field, or no value of that field.
    """
    match = _CONDITION.fullmatch(text) if len(text) <= MOST_VALUES * 20 else None
    if match is None:
        raise MalformedMessage(
            f"{text[:80]!r} is no condition; write field, sign and value, such as hs^0302,"
            " value>=1000, description~salmon, origin in NO,IS"
        )
    field, sign, value = match[1].lower(), match[2].strip().lower(), match[3]
    if field not in FIELDS:
        raise BadTerm("field", field, f"is none of: {', '.join(FIELDS)}", field="field")
    kind = FIELDS[field]
    if sign in ("^", "~") and kind != _TEXT:
        raise BadTerm("sign", sign, f"is for texts; {field} is a {kind}", field="sign")
    values = [part.strip() for part in value.split(",")] if sign == "in" else [value]
    if len(values) > MOST_VALUES:
        raise TooLarge(f"A list in a search has at most {MOST_VALUES} values")
    return Condition(field, sign, tuple(_value(field, kind, each) for each in values))


def _value(field: str, kind: str, text: str) -> str | float | bool | datetime:
    plain = text.strip('"')
    if len(plain) > MOST_CHARACTERS:
        raise BadTerm(field, plain, f"has at most {MOST_CHARACTERS} characters", field=field)
    if kind == _TEXT:
        return plain
    try:
        if kind == _NUMBER:
            return float(plain)
        if kind == _TRUTH:
            return {"true": True, "yes": True, "false": False, "no": False}[plain.lower()]
        return _instant(plain)
    except (ValueError, KeyError, OverflowError) as broken:
        raise BadTerm(field, plain, f"is no {kind}", field=field) from broken


def _instant(text: str) -> datetime:
    if len(text) == len("2026-01-31"):
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


class History:
    """A folder of history opened for searching; use as a context manager, one thread at a time.

    Args:
        folder: of Parquet files in the schema of a history, or one such file.
        memory_mb: most memory of the engine.
        threads: most threads of it.
        timeout_s: after so many seconds a search is stopped.

    Raises: MalformedMessage: there is no history, or a column is missing.
    """

    def __init__(
        self, folder: Path, *, memory_mb: int = 1024, threads: int = 2, timeout_s: float = 30.0
    ) -> None:
        files = sorted(folder.rglob("*.parquet")) if folder.is_dir() else [folder]
        if not files or not files[0].is_file():
            raise MalformedMessage(
                f"There is no Parquet file at {folder}; give one, or a folder that holds some"
            )
        self._timeout_s = timeout_s
        self._connection = confined(folder.resolve(), memory_mb=memory_mb, threads=threads)
        listed = ", ".join(quoted(str(file.resolve())) for file in files)
        source = f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"
        try:
            told = self._connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            columns = _columns({name for name, *_ in told})
            self._connection.execute(f"CREATE VIEW history AS SELECT {columns} FROM {source}")
        except duckdb.Error as broken:
            self.close()
            raise MalformedMessage(f"The history cannot be searched: {broken}") from broken
        self._connection.execute("SET lock_configuration = true")

    def __enter__(self) -> History:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the engine go."""
        self._connection.close()

    def search(self, query: Query) -> Found:
        """Return a page, newest rows first, and the figures of all that meet the conditions.

        Raises: TryLater: it took longer than allowed; ask for less.
        """
        where, parameters = _where(query.conditions)
        total, examined, illicit, revenue = self._ask(
            "SELECT count(*), count(*) FILTER (examined AND illicit NOT NULL),"
            " count(*) FILTER (examined AND illicit),"
            " coalesce(sum(extra_revenue) FILTER (extra_revenue > 0 AND NOT isnan(extra_revenue)),"
            f" 0) FROM history{where}",
            parameters,
        )[0]
        rows = self._page(query, query.limit)
        last = rows[-1] if len(rows) == query.limit else None
        return Found(
            total=total,
            examined=examined,
            illicit=illicit,
            extra_revenue=float(revenue),
            rows=tuple(rows),
            following=None if last is None else (last[_AT], last[_MRN], last[_ITEM]),
        )

    def export(self, query: Query) -> Iterator[str]:
        """Yield lines of CSV that no spreadsheet takes for formulas, at most `MOST_EXPORTED`."""
        yield _line(list(FIELDS))
        for row in self._page(query, MOST_EXPORTED):
            yield _line([_cell(value) for value in row])

    def _page(self, query: Query, limit: int) -> list[tuple[Any, ...]]:
        where, parameters = _where(query.conditions, query.before)
        return self._ask(
            f"SELECT * FROM history{where} ORDER BY accepted_at DESC, mrn DESC, item DESC LIMIT ?",
            [*parameters, limit],
        )

    def _ask(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        timer = threading.Timer(self._timeout_s, self._connection.interrupt)
        timer.start()
        try:
            # Through a frame, since the engine's own rows need a library for zones of time.
            return pl.DataFrame(self._connection.sql(sql, params=list(parameters))).rows()
        except duckdb.InterruptException as error:
            raise TryLater(
                f"The search took longer than {self._timeout_s:g} s; ask for less"
            ) from error
        except duckdb.Error as error:
            raise MalformedMessage(f"The history cannot be searched: {error}") from error
        finally:
            timer.cancel()


_MRN, _ITEM, _AT = (list(FIELDS).index(name) for name in ("mrn", "item", "accepted_at"))


def _where(
    conditions: Sequence[Condition], before: tuple[datetime, str, int] | None = None
) -> tuple[str, list[Any]]:
    tests: list[str] = []
    parameters: list[Any] = []
    for each in conditions:
        tests.append(_test(each))
        parameters += [
            value.lower() if each.sign == "~" and isinstance(value, str) else value
            for value in each.values
        ]
    if before is not None:
        tests.append("(accepted_at, mrn, item) < (?, ?, ?)")
        parameters += before
    return (f" WHERE {' AND '.join(tests)}" if tests else ""), parameters


def _test(condition: Condition) -> str:
    """Return the test of a condition; its field is one of ours, its values are parameters."""
    field = condition.field
    if condition.sign == "in":
        return f"{field} IN ({', '.join('?' * len(condition.values))})"
    if condition.sign == "^":
        return f"starts_with({field}, ?)"
    if condition.sign == "~":
        return f"contains(lower({field}), ?)"
    test = f"{field} {_COMPARED[condition.sign]} ?"
    # The engine takes what is no number for the greatest of all.
    return f"({test} AND NOT isnan({field}))" if FIELDS[field] == _NUMBER else test


def _columns(present: set[str]) -> str:
    """Return what the view selects; a column that is there in no file is unknown."""
    return ", ".join(
        f"CAST(NULL AS {_TYPES[kind]}) AS {name}"
        if name in _ABSENT and name not in present
        else name
        for name, kind in FIELDS.items()
    )


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, str):
        return formulas_defused([value])[0]
    return "" if value is None else str(value)  # a number below zero is no formula


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()
