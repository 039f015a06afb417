"""Trying a model or profiles on history before they are let loose.

    found = try_on_history(frame, scorer=scorer, profiles=profiles)
    found.precision, found.live_hits, found.overlap, found.busiest

The candidate selects, in each office on each day, as many declarations as were examined then, and
sees of each only what was known when it came. A model is tried on what came after its cut-off:
before, it knows the answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
import polars as pl

from clearway.errors import RuleViolation
from clearway.ledger.columns import from_microseconds, to_microseconds
from clearway.risk.columns import Floats
from clearway.risk.evaluate import Backtest, Cases, backtest
from clearway.risk.formats import history
from clearway.risk.formats.history import Seen
from clearway.risk.history import trace
from clearway.risk.model import Channel, Header
from clearway.risk.replay import replay
from clearway.risk.rules import Profiles
from clearway.risk.scale import Scale
from clearway.risk.scoring import Scorer, rules_only
from clearway.risk.variables import variables_of

# History does not tell these; a profile that asks for them does not hit.
_HEADER = Header("import", 0, ())
_FOREVER = 1 << 62


def try_on_history(
    frame: pl.DataFrame,
    *,
    scorer: Scorer | None = None,
    profiles: Profiles | None = None,
    capacity: int | None = None,
    since: datetime | None = None,
) -> Backtest:
    """Return what the candidate would have selected and found.

    Args:
        frame: columns of `formats.history.SCHEMA`.
        scorer: candidate model; None: profiles alone.
        profiles: candidate profiles; those of the red lane select, before the score. Containers
            and documents are not in a history.
        capacity: examinations of each office a day; None: as many as were made.
        since: first acceptance that is judged; None: the cut-off of the model, or all.

    Raises:
        MalformedMessage: a column is missing.
        RuleViolation: nothing was accepted since then, or neither model nor profiles are given.
    """
    chosen = scorer or rules_only()
    if chosen.card is None and profiles is None:
        raise RuleViolation("Give a model or profiles to try; there is nothing to select by")
    if since is None and chosen.card is not None:
        since = chosen.card.cut_off
    past = history.conform(frame)
    rows, matrix = history.seen(past, _FOREVER), replay(past, _FOREVER).matrix
    first = 0 if since is None else to_microseconds(since)
    spans = [(a, b) for a, b in declarations(rows) if rows[a].at >= first]
    if not spans:
        raise RuleViolation(f"The history holds no declaration accepted since {since}")
    scores = _scores(spans, matrix, chosen) + _hits(spans, rows, matrix, profiles)
    return backtest(_cases(spans, rows), scores, capacity)


Spans = Sequence[tuple[int, int]]


def declarations(rows: Sequence[Seen]) -> Iterator[tuple[int, int]]:
    """Yield where each declaration starts and ends; its items stand side by side."""
    start = 0
    for place in range(1, len(rows) + 1):
        if place == len(rows) or rows[place].goods.mrn != rows[start].goods.mrn:
            yield start, place
            start = place


def _scores(spans: Spans, matrix: Floats, scorer: Scorer) -> Floats:
    """Return the weight of each declaration, 0 to 1; 0 without a model."""
    if scorer.card is None:
        return np.zeros(len(spans))
    weights = Scale(scorer.card).blend(*scorer.predict(matrix))
    return np.array([weights[start:end].max() for start, end in spans])


def _hits(spans: Spans, rows: Sequence[Seen], matrix: Floats, profiles: Profiles | None) -> Floats:
    """Return 2 for each declaration that a profile of the red lane hits, which goes first."""
    found = np.zeros(len(spans))
    if profiles is None:
        return found
    for place, (start, end) in enumerate(spans):
        items = [trace(row.goods) for row in rows[start:end]]
        variables = variables_of(items, matrix[start:end].tolist(), _HEADER)
        matched = profiles.match(variables, from_microseconds(rows[start].at))
        if any(hit.lane is Channel.RED for hit in matched.hits):
            found[place] = 2.0
    return found


def _cases(spans: Spans, rows: Sequence[Seen]) -> Cases:
    """Return the declarations: examined where an item was, illicit where an item was."""
    parts = [rows[start:end] for start, end in spans]
    examined = np.array([any(row.illicit is not None for row in part) for part in parts])
    return Cases(
        office=[part[0].goods.office for part in parts],
        day=np.array([part[0].goods.day for part in parts], dtype=np.int64),
        examined=examined,
        illicit=np.array([any(row.illicit is True for row in part) for part in parts]),
        revenue=np.array(
            [sum(row.extra_revenue for row in part if row.extra_revenue > 0.0) for part in parts]
        ),
        live=examined,
    )
