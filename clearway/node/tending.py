"""Passes on tasks that nobody takes, and attends to alarms that nobody answers, by the clock."""

from __future__ import annotations

import threading

import structlog

from clearway.errors import ClearwayError, MustStop
from clearway.identity.model import Actor, ActorKind, Role
from clearway.node.node import Node
from clearway.tasks import tables
from clearway.tasks.actions.watch import Watched, watch

logger = structlog.get_logger()

_WORKER = Actor(ActorKind.SYSTEM, "tasks", "customs", frozenset({Role.WORKER}))
_LANE = "tasks"


class Tending:
    """Looks after tasks by the clock; use as a context manager inside the open node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tasks", daemon=True)

    def __enter__(self) -> Tending:
        if self._node.settings.task_seconds > 0:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def round(self) -> Watched:
        """Do what the clock asks for; most rounds find nothing and ask the writer for nothing."""
        now = self._node.clock()
        with self._node.reading() as connection:
            is_due = bool(
                tables.list_overdue(connection, now, limit=1)
                or tables.list_unattended(connection, now, limit=1)
            )
        if not is_due:
            return Watched((), ())
        return self._node.act(_WORKER, watch, lane=_LANE).result().result

    def _run(self) -> None:
        while not self._ended.wait(self._node.settings.task_seconds):
            try:
                self.round()
            except MustStop:
                return  # the node has told it
            except ClearwayError as error:
                logger.exception("tasks_failed", detail=error.detail)
