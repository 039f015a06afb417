"""The document that comes with a seal: what it says, and what its own signature proves.

One digest, three proofs: a document whose own signature is false speaks against the whole, even
where the seal commits to its content. A signature that cannot be checked here is no proof and no
objection, since the seal proves the content.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from clearway.certificates import signatures
from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.remarks import Remarks
from clearway.certificates.formats.wrapping import unwrap
from clearway.certificates.model import Certificate
from clearway.certificates.proof import Signature as Enclosed
from clearway.certificates.trust.model import TrustList
from clearway.certificates.verdict import Signature

_MEANT: Final = {Enclosed.HOLDS: Signature.HOLDS, Enclosed.FALSE: Signature.FAILS}


def read(
    original: bytes, trust_list: TrustList | None, at: datetime
) -> tuple[Certificate, Signature]:
    """Return a document's content, of a signature that holds from the signed bytes alone.

    Args:
        original: as received, in whatever wrapping.
        trust_list: whose signatures count; None: none is at hand.
        at: when it is judged, aware UTC.

    Raises: MalformedMessage, TooLarge, RuleViolation: see `sps_certificate.read`.
    """
    certificate, _ = sps_certificate.read(original)
    if not certificate.has_signature:
        return certificate, Signature.NOT_CHECKED
    document = unwrap(original, Remarks(), sps_certificate.LIMITS)
    found, signed = signatures.check(document, trust_list, at)
    meant = _MEANT.get(found.state, Signature.NOT_CHECKED)
    return (certificate if signed is None else signed.certificate), meant
