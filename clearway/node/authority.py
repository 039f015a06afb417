"""The keys with which this node issues certificates, each in a file of its own, made at first use.

authority-ca.key, authority-ca.crt   our own certification authority: signs nothing but the next
authority.key, authority.crt         signs certificates as XML (XAdES); P-256, digitalSignature
seal.key                             signs seals and status lists (COSE, ES256); partners get its
                                     public key by the trust list
status.key                           scatters certificates over the status lists; never changes

A partner trusts the certificate that stands on our trust list, not whatever our CA signs: the CA is
there for systems that want a chain, and for a renewal that they can follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clearway.certificates.claims import Place
from clearway.certificates.formats import seal, status_list, xml_signature
from clearway.certificates.model import Certificate
from clearway.certificates.status import KEY_SIZE, State, scatter
from clearway.certificates.trust.keys import AuthorityKey
from clearway.certificates.trust.model import Usage
from clearway.errors import ClearwayError, StorageFailure
from clearway.node.clock import Entropy
from clearway.node.files import Folder, write_durably
from clearway.terms.places import Country

CA_LIFE: Final = timedelta(days=3650)
LIFE: Final = timedelta(days=1095)
# A telephone that was offline for a day says amber, not green.
STATUS_LIFE: Final = timedelta(days=1)
# Clocks differ: what is made now holds for a partner whose clock is behind.
_BEFORE: Final = timedelta(hours=1)
# FIPS 186-5, D.1.2: more bits than the order has, so that no private value is likelier.
_KEY_ENTROPY: Final = 48
_SERIAL_SIZE: Final = 16
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs and seals in the name of this node's authority (see `issuing.preparing.Authority`).

    Args:
        xml_key: for documents.
        seal_key: for seals.
        status_key: 32 bytes that scatter certificates over the status lists.
        chain: PEM of its certificate and of our CA's, to be given to partners.
    """

    xml_key: AuthorityKey
    seal_key: AuthorityKey
    status_key: bytes
    chain: str

    def __repr__(self) -> str:
        return f"Authority({self.xml_key.key_id.hex()})"  # never the keys

    def sign(self, document: bytes, signed_at: datetime) -> bytes:
        """Return the document with an enveloped XAdES signature."""
        return xml_signature.sign(document, self.xml_key, signed_at=signed_at)

    def seal(
        self, certificate: Certificate, place: Place, secret: bytes, valid_until: date | None
    ) -> bytes:
        """Return the inspection seal of a certificate (COSE_Sign1).

        Args:
            place: by running number; the seal shows the scattered one.
        """
        return seal.emit(
            certificate,
            self.seal_key,
            scatter(place, self.status_key),
            with_lines=True,
            secret=secret,
            valid_until=valid_until,
        )

    def status_list(self, list_id: str, states: Mapping[int, State], at: datetime) -> bytes:
        """Return a signed status list.

        Args:
            states: by running number, of the certificates that no longer count.
            at: instant of issue, aware UTC; the next one is due a day later.
        """
        scattered = {
            scatter(Place(list_id, number), self.status_key).index: state
            for number, state in states.items()
        }
        return status_list.emit(
            list_id, scattered, self.seal_key, issued_at=at, next_update=at + STATUS_LIFE
        )


def open_authority(
    folder: Folder, name: str, country: Country, entropy: Entropy, now: datetime
) -> Authority:
    """Return the keys of this node's authority; make those that are not there yet.

    Args:
        name: of the authority, as its certificate shows it.
        now: from when certificates that must be made hold, aware UTC.

    Raises: StorageFailure: a file cannot be read or written, or holds no key.
    """
    root = folder.root
    paths = [root / each for each in ("authority-ca.key", "authority.key", "seal.key")]
    try:
        ca, own, sealing = (_private(path, entropy) for path in paths)
        ca_pem = _certificate(root / "authority-ca.crt", name, country, ca, None, entropy, now)
        pem = _certificate(root / "authority.crt", name, country, own, (ca, ca_pem), entropy, now)
        return Authority(
            AuthorityKey.from_pem(_pem(own), pem, country, Usage.XML),
            AuthorityKey.from_pem(_pem(sealing), b"", country, Usage.SEAL),
            _status_key(root / "status.key", entropy),
            (pem + ca_pem).decode("ascii"),
        )
    except (OSError, ValueError, ClearwayError) as error:
        raise StorageFailure(f"A key of the authority in {root} cannot be used: {error}") from error


def _private(path: Path, entropy: Entropy) -> ec.EllipticCurvePrivateKey:
    if not path.exists():
        value = int.from_bytes(entropy(_KEY_ENTROPY), "big") % (_ORDER - 1) + 1
        write_durably(path, _pem(ec.derive_private_key(value, ec.SECP256R1())), mode=0o600)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StorageFailure(f"{path} holds no key of P-256; restore it from a backup")
    return key


def _status_key(path: Path, entropy: Entropy) -> bytes:
    if not path.exists():
        write_durably(path, entropy(KEY_SIZE), mode=0o600)
    key = path.read_bytes()
    if len(key) != KEY_SIZE:
        raise StorageFailure(f"{path} has not {KEY_SIZE} bytes; restore it from a backup")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _certificate(
    path: Path,
    name: str,
    country: Country,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[ec.EllipticCurvePrivateKey, bytes] | None,
    entropy: Entropy,
    now: datetime,
) -> bytes:
    """Return a certificate (PEM) for signing, or without an issuer that of a CA."""
    if not path.exists():
        subject = _name(f"{name[:52]} CA" if issuer is None else name, country)
        signer, by = key, subject
        if issuer is not None:
            signer, by = issuer[0], x509.load_pem_x509_certificate(issuer[1]).subject
        serial = int.from_bytes(entropy(_SERIAL_SIZE), "big") | 1
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(by)
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(now - _BEFORE)
            .not_valid_after(now + (CA_LIFE if issuer is None else LIFE))
            .add_extension(x509.BasicConstraints(issuer is None, None), critical=True)
            .add_extension(_usage(is_ca=issuer is None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
                critical=False,
            )
            .sign(signer, hashes.SHA256())
        )
        write_durably(path, made.public_bytes(serialization.Encoding.PEM))
    return path.read_bytes()


def _name(common: str, country: Country) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, country),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
        ]
    )


def _usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=not is_ca,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
