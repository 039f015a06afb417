"""`clearway demo`: one border day, worked before your eyes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="No server: work the day in process, then end.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another world.")] = 7,
    consignments: Annotated[
        int, typer.Option(min=10, max=2_000, help="Consignments of the day.")
    ] = 250,
    folder: Annotated[
        Path, typer.Option(help="Where the demo's node is made; it is made anew each time.")
    ] = Path("var/demo"),
    port: Annotated[int, typer.Option(help="Port of the console; 0 takes a free one.")] = 8080,
    as_json: AsJson = False,
) -> None:
    """Make a world, train on its past, then work one whole day through the real doors.

    Everything in it is simulated and none of it is canned: other seeds give other days.
    """
    from clearway.cli.demonstration import run

    run(once=once, seed=seed, consignments=consignments, folder=folder, port=port, as_json=as_json)
