"""Applying everything stored anew: nothing is believed because it is stored.

Every outcome, every app hash, every use, quota and log head must be what a replay of the stored
transactions gives, and each signature is verified again. Whoever edits a row must sign as an agency
to make it fit, and then still has other hashes than every other member.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection

from clearway.errors import VerificationError
from clearway.ledger.order import roster, stored
from clearway.ledger.order.apply import apply_block
from clearway.ledger.order.memory import MemoryBook
from clearway.ledger.order.port import Ordered
from clearway.ledger.order.state import Head
from clearway.ledger.statement import run


def audit(connection: Connection) -> Head:
    """Replay the whole order and return its head.

    Raises: VerificationError: what is stored is not what the replay gives; says where.
    """
    kept = stored.read_head(connection)
    if kept is None:
        raise VerificationError("This store holds no order")
    head, book = _genesis(connection, kept.order), MemoryBook()
    for height, group in groupby(_ordered(connection), key=lambda ordered: ordered.height):
        found = list(group)
        block = apply_block(head, book, [ordered.transaction for ordered in found], height)
        outcomes = [entry.outcome for entry in block.entries]
        if outcomes != [ordered.outcome for ordered in found]:
            raise VerificationError(f"Outcomes at height {height} are not those of a replay")
        head = block.after
        if head.app_hash != stored.head_parts(connection, height).app_hash:
            raise VerificationError(f"The app hash of height {height} is not that of a replay")
        book.take(block)
    if head.app_hash != kept.app_hash:
        raise VerificationError("The head of the order is not that of a replay")
    _compare(connection, book)
    return kept


def _genesis(connection: Connection, order: str) -> Head:
    row = run(connection, "SELECT genesis FROM order_genesis WHERE name = ?", (order,)).fetchone()
    if row is None:
        raise VerificationError(f"The genesis of the order {order!r} is gone")
    return Head.genesis(order, roster.read_governance(bytes(row[0])))


def _ordered(connection: Connection) -> Iterator[Ordered]:
    after = -1
    while rows := stored.read_ordered(connection, 0, after=after):
        yield from rows
        after = rows[-1].seq


def _compare(connection: Connection, book: MemoryBook) -> None:
    """Refuse tables that would answer otherwise than the replayed ones."""
    quotas = {quota.id: quota for quota in stored.read_quotas(connection)}
    logs = {log.origin: log for log in stored.read_logs(connection)}
    for name, kept, replayed in (
        ("uses", stored.read_uses(connection), book.uses),
        ("quotas", quotas, book.quotas),
        ("logs", logs, book.logs),
    ):
        if kept != replayed:
            raise VerificationError(f"The stored {name} are not those of a replay")
