"""`clearway lake`: facts as Parquet, for analysis beside the live system."""

from __future__ import annotations

from typing import Annotated

import typer

from clearway.cli.options import AsJson, SettingsFile
from clearway.cli.output import emit, say, show_table

app = typer.Typer(name="lake", help="Copy facts to Parquet and query them.", no_args_is_help=True)


@app.command()
def sync(settings: SettingsFile = None, as_json: AsJson = False) -> None:
    """Copy the facts that are not in the lake yet."""
    from clearway.cli.store import sync_lake

    count = sync_lake(settings)
    if as_json:
        emit({"facts": count})
    else:
        say(f"{count} facts copied")


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="SELECT over the view `facts`, read only.")],
    settings: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Ask the lake in SQL (DuckDB); the live system does not notice."""
    from clearway.cli.store import query_lake

    columns, rows = query_lake(settings, sql)
    if as_json:
        emit([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        show_table("", columns, rows)
