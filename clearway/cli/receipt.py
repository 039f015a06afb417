"""`clearway receipt`: evidence that needs no database and no network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson
from clearway.cli.output import emit, say

app = typer.Typer(name="receipt", help="Verify receipts, offline.", no_args_is_help=True)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt (JSON).", exists=True)],
    key: Annotated[
        list[str],
        typer.Option(
            "--key",
            help="Verifier key you trust: a file (log.vkey) or the key itself; may be repeated.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Check that a log you trust holds this fact; exit 1 if the evidence does not hold."""
    from clearway.ledger import receipt as receipts
    from clearway.ledger.note import Verifier

    verifiers = [Verifier.from_vkey(_key_text(one)) for one in key]
    verified = receipts.verify(receipts.parse(file.read_bytes()), verifiers)
    if as_json:
        emit(verified)
        return
    fact, head = verified.fact, verified.checkpoint
    say(f"[green bold]Holds.[/] Signed by {', '.join(verified.signed_by)}.")
    say(f"  {fact.type} about {fact.subject}")
    say(f"  stated by {fact.issuer}, acting {fact.actor}")
    say(f"  occurred {fact.occurred_at.isoformat()}, recorded {fact.recorded_at.isoformat()}")
    say(f"  fact {fact.seq} of the first {head.size} of {head.origin}")


def _key_text(given: str) -> str:
    path = Path(given)
    return path.read_text(encoding="ascii").strip() if path.is_file() else given.strip()
