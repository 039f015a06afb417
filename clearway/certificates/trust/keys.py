"""An authority's own signing key, and what every key must be: strong, and made for signing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_private_key,
)

from clearway.certificates.trust.model import Algorithm, TrustedKey, Usage, key_id_of
from clearway.errors import BadTerm, MalformedMessage, RuleViolation
from clearway.terms.period import Period
from clearway.terms.places import Country

PrivateKey: TypeAlias = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

_RSA_BITS: Final = (2048, 8192)
_LARGEST_DER: Final = 16_384


@dataclass(frozen=True, slots=True)
class AuthorityKey:
    """A key with which an authority of ours signs.

    Args:
        private: never leaves this process.
        certificate: DER of its X.509 certificate; b"" for seals and credentials, which need none.
        country: for which the authority certifies.
        usage: what the key signs.
    """

    private: PrivateKey
    certificate: bytes
    country: Country
    usage: Usage

    @classmethod
    def from_pem(
        cls, private: bytes, certificate: bytes, country: Country, usage: Usage
    ) -> AuthorityKey:
        """Return the key of a PEM private key and a PEM certificate (b"": none).

        Raises: MalformedMessage: not PEM. RuleViolation: too weak, or they do not belong together.
        """
        key = _private(private)
        algorithm_of(key.public_key())
        der = b""
        if certificate:
            parsed = _pem_certificate(certificate)
            der = parsed.public_bytes(Encoding.DER)
            if spki_of(parsed.public_key()) != spki_of(key.public_key()):
                raise RuleViolation("The certificate is not that of the private key beside it")
        return cls(key, der, country, usage)

    @property
    def public(self) -> bytes:
        """What a trust list holds of it: DER of the certificate (usage xml), or of the SPKI."""
        return self.certificate if self.usage is Usage.XML else spki_of(self.private.public_key())

    @property
    def algorithm(self) -> Algorithm:
        """How it signs."""
        return algorithm_of(self.private.public_key())

    @property
    def key_id(self) -> bytes:
        """Its short name, 8 bytes."""
        return key_id_of(self.public)

    def trusted(
        self, authority: str, valid: Period | None = None, type_codes: tuple[str, ...] = ()
    ) -> TrustedKey:
        """Return the entry that a trust list makes of it, see `entry_of`."""
        return entry_of(
            self.public, authority, self.country, self.usage, type_codes=type_codes, valid=valid
        )


def entry_of(
    public: bytes,
    authority: str,
    country: Country,
    usage: Usage,
    *,
    type_codes: tuple[str, ...] = (),
    valid: Period | None = None,
    revoked_at: datetime | None = None,
) -> TrustedKey:
    """Return the entry of a key on a trust list.

    Args:
        public: DER of the certificate (usage xml), or of the public key.
        valid: when it may sign; of a certificate at most, and by default, its own period.
        revoked_at: aware UTC, or None.

    Raises: MalformedMessage, RuleViolation: not such a key, too weak, or outside its period.
    """
    if usage is not Usage.XML:
        if valid is None:
            raise RuleViolation("A key without a certificate needs a period in which it is valid")
        algorithm = algorithm_of(public_key(public))
    else:
        certificate = signing_certificate(public)
        algorithm = algorithm_of(certificate.public_key())
        valid = _within(valid, certificate)
    return TrustedKey(
        authority,
        country,
        type_codes,
        usage,
        algorithm,
        public,
        key_id_of(public),
        valid,
        revoked_at,
    )


def public_key(spki: bytes) -> object:
    """Return a public key. Raises: MalformedMessage: no SubjectPublicKeyInfo in DER."""
    _require_short(spki)
    try:
        return load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedMessage(f"This is no public key in DER: {error}") from error


def signing_certificate(der: bytes) -> x509.Certificate:
    """Return a certificate whose key may sign documents.

    Raises: MalformedMessage: no certificate. RuleViolation: weak, or not for signing.
    """
    _require_short(der)
    try:
        certificate = x509.load_der_x509_certificate(der)
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        is_for_signing = usage.digital_signature
    except x509.ExtensionNotFound:
        is_for_signing = True  # RFC 5280 4.2.1.3: without the extension nothing is excluded
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedMessage(f"This is no X.509 certificate in DER: {error}") from error
    if not is_for_signing:
        raise RuleViolation("The certificate's keyUsage lacks digitalSignature: it may not sign")
    algorithm_of(certificate.public_key())
    return certificate


def algorithm_of(key: object) -> Algorithm:
    """Return how a key signs. Raises: RuleViolation: it is too weak, or of a kind not accepted."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        if isinstance(key.curve, ec.SECP256R1):
            return Algorithm.ES256
        if isinstance(key.curve, ec.SECP384R1):
            return Algorithm.ES384
        raise RuleViolation(f"The curve {key.curve.name} is not accepted; use P-256 or P-384")
    if isinstance(key, ed25519.Ed25519PublicKey):
        return Algorithm.EDDSA
    if isinstance(key, rsa.RSAPublicKey):
        low, high = _RSA_BITS
        if low <= key.key_size <= high:
            return Algorithm.RS256
        raise RuleViolation(
            f"An RSA key of {key.key_size:,} bits is not accepted: {low:,} to {high:,} are"
        )
    raise RuleViolation("A key of this kind is not accepted; use P-256, P-384, Ed25519 or RSA")


def spki_of(key: object) -> bytes:
    """Return the SubjectPublicKeyInfo of a public key, DER."""
    if isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    raise BadTerm("Public key", type(key).__name__, "must be of P-256, P-384, Ed25519 or RSA")


def period_of(certificate: x509.Certificate) -> Period:
    """Return when a certificate is valid."""
    return Period(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _within(valid: Period | None, certificate: x509.Certificate) -> Period:
    own = period_of(certificate)
    if valid is None:
        return own
    if valid.start < own.start or valid.end is None or own.end is None or valid.end > own.end:
        raise RuleViolation("A key cannot be trusted outside the period of its own certificate")
    return valid


def _require_short(der: bytes) -> None:
    if len(der) > _LARGEST_DER:
        raise MalformedMessage(
            f"A key or certificate of {len(der):,} bytes is not read; at most {_LARGEST_DER:,} are"
        )


def _private(pem: bytes) -> PrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MalformedMessage(f"This is no private key in PEM: {error}") from error
    if isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        return key
    raise RuleViolation("A key of this kind is not accepted; use P-256, P-384, Ed25519 or RSA")


def _pem_certificate(pem: bytes) -> x509.Certificate:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise MalformedMessage(f"This is no X.509 certificate in PEM: {error}") from error
    return signing_certificate(certificate.public_bytes(Encoding.DER))
