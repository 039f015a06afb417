"""A connection to a broker: mutual TLS, never blocking once it stands."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

_CONNECT_S = 10.0
_CHUNK = 256 * 1024


class LinkLost(OSError):
    """The broker is not there, does not know us, or went away."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker listens; `name` is the one that its certificate must bear."""

    host: str
    port: int
    name: str = ""


def context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Return how a client shows its certificate, and whose brokers it trusts.

    Raises: OSError, ssl.SSLError: a file is missing or is no PEM.
    """
    made = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(authority))
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_cert_chain(str(certificate), str(key))
    return made


class Link:
    """Bytes to and from a broker. Raises: LinkLost: from every method, once it is lost."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None) -> None:
        try:
            plain = socket.create_connection((address.host, address.port), timeout=_CONNECT_S)
        except OSError as error:
            raise LinkLost(f"{address.host}:{address.port}: {error}") from error
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            name = address.name or address.host
            self._socket = plain if tls is None else tls.wrap_socket(plain, server_hostname=name)
        except OSError as error:
            plain.close()
            raise LinkLost(f"{address.host}:{address.port}: {error}") from error
        self._socket.setblocking(False)
        self._leaving = bytearray()

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close it; more than once does no harm."""
        self._socket.close()

    def receive(self) -> bytes:
        """Return what has come, at most some 256 KiB; nothing if nothing has."""
        parts: list[bytes] = []
        size = 0
        while size < _CHUNK:
            part = self._read()
            if part is None:
                break
            parts.append(part)
            size += len(part)
            if not isinstance(self._socket, ssl.SSLSocket):
                break
        return parts[0] if len(parts) == 1 else b"".join(parts)

    @property
    def holds(self) -> bool:
        """Whether deciphered bytes wait that `select` cannot see."""
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0

    def _read(self) -> bytes | None:
        try:
            part = self._socket.recv(_CHUNK)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return None
        except OSError as error:
            raise LinkLost(str(error)) from error
        if not part:
            raise LinkLost("the broker closed the connection")
        return part

    def send(self, data: bytes) -> None:
        """Send in order; what does not go at once waits for `flush`."""
        self._leaving += data

    @property
    def waiting(self) -> int:
        """Bytes that did not go yet."""
        return len(self._leaving)

    def flush(self) -> None:
        """Send what waits, as far as it goes."""
        while self._leaving:
            try:
                sent = self._socket.send(memoryview(self._leaving)[:_CHUNK].tobytes())
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                raise LinkLost(str(error)) from error
            del self._leaving[:sent]
