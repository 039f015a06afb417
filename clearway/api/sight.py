"""Who may see what one fact or one declaration says; the same answer at every door.

What a trader may not see looks like what is not there: a number that is refused would tell that it
exists, and whose it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from clearway.certificates.issuing import tables as issuing
from clearway.certificates.issuing.desk import require_read
from clearway.clearance.rules import CONFIDENTIAL, TOLD_TO_OFFICERS
from clearway.declarations import tables as declarations
from clearway.errors import NotFound, Refused
from clearway.identity.model import Actor, ActorKind
from clearway.ledger import receipt as receipts
from clearway.node.node import Node
from clearway.policy.act import Policy
from clearway.terms.identifiers import Mrn

_READS = {
    "declaration": "declaration.read",
    "certificate": "certificate.read",
    "movement": "movement.read",
    "coldchain": "coldchain.read",
    "clearance": "clearance.read",
    "risk": "risk.read",
    "identity": "identity.read",
    "task": "task.read",
    "notice": "notice.manage",
}
_DECLARATION = "declaration:"


@contextmanager
def as_absent(actor: Actor, what: str) -> Iterator[None]:
    """Turn what policy refuses a trader into `NotFound`; officers are told the reason."""
    try:
        yield
    except Refused as error:
        if actor.kind is not ActorKind.TRADER:
            raise
        raise NotFound(f"There is no {what}, or none that you may see") from error


@contextmanager
def hiding(node: Node, actor: Actor, mrn: str) -> Iterator[None]:
    """Turn a refusal about a declaration that a trader may not even see into `NotFound`."""
    try:
        yield
    except Refused:
        with node.reading() as connection, as_absent(actor, f"declaration {mrn}"):
            summary = declarations.get_summary(connection, Mrn(mrn))
            node.policy.require(actor, "declaration.read", summary.policy_attributes)
        raise


def require_fact(policy: Policy, actor: Actor, connection: Connection, receipt: bytes) -> None:
    """Refuse a receipt, which holds the whole fact, to whoever may not see that fact.

    Args:
        receipt: JSON text, from this node's own log.

    Raises: Refused. NotFound: for a trader, where policy refuses.
    """
    policy.require(actor, "ledger.read", {})
    fact = json.loads(receipts.parse(receipt).envelope)
    room = str(fact["type"]).partition(".")[0]
    resource: dict[str, str] = {}
    with as_absent(actor, "such fact"):
        if str(fact["subject"]).startswith(_DECLARATION):
            mrn = Mrn(fact["subject"].removeprefix(_DECLARATION))
            resource = declarations.get_summary(connection, mrn).policy_attributes
        held = issuing.find_subject(connection, str(fact["subject"]))
        if held is not None:
            # A fact about a certificate of ours holds its secret, and what its exporter stated.
            require_read(policy, actor, held)
        elif room in _READS:
            policy.require(actor, _READS[room], resource)
        if _is_confidential(fact):
            policy.require(actor, "risk.read", {})


def sees_risk(policy: Policy, actor: Actor) -> bool:
    """Return whether somebody may know why risk selected goods."""
    try:
        policy.require(actor, "risk.read", {})
    except Refused:
        return False
    return True


def _is_confidential(fact: dict[str, Any]) -> bool:
    if fact["type"] in TOLD_TO_OFFICERS:
        return True
    if not str(fact["type"]).startswith("clearance.decided/"):
        return False
    reasons = json.loads(fact["body"]).get("reasons", ())
    return any(reason["code"] in CONFIDENTIAL for reason in reasons)
