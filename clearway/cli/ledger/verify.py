"""`clearway ledger verify`: hash again everything that is stored."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import EXIT_NO, emit, say, show_table


def verify(
    settings: SettingsFile = None,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="A checkpoint kept elsewhere: finds a rollback of the whole machine.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hash again everything that is stored; exit 1 if anything was changed.

    Cosignatures, what our witness holds and idempotency keys are checked as far as they can be: no
    leaf commits to them.
    """
    from clearway.cli.progress import counting
    from clearway.cli.store import known_to, opened
    from clearway.ledger.beside import verify_beside
    from clearway.ledger.verify import verify_store, with_faults

    outside = [file.read_text(encoding="utf-8") for file in checkpoint or ()]
    with (
        opened(settings) as (folder, signer, connection),
        counting("facts", quiet=as_json) as progress,
    ):
        found = verify_store(
            connection, signer.name, folder.verifiers(), outside=outside, progress=progress
        )
        found = with_faults(found, verify_beside(connection, known_to(folder, connection)))
    if as_json:
        emit(found)
    elif found.holds:
        say(
            f"[green bold]Holds.[/] {found.head.size} facts, {found.tiles} tiles and"
            f" {found.checkpoints} checkpoints hashed again; nothing was changed."
        )
        if not outside:
            say("Without a --checkpoint kept elsewhere, a rollback of the machine stays unseen.")
    else:
        rows = [(fault.code, fault.place, fault.message) for fault in found.faults]
        noun = "fault" if found.fault_count == 1 else "faults"
        show_table(f"{found.fault_count} {noun}", ("code", "place", "what"), rows)
    if not found.holds:
        sys.exit(EXIT_NO)
