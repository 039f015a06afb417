"""`clearway risk held`, `stop` and `audits`: what officers make of the green and the blue lane."""

from __future__ import annotations

from typing import Annotated

import typer

from clearway.cli.options import URL, AsJson, Token, Url
from clearway.cli.output import emit, plain, say, show_table


def held(token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """List green declarations that an officer may still stop, the next to go first."""
    from clearway.cli.client import Client

    with Client(url, token) as client:
        page = client.get("/v1/risk/held")
    if as_json:
        emit(page)
        return
    rows = [
        (one["mrn"], one["office"], one["until"], f"{one['score']:.3f}", plain(one["goods"]))
        for one in page["data"]
    ]
    show_table("Green, not gone yet", ("declaration", "office", "until", "score", "goods"), rows)


def stop(
    mrn: Annotated[str, typer.Argument(help="Of the declaration.")],
    reason: Annotated[str, typer.Option(help="Why; the trader does not see it.")],
    token: Token,
    scope: Annotated[str, typer.Option(help="What is looked at: documents or goods.")] = (
        "documents"
    ),
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Stop a green declaration while it is held, and order an examination."""
    from clearway.cli.client import Client

    with Client(url, token) as client:
        answer = client.post(f"/v1/declarations/{mrn}/stop", {"scope": scope, "reason": reason})
    if as_json:
        emit(answer)
    else:
        say(f"{plain(mrn)} is stopped; its {scope} are to be examined.")


def audits(
    token: Token,
    url: Url = URL,
    office: Annotated[str, typer.Option(help="Of this office only.")] = "",
    done: Annotated[bool, typer.Option("--all", help="Those that are done as well.")] = False,
    as_json: AsJson = False,
) -> None:
    """List goods released to be audited after clearance, the latest first."""
    from clearway.cli.client import Client

    status = "all" if done else "open"
    with Client(url, token) as client:
        page = client.get("/v1/audits", status=status, office=office, limit="200")
    if as_json:
        emit(page)
        return
    rows = [
        (one["mrn"], one["office"], one["since"], f"{one['score']:.3f}",
         "yellow that waited" if one["is_rerouted"] else "blue", one["outcome"] or "open")
        for one in page["data"]
    ]  # fmt: skip
    columns = ("declaration", "office", "released", "score", "lane", "outcome")
    show_table("To audit after clearance", columns, rows)
