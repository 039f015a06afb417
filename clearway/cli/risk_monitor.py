"""`clearway risk history`, `performance`, `drift`, `fairness`, `challenger`: watching models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say, show_table

if TYPE_CHECKING:
    from polars import DataFrame

Days = Annotated[int, typer.Option(min=1, max=3_650, help="Of the past that are looked at.")]
_FORMS = (".md", ".csv", ".json")
_PERIOD = "all of it"
_NONE = "No declaration was accepted in the last {days} days"
History = Annotated[
    Path | None,
    typer.Option(help="Parquet history to look at, instead of the node's own past.", exists=True),
]


def history(
    out: Annotated[
        Path | None,
        typer.Option(help="Parquet file; without it, the one that the node's own rules try on."),
    ] = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the node's own past as a history to train on, try rules on and search."""
    from clearway.insight import past
    from clearway.insight.views import open_lake
    from clearway.node.files import Folder
    from clearway.settings import load

    folder = Folder(load(settings).data_directory)
    with open_lake(folder.lake) as lake:
        frame = past.history(lake)
    if out is None:
        out = folder.history / "own.parquet"
        folder.history.mkdir(exist_ok=True)
    # Whole or not at all: a node may be reading the one of before.
    partial = out.with_name(f"{out.name}.partial")
    frame.write_parquet(partial)
    partial.replace(out)
    told = {"rows": len(frame), "results": int(frame["illicit"].is_not_null().sum())}
    if as_json:
        emit(told | {"file": str(out)})
    else:
        say(f"{told['rows']:,} items, {told['results']:,} with a result, in {plain(out)}.")


def performance(
    by: Annotated[
        str,
        typer.Option(help="stratum, channel, decided_by, office, model or mode; empty: all."),
    ] = "",
    days: Days = 91,
    history: History = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Show precision, recall, revenue, calibration and delay of results, by week and in all."""
    from clearway.risk.monitor import performance as figures

    frame = _selections(settings, history, days)
    weeks = figures.weekly(frame, by)
    overall, whole = figures.overall(frame, by), figures.whole(frame)
    period = figures.overall_whole(frame)
    if as_json:
        emit(
            {
                "weeks": weeks,
                "whole": whole,
                "overall": overall,
                "overall_whole": period,
                "calibration": figures.calibration(frame),
                "delays": figures.delays(frame),
            }
        )
        return
    if not weeks:
        say(f"{_NONE.format(days=days)}; look further back with --days, or at --history FILE.")
        return
    rows = [
        (when, week.group, week.declarations, week.selected, week.awaited,
         _between(week.hits.value, week.hits.low, week.hits.high), f"{week.revenue:,.0f}")
        for when, week in [*((f"{one.week}", one) for one in weeks),
                           *((_PERIOD, one) for one in overall)]
    ]  # fmt: skip
    columns = ("week", by or "all", "accepted", "opened", "awaited", "found something", "EUR")
    show_table("What examinations found", columns, rows)
    told = [
        (when, _between(one.precision.value, one.precision.low, one.precision.high),
         _between(one.recall.value, one.recall.low, one.recall.high),
         f"{one.illicit.value:,.0f}", one.uncovered)
        for when, one in [*((f"{one.week}", one) for one in whole),
                          *((_PERIOD, one) for one in ([] if period is None else [period]))]
    ]  # fmt: skip
    names = ("week", "precision", "recall, estimated", "cases, estimated", "not covered")
    show_table("What the whole selection found and missed", names, told)
    say(
        "Recall is estimated from the draw. In a week of few draws its interval is wide, and 100 %"
        " means only that the draw found nothing; trust the interval."
    )


def drift(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Look for drift now: what the model sees, what it says, and what examinations find."""
    from clearway.cli.store import opened
    from clearway.node.clock import utc_now
    from clearway.node.risk_job import Job, Task, do
    from clearway.risk import tables

    with opened(settings) as (folder, _, connection):
        active = tables.active_model(connection)
    job = Job(
        task=Task.LOOK,
        lake=str(folder.lake),
        models=str(folder.models),
        out="",
        now=utc_now(),
        active="" if active is None else active.id,
        active_since=None if active is None else active.activated_at,
    )
    found = do(job).drift
    if as_json:
        emit({"model": job.active, "drift": found})
        return
    rows = [
        (one.what.value, plain(each.name), f"{each.value:.3f}", f"{each.bound:.3f}")
        for one in found
        for each in one.moved
    ]
    if rows:
        show_table(
            f"Drift since {plain(job.active)}", ("what", "name", "now", "bound, or before"), rows
        )
    else:
        say(f"No drift is seen for {plain(job.active or 'a node without a model')}.")


def fairness(
    days: Days = 365,
    out: Annotated[
        Path | None, typer.Option(help="File to write: .md, .csv or .json by its name.")
    ] = None,
    history: History = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Report whether selection discriminates by origin, size, declarant or office (TFA 7.4)."""
    from clearway.errors import BadTerm
    from clearway.ledger.fact import encode
    from clearway.risk.formats import fairness as forms
    from clearway.risk.monitor import fairness as figures

    if out is not None and out.suffix not in _FORMS:
        raise BadTerm("name of the file", out.name, f"ends in none of: {', '.join(_FORMS)}")
    made = figures.report(_selections(settings, history, days))
    if out is not None:
        text = forms.to_markdown(made)
        if out.suffix == ".csv":
            text = forms.to_csv(made)
        elif out.suffix == ".json":
            text = encode(made).decode()
        out.write_text(text, encoding="utf-8")
    if as_json:
        emit(made)
        return
    if out is not None:
        say(f"Written to {plain(out)}; {len(made.flags)} groups are flagged.")
    else:
        say(plain(forms.to_markdown(made)))


def challenger(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Show the model in shadow, how it was judged so far, and what befell trainings."""
    from clearway.cli.store import opened
    from clearway.risk.monitor import tables

    with opened(settings) as (_, _, connection):
        known = tables.challenger(connection)
        events = tables.list_events(connection, limit=20)
    if as_json:
        emit({"challenger": known, "events": events})
        return
    say("No model is in shadow." if known is None else f"{known.model} since {known.since:%F}.")
    if not events:
        say("Nothing was stated yet; a node that serves looks every risk_watch_seconds.")
        return
    rows = [(f"{one.at:%F %H:%M}", one.type, plain(_words(one.stated))) for one in events]
    show_table("What was stated, newest first", ("when", "fact", "what"), rows)


def _selections(settings: Path | None, history: Path | None, days: int) -> DataFrame:
    from datetime import timedelta

    from clearway.insight import past
    from clearway.insight.views import open_lake
    from clearway.node.clock import utc_now
    from clearway.node.files import Folder
    from clearway.risk.formats.history import read
    from clearway.risk.monitor import frames
    from clearway.settings import load

    if history is not None:
        frame = frames.of_history(read(history))
        import polars as pl

        newest = frame["accepted_at"].max()
        return frame.filter(pl.col("accepted_at") >= pl.lit(newest) - timedelta(days=days))
    with open_lake(Folder(load(settings).data_directory).lake) as lake:
        return past.selections(lake, utc_now() - timedelta(days=days))


def _between(value: float | None, low: float, high: float) -> str:
    return "-" if value is None else f"{value:.1%} ({low:.1%} to {high:.1%})"


def _words(stated: Any) -> str:
    from clearway.risk.monitor.facts import ChallengerJudged, DriftNoticed, TrainingFailed

    if isinstance(stated, ChallengerJudged):
        found = stated.judgement
        return f"{stated.challenger}: {found.verdict.value}, gain {found.gain:+.3f}"
    if isinstance(stated, DriftNoticed):
        return f"{stated.what.value}: {', '.join(one.name for one in stated.moved[:5])}"
    if isinstance(stated, TrainingFailed):
        return f"{stated.code}: {stated.detail}"
    return str(stated.model)
