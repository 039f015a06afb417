"""`clearway epcis`: send events, ask for them, and have an address told of what is found."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clearway.cli import epcis_documents
from clearway.cli.options import URL, AsJson, InputFile, Token, Url
from clearway.cli.output import EXIT_NO, emit, plain, say, show_table

app = typer.Typer(
    name="epcis",
    help="Capture EPCIS events and ask for them (docs/design/epcis.md).",
    no_args_is_help=True,
)

epcis_documents.register(app)

_ROOT = "/v1/epcis"
Parameters = Annotated[
    list[str] | None,
    typer.Argument(help="Parameters such as EQ_bizStep=arriving or GE_value_KEL=277; a|b: any."),
]
QueryName = Annotated[str, typer.Argument(help="Name of the query.")]


@app.command()
def capture(
    file: InputFile,
    token: Token,
    url: Url = URL,
    proceed: Annotated[
        bool, typer.Option("--proceed", help="Keep the good events where others fail.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send a document of events, XML or JSON-LD; exit 1 if any was refused."""
    from clearway.cli.client import Client

    headers = {"GS1-Capture-Error-Behaviour": "proceed" if proceed else "rollback"}
    job = Client(url, token).send(f"{_ROOT}/capture", file, headers=headers)
    if as_json:
        emit(job)
    else:
        say(f"{job['captured']} captured, {job['repeated']} on record already: {job['captureID']}")
        for error in job["errors"]:
            say(f"event {error['position']}: {plain(error['detail'])}")
    if not job["success"]:
        raise typer.Exit(EXIT_NO)


@app.command()
def query(
    token: Token,
    parameters: Parameters = None,
    name: Annotated[str, typer.Option("--name", help="Ask a named query instead.")] = "",
    per_page: Annotated[int, typer.Option(min=1, max=1_000, help="Most events.")] = 30,
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Show events that meet every parameter."""
    from clearway.cli.client import Client

    path = f"{_ROOT}/queries/{name}/events" if name else f"{_ROOT}/events"
    found = Client(url, token).get(path, **_read(parameters), perPage=per_page)
    if as_json:
        emit(found)
        return
    events = found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    columns = ("event time", "type", "step", "disposition", "objects", "read point")
    show_table("EPCIS events", columns, map(_row, events))


@app.command()
def name(name: QueryName, token: Token, parameters: Parameters = None, url: Url = URL) -> None:
    """Keep a query under a name."""
    from clearway.cli.client import Client

    wanted = {key: value.split("|") for key, value in _read(parameters).items()}
    for key, value in wanted.items():
        if not key.startswith(("EQ_", "MATCH_", "WD_", "eventType")):
            wanted[key] = value[0]  # type: ignore[assignment]  # one value, no list
    kept = Client(url, token).post(f"{_ROOT}/queries", {"name": name, "query": wanted})
    say(f"{plain(kept['name'])} is kept")


@app.command()
def subscribe(
    name: QueryName,
    dest: Annotated[str, typer.Argument(help="Address to tell; its host must be allowed.")],
    token: Token,
    secret: Annotated[
        str, typer.Option(envvar="CLEARWAY_EPCIS_SECRET", help="Signs what is sent.")
    ] = "",
    schedule: Annotated[
        list[str] | None, typer.Option(help="When, such as hour=1; without: at each capture.")
    ] = None,
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Have an address told of what a named query finds."""
    from clearway.cli.client import Client

    when: dict[str, Any] = {"schedule": _read(schedule)} if schedule else {"stream": True}
    form = {"dest": dest, "signatureToken": secret, **when}
    made = Client(url, token).post(f"{_ROOT}/queries/{name}/subscriptions", form)
    if as_json:
        emit(made)
    else:
        say(f"{made['subscriptionID']} tells {plain(made['dest'])}")


def _read(parameters: list[str] | None) -> dict[str, str]:
    """Return `NAME=VALUE` texts as a mapping. Raises: InputError: one has no `=`."""
    from clearway.errors import InputError

    found = {}
    for one in parameters or ():
        key, mark, value = one.partition("=")
        if not mark and not key.startswith("EXISTS_"):
            raise InputError(f"{one!r} must be written NAME=VALUE")
        found[key] = value
    return found


def _row(event: dict[str, Any]) -> tuple[str, ...]:
    objects = [*event.get("epcList", ()), event.get("parentID"), *event.get("childEPCs", ())]
    return (
        event["eventTime"],
        event["type"],
        event.get("bizStep", ""),
        event.get("disposition", ""),
        " ".join(filter(None, objects)),
        event.get("readPoint", {}).get("id", ""),
    )
