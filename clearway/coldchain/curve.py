"""The journey of a unit as a chart wants it: few points, and each fault as a span."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from clearway.coldchain import commodities, tables
from clearway.coldchain.faults import FaultSpan, spans_of
from clearway.coldchain.history import points_of
from clearway.coldchain.model import HistoryPoint
from clearway.coldchain.state import Unit, begin
from clearway.coldchain.watch import trace


@dataclass(frozen=True, slots=True)
class Curve:
    """A journey up to its last reading, points and faults in order of time."""

    points: tuple[HistoryPoint, ...]
    faults: tuple[FaultSpan, ...]


def get_curve(connection: Connection, unit: Unit, *, points: int = 400) -> Curve:
    """Return the journey of a unit, thinned out to about `points`; faults are of all readings.

    The states are made again from the readings, once, so that both show what is known today.
    """
    commodity = None if unit.journey is None else commodities.find(unit.journey.commodity)
    start = begin(unit.container, unit.journey)
    readings = tables.get_readings(connection, unit.container, since=start.at)
    states = [state for state, _ in trace(start, readings, commodity)]
    return Curve(points_of(states, commodity, max(2, points)), spans_of(states, commodity))
