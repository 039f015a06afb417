"""Counting by SQL windows in DuckDB: what sorts more than memory holds goes to its disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from clearway.risk.columns import Columns
from clearway.risk.engines import statement
from clearway.risk.engines.port import Pasts, Space


@dataclass(frozen=True, slots=True)
class DuckDb:
    """An engine of counting.

    Args:
        threads: that it may use.
        memory: that it may take, such as "1GB"; what is over goes to `spill`.
        spill: folder; None: nothing may go there.
    """

    threads: int = 1
    memory: str = "2GB"
    spill: Path | None = None

    def __call__(self, columns: Columns, space: Space) -> tuple[Pasts, ...]:
        """Return the pasts of each row, for each slot of the space."""
        with duckdb.connect(config=self._config()) as database:
            for name, table in statement.tables_of(columns, space).items():
                database.register(name, table)
            answer = database.execute(statement.statement(space.fields)).fetchnumpy()
        return statement.pasts_of(answer, space, len(columns))

    def _config(self) -> dict[str, str | bool | int | float | list[str]]:
        folder = "" if self.spill is None else str(self.spill)
        return {"threads": self.threads, "memory_limit": self.memory, "temp_directory": folder}
