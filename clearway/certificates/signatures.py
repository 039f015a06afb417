"""Checking the signature of a message, and saying what that proves.

A stranger's signature proves nothing and harms nothing: anyone may sign. A signature that is moved,
altered, weak, revoked or of another country's authority is false, and speaks against the message.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from clearway.certificates.formats.xml_signature import Signed, verify
from clearway.certificates.proof import Signature, SignatureCheck
from clearway.certificates.trust.model import TrustList, Why
from clearway.errors import InputError, VerificationError

_FALSE: Final = frozenset({Why.REVOKED, Why.WRONG_COUNTRY})


def check(
    document: bytes, trust_list: TrustList | None, now: datetime
) -> tuple[SignatureCheck, Signed | None]:
    """Return what the signature of a signed document proves, and what is signed if it holds.

    Args:
        document: XML, out of any wrapping, that encloses a signature.
        trust_list: whose signatures count; None: the node holds none.
        now: aware UTC.
    """
    if trust_list is None:
        return SignatureCheck(Signature.UNCHECKED, "This node holds no trust list."), None
    try:
        signed = verify(document, trust_list, now)
    except VerificationError as error:
        return SignatureCheck(_state(error), error.detail), None
    except InputError as error:
        # Too large for canonical XML, say: it is read like a message without a signature.
        return SignatureCheck(Signature.UNCHECKED, error.detail), None
    return SignatureCheck(Signature.HOLDS, _who(signed)), signed


def _state(error: VerificationError) -> Signature:
    is_stranger = error.fields.get("reason") == "untrusted"
    is_stranger = is_stranger and error.fields.get("why") not in _FALSE
    return Signature.UNTRUSTED if is_stranger else Signature.FALSE


def _who(signed: Signed) -> str:
    signer = signed.signer
    when = f", {signed.signed_at:%Y-%m-%d %H:%M} UTC" if signed.signed_at else ""
    return f"{signer.authority}, {signer.country}{when}; {signed.algorithm}, {signer.key_id.hex()}"
