"""Kin of a whole history: batches at intervals, exact keys between them, and the column `kin`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl

from clearway.errors import MalformedMessage
from clearway.ledger.columns import to_microseconds
from clearway.risk.network.kinship import timeline
from clearway.risk.network.linking import link
from clearway.risk.network.model import Kin, Link, Registration

REGISTRATIONS: dict[str, type[pl.DataType] | pl.DataType] = {
    "party": pl.String,
    "name": pl.String,
    "address": pl.String,
    "phone": pl.String,
    "country": pl.String,
    "broker": pl.String,
    "registered_at": pl.Datetime("us", "UTC"),
}


def registrations(frame: pl.DataFrame) -> list[Registration]:
    """Return the rows of a register of parties.

    Args:
        frame: columns of `REGISTRATIONS`; texts may be null.

    Raises: MalformedMessage: a column is missing or a party has no number or day.
    """
    missing = [name for name in REGISTRATIONS if name not in frame.columns]
    if missing:
        raise MalformedMessage(
            f"The register of parties lacks the columns {', '.join(missing)}; it needs"
            f" {', '.join(REGISTRATIONS)}"
        )
    table = frame.select(pl.col(name).cast(kind) for name, kind in REGISTRATIONS.items())
    if table["party"].null_count() or table["registered_at"].null_count():
        raise MalformedMessage("A row of the register has no party or no registered_at")
    flat = table.with_columns(
        pl.col(pl.String).fill_null(""), pl.col("registered_at").dt.epoch("us")
    )
    return [Registration(*row) for row in flat.iter_rows()]


def register_of(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the register that a history tells of: importers as they first appeared, no names.

    Args:
        frame: of `formats.history.conform`.
    """
    return (
        frame.drop_nulls("importer")
        .sort("accepted_at")
        .group_by("importer", maintain_order=True)
        .agg(
            pl.col("address").drop_nulls().first(),
            pl.col("phone").drop_nulls().first(),
            pl.col("declarant").drop_nulls().mode().sort().first().alias("broker"),
            pl.col("accepted_at").first().alias("registered_at"),
        )
        .with_columns(name=pl.lit(""), country=pl.lit(""))
        .rename({"importer": "party"})
        .select(*REGISTRATIONS)
    )


def batches(
    parties: Sequence[Registration], first: datetime, last: datetime, *, days: int, seed: int
) -> tuple[tuple[int, tuple[Link, ...]], ...]:
    """Return the batches that an administration would have run, each on what was registered.

    Args:
        parties: of years.
        first, last: aware UTC; of the first batch and the end.
        days: between two batches, 1 or more.
        seed: of each.

    Raises: InputError: see `linking.link`.
    """
    made, at = [], first
    while at < last:
        moment = to_microseconds(at)
        known = [each for each in parties if each.at < moment]
        made.append((moment, link(known, seed=seed)))
        at += timedelta(days=days)
    return tuple(made)


def with_kin(frame: pl.DataFrame, kins: Sequence[Kin]) -> pl.DataFrame:
    """Return a history with `kin`: of the importer, as it was knowable at acceptance.

    Args:
        frame: with `importer` and `accepted_at`, in the order of time.
        kins: of `kinship.timeline`.
    """
    known = pl.DataFrame(
        [tuple(each) for each in kins],
        schema={"importer": pl.String, "kin": pl.String, "since": pl.Int64},
        orient="row",
    ).with_columns(pl.col("since").cast(pl.Datetime("us", "UTC")))
    bare = frame.drop("kin", strict=False).with_row_index("_row")
    joined = bare.sort("accepted_at").join_asof(
        known.sort("since"),
        left_on="accepted_at",
        right_on="since",
        by="importer",
        strategy="backward",
        check_sortedness=False,
    )
    return joined.sort("_row").drop("_row", "since")


def kin_of_history(
    frame: pl.DataFrame, register: pl.DataFrame, *, seed: int, days: int = 182
) -> pl.DataFrame:
    """Return a history with its `kin`, from a register of its importers.

    Args:
        frame: a history.
        register: columns of `REGISTRATIONS`.
        seed: of the batches.
        days: between two batches.

    Raises: InputError: the extra is missing. MalformedMessage: see `registrations`.
    """
    parties = registrations(register)
    first, last = frame["accepted_at"].min(), frame["accepted_at"].max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return frame.with_columns(kin=pl.lit(None, dtype=pl.String))
    return with_kin(frame, timeline(parties, batches(parties, first, last, days=days, seed=seed)))
