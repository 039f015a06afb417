"""A simulated day replayed against a real border, through its doors.

    day = simulate(build(seed=7), date(2026, 7, 14))
    async with httpx.AsyncClient(base_url="http://127.0.0.1:8080") as http:
        diary = await replay(day, http, tokens, set_clock=clock.move_to)
    summary = summarise(day, diary)

Time runs in ticks of five simulated minutes. In each tick the clock is moved to its end, the mail
of the tick is delivered (messages about one thing in order, things beside each other), the yard
listens for alarms, crews see to their tasks, the bays work, and released goods leave. So a message
is recorded up to one tick after its own instant, never before it. After midnight the mail stops;
bays go on until the queue is empty or the day's end.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from clearway.simulator import outcomes
from clearway.simulator.accounts import RELEASE_OFFICER
from clearway.simulator.crews import Crews
from clearway.simulator.day import Day
from clearway.simulator.diary import Diary
from clearway.simulator.doors import Doors
from clearway.simulator.enrolled import Devices
from clearway.simulator.mail import Event, Kind
from clearway.simulator.officers import Bays
from clearway.simulator.post import readings
from clearway.simulator.yard import Yard

# Parties and mandates are registered on paper, before the day; nobody knocks with them.
_SET_UP = frozenset({Kind.PARTY, Kind.MANDATE})
_LOOKS_EVERY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the people of the day work.

    Args:
        bays: openings of goods at the same time.
        desks: looks at documents alone at the same time.
        tick: simulated time between two looks at queue and alarms.
        pick_up: from the release to the departure of a container.
        after: how long the bays work on after midnight.
        at_once: messages under way at the same time; 1 gives the same log on every run.
    """

    bays: int = 2
    desks: int = 1
    tick: timedelta = timedelta(minutes=5)
    pick_up: timedelta = timedelta(hours=2)
    after: timedelta = timedelta(hours=18)
    at_once: int = 16


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a replay stands, for a display.

    Args:
        now: of the simulated day.
        delivered, total: messages.
        waiting: examinations that wait; `examined` those that ended.
        lodged, released: declarations.
        alarms: raised so far.
    """

    now: datetime
    delivered: int
    total: int
    waiting: int
    lodged: int
    examined: int
    released: int
    alarms: int


def _silent(progress: Progress) -> None:
    """Tell nobody."""


async def replay(
    day: Day,
    http: httpx.AsyncClient,
    tokens: Mapping[str, str],
    *,
    set_clock: Callable[[datetime], None],
    pace: Pace | None = None,
    tell: Callable[[Progress], None] = _silent,
    devices: Devices | None = None,
) -> Diary:
    """Return the diary of the day, replayed.

    Args:
        http: its base address is the border's; a served node or an ASGI transport.
        tokens: API token of each account in `day.accounts`.
        set_clock: moves the border's clock; called with ascending instants, aware UTC.
        pace: how the people work.
        tell: called after each tick.
        devices: enrolled ones; without, all readings come over HTTP.

    Raises: Refused: an account of the day may not see what its work needs.
    """
    run = _Run(day, Doors(http, tokens), pace or Pace(), tell, devices)
    await run.play(set_clock)
    return run.diary


class _Run:
    """One replay under way."""

    def __init__(
        self,
        day: Day,
        doors: Doors,
        pace: Pace,
        tell: Callable[[Progress], None],
        devices: Devices | None,
    ) -> None:
        begins, ends = day.begins_at, day.begins_at + timedelta(days=1) + pace.after
        self.diary = Diary(day.truth, pace.bays, pace.desks, begins, ends)
        self._day, self._doors, self._pace, self._tell = day, doors, pace, tell
        self._devices = devices
        self._mail = [event for event in day.events if event.kind not in _SET_UP]
        self._total = len(self._mail)
        self._early: dict[str, Event] = {}
        self._released: dict[str, datetime] = {}
        self._left: set[str] = set()
        self._gone: set[str] = set()
        self._next_look = begins
        self._at_once = asyncio.Semaphore(pace.at_once)
        self._bays = Bays(doors, self.diary)
        self._yard = Yard(doors, self.diary)
        self._crews = Crews(doors, self.diary, mended=self._mended)

    async def play(self, set_clock: Callable[[datetime], None]) -> None:
        """Play tick by tick until the mail is out and the bays are empty."""
        now = self._mail[0].at if self._mail else self.diary.begins_at
        while now < self.diary.ends_at:
            now += self._pace.tick
            due = self._due(now)
            if not due and now < self.diary.begins_at:
                continue
            set_clock(now)
            await self._deliver(due, now)
            waiting = await self._act(now)
            self._report(now, waiting)
            if not self._mail and waiting == 0 and self._bays.is_idle:
                break
        self.diary.ends_at = now
        if self._devices is not None:
            self.diary.sent = self._devices.sent
        await self._crews.sum_up()
        await outcomes.ask(self._doors, self.diary, self._at_once)

    async def _act(self, now: datetime) -> int:
        """Let everybody do their work; return how many examinations wait."""
        await self._yard.work(now)
        await self._crews.work(now)
        if now < self.diary.begins_at:
            return 0
        waiting = await self._bays.work(now)
        self.diary.waiting_at_end = waiting
        if now >= self._next_look:
            self._next_look = now + _LOOKS_EVERY
            await self._let_go(now)
        return waiting

    def _due(self, now: datetime) -> list[Event]:
        """Take the mail that has come by now; a container that has left sends no readings."""
        count = bisect_right(self._mail, now, key=lambda event: event.at)
        due, self._mail = self._mail[:count], self._mail[count:]
        return [
            event
            for event in due
            if event.kind is not Kind.READINGS or event.subject not in self._gone
        ]

    async def _deliver(self, events: Iterable[Event], now: datetime) -> None:
        """Deliver the mail of a tick: about one thing in order, about others beside it.

        What enrolled devices send comes last: their containers are known by then.
        """
        lanes: dict[str, list[Event]] = {}
        signed: list[Event] = []
        for event in events:
            if self._is_signed(event):
                signed.append(event)
            else:
                lanes.setdefault(event.subject, []).append(event)
        await asyncio.gather(*(self._in_turn(lane) for lane in lanes.values()))
        if self._devices is not None:
            await asyncio.to_thread(self._devices.bring, signed, now)

    def _is_signed(self, event: Event) -> bool:
        """Whether an enrolled device sends this."""
        if event.kind is not Kind.READINGS or self._devices is None:
            return False
        return self._devices.carry(event)

    async def _in_turn(self, lane: list[Event]) -> None:
        for event in lane:
            async with self._at_once:
                await self._bring(event)

    async def _bring(self, event: Event) -> None:
        """Deliver one message; what was said of goods before they were declared waits for that."""
        mrn = self.diary.mrns.get(event.subject)
        if event.kind is Kind.PRESENTATION and mrn is None:
            self._early[event.subject] = event
            return
        knock, answer = await self._doors.deliver(event, mrn)
        self.diary.knocks.append(knock)
        self.diary.receipts += answer.has_receipt
        if event.kind is Kind.READINGS and knock.is_accepted:
            self.diary.posted[event.content_type] += answer.data["recorded"]
        if event.kind is Kind.EPCIS and knock.is_accepted:
            self.diary.events += answer.data["captured"]
        if event.kind is Kind.DECLARATION and knock.is_accepted:
            mrn = self.diary.mrns.setdefault(event.subject, str(answer.data["mrn"]))
            self.diary.lrns[mrn] = event.subject
            early = self._early.pop(event.subject, None)
            if early is not None:
                await self._bring(early)

    def _mended(self, container: str, at: datetime) -> None:
        """Let later readings come from the mended container."""
        truth = self.diary.truth
        if truth.voyage is None:
            return
        unit, every = truth.unit_of[container], self._day.send_every
        again = readings(truth.seed, truth.voyage, unit, self._day.begins_at, every)
        mended = {event.key: event for event in again}
        self._mail = [
            mended[event.key]
            if event.kind is Kind.READINGS and event.subject == container
            else event
            for event in self._mail
        ]

    async def _let_go(self, now: datetime) -> None:
        """See what is released, and let it leave when it is picked up."""
        for row in await self._doors.released(RELEASE_OFFICER):
            self._released[row["lrn"]] = datetime.fromisoformat(row["released_at"])
        for lrn, at in self._released.items():
            if lrn in self.diary.mrns and lrn not in self._left and at + self._pace.pick_up <= now:
                self._left.add(lrn)
                await self._yard.depart(lrn, now)
                self._gone |= {box.number for box in self._day.truth.consignments[lrn].boxes}

    def _report(self, now: datetime, waiting: int) -> None:
        self._tell(
            Progress(
                now=now,
                delivered=self._total - len(self._mail),
                total=self._total,
                waiting=waiting,
                lodged=len(self.diary.mrns),
                examined=len(self.diary.inspections),
                released=len(self._released),
                alarms=len(self.diary.alarms),
            )
        )
