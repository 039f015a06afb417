"""The form of the lake's files: one row a fact, its body as JSON text."""

from __future__ import annotations

from io import BytesIO

import polars as pl

_INSTANT = pl.Datetime("us", "UTC")

# With the two columns that the folders' names give: `noun` and `date`.
SCHEMA = pl.Schema(
    {
        "seq": pl.Int64(),
        "type": pl.String(),
        "subject": pl.String(),
        "issuer": pl.String(),
        "actor": pl.String(),
        "occurred_at": _INSTANT,
        "recorded_at": _INSTANT,
        "body": pl.String(),
    }
)


def to_parquet(frame: pl.DataFrame) -> bytes:
    """Return the bytes of a file with these facts."""
    buffer = BytesIO()
    frame.write_parquet(buffer, compression="zstd", statistics=True)
    return buffer.getvalue()
