"""`clearway network`: agencies that share one order."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import EXIT_STOP, emit, plain, say, show_table

app = typer.Typer(
    name="network", help="Share one order of uses with other agencies.", no_args_is_help=True
)
Home = Annotated[Path, typer.Option(help="Folder of this agency's validator.")]
HOME = Path("var/order")


@app.command()
def demo(
    agencies: Annotated[
        int, typer.Option(min=1, max=7, help="How many; an order needs four or more.")
    ] = 4,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Start four agencies here, use a thing twice, kill one, kill two, bring them back."""
    from clearway.cli.networking import run
    from clearway.settings import load

    run(agencies=agencies, settings=load(settings), as_json=as_json)


@app.command()
def card(
    agency: Annotated[str, typer.Argument(help="Short name of this agency, such as customs-ke.")],
    p2p: Annotated[str, typer.Option(help="host:port that the others reach.")],
    rpc: Annotated[str, typer.Option(help="host:port for this agency only.")] = "127.0.0.1:26657",
    power: Annotated[int, typer.Option(min=1, max=1000, help="Weight of its vote.")] = 1,
    home: Home = HOME,
) -> None:
    """Make this agency's keys and print its card, to be given to the others."""
    from clearway.ledger.order.cometbft import card as cards
    from clearway.node.clock import entropy

    sys.stdout.write(cards.make(home, agency, p2p=p2p, rpc=rpc, power=power, secret=entropy(96)))


@app.command()
def init(
    order: Annotated[str, typer.Argument(help="Name of the order, the same for all.")],
    cards: Annotated[
        list[Path], typer.Argument(exists=True, dir_okay=False, help="The card of each agency.")
    ],
    home: Home = HOME,
    as_json: AsJson = False,
) -> None:
    """Write this agency's validator from the cards of all; the genesis is the same for each."""
    from clearway.ledger.order.cometbft.card import found_order

    members = found_order(home, order, [file.read_bytes() for file in cards])
    names = [member.agency.id for member in members]
    if as_json:
        emit({"order": order, "agencies": names, "home": str(home)})
    else:
        say(
            f"The order [bold]{plain(order)}[/] of {plain(', '.join(names))} lies in {plain(home)}."
        )


@app.command()
def run(home: Home = HOME, settings: SettingsFile = None) -> None:
    """Run this agency's validator and application until interrupted."""
    import signal
    import time

    from clearway.ledger.order.cometbft.node import Validator, find_binary
    from clearway.settings import load

    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    with Validator(home, find_binary(load(settings).cometbft_path)) as validator:
        say(f"The validator of {plain(home)} runs; its logs are app.log and comet.log there.")
        try:
            while validator.alive:
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
    say("The validator or its application ended; see the logs.")
    sys.exit(EXIT_STOP)


@app.command()
def status(home: Home = HOME, as_json: AsJson = False) -> None:
    """Say where this agency's application stands."""
    from clearway.ledger.order.cometbft.card import local_order

    with local_order(home) as order:
        found = order.status()
    if as_json:
        emit(found)
        return
    rows = [(name, getattr(found, name)) for name in found.__struct_fields__]
    show_table(f"Order {found.order}", ("what", "value"), rows)


@app.command()
def vote(
    proposal: Annotated[str, typer.Argument(help="Id of what the agencies decided.")],
    card: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="Member card of the agency meant.")
    ],
    power: Annotated[
        int | None, typer.Option(min=1, max=1000, help="Weight of its vote; as its card says.")
    ] = None,
    home: Home = HOME,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Vote in the order as the agencies decided (`clearway partner vote`): admit or remove.

    Run on the node's own machine, while the node stands still and its validator runs. The change
    takes effect in the order once members with more than two thirds of all power voted for it.
    """
    from clearway.cli.ordering import vote as run

    voted = run(settings, proposal, card.read_bytes(), power, home)
    if as_json:
        emit(voted)
    else:
        say(
            f"Voted in [bold]{plain(voted.order)}[/], epoch {voted.epoch}:"
            f" {plain(voted.agency)} with power {voted.power}: {voted.code}."
        )
