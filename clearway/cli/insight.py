"""`clearway insight`: what the facts say together."""

from __future__ import annotations

import typer

from clearway.cli.options import URL, AsJson, Token, Url
from clearway.cli.output import emit, show_table

app = typer.Typer(name="insight", help="Release times and more.", no_args_is_help=True)


@app.command("release-times")
def release_times(token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Show release times per agency and step (TFA article 7.6)."""
    from clearway.cli.client import Client

    found = Client(url, token).get("/v1/insight/release-times")
    if as_json:
        emit(found)
        return
    rows = [
        (one["step"], one["agency"], one["count"], one["mean_h"], one["median_h"], one["p90_h"])
        for one in found["data"]
    ]
    columns = ("step", "agency", "count", "mean h", "median h", "p90 h")
    show_table("Release times", columns, rows)
