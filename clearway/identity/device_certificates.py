"""X.509 certificates of devices, as an agency's own authority issues them (RFC 5280). Pure.

    authority (self-signed, signs nothing but these)
      |- CN=reefer-0817            a device: clientAuth, 90 days, renewed by its holder
      |- CN=clearway.consumer      a service of the node that reads what devices publish
      `- CN=broker.example         a broker: serverAuth, its addresses in SAN

The common name is the device's name, and nothing else stands in the subject: brokers compare it
as one text ("CN=reefer-0817"). A device makes its key itself and asks with a certificate request
(RFC 2986), which proves that it holds the key; a renewal (in the manner of RFC 7030, 4.2.2) is a
new request over a connection of the present certificate. What was revoked stands on a list
(RFC 5280, section 5) until it would have ended anyway.

Keys are P-256 or Ed25519. The same key signs a device's batches: a TLS 1.3 signature begins with 64
blanks and a COSE signature with byte 0x84, so one cannot be taken for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from clearway.errors import BadTerm, MalformedMessage, TooLarge, VerificationError
from clearway.identity.x509_parts import general_name, key_usage, named

LIFE: Final = timedelta(days=90)
SERVER_LIFE: Final = timedelta(days=397)
AUTHORITY_LIFE: Final = timedelta(days=3650)
RENEW_BEFORE: Final = timedelta(days=30)
"""A device should renew in the last third of the life; it may be at sea for weeks."""

LIST_LIFE: Final = timedelta(days=7)
MOST_PEM: Final = 16 * 1024
SERIAL_SIZE: Final = 16
# Clocks differ: what is made now holds for a partner whose clock is behind.
_BEFORE: Final = timedelta(hours=1)

PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class DeviceAuthority:
    """The key that issues, and its own certificate.

    Args:
        certificate: PEM; brokers and devices trust it.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: str

    def __repr__(self) -> str:
        return "DeviceAuthority(...)"  # never the key


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate, and what is kept of it.

    Args:
        name: common name: the device's.
        pem: the certificate.
        serial: unique under its authority, hex.
        public_key: SubjectPublicKeyInfo (DER).
        not_before, not_after: aware UTC.
    """

    name: str
    pem: str
    serial: str
    public_key: bytes
    not_before: datetime
    not_after: datetime


def make_authority(
    name: str, key: ec.EllipticCurvePrivateKey, serial: bytes, at: datetime
) -> DeviceAuthority:
    """Return a new authority with its self-signed certificate.

    Args:
        name: for people, such as `Customs of Examplia devices`.
        serial: 16 unpredictable bytes.
        at: from when it holds, aware UTC.
    """
    subject = named(name[:64])
    builder = _builder(subject, subject, key.public_key(), serial, at, at + AUTHORITY_LIFE)
    made = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    ).add_extension(key_usage(is_authority=True), critical=True)
    return DeviceAuthority(key, _pem(_sign(made, key)))


def issue_client(
    name: str,
    public_key: bytes,
    authority: DeviceAuthority,
    serial: bytes,
    at: datetime,
    life: timedelta = LIFE,
) -> Issued:
    """Return the certificate of a device, or of a service that connects as one.

    Args:
        name: of the device; the caller has held it against `rules.require_device_name`.
        public_key: SubjectPublicKeyInfo (DER), of P-256 or Ed25519.
        serial: 16 unpredictable bytes.

    Raises: BadTerm: another kind of key.
    """
    named = (f"urn:clearway:device:{name}", key_name(public_key))
    san = [x509.UniformResourceIdentifier(each) for each in named]
    usage = [ExtendedKeyUsageOID.CLIENT_AUTH]
    return _issue(name, read_public_key(public_key), authority, serial, at, life, san, usage)


def key_name(public_key: bytes) -> str:
    """Return the name of a key (SubjectPublicKeyInfo, DER) in a certificate: its SHA-256.

    A broker that knows no revocation lists tells the keys of one device apart by it.
    """
    return f"urn:clearway:key:{sha256(public_key).hexdigest()}"


def issue_server(
    hosts: Sequence[str],
    public_key: bytes,
    authority: DeviceAuthority,
    serial: bytes,
    at: datetime,
) -> Issued:
    """Return the certificate of a broker or a door.

    Args:
        hosts: names and addresses under which it is reached, the first also as common name.

    Raises: BadTerm: no host, or another kind of key.
    """
    if not hosts:
        raise BadTerm("hosts", hosts, "a server is reached under at least one name or address")
    usage = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    key, san = read_public_key(public_key), [general_name(host) for host in hosts]
    return _issue(hosts[0][:64], key, authority, serial, at, SERVER_LIFE, san, usage)


def request(name: str, key: PrivateKey) -> str:
    """Return a certificate request (PEM): what a device sends to be enrolled or renewed."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(named(name))
    return _pem(builder.sign(key, _digest(key)))


def read_request(pem: str) -> tuple[str, bytes]:
    """Return name and public key (DER) of a request, whose sender holds the private key.

    Raises: TooLarge, MalformedMessage: it is none, or names not exactly one common name.
    VerificationError: its signature does not hold. BadTerm: another kind of key.
    """
    _require_size(pem)
    try:
        asked = x509.load_pem_x509_csr(pem.encode("ascii"))
        names = [one.value for one in asked.subject]
        holds = asked.is_signature_valid
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedMessage("This is no certificate request (PKCS 10) in PEM form") from error
    common = asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    if len(names) != 1 or len(common) != 1:
        raise MalformedMessage("The subject of a device's request is its common name, only that")
    if not holds:
        raise VerificationError("The request is not signed with the key that it asks for")
    key = spki(asked.public_key())
    read_public_key(key)
    return str(common[0].value), key


def read(pem: str) -> Issued:
    """Return what a certificate says; nothing in it is verified.

    Raises: TooLarge, MalformedMessage: it is none, or has not exactly one common name.
    """
    _require_size(pem)
    try:
        made = x509.load_pem_x509_certificate(pem.encode("ascii"))
        common = made.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        key = spki(made.public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MalformedMessage("This is no X.509 certificate in PEM form") from error
    if len(common) != 1:
        raise MalformedMessage("A device's certificate has one common name")
    name = str(common[0].value)
    return Issued(
        name,
        pem,
        f"{made.serial_number:x}",
        key,
        made.not_valid_before_utc,
        made.not_valid_after_utc,
    )


def verify_client(pem: str, authority_pem: str, at: datetime) -> Issued:
    """Return a client's certificate after checking it: issuer, purpose, time.

    Whether it was revoked is asked of the tables, not here.

    Raises: MalformedMessage. VerificationError: not issued by this authority, not for clients, not
    yet valid, or ended.
    """
    issued = read(pem)
    made = x509.load_pem_x509_certificate(pem.encode("ascii"))
    try:
        made.verify_directly_issued_by(x509.load_pem_x509_certificate(authority_pem.encode()))
        usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise VerificationError(
            f"The certificate of {issued.name!r} was not issued by this authority for a client"
        ) from error
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise VerificationError(f"The certificate of {issued.name!r} is not for a client")
    if not issued.not_before <= at < issued.not_after:
        raise VerificationError(
            f"The certificate of {issued.name!r} holds from {issued.not_before.isoformat()} to"
            f" {issued.not_after.isoformat()}, not at {at.isoformat()}"
        )
    return issued


def revocation_list(
    authority: DeviceAuthority,
    revoked: Iterable[tuple[str, datetime]],
    number: int,
    at: datetime,
) -> str:
    """Return the list of revoked certificates (PEM), good for `LIST_LIFE`.

    Args:
        revoked: serial (hex) and instant, of certificates that have not ended by themselves.
        number: rises with each list (RFC 5280, 5.2.3).
    """
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode()).subject
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer)
        .last_update(at)
        .next_update(at + LIST_LIFE)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    for serial, since in revoked:
        one = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(since)
        builder = builder.add_revoked_certificate(one.build())
    return _pem(builder.sign(authority.key, hashes.SHA256(), ecdsa_deterministic=True))


def read_public_key(der: bytes) -> PublicKey:
    """Return a key of P-256 or Ed25519. Raises: BadTerm: another kind of key, or none."""
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return key
    raise BadTerm("public key", der[:8].hex(), "a device has a key of P-256 or Ed25519")


def spki(key: object) -> bytes:
    """Return a public key as SubjectPublicKeyInfo (DER). Raises: BadTerm: not of our kinds."""
    if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
        raise BadTerm("public key", type(key).__name__, "a device has a key of P-256 or Ed25519")
    return key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def private_pem(key: PrivateKey) -> bytes:
    """Return a private key as PEM (PKCS 8), for a file of mode 0600 only."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _issue(
    name: str,
    key: PublicKey,
    authority: DeviceAuthority,
    serial: bytes,
    at: datetime,
    life: timedelta,
    san: Sequence[x509.GeneralName],
    usage: Sequence[x509.ObjectIdentifier],
) -> Issued:
    issuer = x509.load_pem_x509_certificate(authority.certificate.encode("ascii"))
    end = min(at + life, issuer.not_valid_after_utc)
    made = (
        _builder(named(name), issuer.subject, key, serial, at, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(usage), critical=False)
        .add_extension(x509.SubjectAlternativeName(san), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    return read(_pem(_sign(made, authority.key)))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: PublicKey,
    serial: bytes,
    at: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    if len(serial) != SERIAL_SIZE:
        raise BadTerm("serial", serial.hex(), f"has {SERIAL_SIZE} bytes")
    start = at.astimezone(UTC) - _BEFORE
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(max(1, int.from_bytes(serial, "big")))
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _sign(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    # Deterministic (RFC 6979): no weak source of chance can betray the key.
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)


def _digest(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def _require_size(pem: str) -> None:
    if len(pem) > MOST_PEM or not pem.isascii():
        raise TooLarge(f"A certificate or request has at most {MOST_PEM} ASCII characters")


def _pem(
    made: x509.Certificate | x509.CertificateSigningRequest | x509.CertificateRevocationList,
) -> str:
    return made.public_bytes(serialization.Encoding.PEM).decode("ascii")
