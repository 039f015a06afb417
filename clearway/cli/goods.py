"""`clearway commodities`, `clearway reefer`: the library, treatments, and who lost what."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clearway.cli.options import URL, AsJson, Token, Url
from clearway.cli.output import EXIT_NO, emit, plain, say, show_table

app = typer.Typer(
    name="commodities", help="How goods keep, and their treatments.", no_args_is_help=True
)
reefer = typer.Typer(
    name="reefer", help="What the readings of a container prove.", no_args_is_help=True
)

Container = Annotated[str, typer.Argument(help="Container number, such as CSQU3054383.")]


@app.command("list")
def list_all(
    hs: Annotated[str, typer.Option(help="Only what an HS code means, such as 080390.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the library of commodities."""
    from clearway.coldchain import commodities

    found = list(commodities.library().values())
    if hs:
        one = commodities.of_hs(hs)
        found = [] if one is None else [one]
    if as_json:
        emit(found)
        return
    rows = [
        (
            one.code,
            one.name,
            " ".join(one.hs),
            f"{one.coldest_c:g} to {one.warmest_c:g}",
            f"{one.life_days[0]:g} to {one.life_days[1]:g}",
            one.judged_by,
            one.status,
        )
        for one in found
    ]
    columns = ("code", "goods", "HS", "°C", "days", "judged by", "status")
    show_table(f"{len(rows)} commodities", columns, rows)


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="Code, such as banana.")], as_json: AsJson = False
) -> None:
    """Show one commodity with every figure and its source."""
    from dataclasses import fields

    from clearway.coldchain import commodities

    found = commodities.get(code)
    if as_json:
        emit(found)
        return
    rows = [(each.name, getattr(found, each.name)) for each in fields(found)]
    show_table(found.name, ("figure", "value"), rows)


@app.command()
def treatments(as_json: AsJson = False) -> None:
    """List the schedule of treatments."""
    from clearway.coldchain import treatment_schedules

    found = list(treatment_schedules.schedules().values())
    if as_json:
        emit(found)
        return
    rows = [
        (
            one.code,
            one.authority,
            ", ".join(one.pests),
            one.goods,
            f"{one.protocol.limit_c:g} °C",
            str(one.protocol.lasting),
            one.status,
            one.source,
        )
        for one in found
    ]
    columns = ("code", "authority", "pests", "goods", "limit", "for", "status", "source")
    show_table(f"{len(rows)} treatments", columns, rows)


@reefer.command()
def treatment(
    container: Container,
    schedule: Annotated[
        str, typer.Argument(help="Code of the treatment, such as citrus_medfly_1.4_16d.")
    ],
    token: Token,
    offset: Annotated[
        list[str] | None,
        typer.Option(help="What a probe showed in melting ice, such as USDA1:0.1; repeat it."),
    ] = None,
    since: Annotated[
        str, typer.Option(help="From when it was given, such as 2026-03-02T12:00:00Z.")
    ] = "",
    until: Annotated[str, typer.Option(help="To when it was given.")] = "",
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Hold a treatment against every probe, and print the record; exit code 1 unless it passes."""
    from clearway.cli.client import Client

    query: dict[str, Any] = {"offset": offset or []}
    query |= {name: value for name, value in (("since", since), ("until", until)) if value}
    page = Client(url, token).get(f"/v1/reefers/{container}/treatments/{schedule}", **query)
    if as_json:
        emit(page)
    else:
        _print_proof(container, page["data"])
    if page["data"]["proof"]["outcome"] != "pass":
        raise typer.Exit(EXIT_NO)


def _print_proof(container: str, data: dict[str, Any]) -> None:
    row, proof = data["schedule"], data["proof"]
    say(f"[bold]{plain(container)}: {row['code']}: {proof['outcome'].replace('_', ' ')}[/]")
    say(plain(f"{row['goods']}; {', '.join(row['pests'])}. {row['source']}"))
    for reason in proof["reasons"]:
        say(f"- {plain(reason['text'])}")
    probes = [
        (
            one["name"],
            "not recorded" if one["offset_c"] is None else f"{one['offset_c']:+.2f}",
            one["readings"],
            one["first_at"],
            one["last_at"],
            f"{one['coldest_c']:.2f}",
            f"{one['warmest_c']:.2f}",
        )
        for one in proof["probes"]
    ]
    columns = ("probe", "in ice °C", "readings", "first", "last", "coldest", "warmest")
    show_table("Probes, corrected by what they showed in melting ice", columns, probes)
    spans = [
        (
            one["name"],
            kind,
            span["since"],
            span["until"],
            f"{span['high_c']:.2f}" if kind == "breach" else "",
        )
        for one in proof["probes"]
        for kind, found in (("breach", one["breaches"]), ("gap", one["gaps"]))
        for span in found
    ]
    if spans:
        show_table("Breaches and gaps", ("probe", "what", "since", "until", "warmest °C"), spans)


@reefer.command()
def custody(container: Container, token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Show in whose hands the goods lost how many days of life."""
    from clearway.cli.client import Client

    page = Client(url, token).get(f"/v1/reefers/{container}/custody")
    if as_json:
        emit(page)
        return
    data = page["data"]
    rows = [
        (
            one["holder"],
            one["step"],
            one["since"],
            one["until"],
            one["lost_days"],
            one["elapsed_days"],
        )
        for one in data["shares"]
    ]
    columns = ("holder", "step", "since", "until", "life lost, days", "time, days")
    show_table(f"{container}: {data['total_days']} days of life lost in all", columns, rows)
