"""One contract for all engines that count pasts, against a plain count by the definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.ledger.columns import to_microseconds
from clearway.risk.columns import US_PER_DAY, Columns, columns_of
from clearway.risk.engines import arrays
from clearway.risk.engines.duckdb import DuckDb
from clearway.risk.engines.port import SPACES, Engine, Pasts, Space
from clearway.risk.engines.spark import Spark
from clearway.risk.formats.history import Seen, conform, seen
from clearway.risk.history import PACKED, PRICED, RECENT_DAYS, Trace, trace, whole
from clearway.risk.keys import UNKNOWN
from clearway.risk.model import NEVER, Past
from clearway.risk.replay import replay

from .chance import crowd, histories
from .world import history

FOREVER = 1 << 62

# One space of each kind: other slots differ in their keys alone.
KINDS = tuple({space.fields: space for space in reversed(SPACES)}.values())


class Plain:
    """Counts by the definition, in time and texts: for each row, a look at every other row."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.rows: list[Seen] = seen(frame, FOREVER)
        self.traces: list[Trace] = [trace(row.goods) for row in self.rows]
        known = [None if at is None else to_microseconds(at) for at in frame["known_at"]]
        # A result is known a moment after the acceptance at the earliest.
        self.known = [
            None if at is None or row.illicit is None else max(at, row.at + 1)
            for at, row in zip(known, self.rows, strict=True)
        ]

    def past(self, reader: int, slot: int, space: Space) -> Past:
        """Return what is known of the reader's key of a slot."""
        key = self.traces[reader].keys[slot]
        if key == UNKNOWN:
            return NEVER
        me, past = self.rows[reader], NEVER
        for row, item, known in zip(self.rows, self.traces, self.known, strict=True):
            hits = sum(item.keys[each] == key for each in space.slots)
            if hits and self._order(row) < self._order(me):
                past = _accepted(past, row, item, space, hits, me.goods.day)
            if hits and known is not None and known <= me.at and "examined" in space.fields:
                past = _resulted(past, row, item, space, known // US_PER_DAY, me.goods.day)
        return past

    @staticmethod
    def _order(row: Seen) -> tuple[int, str]:
        return row.at, row.goods.mrn


def _steps(item: Trace, space: Space) -> int | None:
    if space.slots[0] in PRICED:
        return item.price
    return item.package if space.slots[0] in PACKED else None


def _logs(past: Past, item: Trace, space: Space, sign: int) -> Past:
    steps = _steps(item, space)
    if steps is None:
        return past
    return past._replace(
        logs=past.logs + sign,
        log_sum=past.log_sum + sign * steps,
        log_squares=past.log_squares + sign * steps * steps,
    )


def _accepted(past: Past, row: Seen, item: Trace, space: Space, hits: int, today: int) -> Past:
    day = row.goods.day
    return _logs(past, item, space, 1)._replace(
        n=past.n + hits,
        vague=past.vague + int(item.is_vague) if "vague" in space.fields else 0,
        first_day=day if past.first_day < 0 else min(day, past.first_day),
        last_day=max(past.last_day, day) if day < today else past.last_day,
    )


def _resulted(past: Past, row: Seen, item: Trace, space: Space, day: int, today: int) -> Past:
    found, recent = int(row.illicit is True), int(day > today - RECENT_DAYS)
    past = _logs(past, item, space, -1) if found else past
    return past._replace(
        examined=past.examined + 1,
        found=past.found + found,
        revenue=past.revenue + (whole(row.extra_revenue) if found else 0),
        last_find=max(past.last_find, day) if found else past.last_find,
        recent_examined=past.recent_examined + recent,
        recent_found=past.recent_found + recent * found,
    )


def assert_plain(frame: pl.DataFrame, engine: Engine, spaces: Sequence[Space]) -> None:
    """Assert that an engine counts a history as its definition says."""
    columns, plain = columns_of(frame, FOREVER), Plain(frame)
    for space in spaces:
        counted = engine(columns, space)
        for slot, pasts in zip(space.slots, counted, strict=True):
            assert np.array_equal(columns.keys(slot), [each.keys[slot] for each in plain.traces])
            for reader in range(len(columns)):
                expected = plain.past(reader, slot, space)
                for name in space.fields:
                    assert pasts[name][reader] == getattr(expected, name), (slot, reader, name)


@settings(max_examples=25, deadline=None)
@given(histories())
def test_sorted_arrays_count_any_history_as_the_definition_says(frame: pl.DataFrame) -> None:
    assert_plain(frame, arrays.count, SPACES)


@settings(max_examples=6, deadline=None)
@given(histories(8))
def test_duckdb_counts_any_history_as_the_definition_says(frame: pl.DataFrame) -> None:
    assert_plain(frame, DuckDb(), KINDS)


def same(one: Sequence[Pasts], other: Sequence[Pasts], space: Space) -> bool:
    return all(
        np.array_equal(left[name], right[name])
        for left, right in zip(one, other, strict=True)
        for name in space.fields
    )


def test_every_space_counts_alike_in_duckdb_and_in_sorted_arrays() -> None:
    columns = columns_of(crowd(300, seed=11), FOREVER)
    for space in SPACES:
        assert same(DuckDb()(columns, space), arrays.count(columns, space), space), space


def test_an_engine_that_knows_results_a_declaration_early_is_caught() -> None:
    def early(columns: Columns, space: Space) -> tuple[Pasts, ...]:
        known = replace(columns.results, since=columns.results.since - 1)
        return arrays.count(replace(columns, results=known), space)

    with pytest.raises(AssertionError):
        assert_plain(conform(history(120, seed=12, days=20)), early, KINDS)


def test_an_engine_that_counts_a_declarations_own_items_is_caught() -> None:
    def own(columns: Columns, space: Space) -> tuple[Pasts, ...]:
        # Every item a declaration of its own: the second sees the first.
        rows = np.arange(len(columns), dtype=np.int64)
        return arrays.count(replace(columns, declaration=rows), space)

    with pytest.raises(AssertionError):
        assert_plain(conform(history(120, seed=12, days=20)), own, KINDS)


def test_a_walk_by_duckdb_gives_the_features_of_sorted_arrays_to_the_last_bit() -> None:
    frame = conform(history(300, seed=13, days=100))
    one = replay(frame, FOREVER).matrix
    other = replay(frame, FOREVER, engine=DuckDb()).matrix
    assert one.tobytes() == other.tobytes()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of pyspark about newer libraries
def test_spark_counts_as_sorted_arrays_do(spark: Any, tmp_path: Path) -> None:
    columns = columns_of(crowd(600, seed=14), FOREVER)
    engine = Spark(spark, tmp_path)
    for space in KINDS:
        assert same(engine(columns, space), arrays.count(columns, space), space), space
    assert not list(tmp_path.iterdir())


@given(st.lists(st.integers(0, 2), min_size=1, max_size=40), st.integers(0, 3))
def test_keys_that_share_their_low_bits_are_still_told_apart(high: list[int], low: int) -> None:
    keys = np.array([each << 61 | low for each in high], dtype=np.int64)
    ranked = keys[arrays.order_of(keys)]
    # Each key stands in one run, and its places in it rise.
    assert np.count_nonzero(np.diff(ranked)) == len(set(high)) - 1
    for key in set(keys.tolist()):
        order = arrays.order_of(keys)
        assert order[ranked == key].tolist() == np.flatnonzero(keys == key).tolist()
