"""A declaration comes: lodge, match certificates, assess, decide. The join of all desks."""

from __future__ import annotations

from dataclasses import dataclass

from clearway.clearance import tables
from clearway.clearance.actions.assess import Version, assess_and_settle
from clearway.clearance.facts import Decided
from clearway.clearance.intake import Prepared
from clearway.declarations.actions.lodge import Conflict, Lodged, lodge
from clearway.declarations.lifecycle import Status
from clearway.ledger.fact import decode
from clearway.policy.act import Act
from clearway.risk.selectivity import Selectivity


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a declaration.

    Args:
        lodged: accepted or rejected with findings, or in conflict with an earlier one.
        decided: the last decision; None for what was not accepted.
        decided_seq: its fact, for its receipt.
    """

    lodged: Lodged | Conflict
    decided: Decided | None = None
    decided_seq: int | None = None


def receive_declaration(
    act: Act, prepared: Prepared, key: str = "", *, draw: float, selectivity: Selectivity
) -> Received:
    """Take in a declaration and decide on it, all in one transaction.

    A repeat is answered as the first time, with what is decided by now.

    Args:
        prepared: of `intake.prepare`, worked out before.
        key: idempotency key; without it, the declarant's own reference.
        draw: 0 <= draw < 1, drawn for this declaration alone.
        selectivity: of this node.

    Raises:
        Refused: the actor represents the declarant or the trader not.
        RuleViolation: the message holds no declaration.
    """
    lodged = lodge(act, prepared.message, key)
    declaration = prepared.message.declaration
    if isinstance(lodged, Conflict) or declaration is None:
        return Received(lodged)
    if not lodged.repeated and lodged.status is Status.ACCEPTED:
        accepted = next(fact for fact in reversed(act.tx.facts) if fact.seq == lodged.seq)
        version = Version(lodged.mrn, declaration, accepted, lodged.seq)
        fact = assess_and_settle(act, version, prepared, draw=draw, selectivity=selectivity)
        if fact is not None:
            return Received(lodged, decode(fact.body, Decided), fact.seq)
    last = tables.last_decision(act.connection, lodged.mrn)
    return Received(lodged) if last is None else Received(lodged, last.decided, last.seq)
