"""Counting by the same SQL windows in Spark, for histories beyond one machine.

Spark reads Parquet: the tables of a space are written where its workers can read them, counted, and
taken away again. The extra `spark` and a Java runtime are needed, for the session that is given.
One key is one task: those that all rows share (the border, an office) do not get quicker with more
workers, those of traders and goods do.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from clearway.errors import InputError
from clearway.risk.columns import Columns
from clearway.risk.engines import statement
from clearway.risk.engines.port import Pasts, Space
from clearway.risk.engines.statement import Table

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@contextmanager
def opened(master: str, folder: Path, memory: str = "2g") -> Iterator[SparkSession]:
    """Give a session of Spark, and stop it afterwards.

    Args:
        master: as Spark names it, such as `local[2]` or `spark://host:7077`.
        folder: for its warehouse; emptied by whoever made it.
        memory: of the driver, such as `2g`.

    Raises: InputError: the extra or Java is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError as absent:
        raise InputError(
            "Spark needs pyspark, which is not installed; pip install clearway[spark], or make dev"
        ) from absent
    if shutil.which("java") is None:
        raise InputError("Spark needs Java, which is not installed; install a JRE, 17 or newer")
    builder = SparkSession.builder.master(master).appName("clearway risk")
    options = {
        "spark.driver.memory": memory,
        "spark.ui.enabled": "false",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        **(_ALONE if master.startswith("local") else {}),
    }
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    if master.startswith("local"):
        session.sparkContext.pythonExec = (
            sys.executable
        )  # workers of this machine have our packages
    try:
        yield session
    finally:
        session.stop()


# On one machine nothing listens beyond it, and few rows are not cut into 200 parts.
_ALONE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "2",
}


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
