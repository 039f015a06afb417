"""Somebody ends an alarm with an outcome."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.movements import tables
from clearway.movements.alarm import MovementAlarmKind
from clearway.movements.facts_alarms import MovementAlarmSettled
from clearway.policy.act import Act

OFFICIAL = frozenset(
    {
        MovementAlarmKind.SEAL_OPENED,
        MovementAlarmKind.SEAL_BROKEN,
        MovementAlarmKind.SEAL_MISSING,
        MovementAlarmKind.SEAL_DIFFERS,
        MovementAlarmKind.MASS_DIFFERS,
    }
)
"""What customs alone can end: it decides where seals may be opened, and whether masses agree."""


def settle_alarm(act: Act, seq: int, outcome: str, note: str = "") -> Fact:
    """Record how the alarm of the fact at `seq` ended.

    Raises: NotFound: there is no such alarm. WrongState: it was settled before. Refused.
    """
    raised = tables.get_alarm(act.connection, seq)
    container = raised.alarm.container
    is_official = raised.alarm.kind in OFFICIAL
    action = "movement.authorise" if is_official else "movement.acknowledge_alarm"
    act.require(action, container=container)
    if raised.settled_at is not None:
        raise WrongState(f"Alarm {seq} was settled by {raised.settled_by}", alarm=seq)
    body = MovementAlarmSettled(container, seq, outcome, note)
    return act.append(body, subject=f"container:{container}")
