"""XML signatures over certificates: XAdES-BES, enveloped in the SPSCertificate.

    signed = sign(document, key, signed_at=now)              # bytes; key: AuthorityKey
    held = verify(signed, trust_list, at=now)                # Signed, or VerificationError
    held.certificate                                         # read from the signed bytes alone

Verifying goes: limits and hardened XML, shape and algorithms (`signature_form`), the signer's
certificate on the trust list, cryptography (signxml), then the certificate is read from what the
verifier returned as signed, and its country and kind are held against the signer's entry. The
signature's own certificate chain is never followed.

We sign with inclusive C14N 1.1, the form that signxml and xmlsec both verify.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import InvalidDigest, InvalidSignature, SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier
from signxml.xades.xades import (
    XAdESDataObjectFormat,
    XAdESSignatureConfiguration,
    XAdESSigner,
    XAdESVerifier,
)

from clearway.certificates.formats import sps_certificate
from clearway.certificates.formats.signature_form import (
    DIGESTS,
    METHODS,
    XADES,
    Form,
    inspect,
    is_signed,
    wrong,
)
from clearway.certificates.model import Certificate
from clearway.certificates.trust.keys import AuthorityKey, signing_certificate
from clearway.certificates.trust.model import Algorithm, TrustedKey, TrustList, Untrusted, Usage
from clearway.errors import RuleViolation, VerificationError
from clearway.terms.finding import Finding
from clearway.wire import xml
from clearway.wire.limits import Limits

# A signed document is canonicalised several times: less is let in than to the reader.
LIMITS: Final = Limits(size_bytes=4 << 20, depth=32, nodes=50_000, attributes=64)

_SIGN_WITH: Final = {
    Algorithm.ES256: (SignatureMethod.ECDSA_SHA256, DigestAlgorithm.SHA256),
    Algorithm.ES384: (SignatureMethod.ECDSA_SHA384, DigestAlgorithm.SHA384),
    Algorithm.RS256: (SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA256),
}
_EXPECTED: Final[dict[str, Any]] = {
    "location": "./",
    "require_x509": True,
    "signature_methods": frozenset(map(SignatureMethod, METHODS)),
    "digest_algorithms": frozenset(map(DigestAlgorithm, DIGESTS)),
}
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)")


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature that holds proves.

    Args:
        document_as_signed: canonical XML of the document without its signature.
        certificate: read from that, and from nothing else.
        findings: of reading it.
        signer: the entry of the trust list.
        signed_at: as the signer states it, aware UTC; None: the signature does not say.
        algorithm: such as `ecdsa-sha256`.
    """

    document_as_signed: bytes
    certificate: Certificate
    findings: tuple[Finding, ...]
    signer: TrustedKey
    signed_at: datetime | None
    algorithm: str


def sign(document: bytes, key: AuthorityKey, *, signed_at: datetime) -> bytes:
    """Return a document with an enveloped XAdES-BES signature.

    Args:
        document: an SPSCertificate without a signature.
        key: of usage xml.
        signed_at: aware UTC; stated in the signature, to the second.

    Raises:
        MalformedMessage, TooLarge: it is no such document.
        RuleViolation: it is signed already, or the key is not for documents.
    """
    root = xml.parse(document, limits=LIMITS)
    if xml.local_name(root) != "SPSCertificate":
        raise RuleViolation(f"Only an SPSCertificate is signed, not {xml.local_name(root)[:60]!r}")
    if is_signed(root):
        raise RuleViolation("The document bears a signature already; sign it without")
    if key.usage is not Usage.XML or key.algorithm not in _SIGN_WITH:
        raise RuleViolation("The key is not for documents: take one of P-256, P-384 or RSA")
    private: Any = key.private
    method, digest = _SIGN_WITH[key.algorithm]
    signer = _Signer(signed_at, method, digest)
    certificate = signing_certificate(key.certificate)
    signed: Any = signer.sign(root, key=private, cert=[certificate], always_add_key_value=False)
    return etree.tostring(signed, encoding="UTF-8", xml_declaration=True)


def verify(document: bytes, trust_list: TrustList, at: datetime) -> Signed:
    """Return what the signature of a document proves.

    Args:
        document: XML, out of any wrapping.
        trust_list: whose signatures count.
        at: when it is judged, aware UTC.

    Raises:
        MalformedMessage, TooLarge: it is no such document.
        VerificationError: the signature does not hold; `reason` says why: `form` (its shape is
            not accepted), `weak` (an algorithm is not), `untrusted` (its signer is not; `why` is
            the reason of the list), `broken` (what is signed was altered).
        RuleViolation: the signed document cannot be filed, see `sps_certificate.read`.
    """
    root = xml.parse(document, limits=LIMITS)
    if xml.local_name(root) != "SPSCertificate":
        raise wrong(f"it stands in a {xml.local_name(root)[:60]!r}, not in an SPSCertificate")
    form = inspect(root)
    known = _known(form, trust_list, at)
    results = _verified(root, form, signing_certificate(known.public))
    as_signed = _document(results)
    signed_at = _signed_at(results) if form.is_xades else None
    certificate, findings = sps_certificate.read(as_signed)
    found = trust_list.find(
        known.public,
        Usage.XML,
        country=certificate.issuing_country,
        type_code=certificate.type_code,
        at=at,
        signed_at=signed_at,
    )
    if isinstance(found, Untrusted):
        raise _untrusted(found)
    return Signed(as_signed, certificate, findings, found.key, signed_at, form.algorithm)


class _Signer(XAdESSigner):
    """States the time that it is given, instead of reading the clock."""

    def __init__(
        self, signed_at: datetime, method: SignatureMethod, digest: DigestAlgorithm
    ) -> None:
        super().__init__(
            data_object_format=XAdESDataObjectFormat("SPSCertificate", "application/xml"),
            method=SignatureConstructionMethod.enveloped,
            signature_algorithm=method,
            digest_algorithm=digest,
            c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_1,
        )
        self._signed_at = signed_at

    def add_signing_time(self, signed_signature_properties: Any, *_: Any, **__: Any) -> None:
        """Add the time; overrides the one that reads the clock."""
        element = etree.SubElement(signed_signature_properties, f"{XADES}SigningTime")
        element.text = self._signed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _known(form: Form, trust_list: TrustList, at: datetime) -> TrustedKey:
    """Return an entry of the first enclosed certificate that is on the list for documents."""
    for certificate in form.certificates:
        for entry in trust_list.entries(certificate):
            if entry.usage is Usage.XML and entry.public == certificate:
                return entry
    raise _untrusted(trust_list.find_stranger(at))


def _untrusted(found: Untrusted) -> VerificationError:
    who = f" ({found.key.authority}, {found.key.country})" if found.key else ""
    return VerificationError(f"{found.text}{who}", reason="untrusted", why=str(found.reason))


def _verified(root: xml.Element, form: Form, certificate: x509.Certificate) -> list[Any]:
    """Return what signxml verified, one result for each reference."""
    expected = _EXPECTED | {
        "expect_references": form.references,
        # The period is judged by the trust list, at the time that the signature states.
        "verification_time": certificate.not_valid_before_utc,
    }
    try:
        if form.is_xades:
            config = XAdESSignatureConfiguration(**expected)
            return XAdESVerifier().verify(root, x509_cert=certificate, expect_config=config)
        plain = XMLVerifier().verify(
            root, x509_cert=certificate, expect_config=SignatureConfiguration(**expected)
        )
    except (SignXMLException, UnsupportedAlgorithm, etree.LxmlError, ValueError) as error:
        raise _broken(error) from error
    return plain if isinstance(plain, list) else [plain]


def _broken(error: Exception) -> VerificationError:
    """Return the error in words for the desk, with the verifier's own for those who look closer."""
    if isinstance(error, InvalidDigest):
        meaning = "a part of the document was changed after it was signed"
    elif isinstance(error, InvalidSignature):
        meaning = "it was not made with the signer's key, or was changed"
    else:
        meaning = "it cannot be checked, a part of it is damaged"
    said = str(error)[:200] or type(error).__name__
    return VerificationError(f"The signature does not hold: {meaning} ({said})", reason="broken")


def _document(results: list[Any]) -> bytes:
    found = [
        result.signed_data
        for result in results
        if result.signed_xml is not None and xml.local_name(result.signed_xml) == "SPSCertificate"
    ]
    if len(found) != 1:
        raise wrong("it does not sign the SPSCertificate once")
    return bytes(found[0])


def _signed_at(results: list[Any]) -> datetime:
    """Return the time in the properties that were verified."""
    for result in results:
        signed = result.signed_xml
        if signed is not None and signed.tag == f"{XADES}SignedProperties":
            text = xml.text(signed, f"{XADES}SignedSignatureProperties", f"{XADES}SigningTime")
            if _TIME.fullmatch(text):
                try:
                    return datetime.fromisoformat(text).astimezone(UTC)
                except (ValueError, OverflowError) as error:
                    raise wrong(f"its SigningTime is {text!r}: {error}") from error
            raise wrong(f"its SigningTime is {text[:60]!r}; it must be a time with its zone")
    raise wrong("its SignedProperties state no SigningTime")
