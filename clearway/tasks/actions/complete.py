"""Somebody ends a task with an outcome."""

from __future__ import annotations

from clearway.ledger.fact import Fact
from clearway.movements import tables as movements
from clearway.movements.actions.settle_alarm import settle_alarm
from clearway.policy.act import Act
from clearway.tasks import rules, tables
from clearway.tasks.actions.hand import require
from clearway.tasks.actions.take import acknowledge
from clearway.tasks.facts import TaskDone
from clearway.tasks.model import Room, Task


def complete(act: Act, seq: int, outcome: str, note: str = "") -> Fact:
    """Record what came of a task; alarms of movements end with it, those of cold by readings.

    Args:
        outcome: one of `model.Outcome`.
        note: needed where the outcome says that nothing could be done.

    Raises: NotFound: there is no such task. WrongState: it is over, or somebody else took it.
    BadTerm: no such outcome, or a note that is too long or missing. Refused.
    """
    task = tables.get(act.connection, seq)
    require(act, "task.take", task)
    known = rules.outcome_of(outcome)
    rules.require_note(note, is_needed=known in rules.NEEDS_NOTE)
    rules.require_untaken(task, act.actor.reference)
    acknowledge(act, task, note)
    body = TaskDone(task.container, seq, known, note)
    fact = act.append(body, subject=f"container:{task.container}")
    _settle(act, task, known.value, note)
    return fact


def _settle(act: Act, task: Task, outcome: str, note: str) -> None:
    for alarm in task.alarms:
        if alarm.room is not Room.MOVEMENTS:
            continue
        if movements.get_alarm(act.connection, alarm.seq).settled_at is None:
            settle_alarm(act, alarm.seq, outcome, note)
