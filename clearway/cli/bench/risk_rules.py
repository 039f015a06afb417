"""Trying sixty rules on ten million declarations, and searching them, beside reading them bare.

The rows are made up (`risk_history`): they show speed, never how good a rule is.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cel
import polars as pl

from clearway.cli.bench.pairs import Figure
from clearway.cli.bench.risk_history import sixty_rules, write_history
from clearway.insight.history_search import History, Query, parse
from clearway.risk.backtest.fields import FIELDS, columns_of
from clearway.risk.backtest.run import run
from clearway.risk.model import CUSTOMS, Channel, Profile
from clearway.terms.period import Period

_ALWAYS = Period(datetime(2020, 1, 1, tzinfo=UTC))
_READ = (
    "mrn", "accepted_at", "importer", "office", "hs", "origin", "dispatch", "preference",
    "net_mass_kg", "value", "statistical_value", "currency", "duty_rate", "packages",
    "transport_mode", "description", "examined", "illicit", "extra_revenue", "certificates",
    "propensity", "importer_n", "importer_examined", "importer_found", "price_z_hs6_origin",
    "price_z_hs6",
)  # fmt: skip
_SEARCHES = {
    "an importer": ["importer=GH000123"],
    "a word and a value": ["description~salmon", "value>20000"],
    "goods, origin and month": [
        "hs^03", "origin in AK,AL", "accepted_at>=2025-06-01", "accepted_at<2025-07-01",
    ],
    "one declaration": ["mrn=26GH00000000400000"],
}  # fmt: skip


def measure(*, quick: bool) -> list[Figure]:
    """Return the seconds of a back-test and of searches, and the engine's rate on a sample."""
    rows = 500_000 if quick else 10_000_000
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as made:
        folder = Path(made)
        write_history(folder, rows)
        return [*_back_test(folder, rows), _engine(folder), *_search(folder, rows)]


def _profiles() -> list[Profile]:
    return [
        Profile(f"R{place}", "bench", each, Channel.RED, CUSTOMS, False, _ALWAYS, "bench")
        for place, each in enumerate(sixty_rules())
    ]


def _back_test(folder: Path, rows: int) -> list[Figure]:
    bare = _seconds(lambda: _scan(folder))
    profiles = _profiles()
    cpu = time.process_time()
    took = _seconds(lambda: run(profiles, folder))
    cpu = time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = f"{rows:,} declarations, 60 rules; {cpu:.1f} CPU s; peak memory {memory:,.0f} MB"
    return [
        Figure("rules: back-test, s", took, "reading the same columns", bare, note),
        Figure("rules: declarations x rules /s", rows * len(profiles) / took),
    ]


def _scan(folder: Path) -> None:
    for file in sorted(folder.glob("*.parquet")):
        pl.read_parquet(file, columns=list(_READ))


def _engine(folder: Path) -> Figure:
    """Measure the live engine on a sample: sixty rules as one program, as at the border."""
    frame = pl.read_parquet(sorted(folder.glob("*.parquet"))[0]).head(5_000)
    columns = columns_of(frozenset(), is_single=True)
    asked = [name for name in FIELDS if name.startswith("item.") and name != "item.watch"]
    asked += ["declaration.office", "declaration.dispatch", "declaration.transport_mode"]
    items = [_seen(row) for row in frame.select(columns[n].alias(n) for n in asked).to_dicts()]
    program = cel.compile(f"[{','.join(f'({each})' for each in sixty_rules())}]")

    def judge() -> None:
        for item in items:
            program.execute(item)

    rate = len(items) / _seconds(judge)
    return Figure("rules: live engine, items/s", rate, note="60 rules, one item at a time")


def _seen(row: dict[str, Any]) -> dict[str, dict[str, Any]]:
    seen: dict[str, dict[str, Any]] = {"item": {}, "declaration": {}}
    for name, value in row.items():
        root, _, last = name.partition(".")
        seen[root][last] = value
    return seen


def _search(folder: Path, rows: int) -> list[Figure]:
    found = []
    with History(folder) as history:
        for name, written in _SEARCHES.items():
            query = Query(tuple(map(parse, written)))
            total = history.search(query).total
            took = _seconds(lambda query=query: history.search(query))  # type: ignore[misc]
            note = f"{total:,} of {rows:,} rows, first page and totals"
            found.append(Figure(f"search: {name}, s", took, note=note))
    return found


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
