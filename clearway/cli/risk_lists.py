"""`clearway risk lists`: keeping watch lists of parties, goods, origins, addresses and words."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from clearway.cli.options import URL, AsJson, Token, Url
from clearway.cli.output import emit, plain, say, show_table

app = typer.Typer(name="lists", help="Keep watch lists that rules ask for.", no_args_is_help=True)

_AT_ONCE = 900
Name = Annotated[str, typer.Argument(help="Name of the list, as rules know it.")]
Entries = Annotated[list[str] | None, typer.Argument(help="Entries, as people write them.")]
File = Annotated[
    Path | None, typer.Option("--file", exists=True, dir_okay=False, help="An entry a line.")
]
Why = Annotated[str, typer.Option(help="Why, for the record.")]


@app.command("list")
def list_lists(token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """List the watch lists of a node."""
    from clearway.cli.client import Client

    with Client(url, token) as client:
        page = client.get("/v1/risk/watch-lists")
    if as_json:
        emit(page)
        return
    rows = [
        (kept["list"]["name"], kept["list"]["subject"], kept["entries"],
         plain(kept["list"]["owner"]), plain(kept["list"]["source"]))
        for kept in page["data"]
    ]  # fmt: skip
    if not rows:
        say("There is no watch list yet; make one with: clearway risk lists keep")
        return
    show_table("Watch lists", ("list", "of", "entries", "owner", "source"), rows)


@app.command("show")
def show(name: Name, token: Token, url: Url = URL, as_json: AsJson = False) -> None:
    """Show a watch list, all its entries, who changed it last and which rules that steered."""
    from clearway.cli.client import Client

    entries: list[str] = []
    cursor: str | None = None
    with Client(url, token) as client:
        while True:
            page = client.get(f"/v1/risk/watch-lists/{name}", limit="1000", cursor=cursor)
            entries += page["data"]["entries"]
            cursor = page["next"]
            if cursor is None:
                break
    if as_json:
        emit({"list": page["data"]["list"], "entries": entries, "changes": page["data"]["changes"]})
        return
    kept = page["data"]["list"]
    say(f"{name}: {kept['subject']}, kept by {plain(kept['owner'])}: {plain(kept['reason'])}")
    for entry in entries:
        say(plain(entry.partition(":")[2]))
    for one in page["data"]["changes"]:
        count, steered = len(one["added"]) - len(one["removed"]), ", ".join(one["rules"]) or "none"
        say(f"{one['at'][:16]} {plain(one['actor'])}: {count:+} entries; {plain(one['reason'])}")
        say(f"  rules in force that asked for it: {plain(steered)}")


@app.command("keep")
def keep(
    name: Name,
    subject: Annotated[
        str,
        typer.Option(
            help="party, importer, declarant, exporter, address, hs, origin or text.",
        ),
    ],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    reason: Annotated[str, typer.Option(help="Why it is kept; whoever is on it may ask.")],
    source: Annotated[str, typer.Option(help="Whom the entries come from.")],
    token: Token,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day from which it is off.")
    ] = None,
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Keep a watch list, or change what is said of it; its entries stay."""
    from clearway.cli.client import Client
    from clearway.node.clock import utc_now

    body = {
        "subject": subject, "owner": owner, "reason": reason, "source": source,
        "valid_from": utc_now().replace(microsecond=0).isoformat(),
        "valid_until": None if until is None else until.replace(tzinfo=UTC).isoformat(),
    }  # fmt: skip
    with Client(url, token) as client:
        answer = client.put(f"/v1/risk/watch-lists/{name}", body)
    if as_json:
        emit(answer)
    else:
        say(f"The list {name} is kept as fact {answer['data']['seq']}.")


@app.command("add")
def add(
    name: Name,
    token: Token,
    entries: Entries = None,
    file: File = None,
    reason: Why = "",
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Put entries on a watch list; those that are on it stay."""
    _change(name, "add", _wanted(entries, file), reason, token, url, as_json=as_json)


@app.command("remove")
def remove(
    name: Name,
    token: Token,
    entries: Entries = None,
    file: File = None,
    reason: Why = "",
    url: Url = URL,
    as_json: AsJson = False,
) -> None:
    """Take entries off a watch list."""
    _change(name, "remove", _wanted(entries, file), reason, token, url, as_json=as_json)


def _wanted(entries: list[str] | None, file: Path | None) -> list[str]:
    from clearway.errors import InputError

    found = list(entries or ())
    if file is not None:
        try:
            found += [line.strip() for line in file.read_text("utf-8").splitlines() if line.strip()]
        except UnicodeDecodeError as broken:
            raise InputError(f"{file} is no text in UTF-8; save it as such") from broken
    if not found:
        raise InputError("Give entries, or --file with an entry a line")
    return found


def _change(
    name: str, what: str, entries: list[str], reason: str, token: str, url: str, *, as_json: bool
) -> None:
    from clearway.cli.client import Client

    with Client(url, token) as client:
        answers = [
            client.post(f"/v1/risk/watch-lists/{name}/entries", {what: part, "reason": reason})[
                "data"
            ]["seq"]
            for part in (entries[at : at + _AT_ONCE] for at in range(0, len(entries), _AT_ONCE))
        ]
    stated = [seq for seq in answers if seq is not None]
    if as_json:
        emit({"list": name, "facts": stated})
    elif stated:
        say(f"The list {name} changed as fact {', '.join(map(str, stated))}.")
    else:
        say(f"The list {name} is as it was: nothing of it was to change.")
