"""What this room's actions receive.

Policy stands on the floor above (it asks for the actor's roles), so its `Act` cannot be imported
here. `Hand` names the part of it that identity needs; every `Act` is one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection

from clearway.identity.model import Actor
from clearway.ledger.fact import Fact, FactBody


class Hand(Protocol):
    """One actor's hand on one open transaction."""

    @property
    def actor(self) -> Actor:
        """Who acts."""
        ...

    @property
    def now(self) -> datetime:
        """The instant at which this is recorded, aware UTC."""
        ...

    @property
    def connection(self) -> Connection:
        """For `tables.py` only."""
        ...

    def require(self, action: str, **resource: str) -> object:
        """Return the policy's reason for yes. Raises: Refused."""
        ...

    def append(self, body: FactBody, *, subject: str, occurred_at: datetime | None = None) -> Fact:
        """Record a fact in the actor's name."""
        ...
