"""`clearway queue`: what to examine next, and why."""

from __future__ import annotations

from clearway.cli.options import URL, AsJson, Token, Url
from clearway.cli.output import emit, show_table


def queue(token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Show the examination queue, most urgent first, with the reason of each place."""
    from clearway.cli.client import Client

    page = Client(url, token).get("/v1/examinations", status="open", order="queue")
    if as_json:
        emit(page)
        return
    rows = [
        (one["rank"], one["mrn"], ", ".join(one["agencies"]), one["why"]) for one in page["data"]
    ]
    show_table("Examination queue", ("", "declaration", "agencies", "why here"), rows)
