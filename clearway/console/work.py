"""From a page to the node and back: look aside, act in the writer, answer after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from clearway.identity.model import Actor
from clearway.node.node import Node
from clearway.policy.act import Act

Result = TypeVar("Result")


async def look(node: Node, query: Callable[[Connection], Result]) -> Result:
    """Run a read-only query on one snapshot, in a thread, so that no other page waits for it."""

    def read() -> Result:
        with node.reading() as connection:
            return query(connection)

    return await asyncio.to_thread(read)


async def study(node: Node, actor: Actor, query: Callable[[], Result]) -> Result:
    """Run a query that goes through a whole history, where no other page waits behind it."""
    return await asyncio.wrap_future(node.study.submit(actor.reference, query))


async def do(node: Node, actor: Actor, action: Callable[[Act], Result]) -> Result:
    """Run an action in the actor's name; return what it returned once that is durable."""
    outcome = await asyncio.wrap_future(node.act(actor, action))
    return outcome.result
