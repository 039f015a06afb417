"""The examinations that wait to begin, each with how long its goods still keep.

Life comes from the logger of each container (the least of them, in the air as it is now). Where no
logger tells, goods that are known to spoil are taken to have half of their shorter life left when
they arrive: careful, and it never decides more than a place in the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from clearway.clearance import schema
from clearway.clearance.model import Part, Waiting
from clearway.clearance.priority import ONWARD_H, UNMEASURED_SHARE, examination_hours
from clearway.coldchain import commodities, stored
from clearway.coldchain.model import ShelfLife
from clearway.ledger.fact import decode
from clearway.terms.identifiers import Mrn

_C, _E = schema.consignment.c, schema.examination.c
_IS_WAITING = and_(
    _E.started_at.is_(None),
    _E.closed_at.is_(None),
    or_(_E.arrived_at.is_not(None), _E.needs_goods.is_(False)),
)
_WAITING = (
    select(
        schema.examination,
        _C.goods,
        _C.commodity,
        _C.value,
        _C.mass_kg,
        _C.lodged_at,
    )
    .join(schema.consignment, _C.mrn == _E.mrn)
    .where(_IS_WAITING)
)
_LIVES = (
    select(schema.container.c.mrn, stored.unit.c.life)
    .join(stored.unit, stored.unit.c.container == schema.container.c.container)
    .join(schema.examination, _E.mrn == schema.container.c.mrn)
    .where(_IS_WAITING, stored.unit.c.life.is_not(None))
)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Until when goods keep: at the cautious (q10), the middle and the hopeful (q90) estimate."""

    spoils_at: datetime
    spoils_about: datetime
    keeps_until: datetime


def list_waiting(
    connection: Connection, *, office: str = "", agency: str = ""
) -> tuple[Waiting, ...]:
    """Return the examinations that wait to begin and whose goods are here, for `priority.order`.

    Args:
        office: only of this one; empty: all.
        agency: only those in which it takes part; empty: all.
    """
    query = _WAITING if not office else _WAITING.where(_E.office == office)
    lives = _lives(connection)
    found = connection.execute(query)
    return tuple(
        _waiting(row, lives) for row in found if not agency or agency in row.agencies.split(" ")
    )


def keeping(life: ShelfLife) -> Keeping:
    """Return until when goods keep in the air as it is now, at best as at the reference."""
    return Keeping(
        life.at + timedelta(days=min(life.as_now_days_q10, life.remaining_days_q10)),
        life.at + timedelta(days=min(life.as_now_days_q50, life.remaining_days_q50)),
        life.at + timedelta(days=life.remaining_days_q90),
    )


def unmeasured(commodity: str, since: datetime) -> Keeping | None:
    """Return until when goods keep that no logger watches; None: they do not spoil.

    Args:
        since: when they arrived, else when they were declared.
    """
    known = commodities.find(commodity) if commodity else None
    if known is None:
        return None
    low, high = known.life_days
    careful, middle, hopeful = low * UNMEASURED_SHARE, (low + high) / 2 * UNMEASURED_SHARE, high
    return Keeping(*(since + timedelta(days=days) for days in (careful, middle, hopeful)))


def _lives(connection: Connection) -> dict[str, Keeping]:
    """Return by MRN what the loggers of its containers say, the shortest life of them."""
    lives: dict[str, Keeping] = {}
    for row in connection.execute(_LIVES):
        found = keeping(decode(row.life, ShelfLife))
        known = lives.get(row.mrn)
        if known is None or _soonest(found) < _soonest(known):
            lives[row.mrn] = found
    return lives


def _soonest(keeping: Keeping) -> tuple[datetime, datetime]:
    return keeping.spoils_at, keeping.spoils_about


def _waiting(row: Row[Any], lives: Mapping[str, Keeping]) -> Waiting:
    arrived_at = row.arrived_at or row.ordered_at
    life = lives.get(row.mrn) or unmeasured(row.commodity, row.arrived_at or row.lodged_at)
    return Waiting(
        examination=row.id,
        mrn=Mrn(row.mrn),
        goods=row.goods,
        since=max(row.ordered_at, arrived_at),
        is_mandatory=row.is_mandatory,
        agencies=tuple(row.agencies.split(" ")),
        spoils_at=None if life is None else life.spoils_at,
        spoils_about=None if life is None else life.spoils_about,
        keeps_until=None if life is None else life.keeps_until,
        onward_h=ONWARD_H,
        examination_h=examination_hours(decode(row.parts, tuple[Part, ...])),
        value=row.value,
        mass_kg=row.mass_kg,
    )
