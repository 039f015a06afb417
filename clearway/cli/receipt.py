"""`clearway receipt`: evidence that needs no database and no network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from clearway.cli.options import AsJson
from clearway.cli.output import emit, plain, say

if TYPE_CHECKING:
    from clearway.ledger.note import Verifier

app = typer.Typer(name="receipt", help="Verify receipts, offline.", no_args_is_help=True)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The receipt (JSON).", exists=True, dir_okay=False)],
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

    verifiers = [_verifier(one) for one in key]
    verified = receipts.verify(receipts.parse(file.read_bytes()), verifiers)
    if as_json:
        emit(verified)
        return
    fact, head = verified.fact, verified.checkpoint
    say(f"[green bold]Holds.[/] Signed by {plain(', '.join(verified.signed_by))}.")
    say(f"  {plain(fact.type)} about {plain(fact.subject)}")
    say(f"  stated by {plain(fact.issuer)}, acting {plain(fact.actor)}")
    say(f"  occurred {fact.occurred_at.isoformat()}, recorded {fact.recorded_at.isoformat()}")
    say(f"  fact {fact.seq} of the first {head.size} of {plain(head.origin)}")


def _verifier(given: str) -> Verifier:
    """Return the key of a file, or the key that was given as text."""
    from clearway.errors import InputError, VerificationError
    from clearway.ledger.note import read_vkey

    path = Path(given)
    try:
        text = path.read_text(encoding="ascii") if path.is_file() else given
        return read_vkey(text.strip())
    except (UnicodeDecodeError, VerificationError) as error:
        raise InputError(
            f"--key {given[:80]}: neither a file with a verifier key (log.vkey) nor such a key"
        ) from error
