"""Moving the units through what was received: right after it, in a thread of its own.

A flood of readings is taken in first. While many messages wait, following keeps to a share of
the time; alarms come late then, and nothing is lost. Killed at any moment, it goes on where the
facts say that it stopped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from clearway.clearance.actions.follow_readings import critical, follow_readings
from clearway.clearance.actions.reconsider import reconsider_container
from clearway.coldchain import tables
from clearway.coldchain.actions.follow_readings import Followed
from clearway.coldchain.actions.follow_readings import follow_readings as follow_only
from clearway.coldchain.facts import ReadingsReceived
from clearway.errors import ClearwayError, MustStop, TryLater
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.committer import Outcome
from clearway.ledger.fact import Fact
from clearway.policy.act import Act

Result = TypeVar("Result")
logger = structlog.get_logger()

_BUSY = 256 * 1024
"""So many bytes that wait to be recorded are a flood: a thousand messages with one reading, or
1,500 readings in larger ones."""

_SHARE = 0.1
"""Of the time that following takes during a flood."""

_WORKER = Actor(ActorKind.SYSTEM, "following", "customs", frozenset({Role.WORKER}))


class Host(Protocol):
    """What following needs of its node."""

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a read-only connection."""

    def act(
        self, actor: Actor, action: Callable[[Act], Result], *, lane: str | None = None
    ) -> Future[Outcome[Result]]:
        """Run an action in the writer."""

    def on_commit(self, listener: Callable[[Sequence[Fact]], None]) -> None:
        """Tell of the facts of each commit."""


class Following:
    """Follows received readings while a node is open.

    Args:
        unanswered: how many bytes of messages wait to be recorded.
    """

    def __init__(self, node: Host, unanswered: Callable[[], int]) -> None:
        self._node = node
        self._unanswered = unanswered
        self._news = threading.Event()
        self._ended = False
        self._told_aside: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="following", daemon=True)
        node.on_commit(self._tell)

    def open(self) -> None:
        """Start the thread; what waited since the last end is followed first."""
        self._news.set()
        self._thread.start()

    def close(self) -> None:
        """End the thread after the round at hand; what waits is followed at the next start."""
        self._ended = True
        self._news.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait_done(self, seconds: float) -> bool:
        """Wait until nothing waits to be followed; return whether that came true in time."""
        until = time.monotonic() + seconds
        while self._has_waiting():
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
        return True

    def _tell(self, facts: Sequence[Fact]) -> None:
        if any(fact.type == ReadingsReceived.TYPE for fact in facts):
            self._news.set()

    def _run(self) -> None:
        while not self._ended:
            self._news.wait()
            self._news.clear()
            try:
                self._catch_up()
            except MustStop:
                return  # the node has told it
            except (ClearwayError, OSError) as error:
                logger.exception("following_failed", detail=str(error))
                self._pause(1.0)
                self._news.set()

    def _catch_up(self) -> None:
        """Follow until nothing waits."""
        while not self._ended and self._has_waiting():
            began = time.monotonic()
            self._round()
            if self._unanswered() > _BUSY:
                self._pause((time.monotonic() - began) * (1 / _SHARE - 1))

    def _has_waiting(self) -> bool:
        with self._node.reading() as connection:
            return tables.count_waiting(connection) > 0

    def _round(self) -> None:
        try:
            self._node.act(_WORKER, follow_readings, lane="following").result()
        except (MustStop, TryLater):
            raise
        except Exception as error:
            logger.exception("reconsidering_failed", detail=str(error))
            self._reconsider(self._node.act(_WORKER, follow_only, lane="following").result().result)
        self._tell_aside()

    def _reconsider(self, followed: Followed) -> None:
        """Decide anew on each container by itself, so that one that fails stays alone."""
        for container in critical(followed):
            again = partial(reconsider_container, container=container)
            try:
                self._node.act(_WORKER, again).result()
            except (MustStop, TryLater):
                raise
            except Exception as error:
                logger.exception("reconsidering_failed", container=container, detail=str(error))

    def _tell_aside(self) -> None:
        """Say once of each unit that its readings cannot be judged."""
        with self._node.reading() as connection:
            aside = tables.list_aside(connection)
        for container in aside.keys() - self._told_aside:
            logger.critical("readings_set_aside", container=container, detail=aside[container])
        self._told_aside = set(aside)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + min(seconds, 1.0)
        while not self._ended and time.monotonic() < until:
            time.sleep(0.02)
