"""Counting by the same SQL windows in Spark, for histories beyond one machine.

Spark reads Parquet: the tables of a space are written where its workers can read them, counted, and
taken away again. The extra `spark` and a Java runtime are needed, for the session that is given.
One key is one task: those that all rows share (the border, an office) do not get quicker with more
workers, those of traders and goods do.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from clearway.risk.columns import Columns
from clearway.risk.engines import statement
from clearway.risk.engines.port import Pasts, Space
from clearway.risk.engines.statement import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True, slots=True)
class Spark:
    """An engine of counting.

    Args:
        session: stays open.
        folder: that its workers can read too.
    """

    session: SparkSession
    folder: Path

    def __call__(self, columns: Columns, space: Space) -> tuple[Pasts, ...]:
        """Return the pasts of each row, for each slot of the space."""
        own = Path(mkdtemp(prefix="space-", dir=self.folder))
        try:
            answer = self._answer(own, statement.tables_of(columns, space), space)
        finally:
            shutil.rmtree(own)
        return statement.pasts_of(answer, space, len(columns))

    def _answer(self, own: Path, tables: dict[str, Table], space: Space) -> Table:
        # A session of its own: the names of the tables are those of every space.
        session = self.session.newSession()
        for name, table in tables.items():
            file = own / f"{name}.parquet"
            pl.DataFrame(table).write_parquet(file)
            session.read.parquet(str(file)).createOrReplaceTempView(name)
        found = session.sql(statement.statement(space.fields)).toArrow()
        return {
            name: np.asarray(found.column(name).to_numpy(), dtype=np.int64)
            for name in (statement.PLACE, *space.fields)
        }
