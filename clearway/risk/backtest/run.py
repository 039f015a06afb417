"""Back-testing rules over a whole history.

    report = run([profile], history, live=in_force, capacities=capacities)
    report.rules[0].precision, report.rules[0].loads, report.rules[0].origins

Hits count whatever period a rule is meant for: the question is what it would have done. Results of
examinations exist only for what was examined; everything about the rest is an estimate by logged
propensities, or is not given at all. Point-in-time values (`price_spreads`, `importer_*`) come from
columns of the history with the features' names; without them a frame is replayed first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from clearway.errors import RuleViolation, TooLarge
from clearway.risk.backtest.fields import FEATURES, NEED_FEATURES, columns_of
from clearway.risk.backtest.hits import SAMPLE_ITEMS, Tried, judge, judge_sample, prepare
from clearway.risk.backtest.measure import Judged, Measure
from clearway.risk.backtest.model import Report
from clearway.risk.backtest.population import NEEDED, USEFUL, Builder, Ints, Population
from clearway.risk.backtest.source import Source
from clearway.risk.features import COLUMN
from clearway.risk.formats import history as files
from clearway.risk.lists.model import NO_LISTS, Lists
from clearway.risk.model import Capacities, Profile
from clearway.risk.replay import replay
from clearway.risk.words import is_vague

# A set in force (`profiles.model.MOST_ACTIVE`) and as many on trial.
MOST_RULES = 2_000
MOST_REPLAYED = 2_000_000
_FOREVER = 1 << 62


def run(
    candidates: Sequence[Profile],
    history: pl.DataFrame | Path,
    *,
    live: Sequence[Profile] = (),
    capacities: Capacities | None = None,
    lists: Lists = NO_LISTS,
    progress: Callable[[float], None] = lambda share: None,
) -> Report:
    """Return what the candidates would have done.

    Args:
        candidates: rules on trial, at least one.
        history: a frame in `formats.history.SCHEMA`, or Parquet of one, in the order of time.
        live: rules in force, for overlaps; those that are candidates too are left out.
        capacities: of the offices, to compare loads with.
        lists: watch lists as they are now: a list is tried as if it had always been kept.
        progress: called with the share done, 0 to 1.

    Raises:
        RuleViolation: no candidate, or nothing in the history.
        MalformedMessage: a column is missing, or a file cannot be read.
        TooLarge: too many rules, or a file without features that is too long to replay.
    """
    if not candidates:
        raise RuleViolation("Give a rule to try; there is none")
    rules = {profile.id: profile for profile in (*candidates, *live)}
    if len(rules) > MOST_RULES:
        raise TooLarge(
            f"{len(rules)} rules are more than a back-test takes ({MOST_RULES}); try fewer at once"
        )
    tried = [prepare(profile) for profile in rules.values()]
    source = _with_features(Source(history), history, tried)
    if not source.rows:
        raise RuleViolation("The history is empty; there is nothing to try rules on")
    people, judged = _judge_all(source, tried, lists, progress)
    measure = Measure(people, capacities)
    in_force = [judged[one.id] for one in live if one.id in judged]
    since, until = measure.span()
    return Report(
        items=source.rows,
        declarations=len(people),
        since=since,
        until=until,
        examined=measure.base(),
        rules=tuple(measure.report(judged[one.id], in_force) for one in candidates),
    )


def _with_features(source: Source, history: pl.DataFrame | Path, tried: Sequence[Tried]) -> Source:
    needs = any(rule.fields & NEED_FEATURES for rule in tried)
    if not needs or source.names >= set(FEATURES):
        return source
    if source.rows > MOST_REPLAYED:
        raise TooLarge(
            f"These rules ask for features, and this history of {source.rows} items has no columns"
            f" {', '.join(FEATURES)}; add them, or give at most {MOST_REPLAYED} items"
        )
    frame = files.conform(history) if isinstance(history, pl.DataFrame) else files.read(history)
    return Source(with_features(frame))


def with_features(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a conforming history with the features that rules see, each as it was then."""
    matrix = replay(frame, _FOREVER).matrix
    return frame.with_columns(pl.Series(name, matrix[:, COLUMN[name]]) for name in FEATURES)


def _judge_all(
    source: Source, tried: Sequence[Tried], lists: Lists, progress: Callable[[float], None]
) -> tuple[Population, dict[str, Judged]]:
    names = frozenset().union(*(rule.fields for rule in tried))
    vague: frozenset[str] = frozenset()
    if "item.is_vague" in names:
        texts = ["", *source.distinct("description")]
        vague = frozenset(text for text in texts if is_vague(text))
    columns = _columns(source, names)
    builder, offset, done = Builder(), 0, 0
    sampled = _every(source, tried)
    offsets: list[int] = []
    picked: list[Ints] = []
    for batch in source.batches(columns):
        starts = _starts(batch)
        expressions = columns_of(vague, is_single=len(starts) == len(batch)) | lists.columns()
        builder.add(batch, starts)
        judge(batch, starts, tried, expressions)
        picked.append(np.arange(0, len(starts), sampled, dtype=np.int32))
        judge_sample(batch, starts, tried, expressions, picked[-1])
        offsets.append(offset)
        offset, done = offset + len(starts), done + len(batch)
        progress(done / source.rows)
    people = builder.build()
    seen = _joined(picked, offsets)
    return people, {
        rule.profile.id: _judged(rule, _joined(rule.hits, offsets), seen, len(people))
        for rule in tried
    }


def _judged(rule: Tried, hits: Ints, seen: Ints, every: int) -> Judged:
    if rule.compiled is not None or len(seen) == every:
        return Judged(rule, hits, 1.0)
    return Judged(rule, hits, len(seen) / every, seen)


def _every(source: Source, tried: Sequence[Tried]) -> int:
    if all(rule.compiled is not None for rule in tried):
        return 1
    return max(1, -(-source.rows // SAMPLE_ITEMS))


def _joined(hits: Sequence[Ints], offsets: Sequence[int]) -> Ints:
    parts = [part + np.int32(offset) for part, offset in zip(hits, offsets, strict=True)]
    return np.concatenate(parts).astype(np.int32)


def _starts(batch: pl.DataFrame) -> Ints:
    is_first = batch.select((pl.col("mrn") != pl.col("mrn").shift()).fill_null(True))
    return is_first.to_series().arg_true().to_numpy().astype(np.int32)


def _columns(source: Source, names: frozenset[str]) -> list[str]:
    """Return the columns of the history that these fields need."""
    every = columns_of(frozenset(), is_single=True)
    roots = {root for name in names if name in every for root in every[name].meta.root_names()}
    if "declaration.value_eur" in names:
        roots |= {"value", "statistical_value", "currency"}
    if names & {"declaration.watch", "item.watch"}:
        roots |= set(Lists.READS)
    wanted = {root for root in roots if not root.startswith("_")} | set(NEEDED)
    wanted -= {"address"} - source.names
    source.require(sorted(wanted))
    return sorted(wanted | (set(USEFUL) & source.names))
