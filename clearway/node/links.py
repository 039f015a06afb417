"""How partners' doors are reached: by mutual TLS, pinned to what their cards bear.

partners/<fingerprint>.pem are certificates of partners, found by their hash: a memory, not a trust.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from clearway.connectors.peer import tls
from clearway.errors import BadTerm
from clearway.identity.agencies import Agency, KeyKind
from clearway.node.files import Folder, write_durably

_PATIENCE_S = 10.0


class Certificates:
    """Certificates of partners, each in a file named by its hash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._listeners: list[Callable[[str], None]] = []
        self._lock = threading.Lock()

    def find(self, fingerprint: str) -> str | None:
        """Return the certificate (PEM) of a fingerprint, None when it never came."""
        try:
            return (self._folder / f"{fingerprint}.pem").read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def add(self, pem: str) -> str:
        """Keep a certificate and return its fingerprint. Raises: BadTerm: it is none."""
        fingerprint = tls.fingerprint_of(pem)
        with self._lock:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            write_durably(self._folder / f"{fingerprint}.pem", pem.encode("ascii"))
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(pem)
        return fingerprint

    def of(self, fingerprints: Sequence[str]) -> list[str]:
        """Return those of the certificates that are here."""
        found = (self.find(fingerprint) for fingerprint in fingerprints)
        return [pem for pem in found if pem is not None]

    def watch(self, listener: Callable[[str], None]) -> None:
        """Tell `listener` of each certificate that comes from now on."""
        self._listeners.append(listener)


class Links:
    """The client's side of every door of a partner."""

    def __init__(self, folder: Folder) -> None:
        self.certificates = Certificates(folder.root / "partners")
        self._certificate, self._key = folder.tls_certificate, folder.tls_key
        self._public: ssl.SSLContext | None = None
        self._guard = threading.Lock()

    def pinned(
        self, url: str, fingerprints: Sequence[str], patience_s: float = _PATIENCE_S
    ) -> ssl.SSLContext:
        """Return mutual TLS with a partner whose certificate is one of those on its card.

        A certificate that never came is fetched from the door, and kept if its hash is right.

        Raises: VerificationError: the door shows another one. OSError: it cannot be reached.
        BadTerm: the address is not https.
        """
        held = self.certificates.of(fingerprints)
        if len(held) < len(fingerprints) and url:
            self.certificates.add(tls.fetch(url, fingerprints, patience_s))
            held = self.certificates.of(fingerprints)
        return tls.client_context(self._certificate, self._key, held)

    def to(self, agency: Agency, url: str, at: datetime) -> ssl.SSLContext:
        """Return the TLS for an address on a card.

        At the agency's own door (host and port of its `url`) the pin counts; elsewhere, as at a
        proxy that it shows to everybody, the certification authorities that this machine trusts.

        Raises: as `pinned`.
        """
        fingerprints = agency.keys_at(KeyKind.TLS, at)
        if fingerprints and url.startswith("https:") and _door(url) == _door(agency.url):
            return self.pinned(url, fingerprints)
        with self._guard:
            if self._public is None:
                self._public = ssl.create_default_context()
            return self._public


def _door(url: str) -> tuple[str, int] | None:
    try:
        return tls.address(url)
    except BadTerm:
        return None
