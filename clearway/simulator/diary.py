"""What was seen and done while a simulated day was replayed; the summary is made from it alone.

Everything here was observable at the doors: answers, references, times. What was really so is in
`Truth`; `Diary.truth` is the day's truth as the repairs of this run have changed it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from clearway.simulator.enrolled import Sent
from clearway.simulator.mail import Kind
from clearway.simulator.truth import Discovery, Truth


@dataclass(frozen=True, slots=True)
class Knock:
    """One message delivered, and how the border answered.

    Args:
        kind, key: of the event.
        status: of HTTP.
        code: of the problem, "" where there was none.
        took_s: seconds of real time until the answer.
    """

    kind: Kind
    key: str
    status: int
    code: str
    took_s: float

    @property
    def is_accepted(self) -> bool:
        """Whether the border took the message in."""
        return self.status < 300


@dataclass(frozen=True, slots=True)
class Inspection:
    """One examination, from its order to its end.

    Args:
        examination: id of the order.
        mrn, lrn: of the declaration.
        since: from when on order and goods were there, as the border says.
        seen_at: when the bays first saw it in their queue: it could not begin before.
        started_at, ended_at: aware UTC, of the simulated day.
        agencies: who took part.
        scope: `goods` when anybody opened them, else `documents`.
        is_mandatory: whether a law demanded it.
        discoveries: of all agencies.
        extra_revenue: duties found owing, local currency.
    """

    examination: str
    mrn: str
    lrn: str
    since: datetime
    seen_at: datetime
    started_at: datetime
    ended_at: datetime
    agencies: tuple[str, ...]
    scope: str
    is_mandatory: bool
    discoveries: tuple[Discovery, ...]
    extra_revenue: Decimal


@dataclass(frozen=True, slots=True)
class Heard:
    """One alarm that the terminal heard.

    Args:
        seq: fact that raised it.
        kind, level: as the border names them.
        at: instant of the reading that raised it, aware UTC.
        heard_at: when the terminal saw it on its screen.
        limit_at: when the border expects a limit to be passed; None when it expects none.
    """

    seq: int
    container: str
    kind: str
    level: str
    at: datetime
    heard_at: datetime
    limit_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a declaration stood when the day was over.

    Args:
        state: as the border names it: `released`, `held` ...
        channel: of risk, such as `red`; "" when it was never assessed.
        released_at: aware UTC; None when it was not.
        has_receipt: whether the border gave a receipt for its release.
        papers: certificate numbers that the border found fault with.
    """

    state: str
    channel: str
    released_at: datetime | None
    has_receipt: bool
    papers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """One task, as it stood when the day was over.

    Args:
        cause, state, outcome: as the border names them; `outcome` is "" while there is none.
        taken_at: aware UTC; None: nobody took it.
        taken_by: account.
        passed_on: how often it went to the next who can act.
    """

    seq: int
    container: str
    cause: str
    state: str
    opened_at: datetime
    taken_at: datetime | None
    taken_by: str
    passed_on: int
    outcome: str


@dataclass(slots=True)
class Diary:
    """Grows while the day is replayed.

    Args:
        truth: as repairs have changed it.
        bays: openings of goods that could go on at once; `desks`: looks at documents alone.
        begins_at: when bays and desks opened, aware UTC.
        mrns: reference of the border by local reference; `lrns` the other way round.
        repairs: when a container's mishap was put right.
        outcomes: by local reference.
        tasks: that alarms opened.
        events: of EPCIS, captured.
        posted: readings that came over HTTP, by content type.
        sent: what enrolled devices brought over MQTT.
    """

    truth: Truth
    bays: int
    desks: int
    begins_at: datetime
    ends_at: datetime
    mrns: dict[str, str] = field(default_factory=dict)
    lrns: dict[str, str] = field(default_factory=dict)
    knocks: list[Knock] = field(default_factory=list)
    inspections: list[Inspection] = field(default_factory=list)
    alarms: list[Heard] = field(default_factory=list)
    repairs: dict[str, datetime] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    tasks: tuple[TaskSeen, ...] = ()
    events: int = 0
    posted: Counter[str] = field(default_factory=Counter)
    sent: Sent = field(default_factory=Sent)
    waiting_at_end: int = 0
    receipts: int = 0
