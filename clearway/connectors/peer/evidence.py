"""The receipt of a fact received: made from its batch, verified by anybody as any other receipt."""

from __future__ import annotations

import base64

from sqlalchemy import Connection

from clearway.connectors.peer import span, tables
from clearway.connectors.peer.facts import FactReceived
from clearway.connectors.peer.formats import head as heads
from clearway.connectors.peer.span import Kind
from clearway.errors import NotFound
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import commitment, stored
from clearway.ledger.fact import Fact, decode
from clearway.ledger.receipt import Receipt


def receipt_of(connection: Connection, origin: str, seq: int) -> Receipt:
    """Return the receipt of a partner's fact under the checkpoint with which it came.

    Raises: NotFound: it did not come, was erased here, or came by fields only.
    """
    here = tables.find_received(connection, origin, seq)
    batch = tables.find_batch(connection, origin, seq)
    found = None if here is None else stored.read_fact(connection, here)
    if batch is None or found is None or not found[0].body:
        raise NotFound(f"No fact {seq} of {origin!r} is kept here", origin=origin, seq=seq)
    body = decode(found[0].body, FactReceived)
    if not body.salt:
        raise NotFound(f"Of fact {seq} of {origin!r} only fields came; show its disclosure")
    fact = Fact(
        body.seq,
        body.type,
        body.subject,
        body.issuer,
        body.actor,
        body.occurred_at,
        body.recorded_at,
        body.body.encode(),
        body.form,
    )
    path, note = _path(connection, origin, seq, batch)
    text = commitment.envelope(fact).decode()
    return Receipt(text, base64.b64decode(body.salt), seq, tuple(path), note)


def _path(
    connection: Connection, origin: str, seq: int, batch: tables.StoredBatch
) -> tuple[list[bytes], str]:
    head = heads.read_head(batch.head.rpartition("\n\n")[0] + "\n")
    size = checkpoints.parse(batch.note.rpartition("\n\n")[0] + "\n").size
    known = tables.leaf_hashes(connection, origin, batch.first, batch.end)
    leaves = [
        known[place]
        for kind, first, end in span.places(head.first, head.runs)
        if kind is Kind.DELIVERED
        for place in range(first, end)
    ]
    nodes = span.nodes(batch.edge, head.runs, leaves, batch.proof, size)
    return span.path(nodes, seq, size), batch.note
