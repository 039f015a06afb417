"""Withdraw a certificate on file, on the word of its authority."""

from __future__ import annotations

from clearway.certificates import facts, tables
from clearway.certificates.formats.profile import profile_of
from clearway.certificates.lifecycle import require_withdrawable
from clearway.certificates.model import Key
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def withdraw(act: Act, key: Key, reason: str) -> Fact:
    """Record that the authority withdrew a certificate by other means than a message.

    Args:
        key: which certificate.
        reason: in the words of whoever withdraws it.

    Raises:
        NotFound: no such certificate is on file.
        WrongState: it has been withdrawn, replaced, rejected or has expired already.
        Refused: policy says no.
    """
    agency = profile_of(key.type_code).agency
    act.require("certificate.withdraw", agency=agency, certificate=key.subject)
    require_withdrawable(tables.get(act.connection, key))
    return act.append(facts.Withdrawn(key.subject, reason), subject=key.subject)
