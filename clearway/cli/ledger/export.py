"""`clearway ledger export`: the log as static files for any web server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say


def export(
    to: Annotated[Path, typer.Option("--to", help="Folder that a web server serves.")],
    prune: Annotated[
        bool, typer.Option(help="Remove partial tiles whose full tile was there last time.")
    ] = False,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the log as static tiles (C2SP tlog-tiles); again later: only what is new."""
    from clearway.cli.progress import counting
    from clearway.cli.store import opened
    from clearway.ledger.export import export as write

    with (
        opened(settings) as (home, _, connection),
        counting("entries", quiet=as_json) as progress,
    ):
        note = home.open_log(connection).note
        # Former keys too: one of them signed what an older export left there.
        done = write(connection, to, note, home.verifiers(), prune=prune, progress=progress)
    if as_json:
        emit(done)
        return
    say(
        f"{done.checkpoint.size} entries of {plain(done.checkpoint.origin)} are in {plain(to)}:"
        f" {done.checkpoint.size - done.since} new, {done.files} files written, {done.bytes} bytes."
    )
