"""Taking erased facts out of the lake: files that hold them are written anew without them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec
import polars as pl

from clearway.lake import manifest
from clearway.lake.files import alone, write_durably
from clearway.lake.manifest import Part
from clearway.lake.parquet import to_parquet


def forget(folder: Path, seqs: Collection[int]) -> int:
    """Remove these facts from the lake; return how many files were written anew.

    Files merged before are deleted at once, whoever still reads them. Killed at any moment, the
    same call again does what is left.

    Raises: TryLater: somebody is writing to this lake. StorageFailure: its manifest is damaged.
    """
    if not (folder / manifest.NAME).exists():
        return 0
    with alone(folder):
        state = manifest.load(folder)
        parts = [_without(folder, part, set(seqs)) for part in state.parts]
        kept = tuple(part for part in parts if part.rows)
        msgspec.structs.replace(state, parts=kept, retired=()).save(folder)
        for path in {*state.retired, *(part.path for part in parts if not part.rows)}:
            (folder / path).unlink(missing_ok=True)
    return sum(part is not before for part, before in zip(parts, state.parts, strict=True))


def _without(folder: Path, part: Part, seqs: set[int]) -> Part:
    if not any(part.first <= seq <= part.last for seq in seqs):
        return part
    frame = pl.read_parquet(folder / part.path, hive_partitioning=False)
    left = frame.filter(~pl.col("seq").is_in(sorted(seqs)))
    if left.height == frame.height:
        return part
    if left.height:
        write_durably(folder / part.path, to_parquet(left))
    return msgspec.structs.replace(part, rows=left.height)
