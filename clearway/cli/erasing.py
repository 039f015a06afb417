"""Erasure from the command line: an act on a node that stands still."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clearway.cli.setup import OWNER
from clearway.identity import tables as identity
from clearway.identity.model import Actor
from clearway.ledger.database import open_writer
from clearway.node.clock import entropy, utc_now
from clearway.node.erasing import clean
from clearway.node.erasing import erase as destroy
from clearway.node.node import Node
from clearway.settings import load


def erase(
    file: Path | None, seqs: Sequence[int], reason: str, legal_basis: str, by: str | None
) -> list[int]:
    """Erase facts, in the name of an account or of the owner; return the places of the erasures."""
    settings = load(file)
    node = Node.open(settings, clock=utc_now, entropy=entropy)
    with node:
        actor = OWNER if by is None else _actor(node, by)
        done = node.act(
            actor, lambda act: destroy(act, seqs, reason=reason, legal_basis=legal_basis)
        ).result()
    with node.folder.lock():  # no node starts while the files are written anew
        engine = open_writer(node.folder.store)
        try:
            clean(engine, node.folder)
        finally:
            engine.dispose()
    return [fact.seq for fact in done.result]


def _actor(node: Node, by: str) -> Actor:
    with node.reading() as connection:
        return identity.actor_of(connection, identity.get_account(connection, by), utc_now())
