"""`clearway peer`: the exchange of facts with partner agencies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import EXIT_NO, emit, plain, say, show_table

app = typer.Typer(name="peer", help="Exchange facts with partner agencies.", no_args_is_help=True)


@app.command()
def sync(
    partner: Annotated[str, typer.Argument(help="One agency only; see `status`.")] = "",
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Take what partners have for us, once, then end; exit 1 if one could not be reached.

    A node that serves does this by itself.
    """
    from clearway.cli.peering import partnership
    from clearway.node.exchange import take_once

    with partnership(settings) as opened:
        found = take_once(opened, partner)
    if as_json:
        emit(found)
    else:
        for id, result in found.items():
            say(f"{plain(id)}: {f'{result} new' if isinstance(result, int) else plain(result)}")
    if any(isinstance(result, str) for result in found.values()):
        sys.exit(EXIT_NO)


@app.command()
def status(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Say how far the exchange with each partner has come, both ways, and any alarm."""
    from clearway.cli.peering import standings_of

    found = standings_of(settings)
    if as_json:
        emit(found)
        return
    columns = ("partner", "taken to", "of", "cosigned to", "facts", "given to", "alarm")
    rows = [
        (s.partner, s.taken_to, s.partner_size, s.cosigned_to, s.received, s.given_to, s.alarm)
        for s in found
    ]
    show_table("Partners", columns, rows)


@app.command()
def keys(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Print what a partner must know of our exchange: fingerprint, key, certificate."""
    from clearway.cli.peering import partnership

    with partnership(settings) as opened:
        shown = {
            "tls_fingerprint": opened.fingerprint,
            "hpke_key": opened.recipient,
            "certificate": opened.tls_certificate.read_text(encoding="ascii"),
        }
    if as_json:
        emit(shown)
    else:
        say(plain("\n".join(f"{name}: {value}" for name, value in shown.items())))


@app.command()
def trust(
    certificate: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="PEM file.")],
    settings: SettingsFile = None,
) -> None:
    """Keep a partner's certificate, of one that only calls; others are fetched and pinned."""
    from clearway.cli.peering import partnership

    with partnership(settings) as opened:
        fingerprint = opened.certificates.add(certificate.read_text(encoding="utf-8"))
    say(f"Kept: {fingerprint}. It opens nothing unless an agency's card bears it.")


@app.command()
def resume(
    partner: Annotated[str, typer.Argument(help="Agency; see `status`.")],
    reason: Annotated[str, typer.Option(help="What was found out.")],
    settings: SettingsFile = None,
) -> None:
    """Let the exchange with a partner go on after its alarm was looked into."""
    from clearway.cli.peering import resume as run

    run(settings, partner, reason)
    say(f"The exchange with {plain(partner)} goes on.")


@app.command()
def receipt(
    origin: Annotated[str, typer.Argument(help="Origin of the partner's log.")],
    seq: Annotated[int, typer.Argument(min=0, help="Place of the fact there.")],
    settings: SettingsFile = None,
) -> None:
    """Print the receipt of a fact that a partner gave, or the disclosure if only fields came."""
    from clearway.cli.peering import receipt_of

    sys.stdout.buffer.write(receipt_of(settings, origin, seq))
