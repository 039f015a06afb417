"""What the commands of `clearway peer` do on a node that stands still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clearway.cli.setup import OWNER
from clearway.cli.store import opened
from clearway.connectors.peer import evidence
from clearway.connectors.peer.actions.acknowledge import resume as let_go_on
from clearway.node.clock import entropy, utc_now
from clearway.node.exchange import Standing, standings
from clearway.node.node import Node
from clearway.node.partnership import Partnership
from clearway.settings import load


@contextmanager
def partnership(file: Path | None) -> Iterator[Partnership]:
    """Give a node that nobody serves. Raises: TryLater: it is being served."""
    with Node.open(load(file), clock=utc_now, entropy=entropy) as node:
        yield Partnership(node)


def standings_of(file: Path | None) -> list[Standing]:
    """Return how the exchange with each partner stands, also while the node serves."""
    with opened(file) as (_, _, connection):
        return standings(connection, utc_now())


def resume(file: Path | None, partner: str, reason: str) -> None:
    """Let the exchange with a partner go on."""
    with partnership(file) as found:
        found.node.act(OWNER, lambda act: let_go_on(act, partner, reason)).result()


def receipt_of(file: Path | None, origin: str, seq: int) -> bytes:
    """Return the receipt of a partner's fact, or the disclosure if only fields came.

    Raises: NotFound.
    """
    with opened(file) as (_, _, connection):
        return evidence.proof_of(connection, origin, seq).marshal()
