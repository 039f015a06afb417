"""Record what the order of the agencies says to the use of a certificate's line."""

from __future__ import annotations

from clearway.certificates.uses.facts import DoubleUseFound, UseOrdered
from clearway.certificates.uses.single import Claim, Found
from clearway.certificates.uses.tables import SingleUse, UseState, uses_of
from clearway.ledger.fact import Fact
from clearway.ledger.order.model import Reference
from clearway.policy.act import Act


def record_ordered(act: Act, claim: Claim, agency: str, at: Reference) -> Fact | None:
    """Record that a use counts everywhere; None: that is known already.

    Args:
        agency: in whose name it was ordered.
        at: its place in the order.

    Raises: Refused: policy says no.
    """
    act.require("certificate.use", certificate=claim.key.subject)
    known = _known(act, claim)
    if known is None or known.state in (UseState.ORDERED, UseState.STOPPED):
        return None
    name = claim.names.use.hex()
    body = UseOrdered(claim.key.subject, claim.line, claim.reference, name, agency, at.seq, at.item)
    return act.append(body, subject=claim.key.subject)


def record_double_use(act: Act, claim: Claim, found: Found) -> Fact | None:
    """Record an alarm that stops the certificate here; None: that is known already.

    Raises: Refused: policy says no.
    """
    act.require("certificate.use", certificate=claim.key.subject)
    known = _known(act, claim)
    if known is None or known.state is UseState.STOPPED:
        return None
    first = found.first
    body = DoubleUseFound(
        certificate=claim.key.subject,
        line=claim.line,
        reference=claim.reference,
        finding=found.finding,
        nullifier=found.nullifier.hex(),
        agency="" if first is None else first.agency,
        holder="" if first is None else first.holder,
        seq=-1 if first is None else first.at.seq,
        item=-1 if first is None else first.at.item,
    )
    return act.append(body, subject=claim.key.subject)


def _known(act: Act, claim: Claim) -> SingleUse | None:
    """Return what is known of this use; None: it was given back meanwhile."""
    for each in uses_of(act.connection, claim.key):
        if (each.line, each.reference) == (claim.line, claim.reference):
            return each
    return None
