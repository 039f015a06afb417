"""`clearway ledger timestamp`: RFC 3161 time stamps of checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say

app = typer.Typer(name="timestamp", help="Time stamps of checkpoints.", no_args_is_help=True)
Kept = Annotated[
    Path, typer.Option("--checkpoint", help="The checkpoint's file.", exists=True, dir_okay=False)
]
Out = Annotated[Path, typer.Option("--out", help="Folder for checkpoint, request and answer.")]


@app.command()
def request(out: Out, settings: SettingsFile = None) -> None:
    """Write a checkpoint and the request for its time stamp, to be sent from another machine."""
    checkpoint, _ = _asked(settings, out)
    say(f"Send {plain(checkpoint.with_suffix('.tsq'))} to an authority; keep its answer as .tsr.")


@app.command()
def take(
    out: Out,
    url: Annotated[str, typer.Option(help="Address of a time-stamp authority.")],
    settings: SettingsFile = None,
) -> None:
    """Write a checkpoint and fetch a time stamp of it; verify it before you rely on it."""
    from clearway.ledger import timestamp

    checkpoint, asked = _asked(settings, out)
    answer = checkpoint.with_suffix(".tsr")
    answer.write_bytes(timestamp.post(url, asked))
    say(f"The authority's answer is in {plain(answer)}.")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The answer (.tsr).")],
    checkpoint: Kept,
    root: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="Root certificate you trust (PEM).")
    ],
    request: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The request (.tsq).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check, offline, when a checkpoint existed; exit 1 if the stamp does not hold."""
    from clearway.ledger import timestamp

    stamped = timestamp.verify(
        checkpoint.read_bytes().decode("utf-8", "replace"),
        file.read_bytes(),
        timestamp.read_roots(root.read_bytes()),
        asked=None if request is None else request.read_bytes(),
    )
    if as_json:
        emit(stamped)
    else:
        say(f"[green bold]Holds.[/] This checkpoint existed at {stamped.at.isoformat()}.")


def _asked(settings: Path | None, out: Path) -> tuple[Path, bytes]:
    from clearway.cli.store import opened_log
    from clearway.ledger import timestamp

    with opened_log(settings) as (log, _):
        note, size = log.note, log.size
    asked = timestamp.ask(note)
    out.mkdir(parents=True, exist_ok=True)
    checkpoint = out / f"checkpoint-{size}.txt"
    checkpoint.write_text(note, encoding="utf-8")
    checkpoint.with_suffix(".tsq").write_bytes(asked)
    return checkpoint, asked
