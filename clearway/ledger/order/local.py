"""The embedded engine: this node alone orders, in its own store.

It gives what one machine can give: each thing once, one order, durable and provable. It does not
stop its operator from starting a second order; for that, several agencies order together
(`cometbft`), or witness each other's logs.

    order = LocalOrder(engine, signer)          # a transaction of its own for each batch
    block = sequence(connection, [transaction])  # within the transaction of an action
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from clearway.errors import Refused, StorageFailure
from clearway.ledger.order import stored
from clearway.ledger.order.apply import Block, Draft, apply_block
from clearway.ledger.order.encoding import BatchSigner, decode
from clearway.ledger.order.governance import Governance
from clearway.ledger.order.model import Agency, Code, Outcome, UseBatch, UseRecord
from clearway.ledger.order.port import Ordered, Ticket
from clearway.ledger.order.proof import HeadParts, UseProof
from clearway.ledger.order.state import Head


def begin(connection: Connection, order: str, agencies: tuple[Agency, ...]) -> Head:
    """Return where the order stands; with its genesis written if there was none."""
    head = stored.read_head(connection)
    if head is None:
        head = Head.genesis(order, Governance.genesis(agencies))
        stored.create(connection, head)
    return head


def sequence(connection: Connection, transactions: Sequence[bytes]) -> Block:
    """Order transactions in the caller's transaction: they stand when it is committed.

    Raises: StorageFailure: there is no order in this store (see `begin`).
    """
    head = stored.read_head(connection)
    if head is None:
        raise StorageFailure("This store holds no order; begin one first")
    block = apply_block(head, stored.StoredBook(connection), transactions, head.height + 1)
    if block.changes_state:
        stored.write(connection, block)
    return block


class LocalOrder:
    """The port over one SQL store (`port.Order`).

    Args:
        engine: of a writer, see `ledger.database`; it must have the order's tables.
        signer: of this node's agency.
    """

    def __init__(self, engine: Engine, signer: BatchSigner) -> None:
        self._engine = engine
        self.signer = signer
        with engine.begin() as connection:
            begin(connection, signer.order, (Agency(signer.agency, signer.public_key),))

    def submit(self, batch: UseBatch) -> Ticket:
        """Order a batch; it is durable when this returns.

        Raises: TooLarge. Refused: this agency does not take part. StorageFailure: the store broke.
        """
        transaction = self.signer.sign(batch)
        return self.submit_signed(transaction)

    def submit_signed(self, transaction: bytes) -> Ticket:
        """Order a transaction that an agency signed. Raises: as `submit`; MalformedMessage."""
        ticket = Ticket(decode(transaction).id)
        try:
            with self._engine.begin() as connection:
                block = sequence(connection, [transaction])
                if not block.entries:
                    draft = Draft(block.before, stored.StoredBook(connection))
                    _require_standing(draft.check(transaction))
        except SQLAlchemyError as error:
            raise StorageFailure(f"The order could not be written: {error}") from error
        return ticket

    def outcome(self, ticket: Ticket) -> Outcome | None:
        """Return what came of a batch, or None where it was never ordered."""
        with self._engine.connect() as connection:
            return stored.outcome_of(connection, ticket.id)

    def stream(self, from_height: int) -> Iterator[Ordered]:
        """Yield what was ordered at `from_height` and above, in order, up to now."""
        after = -1
        while True:
            with self._engine.connect() as connection:
                rows = stored.read_ordered(connection, from_height, after=after)
            if not rows:
                return
            yield from rows
            after = rows[-1].seq

    def proof(self, height: int) -> HeadParts:
        """Return what the app hash after this height is made of. Raises: NotFound."""
        with self._engine.connect() as connection:
            return stored.head_parts(connection, height)

    def use(self, nullifier: bytes) -> UseRecord | None:
        """Return the use that used this nullifier up, or None."""
        with self._engine.connect() as connection:
            return stored.StoredBook(connection).used(nullifier)

    def prove_use(self, nullifier: bytes) -> UseProof:
        """Return the proof that a nullifier is used up. Raises: NotFound: it is not."""
        with self._engine.connect() as connection:
            return stored.prove_use(connection, nullifier)

    @property
    def height(self) -> int:
        """Where the order stands."""
        with self._engine.connect() as connection:
            head = stored.read_head(connection)
        return head.height if head else 0


def _require_standing(outcome: Outcome) -> None:
    """Refuse what is not authentic; what was ordered before is answered as it was then."""
    if outcome.code is not Code.REPLAYED:
        raise Refused(f"The order refuses this transaction: {outcome.code.name.lower()}")
