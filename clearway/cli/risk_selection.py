"""`clearway risk capacity` and `estimate`: what offices can do, and what the whole policy finds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say, show_table


def capacity(
    file: Annotated[
        Path | None,
        typer.Argument(help="TOML file to check; without it, what this node would use."),
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write it whole, as a file to start from.")
    ] = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Check and show what each office can do in a day: places, shares, hours, limits."""
    from dataclasses import replace

    from clearway.node.rulebook import read_capacities
    from clearway.risk.formats.capacity import emit as written
    from clearway.settings import load

    chosen = load(settings)
    if file is not None:
        chosen = replace(chosen, capacity_file=str(file))
    found = read_capacities(chosen)
    if write is not None:
        write.write_bytes(written(found))
    if as_json:
        emit(found)
        return
    rows = [
        (office, one.red, one.yellow, one.blue, f"{one.random_share:.1%}",
         f"{one.explore_share:.1%}", f"{one.opens}-{one.closes}", len(one.limits),
         one.yellow_days or "never", one.green_delay_minutes)
        for office, one in [("(others)", found.default), *sorted(found.offices.items())]
    ]  # fmt: skip
    columns = (
        "office", "red", "yellow", "blue", "drawn", "explored", "hours UTC", "limits",
        "yellow to blue, days", "green held, min",
    )  # fmt: skip
    show_table("What each office can do in a day", columns, rows)
    if write is not None:
        say(f"Written to {plain(write)}; name it in the setting capacity_file.")
