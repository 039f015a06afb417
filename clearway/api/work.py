"""From a door to a fact and back: read aside, act in the writer, answer after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from clearway.identity.model import Actor
from clearway.ledger.committer import Outcome
from clearway.node.node import Node
from clearway.policy.act import Act

Result = TypeVar("Result")
Read = TypeVar("Read")


async def perform(
    node: Node, actor: Actor, prepare: Callable[[], Callable[[Act], Result]]
) -> Outcome[Result]:
    """Run `prepare` in the workshop, the action it returns in the writer, both in fair turn.

    Args:
        prepare: reads and checks the message (costly, pure); returns what to do in the transaction.

    Raises: whatever either raises; TryLater when too much of this actor waits.
    """
    action = await asyncio.wrap_future(node.workshop.submit(actor.reference, prepare))
    return await asyncio.wrap_future(node.act(actor, action))


async def act(node: Node, actor: Actor, action: Callable[[Act], Result]) -> Outcome[Result]:
    """Run an action that needs no reading before it."""
    return await asyncio.wrap_future(node.act(actor, action))


async def look(node: Node, actor: Actor, query: Callable[[], Read]) -> Read:
    """Run a read-only query in the workshop, in the actor's turn."""
    return await asyncio.wrap_future(node.workshop.submit(actor.reference, query))


async def study(node: Node, actor: Actor, query: Callable[[], Read]) -> Read:
    """Run a query that goes through a whole history, where no declaration waits behind it."""
    return await asyncio.wrap_future(node.study.submit(actor.reference, query))
