"""What proves a fact received: a receipt, or a disclosure where only fields came.

Both are made from its batch, and verified by anybody as those of a fact of our own.
"""

from __future__ import annotations

import base64
from dataclasses import replace

from sqlalchemy import Connection

from clearway.connectors.peer import span, tables
from clearway.connectors.peer.facts import FactReceived
from clearway.connectors.peer.formats import head as heads
from clearway.errors import NotFound
from clearway.ledger import checkpoint as checkpoints
from clearway.ledger import commitment, disclosure, stored
from clearway.ledger.disclosure import Disclosure
from clearway.ledger.fact import Fact, decode
from clearway.ledger.receipt import Receipt


def receipt_of(connection: Connection, origin: str, seq: int) -> Receipt:
    """Return the receipt of a partner's fact under the checkpoint with which it came.

    Raises: NotFound: it did not come, was erased here, or came by fields only.
    """
    body, batch = _kept(connection, origin, seq)
    if body.opened or body.occurred_at is None or body.recorded_at is None:
        raise NotFound(f"Of fact {seq} of {origin!r} only fields came: show its disclosure")
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
    path, note = _path(seq, batch)
    text = commitment.envelope(fact).decode()
    return Receipt(text, base64.b64decode(body.salt), seq, tuple(path), note)


def disclosure_of(connection: Connection, origin: str, seq: int) -> Disclosure:
    """Return the proof of the fields that came of a partner's fact.

    Raises: NotFound: it did not come, was erased here, or came whole.
    """
    body, batch = _kept(connection, origin, seq)
    if not body.opened:
        raise NotFound(f"Fact {seq} of {origin!r} came whole: show its receipt")
    path, note = _path(seq, batch)
    return replace(disclosure.parse(body.opened.encode()), path=tuple(path), note=note)


def proof_of(connection: Connection, origin: str, seq: int) -> Receipt | Disclosure:
    """Return the receipt of a partner's fact, or the disclosure of what came. Raises: NotFound."""
    body, _ = _kept(connection, origin, seq)
    return (disclosure_of if body.opened else receipt_of)(connection, origin, seq)


def _kept(connection: Connection, origin: str, seq: int) -> tuple[FactReceived, tables.StoredBatch]:
    """Return what came of a fact and the evidence of its batch. Raises: NotFound."""
    here = tables.find_received(connection, origin, seq)
    batch = tables.find_batch(connection, origin, seq)
    found = None if here is None else stored.read_fact(connection, here)
    if batch is None or found is None or not found[0].body:
        raise NotFound(f"No fact {seq} of {origin!r} is kept here", origin=origin, seq=seq)
    return decode(found[0].body, FactReceived), batch


def _path(seq: int, batch: tables.StoredBatch) -> tuple[list[bytes], str]:
    head = heads.read_head(batch.head.rpartition("\n\n")[0] + "\n")
    size = checkpoints.parse(batch.note.rpartition("\n\n")[0] + "\n").size
    nodes = span.nodes(batch.edge, head.runs, batch.leaves, batch.proof, size)
    return span.path(nodes, seq, size), batch.note
