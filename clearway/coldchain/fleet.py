"""All reefers at the border at a glance: one point each, read without their states.

A unit's state is a long JSON; a picture of thousands needs what its columns say and no more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from clearway.coldchain import commodities, standing, stored
from clearway.coldchain.model import AlarmKind, ShelfLife
from clearway.ledger.fact import decode

MOST_POINTS = 5_000


class Tone(StrEnum):
    """How a point stands out. OVER: a limit is passed. ALARM: some alarm stands. CALM: none."""

    OVER = "over_a_limit"
    ALARM = "with_an_alarm"
    CALM = "without_alarm"


@dataclass(frozen=True, slots=True)
class FleetPoint:
    """One reefer.

    Args:
        commodity: its name, "" when nobody said what is inside.
        pulp_c, limit_c: estimate of the goods, and their limit, degrees Celsius; None: unknown.
        life_days, life_low_days: likely and cautious (q10) remaining days; None: unknown.
        alarms: kinds that stand.
        at: the last reading.
    """

    container: str
    commodity: str
    pulp_c: float | None
    limit_c: float | None
    life_days: float | None
    life_low_days: float | None
    alarms: tuple[AlarmKind, ...]
    at: datetime | None

    @property
    def tone(self) -> Tone:
        """How it stands out."""
        too_warm = (
            self.pulp_c is not None and self.limit_c is not None and self.pulp_c > self.limit_c
        )
        if too_warm or AlarmKind.LIMIT_PASSED in self.alarms:
            return Tone.OVER
        return Tone.ALARM if self.alarms else Tone.CALM


@dataclass(frozen=True, slots=True)
class FleetCount:
    """How many reefers there are, and how many of them ask for somebody.

    Args:
        over: beyond a limit. alarmed: with any alarm. without_power, silent: by that alarm.
        life_within_day: whose cautious life ends within a day.
    """

    units: int
    over: int
    alarmed: int
    without_power: int
    silent: int
    life_within_day: int


_POINTS = (
    select(
        stored.unit.c.container,
        stored.unit.c.commodity,
        stored.unit.c.life,
        stored.unit.c.standing,
        stored.unit.c.at,
    )
    .where(stored.unit.c.departed_at.is_(None))
    .order_by(stored.unit.c.urgency, stored.unit.c.container)
    .limit(MOST_POINTS)
)


def list_points(connection: Connection) -> tuple[FleetPoint, ...]:
    """Return the reefers at the border, at most `MOST_POINTS`, the most urgent first."""
    return tuple(
        _point(row.container, row.commodity, row.life, row.standing, row.at)
        for row in connection.execute(_POINTS)
    )


def count(points: Iterable[FleetPoint]) -> FleetCount:
    """Return how many of the reefers ask for somebody."""
    fleet = list(points)

    def having(kind: AlarmKind) -> int:
        return sum(kind in one.alarms for one in fleet)

    return FleetCount(
        units=len(fleet),
        over=sum(one.tone is Tone.OVER for one in fleet),
        alarmed=sum(bool(one.alarms) for one in fleet),
        without_power=having(AlarmKind.POWER_OFF),
        silent=having(AlarmKind.READINGS_MISSING),
        life_within_day=sum(
            one.life_low_days is not None and one.life_low_days < 1.0 for one in fleet
        ),
    )


def _point(
    container: str, code: str | None, life: bytes | None, alarms: str, at: datetime | None
) -> FleetPoint:
    commodity = None if code is None else commodities.find(code)
    known = None if life is None else decode(life, ShelfLife)
    return FleetPoint(
        container,
        "" if commodity is None else commodity.name,
        None if known is None else known.pulp_c,
        None if commodity is None else commodity.limit_c,
        None if known is None else known.remaining_days_q50,
        None if known is None else known.remaining_days_q10,
        tuple(sorted(standing.read(alarms))),
        at,
    )
