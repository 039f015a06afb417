"""Lines of tables that more than one page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clearway.coldchain import commodities
from clearway.coldchain.state import Unit


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A reefer as a line of a table, or the head of its page."""

    container: str
    commodity: str
    pulp_c: float | None
    set_point_c: float | None
    limit_c: float | None
    life_days: float | None
    life_low: float | None
    life_high: float | None
    at: datetime | None


def unit_row(unit: Unit) -> UnitRow:
    """Return what a table shows of a reefer."""
    life = unit.life
    commodity = None if unit.journey is None else commodities.find(unit.journey.commodity)
    return UnitRow(
        unit.container,
        "" if commodity is None else commodity.name,
        None if life is None else life.pulp_c,
        unit.state.told_c,
        None if commodity is None else commodity.limit_c,
        None if life is None else life.remaining_days_q50,
        None if life is None else life.remaining_days_q10,
        None if life is None else life.remaining_days_q90,
        unit.state.at,
    )
