"""`clearway risk share`: counts of hazards and watch lists, with partners, without declarations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say, show_table

app = typer.Typer(
    name="share", help="Share what is known of risk, without declarations.", no_args_is_help=True
)
Day = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A day, counted.")]


@app.command()
def hazards(
    first: Day,
    last: Day,
    agency: Annotated[str, typer.Option(help="Whose examinations are counted.")] = "customs",
    examined: Annotated[int, typer.Option(help="Fewest items of a cell.")] = 10,
    importers: Annotated[int, typer.Option(help="Fewest importers of a cell.")] = 5,
    found: Annotated[int, typer.Option(help="Fewest finds, unless there are none.")] = 3,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """State counts by product and origin of a past period; partners take them by their rules."""
    from clearway.cli.setup import with_node
    from clearway.ledger.fact import decode
    from clearway.risk.history import day_of
    from clearway.risk.sharing.actions.share_hazards import share_hazards
    from clearway.risk.sharing.facts import HazardShared
    from clearway.risk.sharing.hazards import Threshold
    from clearway.settings import load

    begin, end = day_of(first.replace(tzinfo=UTC)), day_of(last.replace(tzinfo=UTC))
    threshold = Threshold(examined, importers, found)
    fact = with_node(load(settings), lambda act: share_hazards(act, agency, begin, end, threshold))
    told = decode(fact.body, HazardShared)
    if as_json:
        emit({"seq": fact.seq, "shared": told})
        return
    rows = [(c.product, c.origin, c.examined, c.found) for c in told.cells]
    show_table(f"Shared as fact {fact.seq}", ("product", "origin", "examined", "found"), rows)


@app.command()
def priors(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Show what partners told of products and origins; profiles see it as item.hazard_prior."""
    from clearway.cli.store import opened
    from clearway.risk.sharing.tables import list_told

    with opened(settings) as (_, _, connection):
        found = list_told(connection)
    if as_json:
        emit(found)
        return
    if not found:
        say("No partner has told anything yet; each tells with: clearway risk share hazards")
        return
    rows = [(one.partner, one.product, one.origin, one.examined, one.found) for one in found]
    show_table("Told by partners", ("partner", "product", "origin", "examined", "found"), rows)


@app.command()
def compare(
    ours: Annotated[str, typer.Argument(help="A watch list of this node.")],
    partner: Annotated[str, typer.Option(help="Id of the agency; see: clearway peer status.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    theirs: Annotated[str, typer.Option(help="Name of its list; without it, as ours.")] = "",
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Find which entries a partner's list has as well; neither side learns any other."""
    from clearway.cli.peering import partnership
    from clearway.cli.setup import OWNER
    from clearway.node.comparing import ask

    with partnership(settings) as opened:
        found = ask(opened, OWNER, partner, ours, theirs or ours, reason)
    if as_json:
        emit(found)
        return
    for entry in found.common:
        say(plain(entry))
    say(f"{len(found.common)} of {found.asked} entries are on both lists; theirs has {found.held}.")
