"""One table of declarations, split by time, and what a method makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Contest:
    """A table and its split; arrays of one entry a row.

    Args:
        frame: columns of `formats.history.SCHEMA`, in the order of time.
        teach: rows whose result was known when the test began.
        check: of these, the last month: for stopping early and calibrating.
        test: rows that are ranked and judged.
        illicit: the truth as it is judged; false where it is not known.
        revenue: extra revenue found, 0 where none.
        seed: of everything drawn.
        threads: that a method may use.
        quick: a look only: samples where training is dear.
    """

    frame: pl.DataFrame
    teach: Flags
    check: Flags
    test: Flags
    illicit: Flags
    revenue: Floats
    seed: int
    threads: int
    quick: bool

    @property
    def learn(self) -> Flags:
        """Rows for a method that needs the last month to check itself."""
        return self.teach & ~self.check

    def labels(self) -> tuple[Flags, Floats]:
        """Return what officers recorded of each row: illicit, revenue; false and 0 if nothing."""
        illicit = self.frame["illicit"].fill_null(value=False).to_numpy()
        revenue = self.frame["extra_revenue"].fill_null(0.0).fill_nan(0.0).to_numpy()
        return illicit.astype(np.bool_), np.maximum(revenue, 0.0)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What a method says of the rows of the test.

    Args:
        of: name of the method.
        scores: higher is riskier.
        probability: of being illicit, where the method gives one.
        train_s, score_s: wall seconds, features included in both.
        note: what is worth knowing of this run.
    """

    of: str
    scores: Floats
    probability: Floats | None = None
    train_s: float = 0.0
    score_s: float = 0.0
    note: str = ""
