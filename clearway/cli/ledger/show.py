"""`clearway ledger checkpoint` and `receipt`: what the log says, to be kept elsewhere."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit


def checkpoint(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Print the signed checkpoint: keep it somewhere else, it proves a later rollback."""
    from clearway.cli.store import opened_log

    with opened_log(settings) as (log, _):
        note = log.note
    if as_json:
        emit({"checkpoint": note})
    else:
        sys.stdout.write(note)


def receipt(
    seq: Annotated[int, typer.Argument(min=0, help="The fact's place in the log.")],
    settings: SettingsFile = None,
) -> None:
    """Print the receipt of a stored fact."""
    from clearway.cli.store import receipt_of

    sys.stdout.buffer.write(receipt_of(settings, seq))
