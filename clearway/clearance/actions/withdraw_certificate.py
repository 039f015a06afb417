"""An authority withdraws a certificate: goods that lean on it are held."""

from __future__ import annotations

from clearway.certificates.actions.withdraw import withdraw
from clearway.certificates.model import Key
from clearway.clearance.actions.reconsider import reconsider_certificate
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def withdraw_certificate(act: Act, key: Key, reason: str) -> Fact:
    """Record a withdrawal (see `certificates.actions.withdraw`) and decide anew on what names it.

    Raises: NotFound. WrongState. Refused.
    """
    fact = withdraw(act, key, reason)
    reconsider_certificate(act, key.type_code, key.number)
    return fact
