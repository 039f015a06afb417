"""`clearway account`: who may come in. Run on the node's own machine, while it stands still."""

from __future__ import annotations

from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, say

app = typer.Typer(name="account", help="Accounts and tokens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Account name, unique on this node.")]


@app.command()
def add(
    name: Name,
    role: Annotated[list[str], typer.Option(help="Role, such as customs_officer; repeatable.")],
    agency: Annotated[str, typer.Option(help="Agency that answers for the account.")] = "customs",
    party: Annotated[str | None, typer.Option(help="The trader's own party id.")] = None,
    person: Annotated[str, typer.Option(help="Name shown to people.")] = "",
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Open an account; prints an API token once."""
    from clearway.cli.setup import add_account

    token = add_account(settings, name, role, agency=agency, party=party, person=person)
    if as_json:
        emit({"account": name, "token": token})
    else:
        say(f"Account [bold]{name}[/]. Token, shown once: [bold]{token}[/]")


@app.command()
def password(name: Name, settings: SettingsFile = None) -> None:
    """Set the password with which the account signs in to the console (asked, not shown)."""
    from clearway.cli.setup import set_password

    text: str = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    set_password(settings, name, text)
    say("The password is set.")


@app.command()
def token(name: Name, settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Make another API token for an account; shown once."""
    from clearway.cli.setup import add_token

    made = add_token(settings, name)
    if as_json:
        emit({"account": name, "token": made})
    else:
        say(f"Token, shown once: [bold]{made}[/]")


@app.command()
def close(name: Name, settings: SettingsFile = None) -> None:
    """Close an account: its tokens, sessions and password are dead at once."""
    from clearway.cli.setup import close_account

    close_account(settings, name)
    say(f"Account {name} is closed.")
