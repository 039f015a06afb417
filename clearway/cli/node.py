"""`clearway node`, `serve`, `rebuild`, `settings`, `bench`: running a node."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import EXIT_NO, emit, plain, say

app = typer.Typer(name="node", help="Make a node and look after it.", no_args_is_help=True)


@app.command()
def init(
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the folder, the database and the log's key of a new node, with an administrator."""
    from clearway.cli.setup import first_administrator
    from clearway.node.clock import entropy
    from clearway.node.node import create
    from clearway.settings import load

    chosen = load(settings)
    folder = create(chosen, entropy)
    name, token = first_administrator(chosen)
    if as_json:
        emit({"folder": str(folder.root), "account": name, "token": token})
        return
    say(f"A new node lies in [bold]{plain(folder.root)}[/].")
    say(f"Its verifier key, in {plain(folder.vkey)}, is:")
    say(f"  {plain(folder.vkey.read_text(encoding='ascii').strip())}")
    say("Give that key to everybody who shall verify receipts. Keep log.key to yourself.")
    say(f"Administrator: {name}. Token, shown once: [bold]{token}[/]")


@app.command()
def status(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Say what is stored and what the last checkpoint is."""
    from clearway.cli.store import opened_log

    with opened_log(settings) as (log, _):
        found = {"origin": log.origin, "facts": log.size, "checkpoint": log.note}
    if as_json:
        emit(found)
    else:
        say(plain(f"{found['origin']}: {found['facts']} facts\n\n{found['checkpoint']}").rstrip())


@app.command()
def rotate(
    log: Annotated[bool, typer.Option("--log", help="The log's key.")] = False,
    witness: Annotated[bool, typer.Option("--witness", help="The witness's key.")] = False,
    hpke: Annotated[bool, typer.Option("--hpke", help="The key that partners seal to.")] = False,
    tls: Annotated[bool, typer.Option("--tls", help="The TLS key and certificate.")] = False,
    end: Annotated[
        bool, typer.Option("--end", help="End the overlap: every partner has the new card.")
    ] = False,
    at_once: Annotated[
        bool, typer.Option("--at-once", help="Without overlap: the log's key is in wrong hands.")
    ] = False,
    lost: Annotated[
        bool, typer.Option("--lost", help="The log's private key is gone, with every backup.")
    ] = False,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Replace one of this node's keys while it stands still; the former one serves beside it.

    Hand the new card (`clearway partner card`) to every partner, then run it again with --end.
    """
    from clearway.cli.rotating import replace_lost
    from clearway.cli.rotating import rotate as run

    chosen = [
        name
        for name, is_chosen in (("log", log), ("witness", witness), ("hpke", hpke), ("tls", tls))
        if is_chosen
    ]
    if len(chosen) != 1 or end + at_once + lost > 1 or ((at_once or lost) and not log):
        raise typer.BadParameter(
            "choose one of --log, --witness, --hpke, --tls; --at-once and --lost are for --log"
        )
    done = replace_lost(settings) if lost else run(settings, chosen[0], end=end, at_once=at_once)
    if as_json:
        emit(done)
        return
    say(plain(done.said))
    say("Start the node, and hand the card to every partner: clearway partner card")


def serve(
    settings: SettingsFile = None,
    create: Annotated[
        bool, typer.Option("--create", help="Make the node first if there is none.")
    ] = False,
) -> None:
    """Run the API, the console and the workers until interrupted."""
    from clearway.cli.server import serve as run
    from clearway.settings import load

    run(load(settings), create=create)


def rebuild(
    settings: SettingsFile = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare with the tables that stand there.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make every table again from the facts; exit 1 if --check finds a difference."""
    from clearway.cli.store import rebuild as run

    found = run(settings, keep=not check, progress=not as_json)
    if as_json:
        emit(found)
    elif found.changed:
        say(f"{found.facts} facts replayed; different: {', '.join(found.changed)}")
    else:
        say(f"{found.facts} facts replayed; every table came out the same")
    if check and found.changed:
        sys.exit(EXIT_NO)


def settings(
    file: SettingsFile = None,
    as_json: AsJson = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print the table of docs/settings.md.")
    ] = False,
) -> None:
    """Show every setting, its meaning and its value here."""
    from clearway.cli.output import show_table
    from clearway.settings import NAMES, load, meanings, table

    if markdown:
        sys.stdout.write(table())
        return
    values = load(file)
    if as_json:
        shown = {name: getattr(values, name) for name in NAMES}
        emit({**shown, "data_directory": str(values.data_directory)})
        return
    rows = [(name, getattr(values, name), meanings()[name]) for name in NAMES]
    show_table("Settings", ("setting", "value", "meaning"), rows)


def bench(
    part: Annotated[
        str, typer.Argument(help="One part only, such as ledger or certificates; else all.")
    ] = "",
    quick: Annotated[bool, typer.Option("--quick", help="Smaller sizes, for a look.")] = False,
    csv: Annotated[
        Path | None, typer.Option(help="risk: a table of declarations in DATE's columns.")
    ] = None,
    schema: Annotated[
        str, typer.Option(help="risk: columns of the table, date or korea.")
    ] = "date",
    seeds: Annotated[str, typer.Option(help="risk: of the simulated nations.")] = "0,1,2",
    rows: Annotated[
        int, typer.Option(min=0, max=5_000_000, help="risk: items of a nation; 0: as usual.")
    ] = 0,
    test_from: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="risk: first day of the test of a table."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure this machine: our rates beside a peer or a physical limit, in one run."""
    from clearway.cli.bench import run

    if part == "risk":
        from clearway.cli.bench.risk import Request, seeds_of
        from clearway.cli.bench.risk import run as run_risk

        first = None if test_from is None else test_from.date()
        request = Request(csv, schema, seeds_of(seeds), rows, first, quick)
        run_risk(request, as_json=as_json)
        return
    run(quick=quick, only=part, as_json=as_json)
