"""`clearway risk capacity` and `estimate`: what offices can do, and what the whole policy finds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from clearway.cli.options import URL, AsJson, SettingsFile, Token, Url
from clearway.cli.output import emit, plain, say, show_table


def capacity(
    file: Annotated[
        Path | None,
        typer.Argument(help="TOML file to check; without it, what this node would use."),
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write it whole, as a file to start from.")
    ] = None,
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Check and show what each office can do in a day: places, shares, hours, limits."""
    from dataclasses import replace

    from clearway.node.rulebook import read_capacities
    from clearway.risk.formats.capacity import emit as written
    from clearway.settings import load

    chosen = load(settings)
    if file is not None:
        chosen = replace(chosen, capacity_file=str(file))
    found = read_capacities(chosen)
    if write is not None:
        write.write_bytes(written(found))
    if as_json:
        emit(found)
        return
    rows = [
        (office, one.red, one.yellow, one.blue, f"{one.random_share:.1%}",
         f"{one.explore_share:.1%}", f"{one.opens}-{one.closes}", len(one.limits),
         one.yellow_days or "never", one.green_delay_minutes)
        for office, one in [("(others)", found.default), *sorted(found.offices.items())]
    ]  # fmt: skip
    columns = (
        "office", "red", "yellow", "blue", "drawn", "explored", "hours UTC", "limits",
        "yellow to blue, days", "green held, min",
    )  # fmt: skip
    show_table("What each office can do in a day", columns, rows)
    if write is not None:
        say(f"Written to {plain(write)}; name it in the setting capacity_file.")


def estimate(
    token: Token,
    url: Url = URL,
    ranking: Annotated[
        str, typer.Option(help="The candidate's order: score, probability or revenue.")
    ] = "probability",
    since: Annotated[str | None, typer.Option(help="From which instant on, ISO 8601.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="By the other methods of estimating too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Estimate what the whole selection finds and misses, and what another ranking would."""
    from clearway.cli.client import Client

    with Client(url, token) as client:
        found = client.get("/v1/risk/estimates", ranking=ranking, since=since)
    if as_json:
        emit(found)
        return
    data = found["data"]
    show_table(
        f"The selection since {data['first']}, and a candidate that ranks by {plain(ranking)}",
        ("method", "of", "not conform", "precision", "recall"),
        [row for each in to_show(data, every=every) for row in _judged(each)],
    )
    seen = data["coverage"]
    say(
        f"{seen['declarations']} declarations: {seen['certain']} certain to be examined,"
        f" {seen['drawn']} with a chance, {seen['uncovered']} that could not be and are in no"
        f" figure; {seen['results']} results, {seen['awaited']} awaited."
        f" From the examined alone one would say {data['naive_illicit']:.0f} not conform."
    )
    say("Few draws make wide intervals. Trust the intervals.")
    if every:
        say("The four methods estimate the same; the first is the one to read.")
    else:
        say(f"Estimated by the method {data['recommended']}; see the others with --all.")


def to_show(data: dict[str, Any], *, every: bool) -> list[dict[str, Any]]:
    """Return the judgements to show, the recommended one first."""
    first = data["recommended"]
    ordered = sorted(data["judgements"], key=lambda each: each["method"] != first)
    return ordered if every else ordered[:1]


def _judged(each: dict[str, Any]) -> list[tuple[str, ...]]:
    rows = [("policy", each["policy"]), ("candidate", each["candidate"])]
    return [
        (
            each["method"],
            of,
            _between(figures["illicit"], ".0f"),
            _between(figures["precision"], ".1%"),
            _between(figures["recall"], ".1%"),
        )
        for of, figures in rows
        if figures
    ]


def _between(one: dict[str, float], form: str) -> str:
    return f"{one['value']:{form}} ({one['low']:{form}} to {one['high']:{form}})"
