"""What a model learns from: features and results side by side, parted in the order of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from clearway.errors import RuleViolation
from clearway.risk.features import COLUMN

Floats: TypeAlias = npt.NDArray[np.float64]
Flags: TypeAlias = npt.NDArray[np.bool_]
Ints: TypeAlias = npt.NDArray[np.int64]

# Fewer results teach noise; fewer finds can neither be calibrated nor measured.
LEAST_RESULTS = 200
LEAST_FOUND = 20
LEAST_FOUND_LATER = 5
# A period is judged once so many of its results are known: finds take longer than clean ones.
_RIPE_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Material:
    """Features and results, one row per item of history, in the order of time.

    Args:
        matrix: shape (rows, features).
        declaration: number of the declaration of each row.
        illicit: found not conform, as far as known.
        revenue: found; 0 unknown.
        value: in EUR; 0 unknown.
        mode: kind of fraud found; "" none or unknown.
        learn, stop, last: the three periods, labelled rows only.
        labelled: rows with a known result.
        examinable: rows whose result would be known by now, had they been examined.
        recent: rows of the middle and the last period, examined or not.
        propensity: logged probability of examination; NaN unknown.
        window: first and last acceptance.
    """

    matrix: Floats
    declaration: Ints
    illicit: Flags
    revenue: Floats
    value: Floats
    mode: npt.NDArray[np.str_]
    learn: Flags
    stop: Flags
    last: Flags
    labelled: Flags
    examinable: Flags
    recent: Flags
    propensity: Floats
    window: tuple[datetime, datetime]


def gather(past: pl.DataFrame, matrix: Floats, until: int) -> Material:
    """Return the material of a history.

    Args:
        past: of `formats.history.conform`, accepted before `until`.
        matrix: its features, row by row.
        until: microseconds since 1970; a result known from then on is not known.

    Raises: RuleViolation: too few results or finds to learn from, or to measure with.
    """
    at, known = _times(past, until)
    labelled = known < until
    illicit = _column(past, "illicit", fill=False).astype(np.bool_) & labelled
    _require_enough(labelled, illicit, "the history")
    delay = float(np.quantile((known - at)[labelled], _RIPE_SHARE))
    ripe = at <= max(until - delay, float(np.quantile(at[labelled], 0.95)))
    first, second = np.quantile(at[labelled], [0.7, 0.85])
    material = Material(
        matrix=matrix,
        declaration=_declarations(past),
        illicit=illicit,
        revenue=np.where(illicit, _numbers(past, "extra_revenue").clip(0.0), 0.0),
        value=np.exp(np.nan_to_num(matrix[:, COLUMN["value_log"]], nan=-np.inf)),
        mode=np.where(illicit, _modes(past), ""),
        learn=labelled & (at < first) & (known < first),
        stop=labelled & (at >= first) & (at < second) & (known < second),
        last=labelled & (at >= second) & ripe,
        labelled=labelled,
        examinable=ripe,
        recent=at >= first,
        propensity=_propensity(past),
        window=(past["accepted_at"][0], past["accepted_at"][-1]),
    )
    _require_enough(material.learn, illicit, "its oldest 70 %")
    for part, name in ((material.stop, "next 15 %"), (material.last, "last 15 %")):
        if (illicit & part).sum() < LEAST_FOUND_LATER or not (part & ~illicit).any():
            raise RuleViolation(
                f"The history is too thin to be measured: its {name} must hold at least"
                f" {LEAST_FOUND_LATER} items found not conform, and some found conform"
            )
    return material


def _declarations(past: pl.DataFrame) -> Ints:
    mrn = past["mrn"]
    return (mrn != mrn.shift()).fill_null(value=True).cum_sum().to_numpy().astype(np.int64)


def _times(past: pl.DataFrame, until: int) -> tuple[Ints, Ints]:
    """Return when each row was accepted and when its result was known; without one, never."""
    at = past["accepted_at"].dt.epoch("us").to_numpy().astype(np.int64)
    known = past.select(
        pl.when(
            pl.col("examined").fill_null(value=False)
            & pl.col("illicit").is_not_null()
            & pl.col("known_at").is_not_null()
        )
        .then(pl.col("known_at").dt.epoch("us"))
        .otherwise(until)
        .cast(pl.Int64)
    ).to_series()
    return at, known.to_numpy()


def _column(past: pl.DataFrame, name: str, fill: Any) -> npt.NDArray[Any]:
    return past[name].fill_null(fill).to_numpy()


def _numbers(past: pl.DataFrame, name: str) -> Floats:
    return np.nan_to_num(_column(past, name, 0.0).astype(np.float64), nan=0.0)


def _modes(past: pl.DataFrame) -> npt.NDArray[np.str_]:
    if "mode" not in past.columns:
        return np.full(len(past), "")
    return past["mode"].cast(pl.String).fill_null("").to_numpy().astype(np.str_)


def _propensity(past: pl.DataFrame) -> Floats:
    if "propensity" not in past.columns:
        return np.full(len(past), np.nan)
    return _column(past, "propensity", np.nan).astype(np.float64)


def _require_enough(part: Flags, illicit: Flags, name: str) -> None:
    results, found = int(part.sum()), int((part & illicit).sum())
    if results < LEAST_RESULTS or found < LEAST_FOUND or results == found:
        raise RuleViolation(
            f"The history is too thin to learn from: {name} holds {results} results of"
            f" examinations, {found} of them not conform; {LEAST_RESULTS} and {LEAST_FOUND} are"
            " needed, and some must be conform. Work by profiles and the random share until then",
            results=results,
            found=found,
        )
