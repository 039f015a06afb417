"""Record what the order of the agencies says to the content of a certificate of ours."""

from __future__ import annotations

from clearway.certificates.model import Key
from clearway.certificates.uses.facts import AT_ISSUE, DoubleUseFound, Registered
from clearway.certificates.uses.registrations import Registration, registration_of
from clearway.certificates.uses.single import Found
from clearway.ledger.fact import Fact
from clearway.ledger.order.model import UseRecord
from clearway.policy.act import Act


def record_registered(act: Act, key: Key, first: UseRecord) -> Fact | None:
    """Record that the order has our content under the number; None: that is known already.

    Args:
        first: where it stands; of another agency, where the certificate was used there before.

    Raises: Refused: policy says no.
    """
    act.require("certificate.use", certificate=key.subject)
    if registration_of(act.connection, key) is not Registration.OPEN:
        return None
    body = Registered(key.subject, first.agency, first.at.seq, first.at.item)
    return act.append(body, subject=key.subject)


def record_contested(act: Act, key: Key, found: Found) -> Fact | None:
    """Record the alarm that other content stood under our number; None: that is known already.

    Raises: Refused: policy says no.
    """
    act.require("certificate.use", certificate=key.subject)
    if registration_of(act.connection, key) is not Registration.OPEN:
        return None
    first = found.first
    body = DoubleUseFound(
        certificate=key.subject,
        line=0,
        reference=AT_ISSUE,
        finding=found.finding,
        nullifier=found.nullifier.hex(),
        agency="" if first is None else first.agency,
        holder="" if first is None else first.holder,
        seq=-1 if first is None else first.at.seq,
        item=-1 if first is None else first.at.item,
    )
    return act.append(body, subject=key.subject)
