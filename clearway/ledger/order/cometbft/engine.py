"""The port over a running CometBFT node, by its RPC (`port.Order`).

A batch is handed in with `broadcast_tx_sync` and its outcome asked for by its id, so a lost answer
or a restart costs nothing: `broadcast_tx_commit` would time out on what a re-check drops.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import httpx

from clearway.errors import NotFound, Refused, TryLater, VerificationError
from clearway.ledger.order.cometbft import views
from clearway.ledger.order.encoding import BatchSigner, decode
from clearway.ledger.order.model import Code, Outcome, UseBatch, UseRecord
from clearway.ledger.order.port import Ordered, Ticket
from clearway.ledger.order.proof import HeadParts, UseProof
from clearway.ledger.order.state import decode_outcome

_NOT_FOUND = 1
# The engine's own words where a transaction waits in its pool already.
_KNOWN = "tx already exists in cache"


class CometOrder:
    """The order, as one agency's own node tells it; use as a context manager.

    Args:
        rpc: `host:port` of the node's RPC; it listens on this machine only.
        signer: of this node's agency.
    """

    def __init__(self, rpc: str, signer: BatchSigner, *, timeout_s: float = 5.0) -> None:
        self._client = httpx.Client(base_url=f"http://{rpc}", timeout=timeout_s, trust_env=False)
        self.signer = signer

    def __enter__(self) -> CometOrder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def submit(self, batch: UseBatch) -> Ticket:
        """Hand in a batch; it is ordered when it has an outcome.

        Raises: TooLarge. Refused: this agency does not take part. TryLater: no node, or it is full.
        """
        return self.submit_signed(self.signer.sign(batch))

    def submit_signed(self, transaction: bytes) -> Ticket:
        """Hand in a transaction that an agency signed. Raises: as `submit`; MalformedMessage."""
        ticket = Ticket(decode(transaction).id)
        sent = base64.b64encode(transaction).decode()
        answer = self._call("broadcast_tx_sync", {"tx": sent}, fine=_KNOWN)
        code = Code(answer.get("code", 0))
        if code not in (Code.ACCEPTED, Code.REPLAYED):
            raise Refused(f"The order refuses this transaction: {code.name.lower()}")
        return ticket

    def outcome(self, ticket: Ticket) -> Outcome | None:
        """Return what came of a batch, or None while it is not ordered. Raises: TryLater."""
        found = self._query("/outcome", ticket.id)
        return decode_outcome(found) if found else None

    def stream(self, from_height: int) -> Iterator[Ordered]:
        """Yield what was ordered at `from_height` and above, in order, up to now."""
        after = -1
        while True:
            page = views.dump(views.Page(from_height, after))
            rows = views.load_rows(self._query("/stream", page))
            if not rows:
                return
            yield from rows
            after = rows[-1].seq

    def proof(self, height: int) -> HeadParts:
        """Return what the app hash after this height is made of. Raises: NotFound."""
        return views.load_head(self._query("/proof/head", height.to_bytes(8, "big")))

    def use(self, nullifier: bytes) -> UseRecord | None:
        """Return the use that used this nullifier up, or None."""
        found = self._query("/use", nullifier)
        return views.load_use(found) if found else None

    def prove_use(self, nullifier: bytes) -> UseProof:
        """Return the proof that a nullifier is used up. Raises: NotFound: it is not."""
        return views.load_proof(self._query("/proof/use", nullifier))

    def status(self) -> views.Status:
        """Return where this node's application stands. Raises: TryLater."""
        return views.load_status(self._query("/status", b""))

    @property
    def height(self) -> int:
        """Where the order stands."""
        return self.status().height

    def _query(self, path: str, data: bytes) -> bytes:
        answer = self._call("abci_query", {"path": path, "data": data.hex()})["response"]
        if answer.get("code", 0) == _NOT_FOUND:
            raise NotFound(answer.get("log", path))
        if answer.get("code", 0):
            raise VerificationError(answer.get("log", path))
        return base64.b64decode(answer.get("value") or "")

    def _call(self, method: str, parameters: dict[str, Any], *, fine: str = "") -> dict[str, Any]:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        try:
            answer = self._client.post("/", json=request).json()
        except (httpx.HTTPError, ValueError) as error:
            raise TryLater(f"The node of the order does not answer: {error}") from error
        if "error" in answer:
            said = str(answer["error"].get("data", answer["error"]))
            if fine and fine in said:
                return {}
            raise TryLater(f"The node of the order refuses {method} now: {said}")
        result: dict[str, Any] = answer["result"]
        return result
