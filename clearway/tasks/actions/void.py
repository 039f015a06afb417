"""A task turns out to be needless."""

from __future__ import annotations

from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.tasks import rules, tables
from clearway.tasks.actions.hand import require
from clearway.tasks.facts import TaskVoided


def void(act: Act, seq: int, reason: str) -> Fact:
    """Record that nothing needs to be done after all, and why.

    An alarm of it that still stands asks anew; to say that it was false, complete the task so.

    Raises: NotFound: there is no such task. WrongState: it is over, or somebody else took it.
    BadTerm: no reason, or one that is too long. Refused.
    """
    task = tables.get(act.connection, seq)
    require(act, "task.take", task)
    rules.require_untaken(task, act.actor.reference)
    rules.require_note(reason, is_needed=True)
    body = TaskVoided(task.container, seq, reason)
    return act.append(body, subject=f"container:{task.container}")
