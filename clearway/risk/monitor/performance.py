"""How well selection works, week by week: precision, recall, revenue, calibration, delay.

Precision is of what was examined, so its interval is plain (Wilson). Recall and the number of
cases that exist are about what nobody saw: they are estimated from the logged propensities
(`offpolicy`), with an interval as wide as it must be. A week is judged by the day on which its
declarations were accepted; results that are still awaited are counted and said, because finds take
longer than clean goods: the newest weeks look better or worse than they are until they are ripe.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from clearway.errors import InputError
from clearway.risk import offpolicy
from clearway.risk.calibration import reliability
from clearway.risk.card import Bin
from clearway.risk.intervals import NORMAL_95, Share, wilson
from clearway.risk.offpolicy import Estimate, Log, Method

GROUPS = ("", "stratum", "channel", "decided_by", "office", "model", "mode")
_RED = pl.col("channel") == "red"
_LEAST_RESULTS = 20


@dataclass(frozen=True, slots=True)
class Week:
    """One group's figures in a week, or in the whole period.

    Args:
        week: its Monday; of the whole period: that of its first week.
        group: of what was grouped by; "" for all.
        declarations: accepted.
        selected: sent to physical examination.
        awaited: of these, without a result yet.
        hits: results that found something, of all results.
        revenue: found; `revenue_low` and `revenue_high` bound the sum (normal, of single finds).
        hours: of work, as far as told.
    """

    week: date
    group: str
    declarations: int
    selected: int
    awaited: int
    hits: Share
    revenue: float
    revenue_low: float
    revenue_high: float
    hours: float


@dataclass(frozen=True, slots=True)
class Whole:
    """What the whole policy found and missed in a week, or in the whole period.

    Args:
        week: its Monday; of the whole period: that of its first week.
        precision, recall: with intervals.
        illicit: cases among all declarations, found or not.
        uncovered: declarations that could not have been examined: no estimate speaks of them.
    """

    week: date
    declarations: int
    precision: Estimate
    recall: Estimate
    illicit: Estimate
    uncovered: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether the model's probabilities were true in a week.

    Args:
        results: that were judged.
        predicted, found: mean probability, and share found, weighed to stand for all.
        error: expected calibration error over `bins`.
    """

    week: date
    results: int
    predicted: float
    found: float
    error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Delay:
    """How long results take: share known within so many days of acceptance (Kaplan-Meier).

    Args:
        days: since acceptance.
        known: share of selected declarations whose result is known by then.
        found: the same share among those that found something, 1 at the longest delay seen.
    """

    days: float
    known: float
    found: float


def weekly(frame: pl.DataFrame, by: str = "") -> tuple[Week, ...]:
    """Return figures of each week and group.

    Args:
        frame: of `frames.conform`.
        by: one of `GROUPS`.

    Raises: InputError: no such group.
    """
    return _figures(frame, by, _week())


def overall(frame: pl.DataFrame, by: str = "") -> tuple[Week, ...]:
    """Return figures of each group over the whole period. Raises: InputError: no such group."""
    return _figures(frame, by, _week().min().over(pl.lit(1)))


def _figures(frame: pl.DataFrame, by: str, week: pl.Expr) -> tuple[Week, ...]:
    if by not in GROUPS:
        raise InputError(f"There is no group {by!r}; there is: {', '.join(filter(None, GROUPS))}")
    group = pl.lit("") if not by else pl.col(by).fill_null("")
    hit = pl.col("resulted") & pl.col("found").fill_null(value=False)
    gained = pl.when(hit).then(pl.col("revenue").fill_null(0.0)).otherwise(0.0)
    rows = (
        frame.group_by(week.alias("week"), group.alias("group"))
        .agg(
            pl.len().alias("declarations"),
            _RED.sum().alias("selected"),
            (_RED & ~pl.col("resulted")).sum().alias("awaited"),
            pl.col("resulted").sum().alias("results"),
            hit.sum().alias("hits"),
            gained.sum().alias("revenue"),
            (gained * gained).sum().alias("squares"),
            pl.col("hours").fill_null(0.0).sum().alias("hours"),
        )
        .sort("week", "group")
    )
    return tuple(_as_week(row) for row in rows.iter_rows(named=True))


def _as_week(row: dict[str, object]) -> Week:
    values = {name: row[name] for name in ("week", "group", "declarations", "selected", "awaited")}
    revenue, wide = float(str(row["revenue"])), NORMAL_95 * float(str(row["squares"])) ** 0.5
    return Week(
        **values,  # type: ignore[arg-type]
        hits=wilson(int(str(row["hits"])), int(str(row["results"]))),
        revenue=revenue,
        revenue_low=max(0.0, revenue - wide),
        revenue_high=revenue + wide,
        hours=float(str(row["hours"])),
    )


def whole(frame: pl.DataFrame, method: Method = Method.HAJEK) -> tuple[Whole, ...]:
    """Return precision and recall of the whole policy, week by week.

    Weeks whose propensities were not logged, or that have no result yet, are left out.
    """
    known = frame.filter(pl.col("propensity").is_not_null())
    made = (_whole_of(week, rows, method) for (week,), rows in _weeks(known))
    return tuple(each for each in made if each is not None)


def overall_whole(frame: pl.DataFrame, method: Method = Method.HAJEK) -> Whole | None:
    """Return the same over the whole period; None: no propensity was logged, or no result came."""
    known = frame.filter(pl.col("propensity").is_not_null())
    return _whole_of(known.select(_week().min()).item(), known, method)


def _whole_of(week: date, rows: pl.DataFrame, method: Method) -> Whole | None:
    log = log_of(rows)
    if not log.resulted.any():
        return None
    told, missed = offpolicy.of_policy(log, method), offpolicy.coverage(log).uncovered
    return Whole(week, len(rows), told.precision, told.recall, told.illicit, missed)


def log_of(rows: pl.DataFrame) -> Log:
    """Return selections as the estimators take them.

    Audits and documents seen give no result here: the propensity speaks of opened goods alone.
    """
    propensity = rows["propensity"].to_numpy().astype(np.float64)
    selected = (rows["channel"] == "red").to_numpy() & (propensity > 0.0)
    resulted = rows["resulted"].to_numpy().astype(np.bool_) & selected
    return Log(
        propensity=propensity,
        selected=selected,
        resulted=resulted,
        found=rows["found"].fill_null(value=False).to_numpy().astype(np.float64),
        probability=rows["probability"].fill_null(0.0).to_numpy().astype(np.float64).clip(0, 1),
    )


def calibration(frame: pl.DataFrame) -> tuple[Calibration, ...]:
    """Return how true the probabilities were, week by week; weeks of few results are left out."""
    rows = frame.filter(pl.col("resulted") & pl.col("probability").is_not_null())
    found = []
    for (week,), part in _weeks(rows):
        if len(part) < _LEAST_RESULTS:
            continue
        said = part["probability"].to_numpy().astype(np.float64)
        true = part["found"].fill_null(value=False).to_numpy().astype(np.bool_)
        weights = 1.0 / part["propensity"].fill_null(1.0).to_numpy().astype(np.float64).clip(0.01)
        bins = reliability(said, true, weights)
        error = sum(abs(each.predicted - each.found) * each.count for each in bins) / len(part)
        found.append(
            Calibration(
                week,
                len(part),
                float(np.average(said, weights=weights)),
                float(np.average(true, weights=weights)),
                error,
                bins,
            )
        )
    return tuple(found)


def delays(frame: pl.DataFrame, points: int = 20) -> tuple[Delay, ...]:
    """Return the curve of how long results take; those awaited are censored at the newest time.

    Source: Kaplan and Meier (JASA 1958).
    """
    chosen = frame.filter(_RED)
    if not chosen["known_at"].drop_nulls().len():
        return ()
    end = pl.concat([frame["accepted_at"], frame["known_at"].rename("accepted_at")]).max()
    waited = (
        chosen.select(
            (pl.col("known_at").fill_null(end) - pl.col("accepted_at")).dt.total_seconds() / 86_400
        )
        .to_series()
        .to_numpy()
    )
    is_known = chosen["resulted"].to_numpy().astype(np.bool_)
    is_find = is_known & chosen["found"].fill_null(value=False).to_numpy().astype(np.bool_)
    at = np.unique(np.quantile(waited[is_known], np.linspace(0.0, 1.0, points)))
    known = _known_by(waited, is_known, at)
    finds = waited[is_find]
    return tuple(
        Delay(float(day), float(share), float((finds <= day).mean()) if len(finds) else 0.0)
        for day, share in zip(at, known, strict=True)
    )


def _known_by(waited: np.ndarray, is_known: np.ndarray, at: np.ndarray) -> np.ndarray:
    times, counts = np.unique(waited[is_known], return_counts=True)
    at_risk = len(waited) - np.searchsorted(np.sort(waited), times, side="left")
    left = np.cumprod(1.0 - counts / at_risk)
    place = np.searchsorted(times, at, side="right") - 1
    return np.where(place >= 0, 1.0 - left[place], 0.0)


def _weeks(frame: pl.DataFrame) -> list[tuple[tuple[date], pl.DataFrame]]:
    parts = frame.with_columns(_week().alias("week")).partition_by("week", as_dict=True)
    return sorted(parts.items(), key=lambda each: each[0])


def _week() -> pl.Expr:
    return pl.col("accepted_at").dt.truncate("1w").dt.date()
