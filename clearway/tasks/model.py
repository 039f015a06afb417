"""Tasks: what an alarm asks somebody to do, who that is, until when, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from clearway.terms.alarm import AlarmLevel
from clearway.terms.transport import ContainerNumber


class Audience(StrEnum):
    """Who can act: the terminal at the plug, the carrier, an agency's officer, the goods' owner."""

    TERMINAL = "terminal"
    CARRIER = "carrier"
    OFFICER = "officer"
    TRADER = "trader"


class Room(StrEnum):
    """Which room raised an alarm."""

    COLDCHAIN = "coldchain"
    MOVEMENTS = "movements"


class State(StrEnum):
    """OPEN: nobody has taken it. TAKEN: somebody acts. DONE: with an outcome. VOID: needless."""

    OPEN = "open"
    TAKEN = "taken"
    DONE = "done"
    VOID = "void"


class Outcome(StrEnum):
    """What came of a task."""

    RESTORED = "restored"
    MOVED = "moved"
    CORRECTED = "corrected"
    EXAMINED = "examined"
    SEALED_ANEW = "sealed_anew"
    EXPLAINED = "explained"
    FALSE_ALARM = "false_alarm"
    LOST = "lost"
    NOT_POSSIBLE = "not_possible"


class Cause(StrEnum):
    """What lies behind alarms: one task for a container and cause, however many alarms it makes."""

    COLD = "cold"
    DOOR = "door"
    SET_POINT = "set_point"
    LOADING = "loading"
    TOO_COLD = "too_cold"
    SENSOR = "sensor"
    EVIDENCE = "evidence"
    SEAL = "seal"
    SEAL_BATTERY = "seal_battery"
    MASS = "mass"
    CUSTODY = "custody"
    DEVICE = "device"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class AlarmOn:
    """An alarm on the record, as a task sees it.

    Args:
        room, seq: where it stands; the place of its fact names it.
        kind: its code in that room.
        at: when it began.
        limit_at: until when something can be done, None: no limit is known.
        message, advice, values: as the room said them.
        acknowledged: whether somebody took it on.
    """

    room: Room
    seq: int
    kind: str
    level: AlarmLevel
    container: ContainerNumber
    at: datetime
    limit_at: datetime | None
    message: str
    advice: str
    values: Mapping[str, str] = field(default_factory=dict)
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a container is, as far as it matters for who can act.

    Args:
        office: where it is or was last, "" when unknown.
        is_here: whether it stands at that office's place.
        may_be_opened: whether containers may be opened there now.
        party: whose goods they are, "" when unknown.
    """

    office: str = ""
    is_here: bool = False
    may_be_opened: bool = False
    party: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a task begins.

    Args:
        audience: who is asked first.
        agency: whose officers answer for it.
        raise_at: before this nobody is asked: it may end by itself.
        due_at: when it should be done.
        next_at: when it passes to the next audience if nobody takes it; None: it stays.
    """

    audience: Audience
    agency: str
    raise_at: datetime
    due_at: datetime
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Comment:
    """Something that somebody said about a task."""

    at: datetime
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class Task:
    """One task.

    Args:
        seq: place of the fact that opened it; names the task.
        mrn: declaration that it is about, "" when it is about the container alone.
        audiences: all who were asked so far, the latest last.
        agency: whose officers answer for it.
        party: whose goods they are, "" when unknown.
        step: how often it was passed on.
        next_at: when it is passed on if it goes on like this; None: no more.
        alarms: those that it answers, the first first.
    """

    seq: int
    container: ContainerNumber
    mrn: str
    cause: Cause
    level: AlarmLevel
    audiences: tuple[Audience, ...]
    agency: str
    party: str
    office: str
    opened_at: datetime
    raise_at: datetime
    due_at: datetime
    step: int
    next_at: datetime | None
    state: State
    alarms: tuple[AlarmOn, ...]
    taken_at: datetime | None = None
    taken_by: str = ""
    ended_at: datetime | None = None
    ended_by: str = ""
    outcome: str = ""
    note: str = ""

    @property
    def subject(self) -> str:
        """`task:<seq>`, as its facts and notices name it."""
        return f"task:{self.seq}"

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in (State.OPEN, State.TAKEN)

    @property
    def audience(self) -> Audience:
        """Who was asked last."""
        return self.audiences[-1]
