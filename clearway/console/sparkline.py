"""A small line without axes, drawn as a path, for tables of many: pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clearway.coldchain.model import Reading

WIDTH, HEIGHT = 120, 28
_STEPS = 60
_SILENCE = 5  # steps of 24 minutes: a logger that reports each hour is not silent for two
_LEAST_SPAN_C = 2.0  # a line of tenths of a degree must not look like a storm


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A path in a box of `WIDTH` by `HEIGHT`, and where the limit lies in it.

    Args:
        path: SVG path data; "" when nothing was measured.
        limit_y: None when the limit is out of sight.
        low_c, high_c: coldest and warmest air shown, for the words beside it; None: no air.
    """

    path: str
    limit_y: float | None
    low_c: float | None
    high_c: float | None


def draw(
    readings: Sequence[Reading], until: datetime, span: timedelta, limit_c: float | None
) -> Sparkline:
    """Return the air at the goods over the `span` that ends at `until`.

    Of each sixtieth of the span the warmest air is shown, so that no peak is lost; a silence
    breaks the line.
    """
    begin = until - span
    warmest: dict[int, float] = {}
    for reading in readings:
        air_c = reading.supply_c if reading.return_c is None else reading.return_c
        if air_c is not None and begin <= reading.at <= until:
            step = min(_STEPS - 1, int((reading.at - begin) / span * _STEPS))
            warmest[step] = max(warmest.get(step, air_c), air_c)
    if not warmest:
        return Sparkline("", None, None, None)
    low, high = min(warmest.values()), max(warmest.values())
    floor, top = _window(low, high, limit_c)

    def y(celsius: float) -> float:
        return round(HEIGHT - 2 - (celsius - floor) / (top - floor) * (HEIGHT - 4), 1)

    shown = limit_c is not None and floor <= limit_c <= top
    limit_y = y(limit_c) if shown and limit_c is not None else None
    return Sparkline(_path({step: y(air_c) for step, air_c in warmest.items()}), limit_y, low, high)


def _window(low: float, high: float, limit_c: float | None) -> tuple[float, float]:
    """Return the span of degrees to show: the air, and the limit where it is near."""
    if limit_c is not None and low - _LEAST_SPAN_C <= limit_c <= high + 2 * _LEAST_SPAN_C:
        low, high = min(low, limit_c), max(high, limit_c)
    spare = max(0.0, _LEAST_SPAN_C - (high - low)) / 2
    return low - spare, high + spare


def _path(places: dict[int, float]) -> str:
    """Return path data; a single point is a dot, a silence is left open."""
    parts: list[str] = []
    before: int | None = None
    for step, y in sorted(places.items()):
        x = round((step + 0.5) * WIDTH / _STEPS, 1)
        joins = before is not None and step - before <= _SILENCE
        parts.append(f"L{x} {y}" if joins else f"M{x} {y}h.1")
        before = step
    return "".join(parts)
