"""`clearway declarations`: what traders and brokers do."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import typer

from clearway.cli.options import URL, AsJson, InputFile, Token, Url
from clearway.cli.output import EXIT_INPUT, EXIT_NO, emit, plain, say, show_findings, show_table

app = typer.Typer(name="declarations", help="Lodge and follow declarations.", no_args_is_help=True)
_PARTS = ("certified", "reserved", "consumed", "available")


@app.command()
def check(
    file: InputFile,
    online: Annotated[
        bool,
        typer.Option("--online", help="Ask the node: it knows the certificates."),
    ] = False,
    token: Annotated[
        str, typer.Option(envvar="CLEARWAY_TOKEN", help="API token; for --online only.")
    ] = "",
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Read a declaration and try every rule before lodging; exit 1 if refused.

    Offline, or with --online against the certificates that the node has on file: a verdict for
    each field, and how much is left of each line.
    """
    if online:
        _check_online(file, token, url, as_json=as_json)
        return
    from clearway.declarations.formats.reading import read
    from clearway.declarations.rules import check as try_rules
    from clearway.node.clock import utc_now
    from clearway.terms.finding import is_refusal

    message = read(file.read_bytes(), file.suffix)
    findings = message.findings
    if message.declaration is not None:
        findings += try_rules(message.declaration, utc_now())
    if as_json:
        emit(findings)
    elif findings:
        rows = [(one.level, one.code, one.field, one.message) for one in findings]
        show_findings(file.name, rows)
    if is_refusal(findings):
        sys.exit(EXIT_NO)
    if not as_json:
        say("[green]This declaration would be accepted.[/]")


def _check_online(file: Path, token: str, url: str, *, as_json: bool) -> None:
    from clearway.cli.client import Client

    answer = Client(url, token).send("/v1/declarations/check", file)
    data = answer["data"]
    if as_json:
        emit(answer)
    else:
        _show_check(file.name, data)
    if data["would_be_refused"]:
        sys.exit(EXIT_NO)


def _show_check(name: str, data: dict[str, Any]) -> None:
    rows = [(one["level"], one["code"], one["field"], one["message"]) for one in data["findings"]]
    if rows:
        show_table(name, ("level", "rule", "field", "what"), rows)
    for one in data["certificates"]:
        say(plain(one["text"]))
        fields = [
            (each["verdict"], each["field"], each["declared"], each["certified"])
            for each in one["fields"]
            if each["verdict"] != "agrees"
        ]
        if fields:
            columns = ("verdict", "field", "declared", "certified")
            show_table(f"{one['type']} {one['number']}", columns, fields)
        lines = [
            (str(each["line"]), *(each[part] or "" for part in _PARTS)) for each in one["lines"]
        ]
        if lines:
            show_table(
                "What is left of it", ("line", "certified", "reserved", "used", "left"), lines
            )
    if not data["would_be_refused"]:
        say("[green]This declaration would be accepted.[/]")


@app.command()
def lodge(
    file: InputFile,
    token: Token,
    url: Url = URL,
    key: Annotated[
        str | None, typer.Option(help="Idempotency key; without it the LRN serves.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lodge a declaration (WCO XML or JSON), or a file of many (.ndjson, one JSON a line).

    Of many, exit 65 if any line was refused; mend those lines and send the whole file again.
    """
    from clearway.cli.client import Client

    client = Client(url, token)
    if file.suffix.lower() == ".ndjson":
        _lodge_many(client.send_lines("/v1/declarations/batch", file), as_json=as_json)
        return
    answer = client.send("/v1/declarations", file, key=key)
    if as_json:
        emit(answer)
    else:
        say(f"Lodged as [bold]{answer['data']['mrn']}[/]: {answer['data']['status']}")


def _lodge_many(answers: Iterable[dict[str, Any]], *, as_json: bool) -> None:
    lodged = refused = 0
    for answer in answers:
        good = answer["status"] < 300
        lodged, refused = lodged + good, refused + (not good)
        if as_json:
            emit(answer)
        elif not good:
            say(plain(f"Line {answer['line']}: {answer['detail']}"))
            for one in answer.get("findings", ()):
                say(plain(f"  {one['code']} {one['field']}: {one['message']}"))
    if not as_json:
        say(f"{lodged} lodged, {refused} refused")
    if refused:
        sys.exit(EXIT_INPUT)


@app.command()
def show(
    mrn: Annotated[str, typer.Argument(help="The reference given at lodgement.")],
    token: Token,
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Show a declaration: its state and its steps."""
    from clearway.cli.client import Client

    found = Client(url, token).get(f"/v1/declarations/{mrn}")
    if as_json:
        emit(found)
        return
    data = found["data"]
    say(f"[bold]{mrn}[/] {data['status']}")
    rows = [(step["at"], step["text"]) for step in data["timeline"]]
    show_table("Steps", ("when", "what"), rows)


@app.command("list")
def list_(
    token: Token,
    url: Url = URL,
    status: Annotated[str | None, typer.Option(help="Only this state.")] = None,
    cursor: Annotated[str | None, typer.Option(help="The `next` of the page before.")] = None,
    as_json: AsJson = False,
) -> None:
    """List declarations that you may see, newest first."""
    from clearway.cli.client import Client

    page = Client(url, token).get("/v1/declarations", status=status, cursor=cursor)
    if as_json:
        emit(page)
        return
    rows = [
        (one["mrn"], one["status"], one["importer"], one["accepted_at"]) for one in page["data"]
    ]
    show_table("Declarations", ("mrn", "state", "importer", "accepted"), rows)
    if page["next"]:
        say(f"More: --cursor {page['next']}")
