"""Readings on their way from the tables into the lake's series, and one question over both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from clearway.coldchain import tables
from clearway.coldchain.actions.archive_readings import archive_readings
from clearway.coldchain.archive import READINGS_FOLDER, readings_of
from clearway.coldchain.model import Reading
from clearway.identity.model import Actor, ActorKind, Role
from clearway.lake.series import cursor_of
from clearway.ledger.committer import Outcome
from clearway.policy.act import Act

Result = TypeVar("Result")

ARCHIVE_EVERY = timedelta(hours=24)
"""By the node's clock; the tables then hold up to a day more than asked for."""

_WORKER = Actor(ActorKind.SYSTEM, "archiving", "customs", frozenset({Role.WORKER}))


class Host(Protocol):
    """What archiving needs of its node."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """The instant at which facts are recorded."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a read-only connection."""

    def act(
        self, actor: Actor, action: Callable[[Act], Result], *, lane: str | None = None
    ) -> Future[Outcome[Result]]:
        """Run an action in the writer."""


class Archiving:
    """Lets old readings leave the tables, and finds them all the same.

    Args:
        lake: folder of the lake.
        days: for which readings stay in the tables after their unit fell silent.
    """

    def __init__(self, node: Host, lake: Path, days: int) -> None:
        self._node = node
        self._folder = lake / READINGS_FOLDER
        self._days = timedelta(days=days)
        self._due_at: datetime | None = None

    def archive_if_due(self) -> bool:
        """Once a day, after the lake was copied: let go; return whether anything was recorded."""
        now = self._node.clock()
        if self._due_at is not None and now < self._due_at:
            return False
        self._due_at = now + ARCHIVE_EVERY
        return self.archive(now - self._days)

    def archive(self, until: datetime) -> bool:
        """Let readings before `until` go, as far as the series has them; none: nothing is done."""
        upto = cursor_of(self._folder)
        with self._node.reading() as connection:
            if not tables.may_leave(connection, until, upto):
                return False
        self._node.act(_WORKER, lambda act: archive_readings(act, until, upto)).result()
        return True

    def readings(
        self, container: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Reading, ...]:
        """Return all readings of a container in order of time, wherever they lie."""
        with self._node.reading() as connection:
            return readings_of(connection, self._folder, container, since=since, until=until)
