"""What happens to tasks, as it is kept for good. Subject: `container:<number>` of the goods.

The place of the fact that opened a task names it; every later fact says it in `task`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from clearway.tasks.model import AlarmOn, Audience, Cause, Outcome
from clearway.terms.transport import ContainerNumber


@dataclass(frozen=True, slots=True)
class TaskOpened:
    """An alarm asks somebody to do something; fields as in `model.Task`."""

    TYPE: ClassVar[str] = "task.opened/1"

    container: ContainerNumber
    mrn: str
    cause: Cause
    audience: Audience
    agency: str
    party: str
    office: str
    raise_at: datetime
    due_at: datetime
    next_at: datetime | None
    alarm: AlarmOn


@dataclass(frozen=True, slots=True)
class AlarmJoined:
    """A further alarm of the same cause joined an open task, which may be due sooner now."""

    TYPE: ClassVar[str] = "task.alarm_joined/1"

    container: ContainerNumber
    task: int
    audience: Audience
    raise_at: datetime
    due_at: datetime
    next_at: datetime | None
    alarm: AlarmOn


@dataclass(frozen=True, slots=True)
class TaskTaken:
    """Somebody acts on a task; who took it is the fact's actor."""

    TYPE: ClassVar[str] = "task.taken/1"

    container: ContainerNumber
    task: int
    note: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskCommented:
    """Somebody said something about a task."""

    TYPE: ClassVar[str] = "task.commented/1"

    container: ContainerNumber
    task: int
    text: str


@dataclass(frozen=True, slots=True)
class TaskEscalated:
    """A task was passed on: nobody took it in time, or who was asked can no longer act."""

    TYPE: ClassVar[str] = "task.escalated/1"

    container: ContainerNumber
    task: int
    audience: Audience
    reason: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskDone:
    """A task ended with an outcome."""

    TYPE: ClassVar[str] = "task.done/1"

    container: ContainerNumber
    task: int
    outcome: Outcome
    note: str


@dataclass(frozen=True, slots=True)
class TaskVoided:
    """A task became needless before anybody acted."""

    TYPE: ClassVar[str] = "task.voided/1"

    container: ContainerNumber
    task: int
    reason: str
