"""`clearway certificates trust`: whose signatures count on this node."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say, show_table

app = typer.Typer(name="trust", help="Whose signatures count.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A signed trust list.")]
Signer = Annotated[
    Path,
    typer.Option(exists=True, dir_okay=False, help="Public key (PEM) that must have signed it."),
]


@app.command()
def add(
    file: File,
    signer: Signer,
    new_signer: Annotated[
        bool, typer.Option("--new-signer", help="Another issuer or key than before is meant.")
    ] = False,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Accept a trust list in place of the one held; an older one is refused."""
    from clearway.cli.trusting import accept

    accepted = accept(settings, file.read_bytes(), signer.read_bytes(), is_new_signer=new_signer)
    if as_json:
        emit({"issuer": accepted.issuer, "version": accepted.version, "keys": len(accepted.keys)})
    else:
        say(
            f"Version [bold]{accepted.version}[/] of {plain(accepted.issuer)} counts from now on:"
            f" {len(accepted.keys)} keys, good until {accepted.next_update:%Y-%m-%d %H:%M} UTC."
        )


@app.command("list")
def list_(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Show the keys that are trusted here."""
    from clearway.cli.trusting import held

    trust_list = held(settings).trust_list
    rows = [
        {
            "key_id": key.key_id.hex(),
            "authority": key.authority,
            "country": key.country,
            "kinds": ", ".join(key.type_codes) or "all",
            "usage": key.usage,
            "algorithm": key.algorithm,
            "from": key.valid.start,
            "until": key.valid.end,
            "revoked": key.revoked_at,
        }
        for key in trust_list.keys
    ]
    if as_json:
        emit({"issuer": trust_list.issuer, "version": trust_list.version, "keys": rows})
        return
    title = f"Trust list {trust_list.version} of {trust_list.issuer}"
    names = tuple(rows[0]) if rows else ("key_id",)
    show_table(title, names, [tuple(_shown(row[name]) for name in names) for row in rows])


@app.command()
def export(settings: SettingsFile = None) -> None:
    """Print the signed list that is held, to be handed on: it proves itself."""
    from clearway.cli.trusting import held

    sys.stdout.buffer.write(held(settings).document + b"\n")


@app.command()
def own(settings: SettingsFile = None) -> None:
    """Print the keys with which this node issues: public, for whoever makes a trust list."""
    from clearway.cli.trusting import own as run

    emit(run(settings))


@app.command()
def sign(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="JSON list of published keys, as `trust own` prints them or a hub's directory.",
        ),
    ],
    key: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help="Private key of the list (PEM, P-256)."),
    ],
    issuer: Annotated[str, typer.Option(help="Who makes the list.")],
    version: Annotated[int, typer.Option(min=1, help="Higher than the version before.")] = 1,
    days: Annotated[int, typer.Option(min=1, max=366, help="For how long it is good.")] = 30,
) -> None:
    """Make a trust list of keys that you judged, and print it signed."""
    from clearway.cli.trusting import make

    document, refused = make(file.read_bytes(), key.read_bytes(), issuer, version, days)
    for country, why in refused:
        sys.stderr.write(f"Left out: {country}: {why}\n")
    sys.stdout.buffer.write(document + b"\n")


def _shown(value: object) -> str:
    return "" if value is None else str(value)
