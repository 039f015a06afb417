"""Accept a trust list: from now on it says whose signatures count.

trust_list = formats.trust_list.read(document, signer=spki)     # outside the transaction
accept_trust_list(act, trust_list, document, spki)
"""

from __future__ import annotations

from clearway.certificates.trust import facts, tables
from clearway.certificates.trust.model import TrustList
from clearway.certificates.trust.rules import require_current, require_successor
from clearway.ledger.fact import Fact
from clearway.policy.act import Act


def accept_trust_list(
    act: Act, trust_list: TrustList, document: bytes, signer: bytes, *, is_new_signer: bool = False
) -> Fact:
    """Record that a trust list counts here; the list held before counts no more.

    Args:
        trust_list: as read from `document`, its signature verified.
        signer: SubjectPublicKeyInfo (DER) of the key that signed it.
        is_new_signer: another issuer or key than before is meant.

    Raises:
        WrongState: it is out of date, or not newer than the list held.
        RuleViolation: another issuer or key, and `is_new_signer` is false.
        Refused: policy says no.
    """
    act.require("certificate.trust")
    require_current(trust_list, act.now)
    held = tables.find(act.connection)
    if held is not None:
        require_successor(
            trust_list, signer, held.trust_list, held.signer, is_new_signer=is_new_signer
        )
    return act.append(facts.ListAccepted(trust_list, signer, document), subject=facts.SUBJECT)
