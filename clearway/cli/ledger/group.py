"""The commands of `clearway ledger`, put together."""

from __future__ import annotations

import typer

from clearway.cli.ledger import show, verify

app = typer.Typer(name="ledger", help="Verify the log.", no_args_is_help=True)
for command in (
    verify.verify,
    show.checkpoint,
    show.receipt,
):
    app.command()(command)
