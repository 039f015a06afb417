"""The partners' listener: uvicorn with mutual TLS, the certificate handed on in the scope."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from clearway.api.doors import peer, witness
from clearway.api.partners import build_partner_api
from clearway.connectors.peer import tls
from clearway.errors import InputError, MustStop
from clearway.node.exchange import Exchange
from clearway.node.node import Node
from clearway.node.partnership import Partnership

# Partners are few; whoever opens more connections than this is none.
_MOST_CONNECTIONS = 256


class MutualTls(HttpToolsProtocol):
    """uvicorn's protocol, with what TLS proved put into each scope (ASGI TLS extension).

    uvicorn itself drops the certificate; a header could be forged, the scope cannot.
    """

    _tls: dict[str, Any]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the certificate once a connection."""
        super().connection_made(transport)
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


class PartnerServer:
    """The listener in a thread of its own; use as a context manager."""

    def __init__(self, partnership: Partnership, listening: socket.socket) -> None:
        self._listening = listening
        context = tls.server_context(
            partnership.tls_certificate, partnership.tls_key, partnership.trusted()
        )
        partnership.certificates.watch(lambda pem: tls.trust(context, pem))
        self._server = uvicorn.Server(
            uvicorn.Config(
                build_partner_api(partnership, (peer.router, witness.router)),
                http=MutualTls,
                ws="none",
                loop="asyncio",
                ssl_context_factory=lambda config, default: context,
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_keep_alive=60,
                timeout_graceful_shutdown=2,
                access_log=False,
                server_header=False,
                log_config=None,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="partners", daemon=True
        )
        partnership.node.on_stop(self._halt)

    def __enter__(self) -> PartnerServer:
        self._thread.start()
        while not self._server.started and self._thread.is_alive():
            threading.Event().wait(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    def _halt(self, error: MustStop) -> None:
        self._server.should_exit = True


@contextmanager
def partners_served(node: Node) -> Iterator[None]:
    """Listen for partners and take from them, as far as the settings and the agencies say.

    Raises: InputError: the address of the settings is not ours, or taken.
    """
    settings = node.settings
    partnership = Partnership(node)
    with ExitStack() as stack:
        if settings.peer_port >= 0:
            listening = _listen(settings.peer_host, settings.peer_port)
            stack.enter_context(PartnerServer(partnership, listening))
        stack.enter_context(Exchange(partnership))
        yield


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(
            f"Clearway cannot listen for partners on {host}, port {port}: {error.strerror};"
            " change the settings peer_host and peer_port, or stop what listens there"
        ) from error
