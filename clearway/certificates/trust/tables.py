"""The trust list that a node holds: a projection of `trust.list_accepted/1`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import Column, Connection, Integer, LargeBinary, Table, delete, insert, select

from clearway.certificates.trust import facts
from clearway.certificates.trust.model import TrustList
from clearway.ledger.fact import Fact, decode, encode
from clearway.ledger.tables import METADATA
from clearway.ledger.transaction import Projection

_THE_ONE: Final = 1

trust_list = Table(
    "certificate_trust_list",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, nullable=False),
    Column("signer", LargeBinary, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

TABLES: tuple[Table, ...] = (trust_list,)


@dataclass(frozen=True, slots=True)
class Held:
    """The list that counts here.

    Args:
        trust_list: whose signatures count.
        signer: SubjectPublicKeyInfo (DER) of the key that signed it.
        document: as received.
        seq: its fact.
    """

    trust_list: TrustList
    signer: bytes
    document: bytes
    seq: int


def _accepted(connection: Connection, fact: Fact) -> None:
    body = decode(fact.body, facts.ListAccepted)
    connection.execute(delete(trust_list))
    connection.execute(
        insert(trust_list),
        {
            "id": _THE_ONE,
            "seq": fact.seq,
            "signer": body.signer,
            "document": body.document,
            "body": encode(body.trust_list),
        },
    )


PROJECTIONS: dict[str, tuple[Projection, ...]] = {facts.ListAccepted.TYPE: (_accepted,)}


def find(connection: Connection) -> Held | None:
    """Return the list held; None: none was accepted, so no signature counts."""
    row = connection.execute(select(trust_list)).first()
    if row is None:
        return None
    return Held(_decoded(row.body), row.signer, row.document, row.seq)


@lru_cache(maxsize=2)
def _decoded(body: bytes) -> TrustList:
    """Each certificate that comes in asks for the list; it seldom changes."""
    return decode(body, TrustList)
