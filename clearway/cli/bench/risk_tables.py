"""Tables on which risk models are tried: simulated years, and any CSV of declarations.

Each is split by time: what lies before the first day of the test teaches, as far as its result was
known by then; the rest is ranked and judged. Nothing is drawn across that day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from clearway.cli.bench.peers.contest import Contest, Flags, Floats
from clearway.errors import RuleViolation
from clearway.risk.formats import date_csv, history

_CHECK = timedelta(days=30)
_TEST_SHARE = 0.25
_LEAST_ROWS, _LEAST_FOUND = 200, 20
_LEAST_TESTED = 5
# A short table has no week to wait for results: a fiftieth of its time then.
_SHORT = 50


@dataclass(frozen=True, slots=True)
class Terms:
    """How a table is tried.

    Args:
        seed: of everything drawn.
        threads: of a method.
        quick: smaller samples where training is dear.
    """

    seed: int
    threads: int
    quick: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be tried.

    Args:
        name: with its size, for whoever reads the result.
        contest: rows and split.
        notes: what is to be known of it.
    """

    name: str
    contest: Contest
    notes: tuple[str, ...] = ()


def world(rows: int, terms: Terms, *, examined: bool) -> Table:
    """Return four simulated years, the last of them held out.

    Args:
        rows: items, about.
        terms: the seed is the world's too.
        examined: whether every declaration was examined, as in DATE's data. Otherwise results
            exist where crude rules and a small draw looked, and the test is judged by the truth.
    """
    from clearway.simulator.inspection import FULL, REALISTIC
    from clearway.simulator.years import END, years

    tried = years(terms.seed, rows, policy=FULL if examined else REALISTIC)
    frame = history.conform(tried.frame)
    cheated = (pl.col("mode") != "").alias("cheated")
    truth = tried.truth.select("mrn", "item", cheated, evaded="extra_revenue")
    joined = frame.join(truth, on=["mrn", "item"], how="left", maintain_order="left")
    said = ("illicit", "extra_revenue") if examined else ("cheated", "evaded")
    first = datetime(END.year - 1, END.month, END.day, tzinfo=UTC)
    contest = _contest(frame, first, terms, *_judged(joined, *said))
    looked = float(np.mean(frame["examined"].to_numpy()))
    name = f"{frame.height:,} items of a simulated nation, seed {terms.seed}, {looked:.0%} examined"
    judge = "what examinations found" if examined else "the truth, which officers never see"
    return Table(name, contest, (f"Judged by {judge}; the last year is held out.",))


def from_csv(path: Path, terms: Terms, test_from: date | None) -> Table:
    """Return a table in DATE's columns; the last quarter of the results is held out.

    Raises: MalformedMessage: it is no such table. RuleViolation: it is too thin to learn from or to
    be judged.
    """
    read = date_csv.read(path)
    frame = _sooner_known(read.frame)
    labelled = frame.filter(pl.col("illicit").is_not_null())["accepted_at"]
    if test_from is not None:
        first = datetime(test_from.year, test_from.month, test_from.day, tzinfo=UTC)
    elif len(labelled):
        later = labelled.sort()[min(len(labelled) - 1, int(len(labelled) * (1 - _TEST_SHARE)))]
        first = later.replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        raise RuleViolation(
            f"{path.name} says of no row whether it was illicit; a column illicit of 0 and 1 is"
            " needed to teach and to judge"
        )
    contest = _contest(frame, first, terms, *_judged(frame, "illicit", "extra_revenue"))
    contest = _only_labelled(contest)
    require_enough(contest)
    tested = int(contest.test.sum())
    name = f"{path.name}: {frame.height:,} items, {tested:,} of them tested from {first.date()} on"
    return Table(name, contest, read.notes)


def _sooner_known(frame: pl.DataFrame) -> pl.DataFrame:
    first, last = frame["accepted_at"][0], frame["accepted_at"][-1]
    soon = pl.col("accepted_at") + (last - first) / _SHORT
    sooner = pl.min_horizontal("known_at", soon)
    return frame.with_columns(known_at=pl.when(pl.col("known_at").is_not_null()).then(sooner))


def _judged(frame: pl.DataFrame, illicit: str, revenue: str) -> tuple[Flags, Floats]:
    flags = frame[illicit].fill_null(value=False).to_numpy().astype(np.bool_)
    found = frame[revenue].fill_null(0.0).fill_nan(0.0).to_numpy()
    return flags, np.where(flags, np.maximum(found, 0.0), 0.0)


def _contest(
    frame: pl.DataFrame, first: datetime, terms: Terms, illicit: Flags, revenue: Floats
) -> Contest:
    known = (
        pl.col("examined").fill_null(value=False)
        & pl.col("illicit").is_not_null()
        & (pl.col("known_at") < first).fill_null(value=False)
    )
    parts = frame.select(
        teach=known & (pl.col("accepted_at") < first),
        late=pl.col("accepted_at") >= first - _CHECK,
        test=pl.col("accepted_at") >= first,
    )
    teach = parts["teach"].to_numpy()
    check = teach & parts["late"].to_numpy()
    if check.sum() < _LEAST_ROWS or not teach[~check].any():
        # A short or thin table: the newest tenth of what teaches.
        places = np.flatnonzero(teach)
        check = np.zeros(len(teach), dtype=np.bool_)
        check[places[-max(1, len(places) // 10) :]] = True
    return Contest(
        frame, teach, check, parts["test"].to_numpy(), illicit, revenue,
        seed=terms.seed, threads=terms.threads, quick=terms.quick,
    )  # fmt: skip


def _only_labelled(contest: Contest) -> Contest:
    """Return the contest judged on rows with a result alone: of the others nothing is known."""
    from dataclasses import replace

    labelled = contest.frame["illicit"].is_not_null().to_numpy()
    return replace(contest, test=contest.test & labelled)


def require_enough(contest: Contest) -> None:
    """Check that there is something to learn and to judge. Raises: RuleViolation: there is not."""
    labels = contest.labels()[0]
    taught, found = int(contest.teach.sum()), int((contest.teach & labels).sum())
    if taught < _LEAST_ROWS or found < _LEAST_FOUND or found == taught:
        raise RuleViolation(
            f"The table is too thin to learn from: before the test {taught:,} results are known,"
            f" {found:,} of them illicit; {_LEAST_ROWS} and {_LEAST_FOUND} are needed, and some"
            " must be conform. Give more rows, or a later first day of the test"
        )
    tested, guilty = int(contest.test.sum()), int((contest.test & contest.illicit).sum())
    if guilty < _LEAST_TESTED or guilty == tested:
        raise RuleViolation(
            f"The test cannot tell methods apart: of {tested:,} rows {guilty:,} are illicit; at"
            f" least {_LEAST_TESTED} are needed, and some must be conform. Give an earlier first"
            " day of the test"
        )
