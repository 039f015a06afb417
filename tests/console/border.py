"""A small border at work: a real node, a morning of simulated mail through the real doors."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from clearway.clearance.model import QueueEntry
from clearway.clearance.tables import queue
from clearway.cli.server import application
from clearway.cli.setup import OWNER
from clearway.cli.world import admit
from clearway.identity import passwords
from clearway.identity.actions.open_account import open_account
from clearway.identity.actions.set_password import set_password
from clearway.identity.model import ActorKind, Role
from clearway.node.clock import SteppedClock, seeded_entropy
from clearway.node.files import Folder
from clearway.node.node import Node, create
from clearway.policy.act import Act
from clearway.settings import Settings
from clearway.simulator.day import Day, simulate
from clearway.simulator.doors import Doors
from clearway.simulator.history import past
from clearway.simulator.mail import Event, Kind
from clearway.simulator.world import build

T = TypeVar("T")
DAY = date(2026, 7, 14)
HISTORY_DAYS, HISTORY_PER_DAY = 40, 40.0
WALL = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
PASSWORD = "a long enough password"
SETTINGS = Settings(secure_cookies=False, red_per_day=14, yellow_per_day=8, blue_per_day=5)

PEOPLE: dict[str, tuple[str, set[Role], str]] = {
    "amina": ("customs", {Role.CUSTOMS_OFFICER, Role.RISK_ANALYST}, "Amina Odhiambo"),
    "boris": ("customs", {Role.RISK_ANALYST}, "Boris Analyst"),
    "petra": ("plant_health", {Role.PLANT_HEALTH_INSPECTOR}, "Petra Lindqvist"),
    "cora": ("plant_health", {Role.CERTIFYING_OFFICER}, "Cora Vermeer"),
    "carl": ("plant_health", {Role.CERTIFYING_OFFICER}, "Carl Otieno"),
    "audit": ("customs", {Role.AUDITOR}, "Audit office"),
    "admin": ("customs", {Role.ADMINISTRATOR}, "House keeper"),
}


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` in a thread of its own: a browser test has an event loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@dataclass
class Border:
    """A node, its simulated day, and how far the mail has been delivered."""

    node: Node
    clock: SteppedClock
    wall: SteppedClock
    day: Day
    tokens: dict[str, str]
    mrns: dict[str, str] = field(default_factory=dict)
    delivered: int = 0

    def deliver_until(self, instant: datetime) -> None:
        """Bring the mail up to an instant, in its order."""
        post = [e for e in self.day.events if e.kind not in (Kind.PARTY, Kind.MANDATE)]
        due = [event for event in post[self.delivered :] if event.at <= instant]
        self.delivered += len(due)
        run(self._bring(due))
        self.clock.move_to(instant)

    async def _bring(self, events: Sequence[Event]) -> None:
        transport = httpx.ASGITransport(application(self.node))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            doors = Doors(http, self.tokens)
            for event in events:
                self.clock.move_to(event.at)
                mrn = self.mrns.get(event.subject)
                if event.kind is Kind.PRESENTATION and mrn is None:
                    continue
                knock, answer = await doors.deliver(event, mrn)
                if event.kind is Kind.DECLARATION and knock.is_accepted:
                    self.mrns.setdefault(event.subject, str(answer.data["mrn"]))

    def ask(self, query: Callable[..., T], *args: object, **more: object) -> T:
        """Return what a room's tables answer."""
        with self.node.reading() as connection:
            return query(connection, *args, **more)

    def queue(self, agency: str = "") -> tuple[QueueEntry, ...]:
        """Return who waits to be examined."""
        return self.ask(queue, self.clock(), agency=agency)

    def settle(self) -> None:
        """Wait until the writer has done what came before."""
        self.node.act(OWNER, lambda act: None).result()

    def lodge(self, body: bytes, account: str) -> str:
        """Lodge a JSON declaration through the API; return its MRN, accepted or rejected."""
        event = Event(self.clock(), Kind.DECLARATION, account, "application/json", body)
        answer = run(self._lodge(event))
        assert "mrn" in answer, answer
        return str(answer["mrn"])

    async def _lodge(self, event: Event) -> dict[str, object]:
        transport = httpx.ASGITransport(application(self.node))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            _, answer = await Doors(http, self.tokens).deliver(event)
        found: dict[str, object] = answer.data
        return found

    def trader_of(self, mrn: str) -> str:
        """Return the account of the importer whose declaration this is."""
        lrn = next(lrn for lrn, known in self.mrns.items() if known == mrn)
        return self.day.truth.consignments[lrn].importer.id


@contextmanager
def open_border(
    folder: Path, *, consignments: int = 120, hour: int = 15, settings: Settings = SETTINGS
) -> Iterator[Border]:
    """Open a border on a summer day, everything that came before `hour` taken in."""
    world = build(7)
    day = simulate(world, DAY, consignments, send_every=6)
    settings = replace(settings, data_directory=folder, node_name="border.example/console")
    entropy = seeded_entropy(34)
    create(settings, entropy)
    history = Folder.of(settings).history
    history.mkdir()
    past(world, HISTORY_DAYS, HISTORY_PER_DAY, until=DAY).frame.write_parquet(
        history / "before.parquet"
    )
    clock, wall = SteppedClock(day.events[0].at), SteppedClock(WALL)
    with Node.open(settings, clock=clock, entropy=entropy, wall=wall) as node:
        border = Border(node, clock, wall, day, admit(node, day))
        node.act(OWNER, _people).result()
        border.deliver_until(day.begins_at + timedelta(hours=hour))
        yield border


def _people(act: Act) -> None:
    for name, (agency, roles, person) in PEOPLE.items():
        open_account(act, name, ActorKind.OFFICER, agency, roles, name=person)
        set_password(act, name, _hashed(name))


def _hashed(account: str) -> str:
    return passwords.hash_password(PASSWORD, account, hashlib.sha256(account.encode()).digest())
