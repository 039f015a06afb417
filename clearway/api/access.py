"""Who knocks: the bearer token of a request becomes an actor, once a second at most.

A closed account or withdrawn token is dead at once on this node: every identity fact empties the
memory of tokens seen; besides, what is remembered ages out after a second.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from clearway.errors import NotAuthenticated
from clearway.identity.credentials import authenticate_token
from clearway.identity.model import Actor
from clearway.ledger.fact import Fact
from clearway.node.node import Node

_REMEMBERED_S = 1.0
_REMEMBERED_MOST = 10_000
_bearer = HTTPBearer(auto_error=False, description="An API token of an account on this node")


class Doorkeeper:
    """Knows who came in during the last second."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._seen: dict[bytes, tuple[float, Actor]] = {}
        node.on_commit(self._forget)

    def actor(self, token: str) -> Actor:
        """Return whose token this is. Raises: NotAuthenticated: nobody's, expired or withdrawn."""
        digest = hashlib.sha256(token.encode()).digest()
        moment = time.monotonic()
        seen = self._seen.get(digest)
        if seen is not None and moment - seen[0] < _REMEMBERED_S:
            return seen[1]
        with self._node.reading() as connection:
            actor = authenticate_token(connection, token, self._node.clock())
        if len(self._seen) >= _REMEMBERED_MOST:
            self._seen.clear()
        self._seen[digest] = (moment, actor)
        return actor

    def _forget(self, facts: Sequence[Fact]) -> None:
        if any(fact.type.startswith("identity.") for fact in facts):
            self._seen.clear()


def node_of(request: Request) -> Node:
    """Return the node behind this application."""
    node: Node = request.app.state.node
    if node.failure is not None:
        raise node.failure
    return node


async def actor_of(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Actor:
    """Return the actor of the bearer token. Raises: NotAuthenticated."""
    if credentials is None:
        raise NotAuthenticated(
            "Send `Authorization: Bearer <token>`; an administrator makes tokens with"
            " `clearway account token`"
        )
    keeper: Doorkeeper = request.app.state.doorkeeper
    return keeper.actor(credentials.credentials)


TheNode = Annotated[Node, Depends(node_of)]
TheActor = Annotated[Actor, Depends(actor_of)]
