"""`clearway ledger receipt`: the evidence for one fact."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from clearway.cli.options import SettingsFile


def receipt(
    seq: Annotated[int, typer.Argument(min=0, help="The fact's place in the log.")],
    form: Annotated[
        Literal["json", "tlog-proof", "cose"], typer.Option(help="The form that you want.")
    ] = "json",
    settings: SettingsFile = None,
) -> None:
    """Print the receipt of a stored fact."""
    from clearway.cli.store import receipt_of

    sys.stdout.buffer.write(receipt_of(settings, seq, form))
