"""Where a model is trained: in memory, over DuckDB's disk, or on Spark."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from clearway.errors import BadTerm

if TYPE_CHECKING:
    from clearway.risk.engines.port import Engine
    from clearway.risk.learning.boosting import Elsewhere

NAMES = ("memory", "duckdb", "spark")


@dataclass(frozen=True, slots=True)
class Place:
    """Where it is done.

    Args:
        engine: counts.
        elsewhere: learns the trees; None: LightGBM, here.
    """

    engine: Engine
    elsewhere: Elsewhere | None = None


@contextmanager
def place(on: str, *, master: str, shared: Path | None, threads: int) -> Iterator[Place]:
    """Give the place of that name, and close it afterwards.

    Args:
        on: one of `NAMES`.
        master: of Spark.
        shared: folder that Spark's workers can read too; None: a temporary one, on one machine.
        threads: of DuckDB, or workers of Spark that learn at once.

    Raises: BadTerm: there is no such place. InputError: the extra or Java is not installed.
    """
    from clearway.risk.engines import arrays, duckdb, spark

    if on not in NAMES:
        raise BadTerm("place of training", on, f"must be one of {', '.join(NAMES)}")
    if on == "memory":
        yield Place(arrays.count)
        return
    with TemporaryDirectory(dir=shared) as own:
        folder = Path(own)
        if on == "duckdb":
            yield Place(duckdb.DuckDb(threads=threads, spill=folder))
            return
        from clearway.risk.distributed import Boosting, on_spark

        with spark.opened(master, folder) as session:
            learner = on_spark(session, folder, Boosting(workers=threads))
            yield Place(spark.Spark(session, folder), learner)
