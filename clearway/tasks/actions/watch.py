"""What happens by the clock: tasks that nobody takes pass on, alarms without a task get one."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.tasks import rules, tables
from clearway.tasks.actions.attend import attend
from clearway.tasks.actions.escalate import pass_to
from clearway.tasks.actions.hand import by_house


@dataclass(frozen=True, slots=True)
class Watched:
    """What a round did: tasks passed on, and facts by which alarms and tasks agree again."""

    escalated: tuple[Fact, ...]
    attended: tuple[Fact, ...]


def watch(act: Act, limit: int = 100) -> Watched:
    """Pass on what is overdue, and attend to containers whose alarms and tasks do not agree.

    A worker calls this every few seconds. Raises: Refused.
    """
    act.require("task.watch")
    escalated = []
    for task in tables.list_overdue(act.connection, act.now, limit=limit):
        following = rules.passing(task, act.now)
        if following is not None:
            why = "Nobody took it in time." if task.taken_at is None else "It took too long."
            escalated.append(pass_to(by_house(act, task.agency), task, following[0], why))
    attended = [
        fact
        for container in tables.list_unattended(act.connection, act.now, limit=limit)
        for fact in attend(act, container)
    ]
    return Watched(tuple(escalated), tuple(attended))
