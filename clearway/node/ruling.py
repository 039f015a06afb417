"""The rules of a running node: those that its facts say, from the commit that says so on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from clearway.ledger.fact import Fact
from clearway.node.rulebook import Rulebook, with_rules
from clearway.risk.model import Capacities
from clearway.risk.profiles import tables


class Ruled(Protocol):
    """A node, as far as its rules go."""

    rulebook: Rulebook

    def reading(self) -> AbstractContextManager[Connection]:
        """Give a read-only connection."""
        ...


class Ruling:
    """Takes over the set of rules that is in force after each commit that changed it.

    Args:
        node: whose rulebook is replaced.
        capacities: gives what its offices can do, before the bounds of rules.
    """

    def __init__(self, node: Ruled, capacities: Callable[[], Capacities]) -> None:
        self._node, self._capacities = node, capacities

    def tell(self, facts: Sequence[Fact]) -> None:
        """Take over the rules if one of these facts changed them; the next assessment uses them."""
        if any(fact.type in tables.CHANGES for fact in facts):
            known = self._capacities()
            with self._node.reading() as connection:
                self._node.rulebook = with_rules(self._node.rulebook, connection, known)
