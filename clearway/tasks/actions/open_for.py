"""An alarm asks somebody to do something: a task, or one more alarm of a task that is open."""

from __future__ import annotations

from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.tasks import rules, tables
from clearway.tasks.actions.hand import by_house
from clearway.tasks.actions.tell import tell
from clearway.tasks.facts import AlarmJoined, TaskOpened
from clearway.tasks.handling import handling_of
from clearway.tasks.model import AlarmOn, Scene, Task
from clearway.tasks.standing import scene_of


def open_for(act: Act, alarm: AlarmOn, scene: Scene | None = None, *, mrn: str = "") -> Fact | None:
    """Record that an alarm asks for something; None when a task answers it already.

    Policy was asked by the action that recorded what the alarm rests on.

    Args:
        alarm: one that stands (`standing.alarms_on`).
        scene: where its container is; None: looked up.
        mrn: declaration that it is about, "" when it is about the container alone.
    """
    if not rules.asks(alarm) or _is_answered(act, alarm):
        return None
    scene = scene or scene_of(act.connection, alarm.container, act.now)
    handling = handling_of(alarm.kind)
    house = by_house(act, handling.agency)
    task = tables.find_open(act.connection, alarm.container, handling.cause)
    if task is not None:
        return _join(house, task, alarm, scene)
    plan = rules.plan(alarm, scene, act.now)
    body = TaskOpened(
        container=alarm.container,
        mrn=mrn,
        cause=handling.cause,
        audience=plan.audience,
        agency=plan.agency,
        party=scene.party,
        office=scene.office,
        raise_at=plan.raise_at,
        due_at=plan.due_at,
        next_at=plan.next_at,
        alarm=alarm,
    )
    fact = house.append(body, subject=f"container:{alarm.container}")
    opened = tables.get(act.connection, fact.seq)
    tell(house, opened, "task.opened", rules.told(alarm, plan.audience))
    return fact


def _is_answered(act: Act, alarm: AlarmOn) -> bool:
    last = tables.answer_to(act.connection, alarm)
    return last is not None and not rules.asks_anew(*last, act.now)


def _join(act: Act, task: Task, alarm: AlarmOn, scene: Scene) -> Fact:
    plan = rules.joined(task, alarm, scene, act.now)
    body = AlarmJoined(
        container=alarm.container,
        task=task.seq,
        audience=plan.audience,
        raise_at=plan.raise_at,
        due_at=plan.due_at,
        next_at=plan.next_at,
        alarm=alarm,
    )
    fact = act.append(body, subject=f"container:{alarm.container}")
    is_worse = rules.rank(alarm.level) > rules.rank(task.level)
    if is_worse or plan.audience not in task.audiences:
        joined = tables.get(act.connection, task.seq)
        tell(act, joined, "task.opened", rules.told(alarm, plan.audience))
    return fact
