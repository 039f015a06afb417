"""What an action holds while it acts: append facts, claim keys, read and write projections.

Actions run one after another in the committer's thread, inside one durable transaction with other
actions; each has its own savepoint, so one that fails leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from clearway.errors import ConflictingKey
from clearway.ledger import tables
from clearway.ledger.fact import Fact, FactBody, encode

# Brings one fact into a room's tables; a pure function of the fact and of those tables.
Projection = Callable[[Connection, Fact], None]
Projections = Mapping[str, Sequence[Projection]]

_EARLIER = select(tables.claim.c.digest, tables.claim.c.seq).where(
    tables.claim.c.scope == bindparam("of_scope"), tables.claim.c.key == bindparam("of_key")
)
_CLAIM = insert(tables.claim)


@dataclass(slots=True)
class Transaction:
    """The open transaction, as one action sees it.

    Args:
        connection: for the `tables.py` of a room only.
        now: the instant at which everything in this batch is recorded.
        next_seq: place of the next fact in the log.
        projections: which tables follow which fact type.
    """

    connection: Connection
    now: datetime
    next_seq: int
    projections: Projections
    facts: list[Fact] = field(default_factory=list)

    def append(
        self,
        body: FactBody,
        *,
        subject: str,
        issuer: str,
        actor: str,
        occurred_at: datetime | None = None,
    ) -> Fact:
        """Record a fact and bring the tables up to date; it is durable when the action is answered.

        Args:
            occurred_at: aware UTC; without it, now.
        """
        fact = Fact(
            seq=self.next_seq,
            type=body.TYPE,
            subject=subject,
            issuer=issuer,
            actor=actor,
            occurred_at=occurred_at or self.now,
            recorded_at=self.now,
            body=encode(body),
        )
        self.next_seq += 1
        self.facts.append(fact)
        for project in self.projections.get(fact.type, ()):
            project(self.connection, fact)
        return fact

    def earlier(self, scope: str, key: str, digest: bytes) -> int | None:
        """Return the seq of the fact that this key and content became before, or None.

        Raises: ConflictingKey: the key was used for other content; `fields["seq"]` is the first.
        """
        row = self.connection.execute(_EARLIER, {"of_scope": scope, "of_key": key}).first()
        if row is None:
            return None
        if row.digest != digest:
            raise ConflictingKey(
                f"The key {key!r} was used before for other content; "
                "send a correction, or choose a new key",
                key=key,
                seq=row.seq,
            )
        return int(row.seq)

    def claim(self, scope: str, key: str, digest: bytes, fact: Fact) -> None:
        """Remember which fact this key and content became (see `earlier`)."""
        self.connection.execute(
            _CLAIM, {"scope": scope, "key": key, "digest": digest, "seq": fact.seq}
        )
