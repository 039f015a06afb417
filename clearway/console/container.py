"""What a page shows of one container besides its curve: where it was, who held it, what helps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from clearway.clearance.event_sight import sight_of
from clearway.coldchain import commodities
from clearway.coldchain import tables as coldchain
from clearway.coldchain.actions_ahead import Ahead, look_ahead
from clearway.coldchain.custody import Attribution
from clearway.coldchain.state import Unit
from clearway.errors import InputError, Refused, WrongState
from clearway.identity.model import Actor
from clearway.insight import live
from clearway.movements.epcis import parameters, tables
from clearway.movements.epcis.meaning import CONTAINER
from clearway.movements.epcis.model import Event
from clearway.policy.act import Policy

_MOST_EVENTS = 50
_STAY_H = 24.0


@dataclass(frozen=True, slots=True)
class EventRow:
    """An EPCIS event as a line.

    Args:
        step, disposition: words of the Core Business Vocabulary, "" when it says none.
        place: where, the last part of its name.
        seq: place of its fact in the log.
    """

    at: datetime
    step: str
    disposition: str
    place: str
    kind: str
    seq: int


def events_of(
    connection: Connection, policy: Policy, actor: Actor, container: str
) -> tuple[EventRow, ...]:
    """Return the latest events that name a container and that the actor may see, the newest first.

    The same box carried another's goods before: a trader sees what EPCIS queries would show.
    """
    try:
        sight = sight_of(connection, policy, actor)
    except Refused:
        return ()
    found: dict[int, EventRow] = {}
    for name in ("MATCH_anyEPC", "MATCH_parentID"):
        query = parameters.read(
            {name: [CONTAINER + container], "orderBy": "eventTime", "orderDirection": "DESC"}
        )
        page = tables.find_events(connection, query, limit=_MOST_EVENTS, sees=sight.sees)
        found |= {one.seq: _row(one.seq, one.event) for one in page.found}
    newest = sorted(found.values(), key=lambda row: (row.at, row.seq), reverse=True)
    return tuple(newest[:_MOST_EVENTS])


def ahead_of(unit: Unit) -> Ahead | None:
    """Return what the next day costs and what would save some of it; None: nothing tells."""
    commodity = None if unit.journey is None else commodities.find(unit.journey.commodity)
    if commodity is None or unit.departed_at is not None:
        return None
    try:
        return look_ahead(unit.state, commodity, stay_h=_STAY_H)
    except (WrongState, InputError):  # nothing measured yet, or outside what the model knows
        return None


def loss_of(connection: Connection, unit: Unit, now: datetime) -> Attribution | None:
    """Return in whose hands the goods lost life; None when nobody told which goods they are."""
    if unit.journey is None:
        return None
    readings = coldchain.get_readings(connection, unit.container, since=unit.journey.loaded_at)
    try:
        return live.loss_in(connection, unit, readings, now)
    except (WrongState, InputError):
        return None


def _row(seq: int, event: Event) -> EventRow:
    place = event.read_point or event.biz_location
    return EventRow(
        event.event_time,
        _last(event.biz_step or "").removeprefix("BizStep-"),
        _last(event.disposition or "").removeprefix("Disp-"),
        "" if place is None else _last(place.id),
        _last(event.type),
        seq,
    )


def _last(name: str) -> str:
    """Return the last part of a URI: what tells names of one kind apart."""
    return name.rstrip("/").rpartition("/")[2].rpartition(":")[2]
