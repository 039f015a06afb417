"""A task passes to whoever is asked next."""

from __future__ import annotations

from clearway.errors import WrongState
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.tasks import rules, tables
from clearway.tasks.actions.hand import require
from clearway.tasks.actions.tell import tell
from clearway.tasks.facts import TaskEscalated
from clearway.tasks.handling import DUE
from clearway.tasks.model import Audience, Task


def escalate(act: Act, seq: int, reason: str) -> Fact:
    """Pass a task on by hand, before its time.

    Raises: NotFound: there is no such task. WrongState: it is over, or nobody is left to ask.
    BadTerm: no reason, or one that is too long. Refused.
    """
    task = tables.get(act.connection, seq)
    require(act, "task.take", task)
    rules.require_open(task)
    rules.require_note(reason, is_needed=True)
    following = rules.pass_on(task, act.now)
    if following is None:
        raise WrongState(f"Everybody who can act on task {seq} was asked already", task=seq)
    return pass_to(act, task, following[0], reason)


def pass_to(act: Act, task: Task, audience: Audience, reason: str) -> Fact:
    """Record that a task passes to an audience, and tell it."""
    is_last = not rules.wanted_after(task, audience)
    next_at = None if is_last else act.now + DUE[task.level]
    body = TaskEscalated(task.container, task.seq, audience, reason, next_at)
    fact = act.append(body, subject=f"container:{task.container}")
    tell(act, tables.get(act.connection, task.seq), "task.escalated", (audience,))
    return fact
