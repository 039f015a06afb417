"""Whoever is asked is told, where they said that they want to be told."""

from __future__ import annotations

from clearway.connectors.notices.actions.post import post
from clearway.connectors.notices.model import Message
from clearway.policy.act import Act
from clearway.tasks.model import Audience, Task
from clearway.tasks.words import newest, words_of


def tell(act: Act, task: Task, event: str, audiences: tuple[Audience, ...]) -> None:
    """Put notices of a task into the outbox, in this transaction.

    They are sent when the task's delay is over; if it ends before, they are cancelled.

    Args:
        task: as it stands now.
        event: `task.opened` or `task.escalated`.
        audiences: who is to hear of it.
    """
    for audience in audiences:
        message = Message(
            event=event,
            about=task.subject,
            due_at=max(task.raise_at, act.now),
            audience=audience.value,
            agency=task.agency,
            party=task.party,
            level=task.level,
            words=words_of(task, event, audience),
            data=_data(task, audience),
        )
        post(act, message)


def _data(task: Task, audience: Audience) -> dict[str, object]:
    """Return what a webhook gets: the task, and the alarm that it speaks of."""
    alarm = newest(task)
    return {
        "task": task.seq,
        "container": task.container,
        "mrn": task.mrn,
        "cause": task.cause,
        "level": task.level,
        "state": task.state,
        "audience": audience,
        "asked": task.audiences,
        "agency": task.agency,
        "office": task.office,
        "due_at": task.due_at,
        "alarm": {
            "kind": alarm.kind,
            "at": alarm.at,
            "limit_at": alarm.limit_at,
            "message": alarm.message,
            "advice": alarm.advice,
            "values": alarm.values,
        },
    }
