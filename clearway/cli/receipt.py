"""`clearway receipt`: evidence that needs no database and no network."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from clearway.cli.options import AsJson
from clearway.cli.output import emit, plain, say

if TYPE_CHECKING:
    from clearway.ledger.receipt import Receipt, Verified

# Its log signed, but the policy asks for witnesses who have not cosigned yet.
EXIT_PENDING = 3

app = typer.Typer(
    name="receipt", help="Verify and convert receipts, offline.", no_args_is_help=True
)

ReceiptFile = Annotated[
    Path,
    typer.Argument(help="The receipt (JSON, tlog-proof or COSE).", exists=True, dir_okay=False),
]


@app.command()
def verify(
    file: ReceiptFile,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            help="Verifier key you trust: a file (log.vkey, or a list with former keys) or the "
            "key itself; may be repeated.",
        ),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            help="Policy you trust (C2SP tlog-policy): logs, witnesses, and how many must cosign.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that a log you trust holds this fact.

    Exit 1 if the evidence does not hold; exit 3 if its log signed it, but the policy's witnesses
    have not cosigned yet.
    """
    from clearway.cli.verifier_keys import trust_of
    from clearway.ledger import receipt as receipts

    verified = receipts.verify(_read(file), trust_of(key or [], policy))
    if as_json:
        emit(verified)
    else:
        _show(verified)
    if not verified.satisfied:
        raise typer.Exit(EXIT_PENDING)


@app.command()
def convert(
    file: ReceiptFile,
    to: Annotated[
        Literal["json", "tlog-proof", "cose"], typer.Option(help="The form that you want.")
    ],
    output: Annotated[
        Path | None, typer.Option(help="File to write; standard output if not given.")
    ] = None,
    log_key: Annotated[
        Path | None,
        typer.Option(
            help="For the log's own operator: its signer key (log.skey), to sign for COSE where "
            "the receipt was issued without.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Write a receipt in another form; it holds and proves the same. Nothing is verified."""
    from clearway.ledger import receipt_forms

    receipt = _read(file)
    if log_key is not None:
        receipt = _sign_for_cose(receipt, log_key)
    data = receipt_forms.write(receipt, to)
    if output is None:
        sys.stdout.buffer.write(data)
    else:
        output.write_bytes(data)


def _read(file: Path) -> Receipt:
    from clearway.errors import TooLarge
    from clearway.ledger import receipt as receipts
    from clearway.ledger import receipt_forms

    if file.stat().st_size > receipts.MAX_SIZE:
        raise TooLarge(f"A receipt has at most {receipts.MAX_SIZE} bytes; {file.name} has more")
    return receipt_forms.read(file.read_bytes())


def _sign_for_cose(receipt: Receipt, log_key: Path) -> Receipt:
    from dataclasses import replace

    from clearway.ledger import cose_line
    from clearway.ledger.note import Signer

    signer = Signer.from_skey(log_key.read_text(encoding="ascii").strip())
    return replace(receipt, note=cose_line.add(receipt.note, signer))


def _show(verified: Verified) -> None:
    fact, head = verified.fact, verified.checkpoint
    if verified.satisfied:
        say(f"[green bold]Holds.[/] Signed by {plain(', '.join(verified.signed_by))}.")
    else:
        say("[yellow bold]Not valid yet.[/] Its log signed it; the policy asks for more witnesses.")
    say(f"  {plain(verified.standing)}")
    for one in verified.cosigned_by:
        at = f" at {one.at.isoformat()}" if one.at else ""
        say(f"  cosigned by {plain(one.name)}{at}")
    say(f"  {plain(fact.type)} about {plain(fact.subject)}")
    say(f"  stated by {plain(fact.issuer)}, acting {plain(fact.actor)}")
    say(f"  occurred {fact.occurred_at.isoformat()}, recorded {fact.recorded_at.isoformat()}")
    say(f"  fact {fact.seq} of the first {head.size} of {plain(head.origin)}")
