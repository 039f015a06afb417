"""`clearway hub`: certificates over an ePhyto Hub, and a hub of one's own.

As a country: `status`, `sync`, `send`, `pull`, with the settings hub_url, hub_certificate, hub_key
and hub_authority. As the operator of a regional or bilateral hub: `init`, `enrol`, `serve`,
`forget`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, InputFile, SettingsFile
from clearway.cli.output import EXIT_NO, emit, plain, say, show_table

app = typer.Typer(name="hub", help="Certificates over an ePhyto Hub.", no_args_is_help=True)

HubFolderPath = Annotated[Path, typer.Argument(help="Folder of the hub.")]


@app.command()
def init(
    folder: HubFolderPath,
    host: Annotated[
        list[str] | None, typer.Option(help="Name or address under which members reach it.")
    ] = None,
) -> None:
    """Make a hub of one's own: its authority, the certificate of its door, an empty directory."""
    from clearway.cli.hub_folder import HubFolder, create
    from clearway.node.clock import entropy, utc_now

    made = HubFolder(folder)
    create(made, tuple(host or ("127.0.0.1", "localhost")), utc_now, entropy)
    say(f"A hub was made in {plain(folder)}. Next: clearway hub enrol {plain(folder)} XA --out xa")


@app.command()
def enrol(
    folder: HubFolderPath,
    country: Annotated[str, typer.Argument(help="ISO 3166 code, such as KE.")],
    out: Annotated[Path, typer.Option(help="Folder for the country's certificate and key.")],
    name: Annotated[str, typer.Option(help="Name of its authority.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make a country's client certificate and enrol it; a hub that serves takes it up."""
    from clearway.cli.hub_folder import HubFolder
    from clearway.cli.hub_folder import enrol as run
    from clearway.node.clock import entropy, utc_now

    member = run(HubFolder(folder), country, out, name, utc_now, entropy)
    if as_json:
        emit({"country": member.country, "certificates": member.certificates})
    else:
        say(f"{plain(country)} takes part. Hand it the files in {plain(out)} by a safe way.")


@app.command()
def serve(
    folder: HubFolderPath,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8443,
    address: Annotated[
        str, typer.Option(help="Address that members use, such as https://hub.example.")
    ] = "",
) -> None:
    """Serve a hub until interrupted; exit 70 if its store failed."""
    from clearway.cli.hub_folder import HubFolder
    from clearway.cli.hub_server import serve as run

    run(HubFolder(folder), host, port, address)


@app.command()
def forget(
    folder: HubFolderPath,
    days: Annotated[int, typer.Option(help="Keep the content of the last so many days.", min=1)],
    as_json: AsJson = False,
) -> None:
    """Delete the content of letters that were answered long ago; headers and digests stay."""
    from datetime import timedelta

    from clearway.cli.hub_folder import HubFolder
    from clearway.cli.hub_server import forget as run
    from clearway.node.clock import utc_now

    emptied = run(HubFolder(folder), utc_now() - timedelta(days=days))
    if as_json:
        emit({"emptied": emptied})
    else:
        say(f"{emptied} letters were emptied.")


@app.command()
def status(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Say how the exchange stands, and ask the hub what it knows; exit 1 if it cannot be reached.

    May be run while the node serves.
    """
    from clearway.cli.hub_country import standing

    found = standing(settings)
    if as_json:
        emit(found)
    else:
        show_table("Hub", ("what", "value"), list(found.items()))
    if not found["reached"]:
        sys.exit(EXIT_NO)


@app.command()
def sync(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Send what is due, take what waits, learn what became of it, once; then end.

    A node that serves does this by itself.
    """
    from clearway.cli.hub_country import sync as run

    report = run(settings)
    if as_json:
        emit(report)
    else:
        show_table("One round", ("what", "envelopes"), list(report.items()))


@app.command()
def send(
    file: InputFile,
    validate: Annotated[
        bool, typer.Option("--validate", help="Let the hub validate it before.")
    ] = False,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Send a certificate (SPSCertificate XML) of ours by hand; exit 1 if it must go on paper."""
    from clearway.cli.hub_country import send as run

    outcome = run(settings, file.read_bytes(), validate=validate)
    if as_json:
        emit(outcome)
    else:
        say(": ".join(plain(part) for part in outcome.values() if part))
    if outcome["outcome"] != "on its way":
        sys.exit(EXIT_NO)


@app.command()
def pull(
    number: Annotated[str, typer.Argument(help="The hub's number; none: list what waits.")] = "",
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what waits for us, or print one envelope's content; nothing is acknowledged."""
    from clearway.cli.hub_country import content_of, waiting

    if number:
        sys.stdout.write(content_of(settings, number) + "\n")
        return
    headers = waiting(settings)
    if as_json:
        emit(headers)
        return
    columns = ("hub number", "from", "type", "status", "certificate")
    rows = [
        (h.hub_number, h.from_, h.certificate_type, h.certificate_status, h.nppo_number)
        for h in headers
    ]
    show_table("Waiting", columns, rows)
