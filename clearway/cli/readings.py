"""`clearway readings`: loggers' files."""

from __future__ import annotations

from typing import Annotated

import typer

from clearway.cli.options import URL, AsJson, InputFile, Token, Url
from clearway.cli.output import emit, say

app = typer.Typer(name="readings", help="Send loggers' readings.", no_args_is_help=True)


@app.command()
def send(
    file: InputFile,
    token: Token,
    container: Annotated[
        str | None, typer.Option(help="Container number, if the file does not say it (CSV).")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Device number, if the file does not say it (CSV).")
    ] = None,
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Send a file of readings: JSON batch, or a logger's CSV."""
    from clearway.cli.client import Client

    query = "&".join(
        f"{name}={value}" for name, value in (("container", container), ("device", device)) if value
    )
    answer = Client(url, token).send("/v1/readings" + (f"?{query}" if query else ""), file)
    if as_json:
        emit(answer)
    else:
        say(f"{answer['data']['recorded']} readings recorded; alarms: {answer['data']['alarms']}")
