"""The authority for devices' certificates, its key in a file of its own, made at first use.

device-ca.key, device-ca.crt   issues certificates of devices, brokers and the node's consumer
device-ca.crl                  revoked certificates, for brokers; written anew after each change
broker.key, broker.crt         what the node's own broker shows
consumer.key, consumer.crt     with what the node reads from a broker

The pure part is `identity.device_certificates`. A broker or consumer certificate is made anew when
its last third begins; whoever starts the broker asks for it each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clearway.errors import ClearwayError, StorageFailure
from clearway.identity import device_certificates as certificates
from clearway.identity.device_certificates import DeviceAuthority, Issued
from clearway.node.clock import Entropy
from clearway.node.files import Folder, write_durably

# FIPS 186-5, D.1.2: more bits than the order has, so that no private value is likelier.
_KEY_ENTROPY: Final = 48
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_RENEW_SERVER: Final = timedelta(days=130)

Files = tuple[Path, Path]
"""Certificate and key, PEM."""


def authority_certificate(folder: Folder) -> Path:
    """Return where the certificate lies that devices and brokers trust."""
    return folder.root / "device-ca.crt"


def revocation_file(folder: Folder) -> Path:
    """Return where the list of revoked certificates lies."""
    return folder.root / "device-ca.crl"


def open_device_authority(
    folder: Folder, name: str, entropy: Entropy, now: datetime
) -> DeviceAuthority:
    """Return the authority for devices of this node; make it if it is not there yet.

    Args:
        name: of the agency, as the certificate shows it.
        now: from when a certificate that must be made holds, aware UTC.

    Raises: StorageFailure: a file cannot be read or written, or holds no key of P-256.
    """
    try:
        key = private_key(folder.root / "device-ca.key", entropy)
        path = authority_certificate(folder)
        if not path.exists():
            serial = entropy(certificates.SERIAL_SIZE)
            made = certificates.make_authority(f"{name[:56]} devices", key, serial, now)
            write_durably(path, made.certificate.encode("ascii"))
        return DeviceAuthority(key, path.read_text(encoding="ascii"))
    except (OSError, ValueError, ClearwayError) as error:
        raise StorageFailure(
            f"The authority for devices in {folder.root} cannot be used: {error}; restore it from"
            " a backup"
        ) from error


def broker_files(
    folder: Folder,
    authority: DeviceAuthority,
    hosts: Sequence[str],
    entropy: Entropy,
    now: datetime,
) -> Files:
    """Return certificate and key of the node's broker, made or renewed where needed.

    Args:
        hosts: names and addresses under which devices reach it.
    """

    def issue(public_key: bytes, serial: bytes) -> Issued:
        return certificates.issue_server(hosts, public_key, authority, serial, now)

    return _files(folder.root / "broker.crt", issue, entropy, now)


def consumer_files(
    folder: Folder, authority: DeviceAuthority, name: str, entropy: Entropy, now: datetime
) -> Files:
    """Return certificate and key with which the node reads from a broker.

    Args:
        name: common name that the broker's access list has for it; no device can bear it.
    """

    def issue(public_key: bytes, serial: bytes) -> Issued:
        life = certificates.SERVER_LIFE
        return certificates.issue_client(name, public_key, authority, serial, now, life)

    return _files(folder.root / "consumer.crt", issue, entropy, now)


def write_revocations(
    folder: Folder,
    authority: DeviceAuthority,
    revoked: Iterable[tuple[str, datetime]],
    now: datetime,
) -> Path:
    """Write the list of revoked certificates and return where it lies.

    Args:
        revoked: as `identity.tables_devices.list_revoked`.
        now: its number too, in seconds, so that a later list has a higher one.
    """
    listed = certificates.revocation_list(authority, revoked, int(now.timestamp()), now)
    path = revocation_file(folder)
    write_durably(path, listed.encode("ascii"))
    return path


def private_key(path: Path, entropy: Entropy) -> ec.EllipticCurvePrivateKey:
    """Return a private key of P-256 from a file of mode 0600; make it if it is not there.

    Raises: StorageFailure: the file holds no such key. OSError.
    """
    if not path.exists():
        value = int.from_bytes(entropy(_KEY_ENTROPY), "big") % (_ORDER - 1) + 1
        made = ec.derive_private_key(value, ec.SECP256R1())
        write_durably(path, certificates.private_pem(made), mode=0o600)
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StorageFailure(f"{path} holds no key of P-256; restore it from a backup")
    return key


def _files(
    path: Path, issue: Callable[[bytes, bytes], Issued], entropy: Entropy, now: datetime
) -> Files:
    key_path = path.with_suffix(".key")
    key = private_key(key_path, entropy)
    if not path.exists() or _ends_soon(path, now):
        public_key = certificates.spki(key.public_key())
        made = issue(public_key, entropy(certificates.SERIAL_SIZE))
        write_durably(path, made.pem.encode("ascii"))
    return path, key_path


def _ends_soon(path: Path, now: datetime) -> bool:
    return certificates.read(path.read_text(encoding="ascii")).not_after < now + _RENEW_SERVER
