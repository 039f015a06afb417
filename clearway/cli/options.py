"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, for machines.")]
SettingsFile = Annotated[
    Path | None, typer.Option("--settings", help="TOML file of settings; see docs/settings.md.")
]
Url = Annotated[
    str,
    typer.Option(envvar="CLEARWAY_URL", help="Address of the node."),
]
Token = Annotated[
    str,
    typer.Option(envvar="CLEARWAY_TOKEN", help="API token (better in the environment)."),
]
InputFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to send.")
]
URL = "http://127.0.0.1:8080"
