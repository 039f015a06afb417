"""A node: one agency's Clearway on one machine.

    node = Node.open(load(), clock=utc_now, entropy=entropy)
    with node:
        outcome = node.act(actor, lambda act: lodge(act, declaration)).result()
        receipt = node.receipt(outcome.facts[0], outcome.salts[0])

Opening verifies: the library is safe, the folder is ours alone, the log agrees with its last
signed checkpoint. On a storage error the node stops answering for good (`failure`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import IO, TypeVar

import structlog
from sqlalchemy import Connection, Engine, select

from clearway.errors import MustStop, NotFound
from clearway.identity.model import Actor
from clearway.ledger import receipt as receipts
from clearway.ledger import schema, tables
from clearway.ledger.committer import Committer, Limits, Outcome
from clearway.ledger.database import Address, open_reader, open_writer, upkeep
from clearway.ledger.fact import Fact
from clearway.ledger.log import Log
from clearway.ledger.note import Signer
from clearway.ledger.transaction import Transaction
from clearway.node import ordering, rooms, rotation
from clearway.node.archiving import Archiving
from clearway.node.authority import Authority, open_authority
from clearway.node.clock import Clock, Entropy, utc_now
from clearway.node.feed import Feed
from clearway.node.files import Folder
from clearway.node.keys import Keys, open_keys
from clearway.node.links import Links
from clearway.node.ordering import Ordering
from clearway.node.rebuild import require_present
from clearway.node.rulebook import Rulebook, read_capacities
from clearway.node.rulebook import read as read_rulebook
from clearway.node.ruling import Ruling
from clearway.node.telemetry import Telemetry
from clearway.node.witness import Witness
from clearway.node.witnessing import Witnessing
from clearway.node.workshop import Workshop
from clearway.policy.act import Act, Policy
from clearway.settings import Settings
from clearway.terms.places import Country

Result = TypeVar("Result")
logger = structlog.get_logger()


def create(settings: Settings, entropy: Entropy) -> Folder:
    """Make the folder of a new node with a new key. Raises: InputError: there is one already."""
    folder = Folder.of(settings)
    folder.create(Signer.from_seed(settings.node_name, entropy(32)))
    return folder


_STUDIES = 4
"""Calculations over the history that one person may have waiting."""


class Node:
    """Everything opened and wired; use as a context manager."""

    def __init__(
        self,
        settings: Settings,
        folder: Folder,
        lock: IO[bytes],
        engines: tuple[Engine, Engine],
        log: Log,
        rulebook: Rulebook,
        keys: Keys,
        *,
        clock: Clock,
        entropy: Entropy,
        wall: Clock,
    ) -> None:
        self.settings = settings
        self.keys = keys
        self.folder = folder
        self.log = log
        self.rulebook = rulebook
        self.clock, self.wall, self.entropy = clock, wall, entropy
        self.feed = Feed()
        self._vkeys = folder.vkey.read_text(encoding="utf-8")
        self._lock = lock
        self._writer, self._reader = engines
        self.witness = Witness(self, keys.cosigners)
        self.links = Links(folder)
        self.witnessing = Witnessing(self, self.links, settings.witness_seconds)
        self.ordering = Ordering(
            self,
            settings.order,
            self._reader,
            ordering.own_signer(log.origin, keys.order_seed),
            folder.order_home(settings.order_home),
        )
        self._listeners: list[Callable[[Sequence[Fact]], None]] = [
            self.feed.tell,
            self.witness.forget,
            self.ordering.tell,
            Ruling(self, partial(read_capacities, settings)).tell,
        ]
        self._mourners: list[Callable[[MustStop], None]] = []
        self.committer = self._committing()
        self.workshop = Workshop(
            threads=2, lane_limit=settings.lane_limit, total_limit=settings.waiting_limit
        )
        # Where whole histories are gone through; what the border waits for never queues behind it.
        self.study = Workshop(threads=2, lane_limit=_STUDIES, total_limit=4 * _STUDIES)
        self.telemetry = Telemetry(self)
        # What parts of the node count themselves, by name; /metrics shows it.
        self.counted: dict[str, Callable[[], Mapping[str, int]]] = {}
        self.archiving = Archiving(self, folder.lake, settings.readings_days)
        self._upkeep = upkeep(folder.store)
        self._authority: Authority | None = None
        self._making = threading.Lock()

    def _committing(self) -> Committer:
        limits = Limits(self.settings.lane_limit, self.settings.waiting_limit)
        return Committer(
            self._writer,
            self.log,
            rooms.projections(),
            clock=self.clock,
            entropy=self.entropy,
            limits=limits,
            on_commit=self._tell,
            on_stop=self._stopped,
        )

    @classmethod
    def open(
        cls,
        settings: Settings,
        *,
        clock: Clock,
        entropy: Entropy,
        wall: Clock = utc_now,
        writer: Callable[[Address], Engine] = open_writer,
    ) -> Node:
        """Open the node that lies in `settings.data_directory` (and on `settings.database`).

        Args:
            clock: the instant at which facts are recorded; may be a replayed day's.
            entropy: random bytes, for salts, tokens and sessions.
            wall: the machine's own clock, by which console sessions age.
            writer: opens the writing engine; only the bench passes another.

        Raises: InputError: there is none. StorageFailure: unsafe library, no database, or tables of
        another version. TryLater: another process has it. VerificationError: what is stored does
        not agree with its signed checkpoint.
        """
        ordering.require_engine(settings.order)
        folder = Folder.of(settings)
        folder.signer()
        lock = folder.lock()
        rotation.settle(folder)
        signer = folder.signer()
        engines = (writer(folder.store), open_reader(folder.store))
        try:
            with engines[0].begin() as connection:
                schema.prepare(connection)
                require_present(connection, rooms.projection_tables())
                log = folder.open_log(connection)
                rulebook = read_rulebook(settings, folder, connection)
                keys = open_keys(
                    folder, signer.name, entropy, wall(), post_quantum=settings.witness_post_quantum
                )
                if settings.order == ordering.LOCAL:
                    own = ordering.own_signer(signer.name, keys.order_seed)
                    ordering.prepare(connection, own)
        except BaseException:  # whatever it was: the folder is free for the next try
            for engine in engines:
                engine.dispose()
            lock.close()
            raise
        return cls(
            settings,
            folder,
            lock,
            engines,
            log,
            rulebook,
            keys,
            clock=clock,
            entropy=entropy,
            wall=wall,
        )

    @property
    def vkeys(self) -> str:
        """The log's verifier keys as text, former ones with their limits (`ledger.former`)."""
        return self._vkeys

    @property
    def policy(self) -> Policy:
        """Who may do what."""
        return self.rulebook.policy

    @property
    def authority(self) -> Authority:
        """Signs and seals the certificates issued here; its keys are made at the first use."""
        with self._making:
            if self._authority is None:
                chosen = self.settings
                name = chosen.agency_name or chosen.node_name
                country = Country(chosen.country)
                # A replayed day signs at its own time: the keys must have been valid then.
                since = min(self.clock(), self.wall())
                self._authority = open_authority(self.folder, name, country, self.entropy, since)
            return self._authority

    def __enter__(self) -> Node:
        self.committer.start()
        self.workshop.start()
        self.study.start()
        self.telemetry.open()
        self._upkeep.start()
        self.witnessing.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.witnessing.close()
        self.ordering.close()
        self.workshop.close()
        self.study.close()
        self.telemetry.close()
        self.committer.close()
        self._upkeep.close()
        for engine in (self._writer, self._reader):
            engine.dispose()
        self._lock.close()

    def act(
        self, actor: Actor, action: Callable[[Act], Result], *, lane: str | None = None
    ) -> Future[Outcome[Result]]:
        """Run `action` in the actor's name; the future is answered when its facts are durable.

        Args:
            lane: whose turn it takes; the actor's own by default.

        Raises: TryLater: too much waits already. MustStop: the store failed.
        """
        policy = self.policy

        def run(tx: Transaction) -> Result:
            return action(Act(tx, actor, policy))

        return self.committer.submit(lane or actor.reference, run)

    def draw(self) -> float:
        """Return a number from 0 to below 1 that nobody can foretell: the draw of a selection."""
        return int.from_bytes(self.entropy(7), "big") / (1 << 56)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a read-only connection on one snapshot of what is committed."""
        with self._reader.begin() as connection:
            yield connection

    def receipt(self, fact: Fact, salt: bytes) -> bytes:
        """Return the receipt (JSON text) of a committed fact.

        It stands under the newest checkpoint that satisfies the quorum of witnesses if that covers
        the fact, else under the newest of all.
        """
        # One version of the tree, whatever is committed meanwhile.
        note = self.witnessing.note_for(fact.seq)
        size = int(note.split("\n", 2)[1])
        path = self.log.recent_inclusion(fact.seq, size)
        if path is None:
            with self._reader.connect() as connection:
                path = self.log.inclusion(connection, fact.seq, size)
        return receipts.issue(fact, salt, path, note).marshal()

    def stored_receipt(self, seq: int) -> bytes:
        """Return the receipt of a fact of any age. Raises: NotFound: there is none."""
        columns = [column for column in tables.fact.c if column.name != "leaf_hash"]
        with self.reading() as connection:
            row = connection.execute(select(*columns).where(tables.fact.c.seq == seq)).first()
        if row is None or seq >= self.log.size:
            raise NotFound(f"There is no fact {seq}; the log has {self.log.size}")
        values = dict(row._mapping)
        return self.receipt(salt=values.pop("salt"), fact=Fact(**values))

    @property
    def failure(self) -> MustStop | None:
        """Why the node stopped answering, or None."""
        return self.committer.failure

    def on_commit(self, listener: Callable[[Sequence[Fact]], None]) -> None:
        """Tell `listener` of the facts of each commit, from the writer thread; be quick."""
        self._listeners.append(listener)

    def on_stop(self, listener: Callable[[MustStop], None]) -> None:
        """Tell `listener` when the store failed and the node stops answering for good."""
        self._mourners.append(listener)

    def _tell(self, facts: Sequence[Fact]) -> None:
        for listener in self._listeners:
            listener(facts)

    def _stopped(self, error: MustStop) -> None:
        logger.critical("store_failed", detail=error.detail)
        for listener in self._mourners:
            listener(error)
