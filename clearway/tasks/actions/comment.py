"""Somebody says something about a task."""

from __future__ import annotations

from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.tasks import rules, tables
from clearway.tasks.actions.hand import require
from clearway.tasks.facts import TaskCommented


def comment(act: Act, seq: int, text: str) -> Fact:
    """Record a comment; whoever may act on a task may, also when it is over.

    Raises: NotFound: there is no such task. BadTerm: no text, or over 1,000 characters. Refused.
    """
    task = tables.get(act.connection, seq)
    require(act, "task.take", task)
    rules.require_note(text, is_needed=True)
    return act.append(
        TaskCommented(task.container, seq, text), subject=f"container:{task.container}"
    )
