"""A node of its own for each measurement, in a folder that goes away."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from clearway.identity.model import Actor, ActorKind, Role
from clearway.ledger.database import open_writer
from clearway.node.clock import Clock, entropy, utc_now
from clearway.node.node import Node, create
from clearway.settings import Settings

OFFICER = Actor(ActorKind.OFFICER, "bench-officer", "customs", frozenset({Role.CUSTOMS_OFFICER}))


@contextmanager
def temporary_node(
    *, clock: Clock = utc_now, synchronous: str = "FULL", settings: Settings | None = None
) -> Iterator[Node]:
    """Give a running node in a temporary folder.

    Args:
        synchronous: anything but FULL measures the price of durability, nothing else.
    """
    with tempfile.TemporaryDirectory(prefix="clearway-bench-") as folder:
        chosen = replace(settings or Settings(), data_directory=Path(folder) / "node")
        create(chosen, entropy)
        with Node.open(
            chosen,
            clock=clock,
            entropy=entropy,
            writer=lambda path: open_writer(path, synchronous=synchronous),
        ) as node:
            yield node
