"""`clearway risk`: train a model, look at it, bring it into use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli import (
    risk_kin,
    risk_lanes,
    risk_lists,
    risk_models,
    risk_monitor,
    risk_recompute,
    risk_rules,
    risk_selection,
    risk_share,
)
from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say
from clearway.cli.risk_models import show_figures

app = typer.Typer(name="risk", help="Train and activate risk models.", no_args_is_help=True)
app.add_typer(risk_rules.app)
app.add_typer(risk_lists.app)
app.command("search")(risk_rules.search)
app.command("held")(risk_lanes.held)
app.command("stop")(risk_lanes.stop)
app.command("audits")(risk_lanes.audits)
app.command("capacity")(risk_selection.capacity)
app.add_typer(risk_share.app)
app.command("estimate")(risk_selection.estimate)
app.command("card")(risk_models.card)
app.command("frontier")(risk_models.frontier)
app.command("weigh")(risk_models.weigh)
app.command("shapes")(risk_models.shapes)
app.command("recompute")(risk_recompute.recompute)
app.command("history")(risk_monitor.history)
app.command("performance")(risk_monitor.performance)
app.command("drift")(risk_monitor.drift)
app.command("fairness")(risk_monitor.fairness)
app.command("challenger")(risk_monitor.challenger)
app.command("kin")(risk_kin.kin)
app.command("confirm")(risk_kin.confirm)


@app.command()
def train(
    history: Annotated[
        Path, typer.Option(help="Parquet, or CSV in DATE's columns: past items and results.")
    ],
    out: Annotated[Path, typer.Option(help="Folder in which the model's folder is made.")],
    seed: Annotated[int, typer.Option(min=0, help="Of everything drawn.")] = 1,
    kind: Annotated[
        str, typer.Option(help="trees, or glass_box: curves that a policy maker can read.")
    ] = "trees",
    revenue_weight: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of revenue in the ranking; 0: hits alone.")
    ] = 0.2,
    threads: Annotated[int, typer.Option(min=1, help="Idle cores to learn with.")] = 2,
    on: Annotated[
        str, typer.Option(help="memory, duckdb (spills to disk) or spark (beyond one machine).")
    ] = "memory",
    master: Annotated[str, typer.Option(help="Of Spark, such as spark://host:7077.")] = "local[2]",
    shared: Annotated[
        Path | None, typer.Option(help="Folder that Spark's workers can read too.", exists=True)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train on the past, time-ordered, and measure on its last part beside simple peers."""
    from clearway.cli.progress import phases
    from clearway.cli.risk_engines import place
    from clearway.node.clock import utc_now
    from clearway.risk.formats import artefact, date_csv
    from clearway.risk.formats.history import read
    from clearway.risk.training import kind_of
    from clearway.risk.training import train as fit

    is_csv = history.suffix.lower() == ".csv"
    table = date_csv.read(history) if is_csv else None
    frame = read(history) if table is None else table.frame
    if table is not None and not as_json:
        for note in table.notes:
            say(plain(note))
    where = place(on, master=master, shared=shared, threads=threads)
    with where as found, phases(quiet=as_json) as progress:
        made = fit(
            frame,
            seed=seed,
            now=utc_now(),
            progress=progress,
            kind=kind_of(kind),
            revenue_weight=revenue_weight,
            threads=threads,
            engine=found.engine,
            elsewhere=found.elsewhere,
        )
    folder = artefact.save(made, out)
    if as_json:
        emit(made.card)
        return
    show_figures(f"{made.card.id} on its last period", made.card.metrics)
    say(f"Saved in {folder}. Bring it into use with: clearway risk activate {folder}")


@app.command()
def activate(
    folder: Annotated[Path, typer.Argument(help="Folder of a trained model.", exists=True)],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Bring a model into use on a node that stands still; the activation is a fact."""
    from clearway.cli.setup import activate_model

    card = activate_model(settings, folder, reason)
    if as_json:
        emit(card)
    else:
        say(f"{card.id} scores from the next start on.")
