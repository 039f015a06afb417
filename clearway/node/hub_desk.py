"""What sending and taking share: the open node, the hub's client, a worker's hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final, TypeVar

from clearway.connectors.ippc_hub.client import HubClient
from clearway.identity.model import Actor, ActorKind, Role
from clearway.node.node import Node
from clearway.policy.act import Act
from clearway.terms.places import Country

WORKER: Final = Actor(ActorKind.SYSTEM, "hub", "plant_health", frozenset({Role.WORKER}))
_LANE: Final = "hub"
Result = TypeVar("Result")


@dataclass(slots=True)
class Report:
    """What a round did, by number.

    Args:
        sent: certificates that the hub has now. on_paper: those that it cannot deliver; refused:
            those that it refuses.
        taken: certificates filed. answers: of importing countries. unreadable: told so.
        learned: certificates of ours whose way came to a word.
        left: envelopes that stay for the next round, since something failed.
    """

    sent: int = 0
    on_paper: int = 0
    refused: int = 0
    taken: int = 0
    answers: int = 0
    unreadable: int = 0
    learned: int = 0
    left: int = 0

    def numbers(self) -> dict[str, int]:
        """Return the numbers by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @property
    def is_empty(self) -> bool:
        """Whether nothing happened."""
        return not any(self.numbers().values())


@dataclass(frozen=True, slots=True)
class HubDesk:
    """One hub, as this node uses it.

    Args:
        client: open; whoever opened it closes it.
        country: ours.
    """

    node: Node
    client: HubClient
    country: Country

    def act(self, action: Callable[[Act], Result]) -> Result:
        """Run an action in the worker's name; its facts are durable on return."""
        return self.node.act(WORKER, action, lane=_LANE).result().result
