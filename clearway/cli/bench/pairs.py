"""Measuring two things in turns, and the figure that comes of it."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the bench.

    Args:
        what: what was measured, with its unit.
        ours: our value.
        peer: name of the limit or peer, empty when the value stands alone.
        theirs: its value in the same unit, measured in the same run.
        note: sizes and conditions.
    """

    what: str
    ours: float
    peer: str = ""
    theirs: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over theirs."""
        return self.ours / self.theirs if self.theirs else None

    def row(self) -> tuple[str, str, str, str, str, str]:
        """Return the cells of the table."""
        theirs = "" if self.theirs is None else _shown(self.theirs)
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        return self.what, _shown(self.ours), self.peer, theirs, ratio, self.note


def in_turns(
    ours: Callable[[], float], theirs: Callable[[], float], *, turns: int
) -> tuple[float, float]:
    """Return the medians of two measurements taken in turns."""
    pairs = [(ours(), theirs()) for _ in range(turns)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def rate(count: int, work: Callable[[], None]) -> float:
    """Return items per second of wall time."""
    start = time.perf_counter()
    work()
    return count / (time.perf_counter() - start)


def cpu_s() -> float:
    """Return CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of all lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _shown(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
