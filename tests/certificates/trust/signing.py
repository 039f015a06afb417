"""Authorities with keys of every kind, made for tests; no one is to trust them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from clearway.certificates.formats import sps_certificate, xml_signature
from clearway.certificates.trust.keys import AuthorityKey, spki_of
from clearway.certificates.trust.model import TrustedKey, TrustList, Usage
from clearway.terms.places import Country
from tests.certificates.conftest import certificate

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
DOCUMENT = sps_certificate.write(certificate())


@cache
def private(kind: str = "p256", name: str = "") -> Any:
    """Return a private key, the same for one kind and name; RSA as `rsa<bits>`."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    curves: dict[str, ec.EllipticCurve] = {
        "p256": ec.SECP256R1(), "p384": ec.SECP384R1(), "p224": ec.SECP224R1(),
    }  # fmt: skip
    return ec.generate_private_key(curves[kind])


def x509_of(
    key: Any,
    *,
    name: str = "NPPO",
    start: datetime = NOW - YEAR,
    end: datetime = NOW + YEAR,
    may_sign: bool = True,
) -> bytes:
    """Return the DER of a certificate that the key gives itself."""
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    usage = x509.KeyUsage(may_sign, False, not may_sign, *[False] * 6)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(Encoding.DER)


@cache
def authority(
    kind: str = "p256", country: str = "EC", name: str = "", **period: Any
) -> AuthorityKey:
    """Return a key for documents; the same for one kind, country and name."""
    key = private(kind, country + name)
    return AuthorityKey(key, x509_of(key, **period), Country(country), Usage.XML)


def pem(key: Any) -> bytes:
    """Return a private key as PEM."""
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def trust_list(*keys: AuthorityKey | TrustedKey, version: int = 1, **changes: Any) -> TrustList:
    """Return a list on which these keys stand, good for a month from NOW."""
    entries = (each.trusted("NPPO") if isinstance(each, AuthorityKey) else each for each in keys)
    whole: dict[str, Any] = {"issued_at": NOW - DAY, "next_update": NOW + 30 * DAY} | changes
    return TrustList("Customs of XA", version, keys=tuple(entries), **whole)


@cache
def list_key() -> AuthorityKey:
    """Return the key that signs trust lists."""
    return AuthorityKey(private("p256", "list"), b"", Country("XA"), Usage.SEAL)


def list_signer() -> bytes:
    """Return the public key that signs trust lists."""
    return spki_of(list_key().private.public_key())


def signed(key: AuthorityKey | None = None, document: bytes = DOCUMENT) -> bytes:
    """Return a signed document, signed at NOW."""
    return xml_signature.sign(document, key or authority(), signed_at=NOW)
