"""A real store in which the room's actions run, under the real policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine

from clearway.identity import tables, tables_devices
from clearway.identity.model import Actor, founder
from clearway.ledger.fact import Fact
from clearway.ledger.transaction import Transaction
from clearway.policy.act import Act
from clearway.policy.cedar import CedarPolicy

T = TypeVar("T")
PROJECTIONS = {**tables.PROJECTIONS, **tables_devices.PROJECTIONS}


@dataclass
class House:
    """Runs actions, one committed transaction each, and keeps the facts."""

    engine: Engine
    policy: CedarPolicy
    now: datetime
    facts: list[Fact]

    def do(
        self, action: Callable[..., T], *args: object, by: Actor | None = None, **more: Any
    ) -> T:
        with self.engine.begin() as connection:
            tx = Transaction(connection, self.now, len(self.facts), PROJECTIONS)
            result = action(Act(tx, by or founder("customs"), self.policy), *args, **more)
            self.facts.extend(tx.facts)
        return result

    def read(self, query: Callable[..., T], *args: object, **more: Any) -> T:
        with self.engine.begin() as connection:
            return query(connection, *args, **more)


@pytest.fixture
def house(engine: Engine) -> House:
    """An empty node on the second of March 2026, noon."""
    return House(engine, CedarPolicy.load(), datetime(2026, 3, 2, 12, 0, tzinfo=UTC), [])
