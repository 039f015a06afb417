"""The folder of a hub: its authority, its door's certificate, its directory, its letters.

authority.crt authority.key    signs members' certificates
trusted.pem                    authorities whose client certificates are looked at
hub.crt hub.key                of the door
directory.json                 who takes part, and what each country can take
lists.json                     code lists; absent: the samples of this system
hub.db                         the letters
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from clearway.connectors.ippc_hub import directory as directories
from clearway.connectors.ippc_hub import reference, tls
from clearway.connectors.ippc_hub.directory import Allowed, Directory, Member
from clearway.errors import InputError, StorageFailure
from clearway.node.clock import Clock, Entropy
from clearway.node.files import write_durably
from clearway.terms.places import Country

# What a member can take unless its directory entry says otherwise: phytosanitary certificates and
# those for re-export, issued, withdrawn or replaced.
USUAL: Final = (Allowed(851, (70, 40, 44)), Allowed(657, (70, 40, 44)))


@dataclass(frozen=True, slots=True)
class HubFolder:
    """Paths inside the folder."""

    root: Path

    @property
    def authority(self) -> Path:
        """Certificate of the hub's own authority: what members pin."""
        return self.root / "authority.crt"

    @property
    def authority_key(self) -> Path:
        """Its private key."""
        return self.root / "authority.key"

    @property
    def trusted(self) -> Path:
        """Authorities of client certificates."""
        return self.root / "trusted.pem"

    @property
    def certificate(self) -> Path:
        """Of the door."""
        return self.root / "hub.crt"

    @property
    def key(self) -> Path:
        """Of the door."""
        return self.root / "hub.key"

    @property
    def directory(self) -> Path:
        """Who takes part."""
        return self.root / "directory.json"

    @property
    def lists(self) -> Path:
        """Code lists of this hub's own."""
        return self.root / "lists.json"

    @property
    def database(self) -> Path:
        """The letters."""
        return self.root / "hub.db"


def create(folder: HubFolder, hosts: tuple[str, ...], clock: Clock, entropy: Entropy) -> None:
    """Make a new hub. Raises: InputError: there is one. StorageFailure: it cannot be written."""
    if folder.authority_key.exists():
        raise InputError(f"{folder.root} holds a hub already; choose another folder")
    own = tls.authority("Hub authority", _key(), _serial(entropy), clock())
    door = tls.issue(own, hosts[0], _key(), _serial(entropy), clock(), hosts=hosts)
    try:
        folder.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(folder.authority, own.certificate.encode())
        write_durably(folder.trusted, own.certificate.encode())
        _write_pair(door, folder.certificate, folder.key)
        write_durably(folder.directory, directories.write(Directory()))
        write_durably(folder.authority_key, own.key.encode(), mode=0o600)
    except OSError as error:
        raise StorageFailure(f"{folder.root} cannot be written: {error.strerror}") from error


def enrol(
    folder: HubFolder, country: str, out: Path, name: str, clock: Clock, entropy: Entropy
) -> Member:
    """Make a client certificate for a country and write it into the directory.

    A country that is there gets one more: both hold, until the older one is taken out.

    Raises: InputError, BadTerm: no such hub or country. StorageFailure.
    """
    own = tls.Pair(_text(folder.authority), _text(folder.authority_key))
    made = tls.issue(own, f"NPPO of {Country(country)}", _key(), _serial(entropy), clock())
    known = read_directory(folder)
    member = known.find(country) or Member(country, name, allowed=USUAL)
    member = replace(
        member, name=name or member.name, certificates=(*member.certificates, made.fingerprint)
    )
    others = tuple(each for each in known.members if each.country != country)
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write_pair(made, out / f"{country}.crt", out / f"{country}.key")
        write_durably(out / "hub-authority.crt", own.certificate.encode())
        changed = Directory((*others, member), known.channels)
        write_durably(folder.directory, directories.write(changed))
    except OSError as error:
        raise StorageFailure(f"{error.filename} cannot be written: {error.strerror}") from error
    return member


def read_directory(folder: HubFolder) -> Directory:
    """Return who takes part. Raises: InputError: the file is missing or cannot be read."""
    return directories.read(_text(folder.directory).encode())


def read_lists(folder: HubFolder) -> reference.Lists:
    """Return the hub's code lists. Raises: InputError: they cannot be read."""
    if not folder.lists.exists():
        return reference.sample()
    return reference.read(_text(folder.lists).encode())


def _write_pair(pair: tls.Pair, certificate: Path, key: Path) -> None:
    write_durably(key, pair.key.encode(), mode=0o600)
    write_durably(certificate, pair.certificate.encode())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} cannot be read ({error}); make a hub with: clearway hub init"
        ) from error


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _serial(entropy: Entropy) -> int:
    return int.from_bytes(entropy(16), "big") >> 1 | 1
