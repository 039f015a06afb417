"""What each fact of the room changes in its tables."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.transaction import Projection
from clearway.movements import rules, schema
from clearway.movements.facts import (
    Arrived,
    CustodyChanged,
    Departed,
    DeviceAssociated,
    GatePassed,
    MovementFact,
    SealChecked,
    SealReported,
    Weighed,
)
from clearway.movements.facts_alarms import (
    MovementAlarmAcknowledged,
    MovementAlarmRaised,
    MovementAlarmSettled,
    PlaceAuthorised,
    PlaceWithdrawn,
)
from clearway.movements.model import SealState, Whereabouts
from clearway.terms.transport import ContainerNumber, SealNumber

_FIELDS = tuple(field.name for field in fields(Whereabouts))
_ONE = select(schema.whereabouts).where(schema.whereabouts.c.container == bindparam("container"))
_FORGET = delete(schema.whereabouts).where(
    schema.whereabouts.c.container == bindparam("the_container")
)
_ADD = insert(schema.whereabouts)


def find(connection: Connection, container: str) -> Whereabouts | None:
    """Return what is known of this container, or None when nothing is."""
    row = connection.execute(_ONE, {"container": container}).first()
    return None if row is None else read_row(row)


def read_row(row: Any) -> Whereabouts:
    """Return a row of the table of whereabouts."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["container"] = ContainerNumber(row.container)
    values["seal"] = None if row.seal is None else SealNumber(row.seal)
    return Whereabouts(**values)


def _follow(connection: Connection, body: MovementFact) -> None:
    before = find(connection, body.container) or Whereabouts(body.container)
    after = rules.follow(before, body.movement)
    connection.execute(_FORGET, {"the_container": body.container})
    connection.execute(_ADD, {name: getattr(after, name) for name in _FIELDS})


def _arrive(connection: Connection, fact: Fact) -> None:
    _follow(connection, decode(fact.body, Arrived))


def _depart(connection: Connection, fact: Fact) -> None:
    _follow(connection, decode(fact.body, Departed))


def _pass_gate(connection: Connection, fact: Fact) -> None:
    _follow(connection, decode(fact.body, GatePassed))


def _weigh(connection: Connection, fact: Fact) -> None:
    _follow(connection, decode(fact.body, Weighed))


def _check_seal(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, SealChecked)
    _follow(connection, body)
    _remember_seal(connection, fact, body, is_intact=body.intact, is_electronic=False)


def _report_seal(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, SealReported)
    _follow(connection, body)
    is_intact = body.state is SealState.SEALED
    _remember_seal(connection, fact, body, is_intact=is_intact, is_electronic=True)


def _remember_seal(
    connection: Connection,
    fact: Fact,
    body: SealChecked | SealReported,
    *,
    is_intact: bool,
    is_electronic: bool,
) -> None:
    table = schema.seal
    mine = (table.c.container == body.container) & (table.c.seal == body.seal)
    row = connection.execute(select(table.c.at, table.c.is_electronic).where(mine)).first()
    if row is not None and row.at > body.at:
        return
    if row is not None:
        connection.execute(delete(table).where(mine))
        is_electronic = is_electronic or row.is_electronic
    values = {
        "container": body.container,
        "seal": body.seal,
        "at": body.at,
        "seq": fact.seq,
        "is_intact": is_intact,
        "is_electronic": is_electronic,
    }
    connection.execute(insert(table), values)


def _hand_over(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, CustodyChanged)
    _follow(connection, body)
    names = ("container", "at", "giver", "taker", "place")
    values = {name: getattr(body, name) for name in names}
    connection.execute(insert(schema.handover), {"seq": fact.seq, **values})


def _associate(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, DeviceAssociated)
    values = {name: getattr(body, name) for name in ("container", "device", "at")}
    row = {"seq": fact.seq, **values, "link": body.link.value}
    connection.execute(insert(schema.device_link), row)


def _authorise(connection: Connection, fact: Fact) -> None:
    place = decode(fact.body, PlaceAuthorised).place
    connection.execute(delete(schema.place).where(schema.place.c.code == place.code))
    row = {
        "code": place.code,
        "seq": fact.seq,
        "office": place.office,
        "body": encode(place),
    }
    connection.execute(insert(schema.place), row)


def _withdraw(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, PlaceWithdrawn)
    connection.execute(delete(schema.place).where(schema.place.c.code == body.code))


def _raise(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, MovementAlarmRaised)
    row = {
        "seq": fact.seq,
        "container": body.container,
        "kind": body.kind.value,
        "mark": body.mark,
        "at": body.at,
        "body": encode(body.alarm),
        "acknowledged_by": "",
        "note": "",
        "settled_by": "",
        "outcome": "",
    }
    connection.execute(insert(schema.alarm), row)


def _acknowledge(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, MovementAlarmAcknowledged)
    table = schema.alarm
    changes = {
        "acknowledged_at": fact.occurred_at,
        "acknowledged_by": fact.actor,
        "note": body.note,
    }
    connection.execute(update(table).where(table.c.seq == body.alarm).values(**changes))


def _settle(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, MovementAlarmSettled)
    table = schema.alarm
    changes = {
        "settled_at": fact.occurred_at,
        "settled_by": fact.actor,
        "outcome": body.outcome,
    }
    connection.execute(update(table).where(table.c.seq == body.alarm).values(**changes))


PROJECTIONS: dict[str, tuple[Projection, ...]] = {
    Arrived.TYPE: (_arrive,),
    Departed.TYPE: (_depart,),
    GatePassed.TYPE: (_pass_gate,),
    SealChecked.TYPE: (_check_seal,),
    SealReported.TYPE: (_report_seal,),
    Weighed.TYPE: (_weigh,),
    CustodyChanged.TYPE: (_hand_over,),
    DeviceAssociated.TYPE: (_associate,),
    PlaceAuthorised.TYPE: (_authorise,),
    PlaceWithdrawn.TYPE: (_withdraw,),
    MovementAlarmRaised.TYPE: (_raise,),
    MovementAlarmAcknowledged.TYPE: (_acknowledge,),
    MovementAlarmSettled.TYPE: (_settle,),
}
