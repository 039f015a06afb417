"""A declaration is invalidated: what it held of certificates is free again."""

from __future__ import annotations

from clearway.certificates.quantity import UseKind
from clearway.clearance.actions.settle import end_uses
from clearway.clearance.evidence import load_case
from clearway.declarations.actions.invalidate import invalidate as record_end
from clearway.ledger.fact import Fact
from clearway.policy.act import Act
from clearway.terms.identifiers import Mrn


def invalidate(act: Act, mrn: Mrn, reason: str) -> Fact:
    """End a declaration as if it had never been lodged (see `declarations.actions.invalidate`).

    Raises: NotFound. Refused. WrongState: the goods are released already.
    """
    fact = record_end(act, mrn, reason)
    end_uses(act, load_case(act.connection, mrn), UseKind.RETURN)
    return fact
