"""`clearway account`: who may come in. Run on the node's own machine, while it stands still."""

from __future__ import annotations

from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, plain, say

app = typer.Typer(name="account", help="Accounts and tokens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Account name, unique on this node.")]


@app.command()
def add(
    name: Name,
    role: Annotated[list[str], typer.Option(help="Role, such as customs_officer; repeatable.")],
    agency: Annotated[
        str, typer.Option(help="Agency that answers for it, such as plant_health.")
    ] = "customs",
    party: Annotated[str | None, typer.Option(help="The trader's own party id.")] = None,
    person: Annotated[str, typer.Option(help="Name shown to people.")] = "",
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Open an account; prints an API token once."""
    from clearway.cli.setup import add_account

    made = add_account(settings, name, role, agency=agency, party=party, person=person)
    if as_json:
        emit({"account": name, "token": made})
    else:
        say(f"Account [bold]{plain(name)}[/]. Token, shown once: [bold]{made}[/]")


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
    say(f"Account {plain(name)} is closed.")


@app.command()
def party(
    id: Annotated[str, typer.Argument(help="Party number (country, then up to 15 characters).")],
    name: Annotated[str, typer.Argument(help="Name of the person or company.")],
    country: Annotated[str, typer.Option(help="ISO 3166 code.")],
    settings: SettingsFile = None,
) -> None:
    """Register who stands behind a party number."""
    from clearway.cli.setup import add_party

    add_party(settings, id, name, country)
    say(f"{plain(id)} is {plain(name)}.")


@app.command()
def mandate(
    principal: Annotated[str, typer.Argument(help="Party for which will be acted.")],
    agent: Annotated[str, typer.Argument(help="Party that may act for it, such as a broker.")],
    days: Annotated[int, typer.Option(min=1, max=3_660, help="Days from now.")] = 365,
    settings: SettingsFile = None,
) -> None:
    """Record a signed mandate: the agent's accounts may lodge for the principal."""
    from clearway.cli.setup import add_mandate

    end = add_mandate(settings, principal, agent, days)
    say(f"{plain(agent)} may act for {plain(principal)} until {end.isoformat()}.")
