"""A desk with a real database, whose facts are also in the ledger's table, as after a commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, insert

from clearway.declarations import tables
from clearway.declarations.actions.lodge import Conflict, Lodged, lodge
from clearway.declarations.formats import json
from clearway.declarations.message import Message
from clearway.declarations.model import Declaration
from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger import tables as ledger
from clearway.ledger.fact import Fact
from clearway.ledger.transaction import Transaction
from clearway.policy.act import Act, Allowed, Policy

from .samples import BROKER, IMPORTER, NOON

TRADER = Actor(
    ActorKind.TRADER,
    "broker",
    "customs",
    frozenset({Role.BROKER}),
    party=str(BROKER),
    represents=frozenset({str(BROKER), str(IMPORTER)}),
)
OFFICER = Actor(ActorKind.OFFICER, "amina", "customs", frozenset({Role.CUSTOMS_OFFICER}))
INSPECTOR = Actor(
    ActorKind.OFFICER, "juma", "plant_health", frozenset({Role.PLANT_HEALTH_INSPECTOR})
)


class Willing:
    """Allows everything, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str]]] = []

    def require(self, actor: Actor, action: str, resource: dict[str, str]) -> Allowed:
        self.asked.append((action, resource))
        return Allowed("test")


@dataclass
class Desk:
    """Runs actions one transaction each and keeps their facts."""

    engine: Engine
    policy: Policy
    now: Any = NOON
    next_seq: int = 0

    def act(self, action: Callable[..., Any], *args: Any, actor: Actor = OFFICER, **kw: Any) -> Any:
        with self.engine.begin() as connection:
            tx = Transaction(connection, self.now, self.next_seq, tables.PROJECTIONS)
            result = action(Act(tx, actor, self.policy), *args, **kw)
            for fact in tx.facts:
                write_fact(connection, fact)
            self.next_seq = tx.next_seq
        return result

    def lodge(self, declaration: Declaration, key: str = "", actor: Actor = TRADER) -> Any:
        message = json.read(json.write(declaration))
        assert message.declaration == declaration, message.findings
        return self.act(lodge, message, key, actor=actor)

    def accepted(self, declaration: Declaration) -> Lodged:
        outcome = self.lodge(declaration)
        assert isinstance(outcome, Lodged) and outcome.status == "accepted", outcome
        return outcome

    def conflict(self, message: Message, key: str) -> Conflict:
        outcome = self.act(lodge, message, key, actor=TRADER)
        assert isinstance(outcome, Conflict)
        return outcome

    def ask(self, query: Callable[..., Any], *args: Any, **kw: Any) -> Any:
        with self.engine.connect() as connection:
            return query(connection, *args, **kw)


def write_fact(connection: Connection, fact: Fact) -> None:
    values = {name: getattr(fact, name) for name in Fact.__slots__}
    connection.execute(insert(ledger.fact), {**values, "salt": b"", "leaf_hash": b""})
