"""Status lists of what this node issued, signed when they are asked for.

    data = signed(node, "851-1")        # COSE, see docs/design/seal.md
    ids(node)                           # ("851-1",)

A list is made from the certificates' stages, so it is never older than the facts; its instant is
that of the asking, to the minute, so that it can be kept by whoever stands between.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache

from sqlalchemy import Connection

from clearway.certificates.issuing.standing import list_ids, states_of
from clearway.certificates.status import State
from clearway.node.authority import Authority
from clearway.node.node import Node


def ids(node: Node) -> tuple[str, ...]:
    """Return the names of all status lists of this node."""
    with node.reading() as connection:
        return list_ids(connection)


def signed(node: Node, list_id: str) -> bytes:
    """Return a status list as COSE. Raises: NotFound: there is none of this name."""
    with node.reading() as connection:
        states = states_of(connection, list_id)
    at = node.clock().replace(second=0, microsecond=0)
    return _made(node.authority, list_id, frozenset(states.items()), at)


@lru_cache(maxsize=4)
def _made(
    authority: Authority, list_id: str, states: frozenset[tuple[int, State]], at: datetime
) -> bytes:
    """Return a list as made before from the same: a large one costs a third of a second."""
    return authority.status_list(list_id, dict(states), at)


def all_signed(
    connection: Connection, authority: Authority, at: datetime
) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of every status list, without a running node."""
    for list_id in list_ids(connection):
        yield list_id, authority.status_list(list_id, states_of(connection, list_id), at)
