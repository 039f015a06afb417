"""What an action holds while it acts: append facts, claim keys, read and write projections.

Actions run one after another in the committer's thread, inside one durable transaction with other
actions; each has its own savepoint, so one that fails leaves nothing behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from clearway.errors import BadTerm, ConflictingKey
from clearway.ledger.fact import Fact, FactBody, encode, form_of
from clearway.ledger.statement import run

# Brings one fact into a room's tables; a pure function of the fact and of those tables.
Projection = Callable[[Connection, Fact], None]
Projections = Mapping[str, Sequence[Projection]]

# The JSON escape of U+0000, behind an even number of backslashes.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")

_EARLIER = "SELECT digest, seq FROM claim WHERE scope = ? AND key = ?"
_CLAIM = "INSERT INTO claim (scope, key, digest, seq) VALUES (?, ?, ?, ?)"


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

        Raises: BadTerm: a text holds U+0000; no engine may store what another one cannot.
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
            form=form_of(body),
        )
        _require_storable(fact)
        self.next_seq += 1
        self.facts.append(fact)
        for project in self.projections.get(fact.type, ()):
            project(self.connection, fact)
        return fact

    def earlier(self, scope: str, key: str, digest: bytes) -> int | None:
        """Return the seq of the fact that this key and content became before, or None.

        Raises: ConflictingKey: the key was used for other content; `fields["seq"]` is the first.
        """
        _require_text("key", key)
        row = run(self.connection, _EARLIER, (scope, str(key))).fetchone()
        if row is None:
            return None
        first, seq = row
        if first != digest:
            raise ConflictingKey(
                f"The key {key!r} was used before for other content; "
                "send a correction, or choose a new key",
                key=key,
                seq=seq,
            )
        return int(seq)

    def claim(self, scope: str, key: str, digest: bytes, fact: Fact) -> None:
        """Remember which fact this key and content became (see `earlier`)."""
        _require_text("key", key)
        run(self.connection, _CLAIM, (scope, str(key), digest, fact.seq))


def _require_storable(fact: Fact) -> None:
    """Raises: BadTerm: U+0000 in a text, which PostgreSQL cannot hold and nobody means."""
    for name, text in (("subject", fact.subject), ("issuer", fact.issuer), ("actor", fact.actor)):
        _require_text(name, text)
    if b"\\u0000" in fact.body and (found := _NUL.search(fact.body)):
        around = fact.body[max(0, found.start() - 20) : found.end() + 20]
        raise BadTerm("text", around.decode(errors="replace"), _NUL_RULE)


def _require_text(name: str, text: str) -> None:
    if "\0" in text:
        raise BadTerm(name, text, _NUL_RULE, field=name)


_NUL_RULE = "holds the character U+0000, which no text may hold; send it again without"
