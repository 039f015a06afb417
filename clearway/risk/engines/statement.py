"""The one SQL text of counting, and the tables that it reads; DuckDB and Spark run it alike.

    items     one row for each row of the history and slot: what it adds for later declarations
    results   one row for each result and slot: what it adds once it is known

Both become events on the axis of `engines.port`: at `t` for all that comes later. A row sees what
lies before its own `t`, so its own declaration and what shares its moment are left out by the
frame of the window, whatever the order of rows within it. A result that no declaration before
`since` may know stands at `since - 1`; at `until - 1` it is taken out of the recent ones again.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np

from clearway.risk.columns import NO_STEPS, Columns, Ints
from clearway.risk.engines.port import LOGS, Pasts, Space
from clearway.risk.history import PACKED
from clearway.risk.keys import UNKNOWN

Table: TypeAlias = dict[str, Ints]

ITEMS, RESULTS = "items", "results"
PLACE = "place"
"""Column that tells of which row and slot an answer is: row x slots + slot."""

_DAYS = ("first_day", "last_day", "last_find")
_SUMS = {
    "n": ("1", "0", "0"),
    "vague": ("vague", "0", "0"),
    "examined": ("0", "1", "0"),
    "found": ("0", "found", "0"),
    "revenue": ("0", "revenue", "0"),
    "recent_examined": ("0", "1", "-1"),
    "recent_found": ("0", "found", "-found"),
    **{name: (name, f"-{name}", "0") for name in LOGS},
}
"""What an item adds to each sum, what a result does, and what it does when it is recent no more."""


@lru_cache(maxsize=64)
def statement(fields: tuple[str, ...]) -> str:
    """Return the query of these fields of `model.Past`, one row for each row of `items`.

    Events of one key and moment are added up first, so that a frame of rows will do: that is many
    times quicker than a frame of values. The last day before today is the latest of the values
    that the last day had when it rose.
    """
    sums = [name for name in fields if name in _SUMS]
    learns = "examined" in fields
    sources = [_source("t", "day", "NULL", sums, 0, ITEMS)]
    if learns:
        sources.append(_source("since - 1", "NULL", _FIND, sums, 1, RESULTS))
        sources.append(_source("until - 1", "NULL", "NULL", sums, 2, RESULTS))
    moment = ", ".join(f"CAST(SUM({name}) AS BIGINT) AS {name}" for name in sums)
    running = ", ".join(f"CAST(SUM({name}) OVER earlier AS BIGINT) AS {name}" for name in sums)
    shown = [f"COALESCE(counted.{name}, 0) AS {name}" for name in sums]
    shown += [f"COALESCE(counted.{name}, -1) AS {name}" for name in fields if name in _DAYS]
    return (
        f"WITH event AS ({' UNION ALL '.join(sources)}),"
        f" moment AS (SELECT key, t, MIN(day) AS day, MAX(find_day) AS find_day, {moment}"
        " FROM event GROUP BY key, t),"
        f" running AS (SELECT key, t, day, {running}, MIN(day) OVER earlier AS first_day,"
        " MAX(day) OVER earlier AS past_day, MAX(find_day) OVER earlier AS last_find"
        " FROM moment WINDOW earlier AS (PARTITION BY key ORDER BY t"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)),"
        f" counted AS (SELECT key, t, {', '.join(sums)}, first_day, last_find,"
        " MAX(CASE WHEN day > past_day THEN past_day END) OVER (PARTITION BY key ORDER BY t"
        " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last_day FROM running)"
        f" SELECT items.{PLACE}, {', '.join(shown)} FROM {ITEMS} JOIN counted"
        " ON items.key = counted.key AND items.t = counted.t"
    )


_FIND = "CASE WHEN found = 1 THEN day END"


def _source(t: str, day: str, find_day: str, sums: list[str], kind: int, table: str) -> str:
    added = ", ".join(f"CAST({_SUMS[name][kind]} AS BIGINT) AS {name}" for name in sums)
    return (
        f"SELECT key, CAST({t} AS BIGINT) AS t, CAST({day} AS BIGINT) AS day,"
        f" CAST({find_day} AS BIGINT) AS find_day, {added}"
        f" FROM {table}"
    )


def tables_of(columns: Columns, space: Space) -> dict[str, Table]:
    """Return `items` and `results` of a space; rows without a key are left out."""
    width, rows = len(space.slots), len(columns)
    keys = np.stack([columns.keys(slot) for slot in space.slots], axis=1)
    place = np.arange(rows * width, dtype=np.int64)[keys.ravel() != UNKNOWN]
    declared, of = columns.declared, place // width
    steps = declared.package if space.slots[0] in PACKED else declared.price
    items = {
        "key": keys.ravel()[place],
        PLACE: place,
        "t": columns.declaration[of],
        "day": declared.day[of],
        "vague": declared.is_vague[of].astype(np.int64),
        **_logs(steps[of]),
    }
    return {ITEMS: items, RESULTS: _results(columns, keys, steps)}


def _results(columns: Columns, keys: Ints, steps: Ints) -> Table:
    known = columns.results
    width = keys.shape[1]
    key = keys[known.row].ravel()
    at = np.repeat(np.arange(len(known.row)), width)[key != UNKNOWN]
    found = known.found[at]
    return {
        "key": key[key != UNKNOWN],
        "since": known.since[at],
        "until": known.until[at],
        "day": known.day[at],
        "found": found,
        "revenue": known.revenue[at],
        **_logs(np.where(found == 1, steps[known.row[at]], NO_STEPS)),
    }


def _logs(steps: Ints) -> Table:
    known = steps != NO_STEPS
    usable = np.where(known, steps, 0)
    return dict(zip(LOGS, (known.astype(np.int64), usable, usable * usable), strict=True))


def pasts_of(answer: Table, space: Space, rows: int) -> tuple[Pasts, ...]:
    """Return an answer as columns, each in the order of the history.

    Args:
        answer: of `statement`, in any order.
        rows: of the history; those that the answer leaves out have no key.
    """
    width = len(space.slots)
    whole = {}
    for name in space.fields:
        column = np.full(rows * width, -1 if name in _DAYS else 0, dtype=np.int64)
        column[answer[PLACE]] = answer[name]
        whole[name] = column
    return tuple(
        {name: column[slot::width] for name, column in whole.items()} for slot in range(width)
    )
