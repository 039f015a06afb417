"""Issuing on this node: what is signed and sealed aside, before the writer records it.

action = prepare(node, actor, number, place="Port Example")     # in a workshop thread
node.act(actor, action)                                         # in the writer

word_of(node, held)     # the document to send to the importing country now
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from clearway.certificates.actions.issue import issue
from clearway.certificates.issuing import course, desk, tables
from clearway.certificates.issuing.course import Stage, Step
from clearway.certificates.issuing.model import Application
from clearway.certificates.issuing.preparing import (
    SECRET_SIZE,
    Office,
    prepare_issue,
    prepare_word,
)
from clearway.identity.model import Actor
from clearway.ledger.fact import Fact
from clearway.node.node import Node
from clearway.policy.act import Act

_IN_FORCE: Final = frozenset({Stage.ISSUED, Stage.EXHAUSTED, Stage.EXPIRED, Stage.REJECTED})


def prepare(node: Node, actor: Actor, number: str, place: str = "") -> Callable[[Act], Fact]:
    """Return the action that issues a certificate, all that it records signed and sealed.

    Policy is asked before anything is signed, and once more when it is recorded.

    Args:
        actor: the certifying officer, whose name the certificate bears.
        number: of the approved application.
        place: of issue, as the certificate states it.

    Raises: NotFound, Refused, WrongState. RuleViolation: the document cannot be written.
    """
    with node.reading() as connection:
        held = tables.get_application(connection, number)
    desk.require(node.policy, actor, held, Step.ISSUE)
    course.require(Step.ISSUE, held.stage, desk.name_of(held))
    office = Office(authority_name(node), place, actor.name or actor.id)
    made = prepare_issue(
        held,
        office,
        secret=node.entropy(SECRET_SIZE),
        at=node.clock(),
        authority=node.authority,
    )
    return lambda act: issue(act, number, made)


def word_of(node: Node, held: Application) -> bytes:
    """Return the document that tells the importing country how a certificate stands now.

    In force: the document as issued. Withdrawn or replaced: one signed now, with that status.

    Raises: NotFound: nothing was issued. WrongState: its end is nothing that is told.
    """
    if held.stage in _IN_FORCE:
        with node.reading() as connection:
            return tables.get_documents(connection, held).document
    return prepare_word(held, at=node.clock(), authority=node.authority)


def authority_name(node: Node) -> str:
    """Return the name of this node's authority, as its certificates state it."""
    return node.settings.agency_name or node.settings.node_name
