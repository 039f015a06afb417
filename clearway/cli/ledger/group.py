"""The commands of `clearway ledger`, put together."""

from __future__ import annotations

import typer

from clearway.cli.ledger import audit, checkpoint, disclose, erase, export, show, timestamp, verify

app = typer.Typer(name="ledger", help="Verify the log.", no_args_is_help=True)
for command in (
    verify.verify,
    checkpoint.checkpoint,
    show.receipt,
    disclose.disclose,
    erase.erase,
    export.export,
    audit.audit,
):
    app.command()(command)
app.add_typer(audit.app)
app.add_typer(audit.double)
app.add_typer(disclose.app)
app.add_typer(timestamp.app)
