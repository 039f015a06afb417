"""The order in which this node's uses stand (`ledger.order`): its own, or one with other agencies.

    outcome = node.ordering.use(act, UseBatch(key, (Use(nullifier, holder),)))

With `order = "local"` the batch is ordered in the action's own transaction: the answer is known at
once, and an action that raises takes the use back with all else it did. With `order = "cometbft"`
no writer waits for others: the fact that it was asked is committed first, a thread of its own sends
it until the order answers, and the answer is a fact too. A crash between the two costs nothing,
since the same batch under the same key is the same transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from clearway.errors import (
    BadTerm,
    ClearwayError,
    InputError,
    NotFound,
    Refused,
    StorageFailure,
    TryLater,
)
from clearway.identity.agencies import id_of
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.fact import Fact
from clearway.ledger.order import local, requests, stored
from clearway.ledger.order.cometbft.card import local_order
from clearway.ledger.order.cometbft.engine import CometOrder
from clearway.ledger.order.encoding import BatchSigner, decode
from clearway.ledger.order.facts import UsesAnswered, UsesAsked
from clearway.ledger.order.model import MAX_AGENCY, Agency, Code, Outcome, UseBatch
from clearway.ledger.order.port import Order, Ticket
from clearway.node.witness import Host
from clearway.policy.act import Act

logger = structlog.get_logger()
LOCAL, COMETBFT = "local", "cometbft"
_WORKER = Actor(ActorKind.SYSTEM, "order", "customs", frozenset({Role.WORKER}))
_AT_ONCE = 64
_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 30.0


def own_signer(origin: str, seed: bytes) -> BatchSigner:
    """Return the signer of a node that orders alone; the order's name is made from its log's."""
    name = f"own-{sha256(origin.encode()).hexdigest()[:32]}"
    return BatchSigner(name, id_of(origin)[:MAX_AGENCY], seed)


def prepare(connection: Connection, signer: BatchSigner) -> None:
    """Begin the node's own order in a store that has none.

    Raises: StorageFailure: the order there is another one, or knows this node by another key.
    """
    me = Agency(signer.agency, signer.public_key)
    head = local.begin(connection, signer.order, (me,))
    if head.order != signer.order or head.governance.find(me.id) != me:
        raise StorageFailure(
            f"The order {head.order!r} in this store does not know this node's order.key;"
            " restore that file from the backup"
        )


def require_engine(name: str) -> None:
    """Raises: BadTerm: no such engine."""
    if name not in (LOCAL, COMETBFT):
        raise BadTerm("order", name, f"is {LOCAL} or {COMETBFT}")


class OwnOrder(local.LocalOrder):
    """The node's own order as a port: what is handed in takes its turn in the node's writer."""

    def __init__(self, reader: Engine, signer: BatchSigner, host: Host) -> None:
        super().__init__(reader, signer)
        self._host = host

    def submit_signed(self, transaction: bytes) -> Ticket:
        """Order a transaction; it is durable when this returns. Raises: as `LocalOrder`."""
        ticket = Ticket(decode(transaction).id)

        def order(act: Act) -> None:
            local.sequence(act.connection, [transaction])

        self._host.act(_WORKER, order).result()
        if self.outcome(ticket) is None:
            raise Refused("The order refuses this transaction: it is not this node's own")
        return ticket


class Ordering:
    """What a node does with its order; use as a context manager inside the open node.

    Args:
        engine: `local` or `cometbft`.
        reader: of the node's store.
        signer: of the node's own order.
        home: folder of the validator; read when `cometbft` is first asked.
    """

    def __init__(
        self, host: Host, engine: str, reader: Engine, signer: BatchSigner, home: Path
    ) -> None:
        self._host = host
        self._home = home
        self._own = OwnOrder(reader, signer, host) if engine == LOCAL else None
        self._comet: CometOrder | None = None
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._guard = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="order", daemon=True)

    @property
    def order(self) -> Order:
        """The order itself. Raises: InputError: there is no validator in its folder."""
        return self.engine

    @property
    def engine(self) -> OwnOrder | CometOrder:
        """The order with its signer. Raises: as `order`."""
        return self._own or self._shared()

    def use(self, act: Act, batch: UseBatch) -> Outcome | None:
        """Have uses ordered, as part of an action.

        Args:
            batch: of uses; its key MUST come from what is used and for what, so that the same
                action, tried again, asks the same.

        Returns: what came of it; None: a fact `order.answered/1` will say so.
        Raises: TooLarge: split it.
        """
        asked = UsesAsked.of(batch)
        if len(asked.uses) != len(batch.items):
            raise InputError("Only uses are asked for in an action; submit the rest to the order")
        is_new = not requests.is_asked(act.connection, asked.key)
        if is_new:
            act.append(asked, subject=f"order:{asked.key}")
        if self._own is None:
            return None
        transaction = self._own.signer.sign(batch)
        local.sequence(act.connection, [transaction])  # a second time, it changes nothing
        id = decode(transaction).id
        outcome = stored.outcome_of(act.connection, id)
        if outcome is None:
            raise Refused("The order refuses this node's own transaction")
        if is_new:
            self._answer(act, asked.key, self._own.signer.order, id, outcome)
        return outcome

    def start(self) -> None:
        """Start to send what was asked; a node that orders alone has nothing to send."""
        if self._own is None:
            self._wake.set()
            self._thread.start()

    def tell(self, facts: Sequence[Fact]) -> None:
        """Wake the thread when something was asked."""
        if any(fact.type == UsesAsked.TYPE for fact in facts):
            self._wake.set()

    def close(self) -> None:
        """End the thread, let go of the connections."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._comet is not None:
            self._comet.close()

    def round(self) -> int:
        """Send what is open and record what was answered; return how many are open still.

        Raises: TryLater: the order cannot be reached.
        """
        with self._guard:
            with self._host.reading() as connection:
                asked = requests.open_requests(connection, _AT_ONCE)
            return sum(not self._send(each) for each in asked)

    def _send(self, asked: UsesAsked) -> bool:
        """Return whether the order answered; a batch refused as a whole is an answer."""
        order = self._shared()
        transaction = order.signer.sign(asked.batch())
        ticket = Ticket(decode(transaction).id)
        outcome = order.outcome(ticket)
        if outcome is None:
            order.submit_signed(transaction)
            outcome = order.outcome(ticket)
        if outcome is None:
            return False
        name = order.signer.order

        def record(act: Act) -> None:
            if not requests.is_answered(act.connection, asked.key):
                self._answer(act, asked.key, name, ticket.id, outcome)

        self._host.act(_WORKER, record).result()
        return True

    @staticmethod
    def _answer(act: Act, key: str, order: str, id: bytes, outcome: Outcome) -> None:
        body = UsesAnswered.of(bytes.fromhex(key), order, id, outcome)
        act.append(body, subject=f"order:{key}")
        if outcome.code is not Code.ACCEPTED:
            logger.warning("use_refused", key=key, code=body.code)

    def _shared(self) -> CometOrder:
        if self._comet is None:
            self._comet = local_order(self._home)
        return self._comet

    def _run(self) -> None:
        pause = _PAUSE_S
        while not self._ended.is_set():
            self._wake.wait()
            self._wake.clear()
            try:
                is_open = self.round() > 0
                pause = _PAUSE_S
            except (TryLater, NotFound) as error:
                logger.warning("order_not_reached", detail=str(error))
                is_open, pause = True, min(2 * pause, _LONGEST_PAUSE_S)
            except (ClearwayError, SQLAlchemyError) as error:
                logger.exception("order_round_failed", detail=str(error))
                is_open, pause = True, _LONGEST_PAUSE_S
            if is_open and not self._ended.wait(pause):
                self._wake.set()
