"""`clearway risk recompute`: a decision of before, worked out again from the ledger."""

from __future__ import annotations

from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import EXIT_NO, emit, plain, say, show_table


def recompute(
    mrn: Annotated[str, typer.Argument(help="Of the declaration.")],
    seq: Annotated[
        int | None, typer.Option(min=0, help="Of the assessment's fact; else the last one.")
    ] = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Work an assessment out again from the facts before it, and say where it differs.

    Exit code 1: it differs, or a part of it cannot be worked out again.
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from clearway.cli.store import opened
    from clearway.node.recomputation import Sources, recompute_assessment
    from clearway.risk.profiles.tables import rules_in_force

    with opened(settings) as (folder, _, connection), TemporaryDirectory() as scratch:
        sources = Sources(folder.models, Path(scratch), rules_in_force)
        found = recompute_assessment(connection, mrn, sources, seq=seq)
    if as_json:
        emit({"equal": found.is_equal, "recomputed": found})
    else:
        head = f"Assessment {found.seq} of {plain(mrn)}, {found.at:%Y-%m-%d %H:%M} UTC"
        by = plain(found.model or "rules only")
        say(f"{head}, by {by} and the rules {plain(found.rules)}:")
        for missing in found.missing:
            say(plain(missing))
        rows = [(each.field, each.stated, each.found) for each in found.differences]
        if rows:
            show_table("It differs", ("field", "stated", "worked out"), rows)
        elif found.compared:
            say(f"Equal in {len(found.compared)} fields, to the last bit.")
    if not found.is_equal:
        raise typer.Exit(EXIT_NO)
