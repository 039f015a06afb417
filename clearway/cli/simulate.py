"""`clearway simulate`: a border's day or years, as files."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson
from clearway.cli.output import emit, say


def simulate(
    out: Annotated[Path, typer.Argument(help="Folder for the files; it must not exist.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same world.")] = 7,
    day: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The day, or the end of the history.")
    ] = datetime(2026, 7, 14),  # noqa: DTZ001 (a date; Typer knows no other type for it)
    consignments: Annotated[int, typer.Option(min=1, help="Consignments of the day.")] = 250,
    history_days: Annotated[
        int, typer.Option(min=0, help="Days of history before the day; 0: none.")
    ] = 0,
    per_day: Annotated[float, typer.Option(help="Declarations on a mean day of history.")] = 110.0,
    as_json: AsJson = False,
) -> None:
    """Write a simulated day (messages, and the truth apart) and, if asked, a history to train on.

    Synthetic throughout; clearway/simulator/README.md says what is realistic and what is not.
    """
    from clearway.cli.simulation import write

    written = write(
        out,
        seed=seed,
        when=day.date(),
        consignments=consignments,
        history_days=history_days,
        per_day=per_day,
    )
    if as_json:
        emit(written)
    else:
        say(f"{written.messages} messages and {written.history_rows} rows of history in {out}")
