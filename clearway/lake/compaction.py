"""Merging small files: a query opens each file, and a copy every half minute makes thousands."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import polars as pl

from clearway.lake.files import write_durably
from clearway.lake.manifest import Manifest, Part
from clearway.lake.parquet import to_parquet

# Files below this are small; a merge makes one of at most twice this.
SMALL = 100_000
# A merge waits until a partition has so many small files.
MANY = 16


def compact(folder: Path, state: Manifest) -> Manifest:
    """Merge where it is due, and return the new state; nothing is copied or lost.

    The files merged stay until the next merge, for those who read them now.
    """
    merged: dict[Part, Part] = {}
    for due in _due(state):
        part = _merge(folder, due)
        merged.update(dict.fromkeys(due, part))
    if not merged:
        return state
    kept = (merged.get(part, part) for part in state.parts)
    compacted = Manifest(
        cursor=state.cursor,
        last_leaf=state.last_leaf,
        parts=tuple(dict.fromkeys(kept)),
        retired=tuple(part.path for part in merged),
    )
    compacted.save(folder)
    for path in state.retired:
        (folder / path).unlink(missing_ok=True)
    return compacted


def _due(state: Manifest) -> list[list[Part]]:
    """Return the groups of neighbouring small files to be merged."""
    small: defaultdict[str, list[Part]] = defaultdict(list)
    for part in state.parts:
        if part.rows < SMALL:
            small[part.partition].append(part)
    return [_bounded(parts) for parts in small.values() if len(parts) >= MANY]


def _bounded(parts: list[Part]) -> list[Part]:
    rows, chosen = 0, []
    for part in parts:
        rows += part.rows
        if rows > 2 * SMALL:
            break
        chosen.append(part)
    return chosen


def _merge(folder: Path, parts: list[Part]) -> Part:
    """Write one file of the facts of several; within a partition they are in order of seq."""
    first, last = parts[0].first, parts[-1].last
    frames = [pl.read_parquet(folder / part.path, hive_partitioning=False) for part in parts]
    merged = pl.concat(frames)
    path = f"{parts[0].partition}/{first}-{last}.parquet"
    write_durably(folder / path, to_parquet(merged))
    return Part(path, first, last, merged.height)
