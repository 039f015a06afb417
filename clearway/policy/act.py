"""What every action receives: who acts, under which policy, in which transaction.

def release(act: Act, mrn: Mrn, reasons: tuple[Reason, ...]) -> Fact:
    declaration = tables.get(act.connection, mrn)
    act.require("declaration.release", agency=declaration.agency)
    rules.require_releasable(declaration)
    return act.append(Released(mrn=mrn, reasons=reasons), subject=f"declaration:{mrn}")
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from clearway.identity.model import Actor
from clearway.ledger.fact import Fact, FactBody
from clearway.ledger.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Allowed:
    """Yes, and why: the reason is shown to the user and kept in the audit trail."""

    reason: str


class Policy(Protocol):
    """Answers who may do what (`policy.cedar` is the one that runs)."""

    def require(self, actor: Actor, action: str, resource: dict[str, str]) -> Allowed:
        """Return the reason for yes. Raises: Refused: with the reason for no."""
        ...


@dataclass(frozen=True, slots=True)
class Act:
    """One actor's hand on one open transaction."""

    tx: Transaction
    actor: Actor
    policy: Policy

    @property
    def now(self) -> datetime:
        """The instant at which this is recorded, aware UTC."""
        return self.tx.now

    @property
    def connection(self) -> Connection:
        """For the `tables.py` of a room only."""
        return self.tx.connection

    def require(self, action: str, **resource: str) -> Allowed:
        """Return the policy's reason for yes. Raises: Refused."""
        return self.policy.require(self.actor, action, resource)

    def append(self, body: FactBody, *, subject: str, occurred_at: datetime | None = None) -> Fact:
        """Record a fact in the actor's name; its agency is the issuer."""
        return self.tx.append(
            body,
            subject=subject,
            issuer=self.actor.agency,
            actor=self.actor.reference,
            occurred_at=occurred_at,
        )
