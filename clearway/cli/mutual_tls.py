"""A listener with mutual TLS: uvicorn, what TLS proved of the caller handed on in the scope."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from typing import Any, Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class MutualTls(HttpToolsProtocol):
    """uvicorn's protocol, with what TLS proved put into each scope (ASGI TLS extension).

    uvicorn itself drops the certificate; a header could be forged, the scope cannot.
    """

    _tls: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the certificate once a connection."""
        super().connection_made(transport)
        # asyncio does this only for sockets that say they are TCP; those of a bound listener do
        # not, and a short answer would then wait 40 ms for the caller's acknowledgement.
        plain = transport.get_extra_info("socket")
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        secured = transport.get_extra_info("ssl_object")
        shown = secured.getpeercert(binary_form=True) if secured is not None else None
        self._tls = {
            "server_cert": None,
            "client_cert_chain": [ssl.DER_cert_to_PEM_cert(shown)] if shown else [],
            "client_cert_name": None,
            "client_cert_error": None,
            "tls_version": 0x0304,
            "cipher_suite": None,
        }

    def on_message_begin(self) -> None:
        """Begin a request's scope."""
        super().on_message_begin()
        self.scope["extensions"] = {"tls": self._tls}  # type: ignore[dict-item]


class TlsServer:
    """The listener in a thread of its own; use as a context manager.

    Args:
        app: an ASGI application.
        context: demands a certificate of each caller.
        listening: bound; closed at the end.
        name: of the thread.
        most_connections: further ones are refused.
    """

    def __init__(
        self,
        app: Any,
        context: ssl.SSLContext,
        listening: socket.socket,
        *,
        name: str,
        most_connections: int,
    ) -> None:
        self._listening = listening
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                http=MutualTls,
                ws="none",
                loop="asyncio",
                lifespan="off",
                ssl_context_factory=lambda config, default: context,
                limit_concurrency=most_connections,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=2,
                access_log=False,
                server_header=False,
                log_config=None,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name=name, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            threading.Event().wait(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._thread.join()
        self._listening.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    def run(self) -> None:
        """Serve in this thread until interrupted."""
        self._server.run(sockets=[self._listening])

    def stop(self) -> None:
        """Take no more calls; what is being answered is answered."""
        self._server.should_exit = True
