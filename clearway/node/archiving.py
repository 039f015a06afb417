"""Readings on their way from the tables into the lake's series, and one question over both."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from clearway.coldchain.actions.archive_readings import archive_readings
from clearway.coldchain.archive import READINGS, readings_of
from clearway.coldchain.model import Reading
from clearway.identity.model import Actor, ActorKind, Role
from clearway.lake.series import SeriesWriter
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
    """Copies readings into the series in `folder`, and lets old ones leave the tables.

    Args:
        days: for which readings stay in the tables after their unit fell silent.
    """

    def __init__(self, node: Host, folder: Path, days: int) -> None:
        self._node = node
        self._folder = folder
        self._days = timedelta(days=days)
        self._writer = SeriesWriter(folder, READINGS)
        self._due_at: datetime | None = None

    def copy(self) -> int:
        """Copy what the series lacks; return the place of the last fact that it has."""
        with self._node.reading() as connection:
            return self._writer.copy(connection)

    def run(self) -> None:
        """Copy, and once a day let old readings leave the tables. Raises: as the writer."""
        upto, now = self.copy(), self._node.clock()
        if self._due_at is None or now >= self._due_at:
            self._due_at = now + ARCHIVE_EVERY
            self.archive(now - self._days, upto)

    def archive(self, until: datetime, upto: int) -> None:
        """Let readings before `until` leave the tables, of facts up to the place `upto`."""
        if upto >= 0:
            self._node.act(_WORKER, lambda act: archive_readings(act, until, upto)).result()

    def readings(
        self, container: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Reading, ...]:
        """Return all readings of a container in order of time, wherever they lie."""
        with self._node.reading() as connection:
            return readings_of(connection, self._folder, container, since=since, until=until)
