"""`clearway ledger erase`: destroy what facts say, while the log still proves."""

from __future__ import annotations

from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, say


def erase(
    seq: Annotated[list[int], typer.Argument(min=0, help="Places of the facts in the log.")],
    reason: Annotated[str, typer.Option(help="Kept for good: it must not repeat the content.")],
    legal_basis: Annotated[str, typer.Option(help="The law that demands or allows it.")],
    by: Annotated[
        str | None, typer.Option(help="Account in whose name; by default the machine's owner.")
    ] = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Destroy content and salt of facts on a node that stands still; cannot be undone."""
    from clearway.cli.erasing import erase as destroy

    places = destroy(settings, seq, reason, legal_basis, by)
    if as_json:
        emit({"erased": sorted(set(seq)), "recorded_as": places})
    else:
        say(f"[bold]{len(places)}[/] erased from database, tables and lake; the log still proves.")
        say("Copies elsewhere (backups, receipts given out, partners) are not reached from here.")
