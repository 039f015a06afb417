"""Which declarations each rule hits: sixty rules in one pass over the columns.

A rule whose expression cannot be made into columns is judged by the CEL engine, on every n-th
declaration, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cel
import numpy as np
import numpy.typing as npt
import polars as pl

from clearway.risk.backtest.fields import FIELDS, FIRST, ITEMS, LEAST, VALUE, value_eur
from clearway.risk.backtest.population import Ints
from clearway.risk.expression.columns import Compiled, compile_columns
from clearway.risk.expression.model import OutsideTheTree
from clearway.risk.model import Profile
from clearway.risk.rules import FAILURES

SAMPLE_ITEMS = 50_000


@dataclass(slots=True)
class Tried:
    """A rule under trial: how it is judged, and what it hit so far.

    Args:
        profile: the rule.
        compiled: its columns; None: judged by the engine on a sample.
        why: what stood in the way of columns.
        fields: that it asks for.
        hits: rows of declarations, batch by batch.
        failed: declarations on which it failed.
    """

    profile: Profile
    compiled: Compiled | None
    why: str
    fields: frozenset[str]
    hits: list[Ints] = field(default_factory=list)
    failed: int = 0


def prepare(profile: Profile) -> Tried:
    """Return a rule ready for its trial."""
    try:
        compiled = compile_columns(profile.expression, FIELDS, LEAST)
    except OutsideTheTree as outside:
        named = {name for name in FIELDS if name.partition(".")[2] in profile.expression}
        return Tried(profile, None, outside.detail, frozenset(named))
    return Tried(profile, compiled, "", compiled.fields)


def judge(
    batch: pl.DataFrame, starts: Ints, rules: Sequence[Tried], columns: Mapping[str, pl.Expr]
) -> None:
    """Judge a batch by every rule that has columns; note hits by their place in the batch.

    Args:
        batch: rows of history.
        starts: row of the first item of each declaration.
        rules: to be judged by; those without columns are passed over.
        columns: each field as an expression over the history.
    """
    chosen = [rule for rule in rules if rule.compiled is not None]
    wanted = sorted({name for rule in chosen for name in rule.fields})
    seen = _with_declaration(batch, starts, wanted).lazy()
    seen = seen.select(
        pl.int_range(pl.len()).alias("_row"), *(columns[name].alias(name) for name in wanted)
    )
    answers = seen.select("_row", *_answers(chosen)).collect()
    owner = None
    if len(starts) != len(batch):
        owner = np.repeat(np.arange(len(starts), dtype=np.int32), _lengths(batch, starts))
    for place, rule in enumerate(chosen):
        rule.hits.append(_owners(answers[f"h{place}"], owner))
        if f"f{place}" in answers.columns:
            rule.failed += len(_owners(answers[f"f{place}"], owner))


def _answers(rules: Sequence[Tried]) -> list[pl.Expr]:
    found = []
    for place, rule in enumerate(rules):
        if rule.compiled is None:
            continue
        found.append(rule.compiled.hit.alias(f"h{place}"))
        if rule.compiled.failed is not None:
            found.append(rule.compiled.failed.alias(f"f{place}"))
    return found


def _owners(answers: pl.Series, owner: Ints | None) -> Ints:
    """Return the declarations with a yes, each once, in order."""
    rows = answers.arg_true().to_numpy().astype(np.int32)
    if owner is None or not len(rows):
        return rows
    owners = owner[rows]
    is_first = np.append(True, owners[1:] != owners[:-1])
    return np.asarray(owners[is_first], dtype=np.int32)


def _with_declaration(batch: pl.DataFrame, starts: Ints, wanted: Sequence[str]) -> pl.DataFrame:
    """Add what a row must know of its declaration."""
    added = []
    lengths = _lengths(batch, starts)
    if len(starts) != len(batch):
        added.append(pl.Series(FIRST, np.repeat(starts, lengths)))
    if "declaration.items" in wanted:
        added.append(pl.Series(ITEMS, np.repeat(lengths, lengths)))
    if "declaration.value_eur" in wanted:
        values = batch.select(value_eur().fill_null(-1.0).alias("v"))["v"].to_numpy()
        sums = np.add.reduceat(np.where(values >= 0.0, values, 0.0), starts)
        known = np.logical_or.reduceat(values >= 0.0, starts)
        added.append(pl.Series(VALUE, np.repeat(np.where(known, sums, -1.0), lengths)))
    return batch.with_columns(added)


def _lengths(batch: pl.DataFrame, starts: Ints) -> npt.NDArray[np.int64]:
    ends = np.append(starts[1:], len(batch))
    return np.asarray(ends - starts, dtype=np.int64)


def judge_sample(
    batch: pl.DataFrame,
    starts: Ints,
    rules: Sequence[Tried],
    columns: Mapping[str, pl.Expr],
    picked: Ints,
) -> None:
    """Judge some declarations by the engine, for the rules without columns.

    Args:
        picked: which of the batch.
    """
    chosen = [(rule, cel.compile(rule.profile.expression)) for rule in rules if not rule.compiled]
    if not chosen:
        return
    names = sorted({name for rule, _ in chosen for name in rule.fields})
    ends = [*starts[1:], len(batch)]
    seen = _with_declaration(batch, starts, names)
    table = seen.select(*(columns[name].alias(name) for name in names))
    owners = [place for place in picked for _ in range(starts[place], ends[place])]
    rows = table[[row for place in picked for row in range(starts[place], ends[place])]]
    variables = [_variables(row) for row in rows.iter_rows(named=True)]
    for rule, program in chosen:
        found, broken = set(), set()
        for owner, seen_by in zip(owners, variables, strict=True):
            try:
                if program.execute(seen_by):
                    found.add(owner)
            except FAILURES:
                broken.add(owner)
        rule.hits.append(np.array(sorted(found), dtype=np.int32))
        rule.failed += len(broken)


def _variables(row: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    names: dict[str, dict[str, Any]] = {"item": {}, "declaration": {}}
    for name, value in row.items():
        root, _, last = name.partition(".")
        names[root][last] = value
    return names
