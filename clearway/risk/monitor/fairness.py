"""Whether selection discriminates (TFA 7.4: no arbitrary or unjustifiable discrimination).

Two questions, for each origin, broker, office and size of trader:

1. Is the group selected more often than others of the same risk? The rate ratio is taken within
   bands of score and offices (Mantel-Haenszel), so that a group that is riskier by the model's own
   measure is not held against it. Selections by law and by the draw are not judged: nobody chose.
2. Is less found in what was selected of it than in what was selected of the others? (The outcome
   test: Becker 1957; Knowles, Persico and Todd, JPE 2001.) Whoever is picked for who they are
   rather than for what they do gets hit less often when picked.

A group is flagged when both hold, each beyond chance over all groups of the dimension (Holm). What
this cannot say stands in `LIMITS` and in every report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from clearway.errors import InputError
from clearway.risk.intervals import (
    Ratio,
    Share,
    exact,
    holm,
    mantel_haenszel,
    wilson,
)

Floats: TypeAlias = npt.NDArray[np.float64]

DIMENSIONS = ("origin", "size", "declarant", "office")
LEVEL = 0.05
LEAST = 50
"""Declarations of a group below which nothing is said of it."""

# Selection happens at the top of the score, so bands are fine there.
BANDS = (0.0, 0.25, 0.5, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.965, 0.98, 0.99, 0.995)
_MOST_OFFICES = 30
_SIZES = ((10, "micro, under 10"), (50, "small, 10 to 49"), (250, "medium, 50 to 249"))
_LARGEST = "large, 250 and more"
_NOT_CHOSEN = ("mandatory", "random")

LIMITS = (
    "The figures describe selections; they do not say why a group was selected.",
    "Equal risk means an equal score of the model. If the model itself learnt a prejudice from past"
    " results, the comparison within bands of score does not show it; the random stratum does.",
    "The outcome test compares averages. A group whose cases are easier to tell apart can have"
    " another average without any prejudice (infra-marginality), so a flag asks for a look at the"
    " rules behind it and is no proof; nor is its absence proof of fairness.",
    "Groups of fewer than {least} declarations are not judged.",
    "Results that are still awaited are not counted as clean; they are not counted at all.",
)


@dataclass(frozen=True, slots=True)
class Group:
    """How one group fares.

    Args:
        name: of the group.
        declarations: that could be chosen.
        selected: share of them chosen (Wilson).
        found: share of results of chosen ones that found something (Clopper and Pearson).
        raw: rate of selection against the rest.
        adjusted: the same among equal score and office.
        outcome: rate of finds against the rest, within offices.
        selected_p, outcome_p: after Holm, over the groups of the dimension.
        is_flagged: selected more often at equal risk, and found less often.
    """

    name: str
    declarations: int
    selected: Share
    found: Share
    raw: Ratio
    adjusted: Ratio
    outcome: Ratio
    selected_p: float
    outcome_p: float
    is_flagged: bool


@dataclass(frozen=True, slots=True)
class Report:
    """Fairness of selection in a period.

    Args:
        since, until: first and last acceptance, ISO 8601.
        declarations: judged.
        is_adjusted: whether scores were known, so that groups were compared at equal risk.
        groups: by dimension, flagged ones first, then by ratio.
        limits: what the figures cannot say.
    """

    since: str
    until: str
    declarations: int
    is_adjusted: bool
    groups: dict[str, tuple[Group, ...]]
    limits: tuple[str, ...]

    @property
    def flags(self) -> tuple[tuple[str, str], ...]:
        """(dimension, group) of what is flagged."""
        return tuple(
            (dimension, one.name)
            for dimension, groups in self.groups.items()
            for one in groups
            if one.is_flagged
        )


def report(
    frame: pl.DataFrame,
    dimensions: tuple[str, ...] = DIMENSIONS,
    *,
    level: float = LEVEL,
    least: int = LEAST,
) -> Report:
    """Return how each group fares.

    Args:
        frame: of `frames.conform`.
        dimensions: of `DIMENSIONS`.
        level: chance of a false flag in a dimension.
        least: declarations of a group that is judged.

    Raises: InputError: no such dimension, or no declaration.
    """
    wrong = [name for name in dimensions if name not in DIMENSIONS]
    if wrong or not len(frame):
        what = f"no dimension {wrong[0]!r}; choose of: {', '.join(DIMENSIONS)}" if wrong else (
            "no declaration in the period; choose a longer one"
        )  # fmt: skip
        raise InputError(f"There is {what}")
    rows = _prepared(frame)
    return Report(
        since=str(frame["accepted_at"].min()),
        until=str(frame["accepted_at"].max()),
        declarations=len(rows),
        is_adjusted=bool(frame["score"].is_not_null().any()),
        groups={name: _groups(rows, name, level, least) for name in dimensions},
        limits=tuple(text.format(least=least) for text in LIMITS),
    )


def _prepared(frame: pl.DataFrame) -> pl.DataFrame:
    """Return what could be chosen, with size of trader, band and what was found."""
    counted = frame.with_columns(
        pl.len().over("importer").alias("count"),
        pl.col("origin", "declarant", "office", "importer").fill_null("(unknown)"),
    )
    size = pl.lit(_LARGEST)
    for most, name in reversed(_SIZES):
        size = pl.when(pl.col("count") < most).then(pl.lit(name)).otherwise(size)
    chosen = pl.col("channel") == "red"
    rows = counted.filter(~pl.col("stratum").is_in(_NOT_CHOSEN)).with_columns(
        size.alias("size"),
        chosen.alias("chosen"),
        (chosen & pl.col("resulted")).alias("judged"),
        (chosen & pl.col("resulted") & pl.col("found").fill_null(value=False)).alias("hit"),
    )
    ranked = rows["score"].fill_null(0.0).to_numpy()
    band = np.searchsorted(np.array(BANDS), ranked, side="right")
    offices = rows["office"].rank("dense").to_numpy().astype(np.int64)
    if len(rows) and offices.max() > _MOST_OFFICES:
        offices = np.zeros(len(rows), dtype=np.int64)
    return rows.with_columns(
        pl.Series("office_number", offices),
        pl.Series("cell", offices * (len(BANDS) + 1) + band),
    )


def _groups(rows: pl.DataFrame, dimension: str, level: float, least: int) -> tuple[Group, ...]:
    names = rows.group_by(dimension).len().filter(pl.col("len") >= least).sort(dimension)[dimension]
    # Each office has its own capacity: compared by office, an office is compared with itself.
    cell = "band" if dimension == "office" else "cell"
    tables = _Cells.of(rows, dimension, cell), _Cells.of(rows, dimension, "outcome")
    made = [_Raw.of(name, *tables) for name in names.to_list()]
    more = holm([_one_sided(one.adjusted, above=True) for one in made])
    less = holm([_one_sided(one.outcome, above=False) for one in made])
    groups = [
        one.group(more_p, less_p, level)
        for one, more_p, less_p in zip(made, more, less, strict=True)
    ]
    return tuple(sorted(groups, key=lambda one: (not one.is_flagged, -(one.adjusted.value or 0.0))))


def _one_sided(ratio: Ratio, *, above: bool) -> float:
    if ratio.value is None:
        return 1.0
    return ratio.p / 2 if (ratio.value > 1.0) is above else 1.0 - ratio.p / 2


@dataclass(frozen=True, slots=True)
class _Cells:
    """Counts of each group in each cell, shape (groups, cells)."""

    names: dict[str, int]
    all: Floats
    chosen: Floats
    judged: Floats
    hit: Floats

    @classmethod
    def of(cls, rows: pl.DataFrame, dimension: str, cell: str) -> _Cells:
        number = {
            "cell": pl.col("cell"),
            "band": pl.col("cell") % (len(BANDS) + 1),
            "outcome": pl.lit(0) if dimension == "office" else pl.col("office_number"),
        }[cell]
        counted = (
            rows.with_columns(number.alias("in"))
            .group_by(dimension, "in")
            .agg(pl.len(), pl.col("chosen", "judged", "hit").sum())
        )
        names = {name: place for place, name in enumerate(counted[dimension].unique().to_list())}
        place = np.array([names[name] for name in counted[dimension]], dtype=np.int64)
        cells = counted["in"].to_numpy().astype(np.int64)
        shape = (len(names), int(cells.max()) + 1 if len(cells) else 1)
        tables = []
        for column in ("len", "chosen", "judged", "hit"):
            table = np.zeros(shape)
            table[place, cells] = counted[column].to_numpy()
            tables.append(table)
        return cls(names, *tables)

    def ratio(self, place: int, hits: Floats, counts: Floats) -> Ratio:
        return mantel_haenszel(
            hits[place],
            counts[place],
            hits.sum(0) - hits[place],
            counts.sum(0) - counts[place],
        )


@dataclass(frozen=True, slots=True)
class _Raw:
    """A group before the p-values are adjusted."""

    name: str
    declarations: int
    selected: Share
    found: Share
    raw: Ratio
    adjusted: Ratio
    outcome: Ratio

    @classmethod
    def of(cls, name: str, cells: _Cells, outcomes: _Cells) -> _Raw:
        place = cells.names[name]
        size = int(cells.all[place].sum())
        chosen = int(cells.chosen[place].sum())
        one_all, one_chosen = cells.all.sum(1, keepdims=True), cells.chosen.sum(1, keepdims=True)
        judged, hit = int(cells.judged[place].sum()), int(cells.hit[place].sum())
        there = outcomes.names[name]
        return cls(
            name=name,
            declarations=size,
            selected=wilson(chosen, size),
            found=exact(hit, judged),
            raw=cells.ratio(place, one_chosen, one_all),
            adjusted=cells.ratio(place, cells.chosen, cells.all),
            outcome=outcomes.ratio(there, outcomes.hit, outcomes.judged),
        )

    def group(self, more_p: float, less_p: float, level: float) -> Group:
        return Group(
            name=self.name,
            declarations=self.declarations,
            selected=self.selected,
            found=self.found,
            raw=self.raw,
            adjusted=self.adjusted,
            outcome=self.outcome,
            selected_p=more_p,
            outcome_p=less_p,
            is_flagged=more_p < level and less_p < level,
        )
