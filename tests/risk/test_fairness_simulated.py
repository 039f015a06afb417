"""Fairness on simulated trade: a planted discriminating rule is flagged, honesty is not."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import polars as pl

from clearway.risk.formats.fairness import COLUMNS, to_csv, to_markdown
from clearway.risk.formats.history import conform
from clearway.risk.monitor import fairness, frames
from clearway.simulator.inspection import FULL
from clearway.simulator.years import years

ORIGIN_SHARE = 0.3
HONEST = 12


@cache
def _trade() -> tuple[pl.DataFrame, np.ndarray]:
    """Return a year of declarations with their true results, and how likely each was to cheat."""
    tried = years(3, 30_000, policy=FULL, begin=date(2025, 1, 1))
    frame = frames.of_history(conform(tried.frame))
    risk = tried.truth.group_by("mrn").agg(pl.col("propensity").max().alias("risk"))
    joined = frame.join(risk, on="mrn", how="left", maintain_order="left")
    return frame, joined["risk"].fill_null(0.0).to_numpy()


def _selected(seed: int, origin: str | None = None) -> pl.DataFrame:
    """Return what a noisy honest score selects, and a draw, and if asked a rule on an origin."""
    frame, risk = _trade()
    rng = np.random.default_rng(seed)
    noisy = risk * np.exp(rng.normal(0.0, 0.7, len(risk)))
    score = np.argsort(np.argsort(noisy)) / len(risk)
    by_score = score >= 0.94
    drawn = rng.random(len(risk)) < 0.01
    by_rule = np.zeros(len(risk), dtype=np.bool_)
    if origin is not None:
        by_rule = (frame["origin"] == origin).to_numpy() & (rng.random(len(risk)) < ORIGIN_SHARE)
    red = by_score | drawn | by_rule
    stratum = np.where(
        by_score, "score", np.where(by_rule, "profile", np.where(drawn, "random", ""))
    )
    return frame.with_columns(
        pl.Series("score", score),
        pl.Series("channel", np.where(red, "red", "green")),
        pl.Series("stratum", stratum),
        pl.Series("resulted", red),
    ).with_columns(pl.when("resulted").then("found").otherwise(None).alias("found"))


def _common_origin() -> str:
    counts = _trade()[0].group_by("origin").len().sort("len", descending=True)
    return str(counts["origin"][2])


def test_a_discriminating_rule_is_flagged_and_nobody_else() -> None:
    origin = _common_origin()
    flags = fairness.report(_selected(1, origin)).flags
    assert ("origin", origin) in flags
    assert [name for dimension, name in flags if dimension == "origin"] == [origin]


def test_honest_selections_are_seldom_flagged() -> None:
    """Each report makes four tables of up to dozens of groups; of all reports few have a flag."""
    flagged = sum(bool(fairness.report(_selected(seed)).flags) for seed in range(HONEST))
    assert flagged <= 2


def test_the_report_is_safe_to_open_and_says_what_it_cannot_say() -> None:
    frame = _selected(2, _common_origin())
    evil = frame.with_columns(
        pl.when(pl.col("origin") == _common_origin())
        .then(pl.lit("=cmd|' /C calc'!A0"))
        .otherwise("origin")
        .alias("origin")
    )
    report = fairness.report(evil, ("origin",))
    rows = to_csv(report).splitlines()
    assert rows[0] == ",".join(COLUMNS)
    assert not any(line.startswith(("origin,=", 'origin,"=')) for line in rows)
    text = to_markdown(report)
    assert "look at it" in text and "no proof" in text and "=cmd|" not in text
