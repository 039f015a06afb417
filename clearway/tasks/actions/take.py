"""Somebody acts on a task; with it, they take on its alarms."""

from __future__ import annotations

from clearway.coldchain import tables as coldchain
from clearway.coldchain.actions import acknowledge_alarm as cold
from clearway.ledger.fact import Fact
from clearway.movements import tables as movements
from clearway.movements.actions import acknowledge_alarm as moved
from clearway.policy.act import Act
from clearway.tasks import rules, tables
from clearway.tasks.actions.hand import require
from clearway.tasks.facts import TaskTaken
from clearway.tasks.model import Room, State, Task


def take(act: Act, seq: int, note: str = "") -> Fact | None:
    """Record that the actor acts on a task, and takes on its alarms; None: they had taken it.

    Raises: NotFound: there is no such task. WrongState: it is over, or somebody else took it.
    BadTerm: the note is over 1,000 characters. Refused.
    """
    task = tables.get(act.connection, seq)
    require(act, "task.take", task)
    rules.require_note(note)
    rules.require_untaken(task, act.actor.reference)
    if task.state is State.TAKEN:
        return None
    body = TaskTaken(task.container, seq, note, rules.patience(task, act.now))
    fact = act.append(body, subject=f"container:{task.container}")
    acknowledge(act, task, note)
    return fact


def acknowledge(act: Act, task: Task, note: str) -> None:
    """Take on each alarm of a task that nobody took on yet."""
    for alarm in task.alarms:
        if alarm.room is Room.COLDCHAIN:
            if coldchain.get_alarm(act.connection, alarm.seq).acknowledged_at is None:
                cold.acknowledge_alarm(act, alarm.seq, note)
        elif movements.get_alarm(act.connection, alarm.seq).acknowledged_at is None:
            moved.acknowledge_alarm(act, alarm.seq, note)
