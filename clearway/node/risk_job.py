"""Heavy work of watching models, in a process of its own: `python -m clearway.node.risk_job JOB`.

The process is given a job as a file and leaves its outcome as another, written whole or not at all.
It reads the lake, never the store; it takes one core at the lowest priority. Whatever happens to
it, the node answers on: no outcome is an outcome too.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import numpy as np
import polars as pl

from clearway.errors import ClearwayError
from clearway.insight import past
from clearway.insight.views import open_lake
from clearway.ledger.columns import to_microseconds
from clearway.ledger.fact import decode, encode
from clearway.risk.features import NAMES
from clearway.risk.formats import artefact
from clearway.risk.monitor import adwin, contest, psi
from clearway.risk.monitor.contest import Bout, Judgement
from clearway.risk.monitor.facts import Drift, DriftNoticed, Moved
from clearway.risk.monitor.psi import Reference, Shift
from clearway.risk.replay import replay
from clearway.risk.scoring import Artefact
from clearway.risk.training import train

NICENESS = 19
_MOST_MOVED = 20
_AGAIN = timedelta(days=7)
"""A feature must have drifted in two windows so far apart: one odd week is no drift."""


class Task(StrEnum):
    """What the process does."""

    LOOK = "look"
    TRAIN = "train"


@dataclass(frozen=True, slots=True)
class Job:
    """What is asked of the process.

    Args:
        task: look for drift and judge the challenger, or train a model.
        lake, models, out: folder of the lake, folder of models, file of the outcome.
        now: aware UTC.
        active, active_since: model in use and when it was activated; "" and None without one.
        challenger: model in shadow; "" without one, or when it is not to be judged.
        look: number of this look at the challenger.
        seed: of whatever is drawn.
    """

    task: Task
    lake: str
    models: str
    out: str
    now: datetime
    active: str = ""
    active_since: datetime | None = None
    challenger: str = ""
    look: int = 1
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a job.

    Args:
        drift: noticed.
        judgement: of the challenger; None: not judged.
        model: trained; "" none.
        code, detail: of the error; "" without one.
    """

    drift: tuple[DriftNoticed, ...] = ()
    judgement: Judgement | None = None
    model: str = ""
    code: str = ""
    detail: str = ""


def main(file: str) -> None:
    """Do the job of a file and leave its outcome."""
    os.nice(NICENESS)
    job = decode(Path(file).read_bytes(), Job)
    try:
        done = do(job)
    except ClearwayError as error:
        done = Done(code=error.code, detail=error.detail)
    except (OSError, MemoryError, pl.exceptions.PolarsError) as error:
        done = Done(code="storage_failure", detail=f"{type(error).__name__}: {error}")
    partial = Path(f"{job.out}.partial")
    partial.write_bytes(encode(done))
    partial.rename(job.out)


def do(job: Job) -> Done:
    """Do a job in this process. Raises: ClearwayError: it cannot be done; says why."""
    with open_lake(Path(job.lake)) as lake:
        history = past.history(lake)
        if job.task is Task.TRAIN:
            made = train(history, seed=job.seed, now=job.now)
            artefact.save(made, Path(job.models))
            return Done(model=made.card.id)
        chosen = past.selections(lake)
        said = past.shadows(lake, job.challenger) if job.challenger else None
    found = [*_features(job, history), *_scores(job, chosen), *_hit_rates(job, chosen)]
    return Done(drift=tuple(found), judgement=None if said is None else judged(job, chosen, said))


def judged(job: Job, chosen: pl.DataFrame, said: pl.DataFrame) -> Judgement | None:
    """Return what the contest comes to, on declarations that both models scored; None: on none.

    Args:
        chosen: of `past.selections`.
        said: of `past.shadows`, the challenger's scores.
    """
    rows = chosen.filter(pl.col("model") == job.active).join(
        said.rename({"score": "challenger"}), on="mrn", how="inner", maintain_order="left"
    )
    openings = int((rows["channel"] == "red").sum())
    if not openings:
        return None
    bout = Bout(
        champion=rows["score"].to_numpy().astype(np.float64),
        challenger=rows["challenger"].to_numpy().astype(np.float64),
        propensity=rows["propensity"].to_numpy().astype(np.float64),
        resulted=rows["resulted"].to_numpy().astype(np.bool_),
        found=rows["found"].fill_null(value=False).to_numpy().astype(np.float64),
        importer=rows["importer"].rank("dense").to_numpy().astype(np.int64),
        openings=openings,
    )
    return contest.judge(bout, look=job.look, seed=job.seed)


def _features(job: Job, history: pl.DataFrame) -> list[DriftNoticed]:
    model = _loaded(job)
    if model is None or not len(history):
        return []
    replayed = replay(history, to_microseconds(job.now)).matrix
    at = history["accepted_at"].dt.epoch("us").to_numpy().astype(np.int64)
    sealed = model.reference
    reference = (
        decode(sealed.encode(), Reference)
        if sealed
        else reference_of(replayed, at, model.card.cut_off)
    )
    if reference is None:
        return []
    windows = [_window(at, end) for end in (job.now - _AGAIN, job.now)]
    before, now = (psi.drift(reference, replayed[rows]) for rows in windows)
    return _noticed(job, Drift.FEATURES, before, now)


def reference_of(matrix: psi.Floats, at: psi.Ints, cut_off: datetime) -> Reference | None:
    """Return what a model learnt from, as drift is measured against it; None: too few rows.

    Args:
        matrix: features of a history.
        at: of each row, microseconds.
        cut_off: of the model.
    """
    rows = at < to_microseconds(cut_off)
    if int(rows.sum()) < psi.LEAST_ROWS:
        return None
    days = at[rows] // (86_400 * 1_000_000)
    return psi.reference_of(matrix[rows], days, NAMES)


def _loaded(job: Job) -> Artefact | None:
    return artefact.load(Path(job.models) / job.active) if job.active else None


def _scores(job: Job, chosen: pl.DataFrame) -> list[DriftNoticed]:
    own = chosen.filter((pl.col("model") == job.active) & (job.active != ""))
    at = own["accepted_at"].dt.epoch("us").to_numpy().astype(np.int64)
    scores = own["score"].to_numpy().astype(np.float64).reshape(-1, 1)
    reference = psi.ranks(max(1, len(own)))
    windows = [_window(at, end) for end in (job.now - _AGAIN, job.now)]
    before, now = (psi.drift(reference, scores[rows]) for rows in windows)
    return _noticed(job, Drift.SCORE, before, now)


def _hit_rates(job: Job, chosen: pl.DataFrame) -> list[DriftNoticed]:
    """Return strata whose hit rate has changed since the model came into use."""
    since = job.active_since
    rows = chosen.filter(pl.col("resulted") & pl.col("known_at").is_not_null())
    if since is not None:
        rows = rows.filter(pl.col("accepted_at") >= since)
    stream = rows.sort("known_at", "mrn").select("known_at", "stratum", "found")
    cuts = adwin.cuts(adwin.Result(at, name, bool(hit)) for at, name, hit in stream.iter_rows())
    first = since or (rows["accepted_at"].min() if len(rows) else job.now)
    return [
        DriftNoticed(
            model=job.active,
            what=Drift.HIT_RATE,
            moved=(Moved(cut.stratum, cut.after, cut.before),),
            since=first,  # type: ignore[arg-type]
            until=cut.at,
        )
        for cut in cuts
    ]


def _window(at: psi.Ints, end: datetime) -> psi.Ints:
    last = to_microseconds(end)
    first = to_microseconds(end - timedelta(days=psi.WINDOW_DAYS))
    return np.flatnonzero((at >= first) & (at < last))


def _noticed(
    job: Job, what: Drift, before: tuple[Shift, ...], now: tuple[Shift, ...]
) -> list[DriftNoticed]:
    """Return one notice of all that drifted in both windows."""
    was = {shift.name for shift in before if shift.is_drift}
    moved = [shift for shift in now if shift.is_drift and shift.name in was]
    moved.sort(key=lambda shift: -shift.psi / shift.bound)
    if not moved:
        return []
    told = tuple(Moved(one.name, one.psi, one.bound) for one in moved[:_MOST_MOVED])
    since = job.now - timedelta(days=psi.WINDOW_DAYS)
    return [DriftNoticed(job.active, what, told, since, job.now)]


if __name__ == "__main__":
    main(sys.argv[1])
