"""A signature on the PDF itself (PAdES baseline B, ETSI EN 319 142-1), for readers of PDF.

The proof of a certificate is the signature of its XML and the seal in its code. This one is for
offices whose procedures ask for a signed PDF. It needs the extra `pades` (pyHanko).
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from importlib.util import find_spec
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import Usage
from clearway.errors import InputError, RuleViolation

FIELD: Final = "Authority"


def sign_pdf(
    pdf: bytes, key: AuthorityKey, *, signed_at: datetime, chain: Sequence[bytes] = ()
) -> bytes:
    """Return the PDF with a signature over all its bytes, which stand unchanged before it.

    Args:
        key: of usage xml: the one whose certificate is on the trust list.
        signed_at: aware; stated in the signature, not proved by a time stamp.
        chain: DER of the certificates above the key's.

    Raises:
        InputError: the extra is not installed.
        RuleViolation: the key has no certificate, or the file is no PDF that can be signed.
    """
    if find_spec("pyhanko") is None:
        raise InputError(
            "To sign a PDF install the extra `pades` (pip install 'clearway[pades]'), or print it"
            " without a signature: the code and the enclosed XML prove it as well"
        )
    if key.usage is not Usage.XML or not key.certificate:
        raise RuleViolation("A PDF is signed with the authority's key for documents, which has a"
                            " certificate; this key is for another use")  # fmt: skip
    return _signed(pdf, key, signed_at, chain)


def _signed(pdf: bytes, key: AuthorityKey, signed_at: datetime, chain: Sequence[bytes]) -> bytes:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign import PdfSignatureMetadata, PdfSigner
    from pyhanko.sign.fields import SigSeedSubFilter

    class Signer(PdfSigner):
        """States the time that it is given, not that of the machine's clock."""

        def init_signing_session(self, *arguments: Any, **named: Any) -> Any:
            session: Any = super().init_signing_session(*arguments, **named)
            session.system_time = signed_at
            return session

    meta = PdfSignatureMetadata(
        field_name=FIELD, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    try:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        signed: Any = Signer(meta, signer=_hand(key, chain)).sign_pdf(writer)
    except (PdfError, ValueError) as error:
        raise RuleViolation(f"The PDF cannot be signed: {error}") from error
    return bytes(signed.getbuffer())


def _hand(key: AuthorityKey, chain: Sequence[bytes]) -> Any:
    """Return what signs for pyHanko with the authority's key."""
    from pyhanko.keys import load_certs_from_pemder_data, load_private_key_from_pemder_data
    from pyhanko.sign import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    private = key.private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store: Any = SimpleCertificateStore
    above = store()
    for certificate in chain:
        above.register_multiple(load_certs_from_pemder_data(certificate))
    return SimpleSigner(
        signing_cert=next(iter(load_certs_from_pemder_data(key.certificate))),
        signing_key=load_private_key_from_pemder_data(private, None),
        cert_registry=above,
    )
