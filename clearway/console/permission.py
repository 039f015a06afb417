"""What the policy would say, for buttons and lists: a no there is no error."""

from __future__ import annotations

from sqlalchemy import Connection

from clearway.clearance.event_sight import goods_of
from clearway.declarations import tables as declarations
from clearway.declarations.record import Summary
from clearway.errors import BadTerm, NotFound, Refused
from clearway.identity.model import Actor, ActorKind
from clearway.node.node import Node
from clearway.terms.identifiers import Mrn


def may(node: Node, actor: Actor, action: str, **resource: str) -> bool:
    """Return whether the policy allows an action."""
    try:
        node.policy.require(actor, action, resource)
    except Refused:
        return False
    return True


def is_trader(actor: Actor) -> bool:
    """Return whether this is one of those who trade, carry or store goods, not an officer."""
    return actor.kind is ActorKind.TRADER


def seen_declaration(node: Node, actor: Actor, connection: Connection, mrn: str) -> Summary:
    """Return a declaration that the actor may see.

    Raises: NotFound: there is none, or none that a trader may see: the two look the same. Refused:
    an officer of another task.
    """
    summary = declarations.get_summary(connection, _mrn(mrn))
    try:
        node.policy.require(actor, "declaration.read", summary.policy_attributes)
    except Refused as refused:
        if is_trader(actor):
            raise NotFound(f"There is no declaration {mrn}", mrn=mrn) from refused
        raise
    return summary


def sees_declaration(node: Node, actor: Actor, connection: Connection, mrn: str) -> bool:
    """Return whether the actor may see a declaration."""
    summary = declarations.get_summary(connection, _mrn(mrn))
    return may(node, actor, "declaration.read", **summary.policy_attributes)


def sees_container(node: Node, actor: Actor, connection: Connection, container: str) -> bool:
    """Return whether the actor may see a container: any officer, or who has goods in it now."""
    if may(node, actor, "coldchain.read", container=container):
        return True
    found = goods_of(connection, actor.represents, container, node.clock())
    return found is not None and may(
        node, actor, "coldchain.read", container=container, party=found[0]
    )


def _mrn(text: str) -> Mrn:
    try:
        return Mrn(text)
    except BadTerm as error:
        raise NotFound(f"There is no declaration {text[:40]}") from error
