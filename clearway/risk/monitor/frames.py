"""Selections as a table, one row per declaration: what all of this package's figures are made of.

    frame = of_history(history)            # or `insight.past.selections(lake)`, from facts

| column | type | meaning |
|---|---|---|
| mrn, office | text | declaration, where |
| accepted_at, known_at | time | when it was accepted; when its result was known, null: never |
| importer, declarant, origin | text | parties; origin of its dearest item |
| channel, stratum | text | lane, and why |
| propensity | number | of physical examination, before the draw; null: unknown |
| score, probability | number | of the model; null: none |
| model, decided_by | text | which model; profile or control that decided |
| resulted | true or false | whether a result of goods opened by customs is known |
| found | true, false or null | whether something was found |
| outcome, mode | text | nothing, partial or full; kind of fraud |
| revenue, hours | number | that it brought; that it took; null: not told |
"""

from __future__ import annotations

from typing import Any

import polars as pl

from clearway.errors import MalformedMessage

_TIME = pl.Datetime("us", "UTC")

SELECTIONS: dict[str, Any] = {
    "mrn": pl.String,
    "office": pl.String,
    "accepted_at": _TIME,
    "known_at": _TIME,
    "importer": pl.String,
    "declarant": pl.String,
    "origin": pl.String,
    "channel": pl.String,
    "stratum": pl.String,
    "propensity": pl.Float64,
    "score": pl.Float64,
    "probability": pl.Float64,
    "model": pl.String,
    "decided_by": pl.String,
    "resulted": pl.Boolean,
    "found": pl.Boolean,
    "outcome": pl.String,
    "mode": pl.String,
    "revenue": pl.Float64,
    "hours": pl.Float64,
}

_TEXTS = ("channel", "stratum", "model", "decided_by", "outcome", "mode")


def conform(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with exactly these columns, in the order of time; absent ones are null.

    Raises: MalformedMessage: mrn or accepted_at is missing, or a column has another type.
    """
    for name in ("mrn", "accepted_at"):
        if name not in frame.columns or frame[name].null_count():
            raise MalformedMessage(f"Every row of the selections needs {name}")
    columns = [
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in SELECTIONS.items()
    ]
    try:
        shaped = frame.select(columns)
    except pl.exceptions.PolarsError as broken:
        raise MalformedMessage(f"A column of the selections has a wrong type: {broken}") from broken
    return shaped.with_columns(
        pl.col(_TEXTS).fill_null(""), pl.col("resulted").fill_null(value=False)
    ).sort("accepted_at", "mrn")


def of_history(history: pl.DataFrame, scores: pl.Series | None = None) -> pl.DataFrame:
    """Return the selections of a history of items: examined ones took the red lane.

    Args:
        history: of `formats.history.conform`.
        scores: of each row, where a model was tried on it.
    """
    dearest = pl.col("value").fill_null(0.0).arg_max()
    optional = {
        name: pl.col(name) if name in history.columns else pl.lit(None, dtype=kind).alias(name)
        for name, kind in (("stratum", pl.String), ("propensity", pl.Float64), ("mode", pl.String),
                           ("outcome", pl.String))
    }  # fmt: skip
    score = pl.lit(None, dtype=pl.Float64).alias("score") if scores is None else scores
    rows = history.with_columns(*optional.values(), score.alias("score"))
    grouped = rows.group_by("mrn", maintain_order=True).agg(
        pl.col("office", "accepted_at", "declarant").first(),
        pl.col("importer").first(),
        pl.col("origin").get(dearest).alias("origin"),
        pl.col("known_at").max(),
        pl.col("stratum").first(),
        pl.col("propensity").first(),
        pl.col("score").max(),
        pl.col("examined").any().alias("resulted"),
        pl.col("illicit").any().alias("found"),
        pl.col("mode").filter(pl.col("mode") != "").first(),
        pl.col("outcome")
        .sort_by(pl.col("extra_revenue"), descending=True, nulls_last=True)
        .first(),
        pl.col("extra_revenue").sum().alias("revenue"),
    )
    red = pl.col("resulted").fill_null(value=False)
    return conform(
        grouped.with_columns(
            pl.when(red).then(pl.lit("red")).otherwise(pl.lit("green")).alias("channel"),
            pl.when(red).then("found").otherwise(None).alias("found"),
        )
    )
