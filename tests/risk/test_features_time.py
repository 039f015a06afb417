"""No feature knows the future, and every way to work features out gives the same bits."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearway.ledger.columns import to_microseconds
from clearway.risk.columns import columns_of
from clearway.risk.features import COLUMN, NAMES, compute
from clearway.risk.formats.history import Seen, conform, seen
from clearway.risk.history import counted, day_of, resulted, trace
from clearway.risk.replay import replay
from clearway.risk.resume import resume
from clearway.risk.snapshot import empty

from .chance import crowd, histories
from .walk import Memory
from .world import BEGIN, history

FOREVER = 1 << 62
_US_PER_DAY = 86_400_000_000


def batch(frame: pl.DataFrame, until: int = FOREVER) -> np.ndarray:
    return replay(frame, until).matrix


def same_bits(one: Any, other: Any) -> bool:
    return np.array_equal(one, other, equal_nan=True)


# One definition: a walk one event after the other, as the live border takes it.


def walked(frame: pl.DataFrame) -> np.ndarray:
    """Return the features as they come about at the border: one declaration at a time."""
    rows = seen(frame, FOREVER)
    known = [0 if at is None else to_microseconds(at) for at in frame["known_at"]]
    results = sorted(
        (max(at, row.at + 1), place)
        for place, (row, at) in enumerate(zip(rows, known, strict=True))
        if row.illicit is not None
    )
    memory, made = Memory(), np.empty((len(rows), len(NAMES)))
    for start, end in _declarations(rows):
        while results and results[0][0] <= rows[start].at:
            at, place = results.pop(0)
            row = rows[place]
            told = (trace(row.goods), row.illicit is True, row.extra_revenue)
            memory.add(resulted([told]), at // _US_PER_DAY)
        items = [trace(row.goods) for row in rows[start:end]]
        day = items[0].goods.day
        keys = {key for each in items for key in each.keys}
        made[start:end] = compute(items, memory.read(keys, day))
        memory.add(counted(items), day)
    return made


def _declarations(rows: list[Seen]) -> list[tuple[int, int]]:
    starts = [
        place
        for place, row in enumerate(rows)
        if not place or row.goods.mrn != rows[place - 1].goods.mrn
    ]
    return list(zip(starts, [*starts[1:], len(rows)], strict=True))


@settings(max_examples=30, deadline=None)
@given(histories())
def test_batch_features_of_any_history_equal_those_of_one_declaration_after_the_other(
    frame: pl.DataFrame,
) -> None:
    assert same_bits(batch(frame), walked(frame))


# Nothing of the future.


def future_of(frame: pl.DataFrame, moment: Any, draw: st.DataObject) -> pl.DataFrame:
    """Return the history with every row and label after a moment made up anew."""
    later = pl.col("accepted_at") > moment
    unknown = pl.col("known_at").fill_null(moment) > moment
    other = crowd(len(frame), seed=draw.draw(st.integers(0, 1_000)))[: len(frame)]
    changed = ("importer", "hs", "origin", "value", "net_mass_kg", "description", "signals")
    rows = [
        pl.when(later).then(other[name]).otherwise(pl.col(name)).alias(name) for name in changed
    ]
    labels = [
        pl.when(unknown & pl.col("examined"))
        .then(other[name].fill_null(strategy="forward"))
        .otherwise(pl.col(name))
        .alias(name)
        for name in ("illicit", "extra_revenue")
    ]
    return frame.with_columns(*rows, *labels)


@settings(max_examples=25, deadline=None)
@given(histories(), st.data())
def test_changing_any_row_or_label_after_a_moment_changes_no_feature_before_it(
    frame: pl.DataFrame, data: st.DataObject
) -> None:
    moment = frame["accepted_at"][data.draw(st.integers(0, len(frame) - 1))]
    past = (frame["accepted_at"] <= moment).to_numpy()
    assert same_bits(batch(frame)[past], batch(future_of(frame, moment, data))[past])


@pytest.mark.parametrize("share", [0.25, 0.75])
def test_a_feature_that_knows_labels_before_they_are_known_is_caught(share: float) -> None:
    frame = conform(history(1_000, seed=21, days=60))
    moment = BEGIN + timedelta(days=60 * share)
    rng = np.random.default_rng(1)
    future = (frame["known_at"].fill_null(BEGIN) > moment).to_numpy()
    labels = pl.Series(rng.random(len(frame)) < 0.5)
    shuffled = frame.with_columns(
        pl.when(pl.Series(future) & pl.col("examined")).then(labels).otherwise(pl.col("illicit"))
        .alias("illicit")
    )  # fmt: skip
    past = (frame["accepted_at"] <= moment).to_numpy()
    assert same_bits(batch(frame)[past], batch(shuffled)[past])
    # The same features, of a history that says each result was known at once: a leak.
    early = pl.col("accepted_at").alias("known_at")
    leaking = [batch(each.with_columns(early))[past] for each in (frame, shuffled)]
    assert not same_bits(*leaking)


def test_a_result_is_learnt_by_what_comes_after_it_was_known_and_by_nothing_else() -> None:
    rows = [
        {**row, "mrn": f"M{place}", "item": 1, "importer": "GH1", "accepted_at": at}
        for place, (row, at) in enumerate(
            zip(
                history(4, seed=3).to_dicts(),
                (BEGIN + timedelta(days=day) for day in (0, 1, 2, 3)),
                strict=True,
            )
        )
    ]
    rows[0] |= {"examined": True, "illicit": True, "known_at": BEGIN + timedelta(days=2)}
    for row in rows[1:]:
        row |= {"examined": False, "illicit": None, "known_at": None}
    frame = conform(pl.DataFrame(rows, schema=history(1).schema))
    assert batch(frame)[:, COLUMN["importer_found"]].tolist() == [0, 0, 1, 1]
    until = to_microseconds(BEGIN + timedelta(days=2))
    assert batch(frame, until)[:, COLUMN["importer_found"]].tolist() == [0, 0, 0, 0]


def test_an_item_of_a_big_declaration_sees_none_of_its_sisters() -> None:
    frame = conform(history(1, seed=6))
    many = pl.concat(
        [frame.with_columns(pl.lit(n, dtype=pl.Int64).alias("item")) for n in range(50)]
    )
    matrix = batch(many)
    for name in ("importer_n", "hs6_n", "twin_n", "words_known", "prices_hs6_origin"):
        assert not matrix[:, COLUMN[name]].any(), name


# Going on from a snapshot.


def settled(frame: pl.DataFrame, cut_off: Any) -> pl.DataFrame:
    """Return the history without results of old declarations that came after the cut-off."""
    open_then = (pl.col("accepted_at") < cut_off) & (pl.col("known_at") >= cut_off)
    return frame.with_columns(
        pl.when(~open_then.fill_null(value=False)).then(pl.col("known_at")).alias("known_at")
    )


@settings(max_examples=20, deadline=None)
@given(histories(), st.sampled_from((1, 2, 60, 61)))
def test_a_day_against_a_snapshot_equals_one_long_walk(frame: pl.DataFrame, days: int) -> None:
    cut_off = BEGIN + timedelta(days=days)
    whole = settled(frame, cut_off)
    later = (whole["accepted_at"] >= cut_off).to_numpy()
    before = replay(whole.filter(~later), to_microseconds(cut_off))
    resumed = resume(whole.filter(later), FOREVER, before.snapshot(day_of(cut_off)))
    assert same_bits(resumed, batch(whole)[later])


def test_a_day_against_nothing_is_a_walk_and_one_against_another_snapshot_is_not() -> None:
    frame = crowd(200, seed=5)
    assert same_bits(resume(frame, FOREVER, empty()), batch(frame))
    wrong = replay(crowd(200, seed=6), FOREVER).snapshot(day_of(BEGIN))
    assert not same_bits(resume(frame, FOREVER, wrong), batch(frame))


def test_columns_of_a_history_take_what_is_unknown_and_never_fail() -> None:
    frame = crowd(50, seed=7)
    blank = frame.with_columns(
        pl.lit(None, dtype=frame.schema[name]).alias(name)
        for name in frame.columns
        if name not in ("mrn", "item", "accepted_at", "hs")
    )
    assert len(columns_of(blank, FOREVER)) == len(frame)
    assert not np.isinf(batch(blank)).any()
