"""An engine of DuckDB that reaches one folder or one file, and nothing else."""

from __future__ import annotations

from pathlib import Path

import duckdb


def confined(
    place: Path, *, memory_mb: int, threads: int, spill: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """Return an engine that reads below a folder, or one file: no network, no extension.

    The caller makes its views and then runs `SET lock_configuration = true`.

    Args:
        place: absolute.
        memory_mb: most memory.
        threads: most threads.
        spill: folder for what memory does not hold; None: nothing is spilled.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "memory_limit": f"{memory_mb}MB",
            "threads": threads,
            "temp_directory": "" if spill is None else str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "python_enable_replacements": False,
            "allow_persistent_secrets": False,
        },
    )
    reach = "paths" if place.is_file() else "directories"
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    connection.execute(f"SET allowed_{reach} = [{quoted(str(place))}]")
    connection.execute("SET enable_external_access = false")
    return connection


def quoted(text: str) -> str:
    """Return a text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"
