"""`clearway ledger receipt`: the evidence for one fact."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clearway.cli.options import SettingsFile


def receipt(
    seq: Annotated[int, typer.Argument(min=0, help="The fact's place in the log.")],
    settings: SettingsFile = None,
) -> None:
    """Print the receipt of a stored fact."""
    from clearway.cli.store import receipt_of

    sys.stdout.buffer.write(receipt_of(settings, seq))
