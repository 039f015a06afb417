"""Where the files of a foreign log come from: a folder, or an address. Nothing is believed here.

    source = open_source("https://log.example/border")
    source.fetch("checkpoint", limit=65_536)

A folder may be a stranger's archive: only plain files inside it are read, never a link or a device.
A server may be a stranger's too: no redirect is followed, no proxy or cookie used, each answer is
bounded in bytes before and after decompression, and in time.
"""

from __future__ import annotations

import os
import ssl
import stat
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from clearway.errors import InputError, NotFound, StorageFailure, TooLarge, TryLater

if TYPE_CHECKING:
    import httpx

_SECONDS = 30.0
_GZIP = 16 + zlib.MAX_WBITS


class Source(Protocol):
    """Gives the files of one log by their path under its prefix."""

    name: str

    def fetch(self, path: str, limit: int) -> bytes:
        """Return a file of at most `limit` bytes.

        Raises: NotFound: there is none. TooLarge: it has more bytes. TryLater: the server does not
        answer, or not now. StorageFailure: the file cannot be read.
        """

    def paths(self) -> Iterator[str]:
        """Yield the paths of all partial tiles and bundles that can be listed."""

    def close(self) -> None:
        """Give back what the source holds."""


def open_source(where: str) -> Source:
    """Return the source of a folder's path or an http(s) address.

    Raises: InputError: neither, or an address with a name, a query or a password in it.
    """
    if where.startswith(("http://", "https://")):
        return HttpSource(where)
    folder = Path(where)
    if not folder.is_dir():
        raise InputError(f"{where[:200]!r} is neither a folder nor an http(s) address")
    return FolderSource(folder)


class FolderSource:
    """A log that lies in a folder, as `clearway ledger export` writes it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = str(folder)

    def fetch(self, path: str, limit: int) -> bytes:
        """Return a file; see `Source.fetch`."""
        folder, name = self._within(path), path.rsplit("/", 1)[-1]
        try:
            # Not blocking, so that a pipe in the place of a file cannot hold us.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
            descriptor = os.open(folder / name, flags)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise NotFound(f"{path} is not there") from error
        except OSError as error:
            raise StorageFailure(f"{path} cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise NotFound(f"{path} is no plain file")
        with os.fdopen(descriptor, "rb") as file:
            return _require_limit(path, file.read(limit + 1), limit)

    def paths(self) -> Iterator[str]:
        """Yield the paths of the partial tiles and bundles."""
        for partials in sorted((self._folder / "tile").rglob("*.p")):
            for file in sorted(partials.iterdir()) if partials.is_dir() else ():
                yield file.relative_to(self._folder).as_posix()

    def close(self) -> None:
        """Nothing is held."""

    def _within(self, path: str) -> Path:
        """Return the real folder of a file, which must lie inside."""
        folder = (self._folder / path).parent.resolve()
        if not folder.is_relative_to(self._folder.resolve()):
            raise NotFound(f"{path} leads out of the folder")
        return folder


class HttpSource:
    """A log behind a web server.

    Args:
        seconds: for each file.
        tls: how it is known; None: by the certification authorities that this machine trusts.
    """

    def __init__(
        self, address: str, *, seconds: float = _SECONDS, tls: ssl.SSLContext | None = None
    ) -> None:
        import httpx

        self._address = _require_prefix(address)
        self._seconds = seconds
        self.name = self._address
        self._client = httpx.Client(
            follow_redirects=False,
            trust_env=False,
            timeout=seconds,
            verify=True if tls is None else tls,
            headers={"Accept-Encoding": "gzip, identity"},
        )

    def fetch(self, path: str, limit: int) -> bytes:
        """Return a file; see `Source.fetch`."""
        import httpx

        try:
            with self._client.stream("GET", f"{self._address}/{path}") as answer:
                _require_ok(path, answer)
                packed = _read(path, answer.iter_raw(), limit, time.monotonic() + self._seconds)
                encoding = answer.headers.get("content-encoding", "identity")
        except httpx.HTTPError as error:
            raise TryLater(f"{self.name} does not give {path}: {error}") from error
        return _require_limit(path, _unpack(path, packed, encoding, limit), limit)

    def paths(self) -> Iterator[str]:
        """Yield nothing: a web server lists no files."""
        return iter(())

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _require_prefix(address: str) -> str:
    import httpx

    try:
        url = httpx.URL(address)
    except httpx.InvalidURL as error:
        raise InputError(f"{address[:200]!r} is no address: {error}") from error
    if not url.host or url.userinfo or url.query or url.fragment:
        raise InputError(f"{address[:200]!r}: give the log's prefix, without name, query or mark")
    return address.rstrip("/")


def _require_ok(path: str, answer: httpx.Response) -> None:
    status = answer.status_code
    if status in (404, 410):
        raise NotFound(f"{path} is not there")
    if 300 <= status < 400:
        raise NotFound(f"{path} is answered with a redirect ({status}), which is not followed")
    if status != 200:
        raise TryLater(f"{path} is answered with {status}")


def _read(path: str, chunks: Iterator[bytes], limit: int, deadline: float) -> bytes:
    """Return the packed bytes; incompressible content grows a little in gzip."""
    most = limit + limit // 100 + 1024
    taken = bytearray()
    for chunk in chunks:
        taken += chunk
        if len(taken) > most:
            raise TooLarge(f"{path} has over {limit} bytes")
        if time.monotonic() > deadline:
            raise TryLater(f"{path} comes too slowly")
    return bytes(taken)


def _unpack(path: str, packed: bytes, encoding: str, limit: int) -> bytes:
    if encoding == "identity":
        return packed
    if encoding != "gzip":
        raise TryLater(f"{path} is answered in the encoding {encoding[:40]!r}; gzip was asked for")
    unpacker = zlib.decompressobj(_GZIP)
    try:
        return unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise TryLater(f"{path} is not the gzip that it claims to be") from error


def _require_limit(path: str, content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise TooLarge(f"{path} has over {limit} bytes")
    return content
