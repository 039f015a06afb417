"""The order as an application of CometBFT (ABCI 2.0): the engine orders, `apply` judges.

The life of a batch: CheckTx (is it authentic, and new) -> a proposal, which other members refuse if
it holds anything that is not -> FinalizeBlock (apply, answer with outcomes and the app hash;
nothing is stored) -> Commit (the whole block in one durable transaction). After a crash the engine
replays the block that was finalized but not committed, and gets the same app hash. Snapshots are
not offered: a new member replays the blocks.
"""

from __future__ import annotations

import resource
import threading
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from clearway import __version__
from clearway.errors import InputError, NotFound, StorageFailure, VerificationError
from clearway.ledger.order import roster, stored
from clearway.ledger.order.apply import Block, Draft
from clearway.ledger.order.cometbft import views
from clearway.ledger.order.encoding import decode
from clearway.ledger.order.governance import validator_updates
from clearway.ledger.order.model import Outcome
from clearway.ledger.order.state import Head, encode_outcome

APP_VERSION = 1
_ACCEPT, _REJECT = 1, 2
_ABORT_SNAPSHOT = 2
Answer = dict[str, Any]


class Application:
    """Answers each request by its name; one lock, so one request at a time.

    Args:
        engine: of a writer on the application's own file, with the order's tables.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._pending: Block | None = None
        with engine.begin() as connection:
            self._head = stored.read_head(connection)
        self._handlers: dict[str, Callable[[Answer], Answer]] = {
            "Echo": lambda request: {"message": request["message"]},
            "Flush": lambda request: {},
            "Info": self._info,
            "InitChain": self._init_chain,
            "CheckTx": self._check,
            "PrepareProposal": self._prepare,
            "ProcessProposal": self._process,
            "FinalizeBlock": self._finalize,
            "Commit": self._commit,
            "Query": self._query,
            "ListSnapshots": lambda request: {},
            "OfferSnapshot": lambda request: {"result": _ABORT_SNAPSHOT},
            "LoadSnapshotChunk": lambda request: {},
            "ApplySnapshotChunk": lambda request: {"result": _ABORT_SNAPSHOT},
            "ExtendVote": lambda request: {},
            "VerifyVoteExtension": lambda request: {"status": _ACCEPT},
        }

    def answer(self, name: str, request: Answer) -> Answer:
        """Return the fields of the response. Raises: MustStop: the engine must not go on."""
        with self._lock:
            try:
                return self._handlers[name](request)
            except SQLAlchemyError as error:
                raise StorageFailure(f"The order's store failed at {name}: {error}") from error

    def _info(self, request: Answer) -> Answer:
        head = self._head
        answer: Answer = {"data": "clearway-order", "version": __version__}
        answer["app_version"] = APP_VERSION
        if head is not None and head.height > 0:
            answer |= {"last_block_height": head.height, "last_block_app_hash": head.app_hash}
        return answer

    def _init_chain(self, request: Answer) -> Answer:
        try:
            governance = roster.read_genesis(request["app_state"])
        except InputError as error:
            raise VerificationError(f"The genesis is refused: {error.detail}") from error
        told = {(v["pub_key"]["ed25519"], v["power"]) for v in request["validators"]}
        if told != {(agency.validator, agency.power) for agency in governance.agencies}:
            raise VerificationError("The genesis lists validators that are not the agencies'")
        head = Head.genesis(request["chain_id"], governance)
        if self._head is not None:
            # The engine begins again although nothing was committed: the genesis must be the same.
            if self._head != head:
                raise VerificationError("This store holds another order; it is not begun anew")
            return {"app_hash": head.app_hash}
        with self._engine.begin() as connection:
            stored.create(connection, head)
        self._head = head
        return {"app_hash": head.app_hash}

    def _check(self, request: Answer) -> Answer:
        with self._engine.begin() as connection:
            outcome = self._draft(connection).check(request["tx"])
        return {"code": int(outcome.code), "log": outcome.code.name.lower()}

    def _prepare(self, request: Answer) -> Answer:
        chosen, room = [], request["max_tx_bytes"]
        for transaction in _in_turns(self._authentic(request["txs"])):
            # As the engine counts: the bytes with their tag and length.
            room -= len(transaction) + 8
            if room < 0:
                break
            chosen.append(transaction)
        return {"txs": chosen}

    def _process(self, request: Answer) -> Answer:
        fine = len(self._authentic(request["txs"])) == len(request["txs"])
        return {"status": _ACCEPT if fine else _REJECT}

    def _authentic(self, transactions: Sequence[bytes]) -> list[bytes]:
        """Return those that are authentic and new, each once."""
        with self._engine.begin() as connection:
            draft = self._draft(connection)
            return [each for each in transactions if draft.apply(each).items]

    def _finalize(self, request: Answer) -> Answer:
        height, transactions = request["height"], request["txs"]
        head = self._require_head()
        if height != head.height + 1:
            raise VerificationError(f"Block {height} cannot follow {head.height}")
        with self._engine.begin() as connection:
            draft = self._draft(connection)
            outcomes = [draft.apply(transaction) for transaction in transactions]
        block = draft.seal(height)
        self._pending = block
        updates = validator_updates(head.governance, block.after.governance)
        return {
            "tx_results": [_result(outcome) for outcome in outcomes],
            "validator_updates": [
                {"pub_key": {"ed25519": key}, "power": power} for key, power in updates
            ],
            "app_hash": block.after.app_hash,
        }

    def _commit(self, request: Answer) -> Answer:
        block = self._pending
        if block is None:
            raise VerificationError("There is no finalized block to commit")
        with self._engine.begin() as connection:
            stored.write(connection, block)
        self._head, self._pending = block.after, None
        return {}

    def _query(self, request: Answer) -> Answer:
        try:
            value = self._view(request["path"], request["data"])
        except (NotFound, InputError, VerificationError) as error:
            code = 1 if isinstance(error, NotFound) else 2
            return {"code": code, "log": error.detail}
        return {"value": value, "height": self._head.height if self._head else 0}

    def _view(self, path: str, data: bytes) -> bytes:
        with self._engine.begin() as connection:
            if path == "/status":
                return views.dump(self._status())
            if path == "/outcome":
                outcome = stored.outcome_of(connection, data)
                return b"" if outcome is None else encode_outcome(outcome)
            if path == "/stream":
                page = views.load_page(data)
                rows = stored.read_ordered(connection, page.from_height, after=page.after)
                return views.dump([views.Row.of(row) for row in rows])
            if path == "/use":
                used = stored.StoredBook(connection).used(data)
                return b"" if used is None else views.dump(used)
            if path == "/proof/use":
                return views.dump(stored.prove_use(connection, data))
            if path == "/proof/head":
                return views.dump(stored.head_parts(connection, int.from_bytes(data[:8], "big")))
        raise NotFound(f"The application answers no query {path[:40]!r}")

    def _status(self) -> views.Status:
        head = self._require_head()
        return views.Status(
            head.order,
            head.height,
            head.app_hash.hex(),
            head.transactions.size,
            head.transactions.root.hex(),
            head.uses.size,
            head.governance.epoch,
            [agency.id for agency in head.governance.agencies],
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        )

    def _draft(self, connection: Any) -> Draft:
        return Draft(self._require_head(), stored.StoredBook(connection))

    def _require_head(self) -> Head:
        if self._head is None:
            raise NotFound("The order has no genesis yet")
        return self._head


def _in_turns(transactions: Sequence[bytes]) -> list[bytes]:
    """Return authentic transactions so that agencies take turns, each in its own order.

    A block has room for so many: one agency's flood must not keep the others out of it.
    """
    turns: dict[str, int] = {}
    placed = []
    for place, transaction in enumerate(transactions):
        agency = decode(transaction).agency
        turns[agency] = turns.get(agency, 0) + 1
        placed.append((turns[agency], place, transaction))
    return [transaction for _, _, transaction in sorted(placed)]


def _result(outcome: Outcome) -> Answer:
    return {"code": int(outcome.code), "data": encode_outcome(outcome)}
