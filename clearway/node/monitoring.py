"""Following partners' logs: what was seen of each is kept, and evidence is never forgotten.

Every `monitor_seconds` each partner that takes part and has an address is looked into, in a thread
of its own: its whole tree is hashed, the entries that are new since the last look are fetched, and
its head is held against every head that this node ever saw, by whichever of its doors: as monitor,
as witness, in the exchange. A partner that fails is asked again after twice the time, an hour at
most. None waits for another, and nobody waits for any of them.

A fork is a fact with its evidence (`agency.fork_found/1`), and a file to hand to others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from clearway.connectors.peer import tables as peer
from clearway.connectors.peer import uses
from clearway.connectors.peer.actions.receive import report_double_use
from clearway.connectors.peer.facts import FactReceived
from clearway.errors import ClearwayError, TryLater
from clearway.identity.actions.report_fork import report_fork
from clearway.identity.agencies import Agency, id_of
from clearway.identity.facts_agencies import ForkFound
from clearway.identity.model import Actor, ActorKind, Role
from clearway.identity.tables_agencies import list_agencies
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import fork as forks
from clearway.ledger import sightings, witnessed
from clearway.ledger.audit import Judge
from clearway.ledger.fact import Fact
from clearway.ledger.monitor import Findings, NullifiersOf, watch
from clearway.ledger.note import read_vkey, split_note
from clearway.ledger.order.facts import UsesAnswered
from clearway.ledger.quorum import Quorum
from clearway.ledger.source import HttpSource, Source
from clearway.node.evidence import write_double_uses, write_evidence
from clearway.node.node import Node
from clearway.policy.act import Act

logger = structlog.get_logger()
_MONITOR = Actor(ActorKind.SYSTEM, "monitor", "customs", frozenset({Role.WORKER}))
# Heads of one log that are held against each round; the largest ones cover the others.
_COMPARED = 50
_LONGEST_PAUSE_S = 3_600.0
_FILE_S = 10.0
_LOOK_S = 1.0
_TELLING = {ForkFound.TYPE, FactReceived.TYPE, UsesAnswered.TYPE}


@dataclass(slots=True)
class _Watch:
    """What is remembered of one partner. Args: next_look: monotonic seconds."""

    next_look: float = 0.0
    failures: int = 0
    thread: threading.Thread | None = None


class Monitoring:
    """Looks into partners' logs; use as a context manager inside the open node.

    Args:
        seconds: between two looks; 0: none is taken. Evidence is written to files all the same.
    """

    def __init__(self, node: Node, seconds: float) -> None:
        self._node = node
        self._seconds = seconds
        self._watches: dict[str, _Watch] = {}
        self._ended, self._found = threading.Event(), threading.Event()
        self._found.set()  # what an earlier life left to write
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        node.on_commit(self._hear)

    def __enter__(self) -> Monitoring:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        for each in self._watches.values():
            if each.thread is not None:
                each.thread.join()

    def look_into(self, agency: Agency) -> Findings:
        """Look into one partner's log now.

        Raises: as `monitor.watch`; OSError, VerificationError: its door cannot be reached, or it is
        not its own.
        """
        tls = self._node.links.to(agency, agency.url, self._node.wall())
        address = f"{agency.url.rstrip('/')}/v1/log"
        source = _UntilEnd(HttpSource(address, seconds=_FILE_S, tls=tls), self._ended)
        judge = Quorum.of([read_vkey(text) for text in agency.log_vkeys]).judge
        try:
            return follow(self._node, agency.origin, source, judge)
        finally:
            source.close()

    def _hear(self, facts: Sequence[Fact]) -> None:
        if any(fact.type in _TELLING for fact in facts):
            self._found.set()

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_S):
            try:
                self._write_evidence()
                if self._seconds > 0:
                    self._begin()
            except (ClearwayError, SQLAlchemyError, OSError) as error:
                logger.exception("monitor_failed", detail=str(error))

    def tell_double_uses(self) -> None:
        """Record what was used twice and was not told yet.

        Raises: Refused.
        """
        with self._node.reading() as connection:
            new = [found for found in uses.double_uses(connection) if not found.is_told]
        for found in new:
            self._node.act(_MONITOR, partial(report_double_use, found=found)).result()
            logger.critical("used_twice", nullifier=found.nullifier.hex())

    def write_evidence(self) -> list[Path]:
        """Write all evidence that is in no file yet; return the new files.

        Raises: StorageFailure: the folder cannot be written.
        """
        root = self._node.folder.root
        with self._node.reading() as connection:
            written = write_evidence(connection, root)
            return [*written, *write_double_uses(connection, root, self._node.stored_receipt)]

    def _write_evidence(self) -> None:
        if not self._found.is_set():
            return
        self._found.clear()
        self.tell_double_uses()
        for file in self.write_evidence():
            logger.critical("evidence_written", file=str(file))

    def _begin(self) -> None:
        """Begin a look into each partner that is due and not being looked into."""
        with self._node.reading() as connection:
            agencies = [each for each in list_agencies(connection) if each.takes_part and each.url]
        now = time.monotonic()
        for agency in agencies:
            watched = self._watches.setdefault(agency.id, _Watch())
            is_busy = watched.thread is not None and watched.thread.is_alive()
            if not is_busy and now >= watched.next_look:
                watched.thread = threading.Thread(
                    target=self._look, args=(agency, watched), name="look", daemon=True
                )
                watched.thread.start()

    def _look(self, agency: Agency, watched: _Watch) -> None:
        try:
            self.look_into(agency)
            watched.failures = 0
        except (ClearwayError, SQLAlchemyError, OSError) as error:
            watched.failures += 1
            detail = error.detail if isinstance(error, ClearwayError) else str(error)
            logger.warning("log_not_followed", agency=agency.id, detail=detail)
        pause = self._seconds * 2.0 ** min(watched.failures, 16)
        watched.next_look = time.monotonic() + min(pause, max(self._seconds, _LONGEST_PAUSE_S))


class _UntilEnd:
    """A source that gives nothing more once the node closes."""

    def __init__(self, source: Source, ended: threading.Event) -> None:
        self._source, self._ended = source, ended
        self.name = source.name

    def fetch(self, path: str, limit: int) -> bytes:
        if self._ended.is_set():
            raise TryLater("This node is closing")
        return self._source.fetch(path, limit)

    def paths(self) -> Iterator[str]:
        return self._source.paths()

    def close(self) -> None:
        self._source.close()


def follow(
    node: Node,
    origin: str,
    source: Source,
    judge: Judge,
    *,
    nullifiers_of: NullifiersOf = lambda entry: (),
) -> Findings:
    """Re-hash one partner's log, compare it with all that was seen, and remember both.

    Entries are fetched from the largest head on under which all was found in order.

    Args:
        origin: of the log, as its keys are known under.
        judge: by the partner's keys (`Quorum.judge`).

    Raises: as `monitor.watch`; then nothing is kept.
    """
    with node.reading() as connection:
        own = sightings.kept_notes(connection, origin, _COMPARED)
        kept = [*own, *_seen_elsewhere(connection, origin)]
    first = max((checkpoints.parse(split_note(note)[0]).size for note in own), default=0)
    findings = watch(source, judge, kept=kept, first=first, nullifiers_of=nullifiers_of)
    node.act(_MONITOR, lambda act: _remember(act, findings)).result()
    if findings.forks:
        logger.critical("log_forked", origin=origin, evidence=len(findings.forks))
    elif not findings.holds:
        logger.error("log_does_not_hold", origin=origin, faults=findings.audited.fault_count)
    return findings


def _seen_elsewhere(connection: Connection, origin: str) -> list[str]:
    """Return the heads that the exchange and this node's witness verified last."""
    held = witnessed.find_held(connection, origin)
    notes = [peer.read_cursor(connection, origin).note, "" if held is None else held.note]
    return [note for note in notes if note]


def _remember(act: Act, findings: Findings) -> None:
    """Keep the head if all under it is in order, and evidence that says something new."""
    head = findings.audited.checkpoint
    if findings.audited.fault_count == 0 or findings.forks:
        sightings.keep_head(act.connection, head, findings.audited.note, act.now)
    known = {
        forks.parse(file).first for file in sightings.kept_evidence(act.connection, head.origin)
    }
    for fork in findings.forks:
        if fork.first not in known:
            known.add(fork.first)
            report_fork(act, id_of(head.origin), fork)
