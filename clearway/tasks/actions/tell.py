"""Whoever is asked is told, where they said they want to be told."""

from __future__ import annotations

from clearway.policy.act import Act
from clearway.tasks.model import Audience, Task


def tell(act: Act, task: Task, event: str, audiences: tuple[Audience, ...]) -> None:
    """Tell audiences."""
