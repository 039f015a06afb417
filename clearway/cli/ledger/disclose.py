"""`clearway ledger disclose` and `disclosure verify`: some fields of a fact, with a proof."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say, show_table

app = typer.Typer(
    name="disclosure", help="Check what others disclosed, offline.", no_args_is_help=True
)

Fields = Annotated[
    list[str],
    typer.Option(
        "--field",
        help="JSON pointer into the body (/mrn, /declaration/items/0/hs), or a name of the header"
        " (subject, issuer, actor, occurred_at, recorded_at); may be repeated.",
    ),
]


def disclose(
    seq: Annotated[int, typer.Argument(min=0, help="The fact's place in the log.")],
    field: Fields,
    receipt: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="Take the fact from this receipt: needs no node."
        ),
    ] = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--for", help="Seal it for this agency alone (`partner list`); repeatable."),
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Print a proof of single fields of a fact; the others stay hidden."""
    from clearway.cli.store import receipt_of
    from clearway.errors import InputError
    from clearway.ledger.disclosure import of_receipt
    from clearway.ledger.receipt_forms import read

    held = read(receipt.read_bytes() if receipt else receipt_of(settings, seq))
    if held.index != seq:
        raise InputError(f"This is the receipt of fact {held.index}, not of {seq}")
    content = of_receipt(held, field).marshal()
    if recipient:
        from clearway.cli.ledger.sealing import seal_for

        content = seal_for(settings, content, recipient)
    sys.stdout.buffer.write(content)


@app.command("open")
def open_(
    file: Annotated[
        Path, typer.Argument(help="What came, sealed for us.", exists=True, dir_okay=False)
    ],
    sender: Annotated[str, typer.Option("--from", help="Id of the agency that sent it.")],
    output: Annotated[
        Path | None, typer.Option(help="File for the disclosure; standard output if not given.")
    ] = None,
    settings: SettingsFile = None,
) -> None:
    """Open a disclosure that was sealed for us and check it by its agency's keys."""
    from clearway.cli.ledger.sealing import open_from

    content = open_from(settings, file, sender)
    if output is None:
        sys.stdout.buffer.write(content)
    else:
        output.write_bytes(content)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="The disclosure (JSON).", exists=True)],
    key: Annotated[
        list[str] | None,
        typer.Option("--key", help="Verifier key you trust: a file (log.vkey) or the key itself."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="C2SP tlog-policy that must be met."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that a log you trust holds these fields; exit 1 if the evidence does not hold."""
    from clearway.cli.verifier_keys import trust_of
    from clearway.ledger import disclosure as disclosures

    told = disclosures.parse(file.read_bytes())
    proved = disclosures.verify(told, trust_of(key or [], policy))
    if as_json:
        emit(proved)
        return
    head = proved.checkpoint
    say(f"[green bold]Holds.[/] Signed by {plain(', '.join(proved.signed_by))}.")
    say(f"  fact {proved.seq} of the first {head.size} of {plain(head.origin)}")
    show_table("Proved", ("field", "value"), list(proved.fields.items()))
    say(f"{len(proved.kept_back)} fields of this fact are kept back.")
