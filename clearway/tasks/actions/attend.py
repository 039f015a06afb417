"""Alarms and tasks of a container are brought to agree: what whoever raises alarms calls.

    record_readings(act, batch)
    attend(act, batch.container)

It looks at what stands, not at what just happened, so that it may be called at any time and as
often as one likes, in the transaction that raised the alarms or later.
"""

from __future__ import annotations

from clearway.ledger.fact import Fact
from clearway.movements import tables as movements
from clearway.policy.act import Act
from clearway.tasks import tables
from clearway.tasks.actions.escalate import pass_to
from clearway.tasks.actions.hand import by_house
from clearway.tasks.actions.open_for import open_for
from clearway.tasks.facts import TaskDone, TaskVoided
from clearway.tasks.model import AlarmOn, Audience, Outcome, Room, Scene, State, Task
from clearway.tasks.rules import BY_PEOPLE
from clearway.tasks.standing import alarms_on, scene_of


def attend(act: Act, container: str) -> tuple[Fact, ...]:
    """Open a task for each alarm of a container that nobody answers, and end the needless ones.

    Policy was asked by the action that recorded what the alarms rest on. Returns the facts made.
    """
    if tables.is_calm(act.connection, container):
        return ()
    alarms = alarms_on(act.connection, container)
    tasks = tables.open_of(act.connection, container)
    scene = scene_of(act.connection, container, act.now)
    made = [_settle(act, task, alarms, scene) for task in tasks]
    made += [open_for(act, alarm, scene) for alarm in alarms]
    return tuple(fact for fact in made if fact is not None)


def _settled_as(act: Act, task: Task) -> Outcome | None:
    """Return how somebody ended the movements' alarms of a task, None when nobody did."""
    said = [
        movements.get_alarm(act.connection, alarm.seq).outcome
        for alarm in task.alarms
        if alarm.room is Room.MOVEMENTS
    ]
    return next((Outcome(one) for one in said if one in set(Outcome)), None)


def _settle(act: Act, task: Task, alarms: tuple[AlarmOn, ...], scene: Scene) -> Fact | None:
    stand = {(alarm.room, alarm.seq) for alarm in alarms}
    subject = f"container:{task.container}"
    house = by_house(act, task.agency)
    if not any((alarm.room, alarm.seq) in stand for alarm in task.alarms):
        if task.cause in BY_PEOPLE:
            return None
        outcome = _settled_as(act, task)
        if outcome is not None:
            note = "Its alarms were settled elsewhere."
            return house.append(TaskDone(task.container, task.seq, outcome, note), subject=subject)
        if task.state is State.OPEN:
            why = "The alarm ended before anybody acted."
            return house.append(TaskVoided(task.container, task.seq, why), subject=subject)
        note = "The alarm ended after the task was taken."
        body = TaskDone(task.container, task.seq, Outcome.RESTORED, note)
        return house.append(body, subject=subject)
    if not scene.is_here and task.audiences == (Audience.TERMINAL,):
        why = "The container has left the terminal's yard."
        return pass_to(house, task, Audience.CARRIER, why)
    return None
