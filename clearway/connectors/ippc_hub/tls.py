"""Certificates of a hub and its members: one authority of the hub's own signs both.

A country may bring a certificate of another authority as well: the hub's file of trusted
authorities names it, and the directory names the certificate by its SHA-256. Names inside a
certificate decide nothing about who calls.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from clearway.errors import BadTerm, InputError
from clearway.identity.x509_parts import general_name, key_usage, named

LIFE: Final = timedelta(days=730)
_AUTHORITY_LIFE: Final = timedelta(days=3_650)
_BEFORE: Final = timedelta(hours=1)  # clocks differ


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, PEM."""

    certificate: str
    key: str

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal: what a directory names."""
        loaded = x509.load_pem_x509_certificate(self.certificate.encode())
        return loaded.fingerprint(hashes.SHA256()).hex()


def authority(name: str, key: ec.EllipticCurvePrivateKey, serial: int, at: datetime) -> Pair:
    """Return a hub's own authority.

    Args:
        key: fresh, of the curve P-256.
        serial: positive, unpredictable, at most 20 bytes.
        at: aware UTC.
    """
    subject = named(name[:64])
    made = (
        _builder(subject, subject, key, serial, at, _AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(is_authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pair(made, key)


def issue(
    by: Pair,
    name: str,
    key: ec.EllipticCurvePrivateKey,
    serial: int,
    at: datetime,
    *,
    hosts: tuple[str, ...] = (),
    life: timedelta = LIFE,
) -> Pair:
    """Return a certificate signed by a hub's authority: of a member, or of the hub's door.

    Args:
        hosts: names and addresses of the door; none: a client's.
    """
    issuer = x509.load_pem_x509_certificate(by.certificate.encode())
    signing = serialization.load_pem_private_key(by.key.encode(), None)
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise BadTerm("Key", type(signing).__name__, "of a hub's authority is of the curve P-256")
    use = ExtendedKeyUsageOID.SERVER_AUTH if hosts else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(named(name[:64]), issuer.subject, key, serial, at, life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
    )
    if hosts:
        names = x509.SubjectAlternativeName([general_name(each) for each in hosts])
        builder = builder.add_extension(names, critical=False)
    return _pair(builder.sign(signing, hashes.SHA256()), key)


def server_context(certificate: Path, key: Path, authorities: Path) -> ssl.SSLContext:
    """Return the hub's side: a caller without a certificate of these authorities is not let in."""
    return _completed(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), certificate, key, authorities)


def client_context(certificate: Path, key: Path, authorities: Path) -> ssl.SSLContext:
    """Return a country's side: only these authorities, and the hub's name, are accepted."""
    return _completed(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), certificate, key, authorities)


def _completed(
    made: ssl.SSLContext, certificate: Path, key: Path, authorities: Path
) -> ssl.SSLContext:
    """Raises: InputError: a file is missing or is none of the kind."""
    made.minimum_version = ssl.TLSVersion.TLSv1_2  # authorities' servers of today
    made.verify_mode = ssl.CERT_REQUIRED
    try:
        made.load_cert_chain(certificate, key)
        made.load_verify_locations(authorities)
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            f"The TLS files {certificate}, {key} and {authorities} cannot be used: {error}"
        ) from error
    return made


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    serial: int,
    at: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(at - _BEFORE)
        .not_valid_after(at + life)
    )


def _pair(made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    return Pair(certificate.decode("ascii"), private.decode("ascii"))
