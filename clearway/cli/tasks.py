"""`clearway tasks`: what alarms ask of you, taking it on, and saying what came of it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clearway.cli.options import URL, AsJson, Token, Url
from clearway.cli.output import emit, say, show_table

app = typer.Typer(
    name="tasks", help="What alarms ask of you, and what came of it.", no_args_is_help=True
)

Number = Annotated[int, typer.Argument(help="Number of the task.", min=0)]
Note = Annotated[str, typer.Option(help="What you say about it.")]


@app.command("list")
def list_tasks(
    token: Token,
    url: Url = URL,
    ended: Annotated[bool, typer.Option("--ended", help="Those that are over.")] = False,
    agency: Annotated[str, typer.Option(help="Of another agency; all: of every one.")] = "",
    container: Annotated[str, typer.Option(help="Of this container only.")] = "",
    as_json: AsJson = False,
) -> None:
    """List your tasks, the most urgent first."""
    from clearway.cli.client import Client

    query = {"agency": agency, "container": container, "limit": 200}
    with Client(url, token) as client:
        page = client.get("/v1/tasks", state="ended" if ended else "open", **query)
    if as_json:
        emit(page)
        return
    columns = ("task", "level", "container", "due", "state", "asked", "what")
    show_table("Tasks", columns, [_row(one) for one in page["data"]])


@app.command("take")
def take(
    token: Token, task: Number, url: Url = URL, note: Note = "", as_json: AsJson = False
) -> None:
    """Act on a task; with it you take on its alarms."""
    _post(url, token, f"/v1/tasks/{task}/take", {"note": note}, as_json=as_json)


@app.command("done")
def done(
    token: Token,
    task: Number,
    outcome: Annotated[str, typer.Argument(help="Such as restored, moved or false_alarm.")],
    url: Url = URL,
    note: Note = "",
    as_json: AsJson = False,
) -> None:
    """End a task with an outcome."""
    body = {"outcome": outcome, "note": note}
    _post(url, token, f"/v1/tasks/{task}/complete", body, as_json=as_json)


def _post(url: str, token: str, path: str, body: dict[str, str], *, as_json: bool) -> None:
    from clearway.cli.client import Client

    with Client(url, token) as client:
        answer = client.post(path, body)
    if as_json:
        emit(answer)
        return
    task = answer["data"]["task"]
    by = f" by {task['taken_by']}" if task["taken_by"] else ""
    say(f"Task {task['seq']} on {task['container']} is {task['state']}{by}.")


def _row(task: dict[str, Any]) -> tuple[object, ...]:
    what = task["alarms"][-1]["message"] if task["alarms"] else task["cause"]
    asked = ", ".join(task["audiences"])
    due = task["due_at"][:16].replace("T", " ")
    return task["seq"], task["level"], task["container"], due, task["state"], asked, what
