"""Goods were examined: what seals and masses said of their containers is answered with it."""

from __future__ import annotations

from clearway.clearance import tables
from clearway.clearance.calls import CUSTOMS
from clearway.clearance.model import Examination, Scope
from clearway.clearance.standing import by_rules
from clearway.movements import tables as movements
from clearway.movements.actions.settle_alarm import OFFICIAL, settle_alarm
from clearway.policy.act import Act
from clearway.tasks.actions.attend import attend
from clearway.tasks.model import Outcome


def end_alarms(act: Act, order: Examination) -> None:
    """Settle the alarms of the containers that an examination looked into, and their tasks.

    Only where customs looked at the goods, and where no other open declaration has goods in the
    container: the alarm speaks of those too.
    """
    if not any(part.agency == CUSTOMS and part.scope is Scope.GOODS for part in order.parts):
        return
    for box in tables.containers_of(act.connection, order.mrn):
        others = set(tables.in_container(act.connection, box.container)) - {order.mrn}
        if others:
            continue
        standing = movements.list_alarms(act.connection, container=box.container)
        official = [raised for raised in standing if raised.alarm.kind in OFFICIAL]
        for raised in official:
            note = f"Examination {order.id} looked at the goods."
            settle_alarm(by_rules(act), raised.seq, Outcome.EXAMINED.value, note)
        if official:
            attend(act, box.container)
