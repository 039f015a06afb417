"""Mutual TLS 1.3 between partners: each side shows a self-signed certificate that is pinned.

No certification authority stands between two agencies that know each other's keys: one more party
would only be one more that can let strangers in. Trust is the SHA-256 of a certificate on the
agency's card. The certificate itself is no secret and needs no trust: it is found by its hash.

Session tickets are off, so that every connection proves its key and every certificate's end is
looked at.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from clearway.errors import BadTerm, VerificationError

LIFE = timedelta(days=730)
MOST_PEM = 16 * 1024
_RULE = "must be https://host:port, where the agency hears partners (its setting public_url)"
# Clocks differ: a certificate made now holds for a partner whose clock is behind.
_BEFORE = timedelta(hours=1)


def self_signed(origin: str, seed: bytes, serial: int, at: datetime, life: timedelta = LIFE) -> str:
    """Return a self-signed certificate (PEM) for both sides of a connection.

    Args:
        origin: of the log; shown to people, trusted by nobody.
        seed: 32 secret random bytes of its Ed25519 key.
        serial: positive, unpredictable, at most 20 bytes.
        at: aware UTC.
    """
    key = Ed25519PrivateKey.from_private_bytes(seed)
    # OpenSSL looks a certificate up by its name: two of one agency, in a rotation, must differ.
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, origin[:64]),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, f"{serial:x}"),
        ]
    )
    both = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(at - _BEFORE)
        .not_valid_after(at + life)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .sign(key, None)
    )
    return made.public_bytes(serialization.Encoding.PEM).decode("ascii")


def private_pem(seed: bytes) -> str:
    """Return the private key as PEM (PKCS 8), for the key file only."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def fingerprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate, hex: what a card bears."""
    return sha256(der).hexdigest()


def fingerprint_of(pem: str) -> str:
    """Return the fingerprint of a certificate's PEM text. Raises: BadTerm: it is none."""
    if len(pem) > MOST_PEM:
        raise BadTerm("Certificate", f"{len(pem)} characters", f"has at most {MOST_PEM}")
    try:
        return fingerprint(ssl.PEM_cert_to_DER_cert(pem.strip()))
    except ValueError as error:
        raise BadTerm("Certificate", pem[:40], "is one certificate in PEM") from error


def server_context(certificate: Path, key: Path, trusted: Iterable[str]) -> ssl.SSLContext:
    """Return the side that listens: a caller without a trusted certificate gets no connection.

    Args:
        trusted: PEM texts of the partners' certificates; `trust` adds more while it listens.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.num_tickets = 0
    return _completed(made, certificate, key, trusted)


def client_context(certificate: Path, key: Path, trusted: Iterable[str]) -> ssl.SSLContext:
    """Return the side that calls: it accepts exactly these certificates, under whatever name."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False  # the pin says more than a name could
    return _completed(made, certificate, key, trusted)


def trust(context: ssl.SSLContext, pem: str) -> None:
    """Let a context accept one more certificate."""
    context.load_verify_locations(cadata=pem)


def fetch(url: str, fingerprints: Iterable[str], timeout_s: float = 10.0) -> str:
    """Return the certificate that a partner's door shows, if it is one of those pinned.

    Nothing is sent but a handshake. Raises: VerificationError: it shows another one. OSError: it
    cannot be reached.
    """
    host, port = address(url)
    blank = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    blank.check_hostname = False
    blank.verify_mode = ssl.CERT_NONE  # judged below, by its hash
    blank.minimum_version = ssl.TLSVersion.TLSv1_3
    with (
        socket.create_connection((host, port), timeout_s) as plain,
        blank.wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert(binary_form=True) or b""
    if fingerprint(shown) not in set(fingerprints):
        raise VerificationError(
            f"The door at {url} shows a certificate with the fingerprint {fingerprint(shown)}, "
            "which is not on the agency's card"
        )
    return ssl.DER_cert_to_PEM_cert(shown)


def address(url: str) -> tuple[str, int]:
    """Return host and port of a partner's address. Raises: BadTerm: it is not https."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 443
    except ValueError as error:
        raise BadTerm("URL", url, _RULE) from error
    if parts.scheme != "https" or not host:
        raise BadTerm("URL", url, _RULE)
    return host, port


def _completed(
    made: ssl.SSLContext, certificate: Path, key: Path, trusted: Iterable[str]
) -> ssl.SSLContext:
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.verify_mode = ssl.CERT_REQUIRED
    made.load_cert_chain(certificate, key)
    for pem in trusted:
        trust(made, pem)
    return made
