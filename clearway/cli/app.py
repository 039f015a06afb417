"""The commands of `clearway`, put together."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clearway import __version__
from clearway.cli import (
    account,
    broker,
    certificates,
    declarations,
    demo,
    device,
    epcis,
    goods,
    hub,
    insight,
    lake,
    network,
    node,
    pages,
    partner,
    peer,
    queue,
    readings,
    receipt,
    risk,
    simulate,
    tasks,
)
from clearway.cli.ledger import group as ledger
from clearway.cli.output import report
from clearway.errors import ClearwayError

app = typer.Typer(
    name="clearway",
    help="Clear consignments at a border: declarations, certificates, cold chain, risk, receipts.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"clearway {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version.")
    ] = False,
) -> None:
    """Clear consignments at a border."""


app.command("demo")(demo.demo)
app.command("simulate")(simulate.simulate)
app.command("serve")(node.serve)
app.command("rebuild")(node.rebuild)
app.command("settings")(node.settings)
app.command("bench")(node.bench)
app.command("queue")(queue.queue)
receipt.app.command("page")(pages.receipt)
certificates.app.command("page")(pages.certificate)
for group in (
    node.app,
    account.app,
    partner.app,
    declarations.app,
    certificates.app,
    readings.app,
    device.app,
    epcis.app,
    broker.app,
    goods.app,
    goods.reefer,
    tasks.app,
    risk.app,
    insight.app,
    ledger.app,
    peer.app,
    hub.app,
    receipt.app,
    lake.app,
    network.app,
):
    app.add_typer(group)
# One certificate is as often spoken of as many.
app.add_typer(certificates.app, name="certificate", hidden=True)


def run(commands: typer.Typer) -> None:
    """Run, and turn every error of ours into its sentence and its exit code."""
    try:
        commands()
    except ClearwayError as error:
        sys.exit(report(error, as_json="--json" in sys.argv))
