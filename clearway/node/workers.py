"""What a node does besides answering, in a thread of its own.

New facts are copied to the lake, reefers that fell silent raise an alarm, certificates of ours that
are too old expire, green declarations that nobody stopped in time go, and documentary checks that
nobody began become audits. Beside it, in its own thread, partners' witnesses get our newest
checkpoints (`witnessing.py`).
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import structlog

from clearway.certificates.actions.expire import expire
from clearway.clearance.actions.let_go_unstopped import let_go_unstopped
from clearway.clearance.actions.reroute_unattended import reroute_unattended
from clearway.coldchain.actions.report_silence import report_silence
from clearway.coldchain.archive import SERIES
from clearway.errors import ClearwayError
from clearway.identity.model import Actor, ActorKind, Role
from clearway.lake.writer import LakeWriter
from clearway.node.epcis_subscriptions import Subscriptions
from clearway.node.keeping import keep_checkpoint
from clearway.node.monitoring import Monitoring
from clearway.node.node import Node
from clearway.node.notifying import Notifying
from clearway.node.risk_watch import RiskWatch
from clearway.node.single_use import SingleUses, members_key
from clearway.node.tending import Tending

logger = structlog.get_logger()
_WORKER = Actor(ActorKind.SYSTEM, "watch", "customs", frozenset({Role.WORKER}))


class Workers:
    """The node's background work; use as a context manager inside the open node."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._lake = LakeWriter(node.folder.lake, series=SERIES)
        chosen = node.settings.checkpoint_directory
        self._checkpoints = Path(chosen) if chosen else node.folder.root / "checkpoints"
        self._keep_at = 0.0
        self._monitoring = Monitoring(node, node.settings.monitor_seconds)
        key = members_key(node.folder.root / "members.key", node.entropy)
        self._single_uses = SingleUses(node, lambda: node.ordering.engine, key)
        node.on_commit(self._single_uses.tell)
        self._tending, self._notifying = Tending(node), Notifying(node)
        self._subscriptions = Subscriptions(node)
        self._risk_watch = RiskWatch(node)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lake", daemon=True)

    def __enter__(self) -> Workers:
        self._thread.start()
        self._monitoring.__enter__()
        self._node.witnessing.start()
        self._node.ordering.start()
        self._single_uses.__enter__()
        self._tending.__enter__()
        self._notifying.__enter__()
        self._subscriptions.__enter__()
        self._risk_watch.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._risk_watch.__exit__()
        self._subscriptions.__exit__()
        self._notifying.__exit__()
        self._tending.__exit__()
        self._single_uses.__exit__()
        self._ended.set()
        self._monitoring.__exit__()
        self._thread.join()

    def look(self) -> None:
        """Do what time alone brings: silence, expiry, held greens that go, yellow that is late."""
        capacities = self._node.rulebook.selectivity.capacities
        self._node.act(_WORKER, report_silence).result()
        self._node.act(_WORKER, expire).result()
        self._node.act(_WORKER, let_go_unstopped).result()
        self._node.act(_WORKER, lambda act: reroute_unattended(act, capacities)).result()

    def copy_to_lake(self) -> int:
        """Copy the facts that the lake lacks; return how many."""
        with self._node.reading() as connection:
            return self._lake.copy(connection)

    def keep_checkpoint(self) -> bool:
        """Keep the newest checkpoint outside the store; return whether it was not there yet."""
        note, verifier = self._node.log.note, self._node.log.verifier
        with self._node.reading() as connection:
            return keep_checkpoint(connection, self._checkpoints, note, (verifier,))

    def _run(self) -> None:
        """Copy now and then; a lake that fails never stops the node, it is told and tried again."""
        while not self._ended.wait(self._node.settings.lake_seconds):
            try:
                self.look()
                self.copy_to_lake()
                self._node.archiving.archive_if_due()
            except (ClearwayError, OSError) as error:
                logger.exception("worker_failed", detail=str(error))
            self._keep_if_due()

    def _keep_if_due(self) -> None:
        """Keep a checkpoint now and then; a rollback that shows is told each time."""
        if time.monotonic() < self._keep_at:
            return
        self._keep_at = time.monotonic() + self._node.settings.checkpoint_seconds
        try:
            self.keep_checkpoint()
        except (ClearwayError, OSError) as error:
            logger.critical("checkpoint_not_kept", detail=str(error), exc_info=error)
