"""The partners' listener: mutual TLS, the certificate handed on in the scope."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from clearway.api.doors import peer, peer_lists, tiles, witness
from clearway.api.partners import build_partner_api
from clearway.cli.mutual_tls import TlsServer
from clearway.connectors.peer import tls
from clearway.errors import InputError, MustStop
from clearway.node.exchange import Exchange
from clearway.node.node import Node
from clearway.node.partnership import Partnership

# Partners are few; whoever opens more connections than this is none.
_MOST_CONNECTIONS = 256


class PartnerServer(TlsServer):
    """The partners' listener."""

    def __init__(self, partnership: Partnership, listening: socket.socket) -> None:
        context = tls.server_context(
            partnership.tls_certificate, partnership.tls_key, partnership.trusted()
        )
        partnership.certificates.watch(lambda pem: tls.trust(context, pem))
        super().__init__(
            build_partner_api(
                partnership, (peer.router, peer_lists.router, witness.router, tiles.router)
            ),
            context,
            listening,
            name="partners",
            most_connections=_MOST_CONNECTIONS,
        )
        partnership.node.on_stop(self._halt)

    def _halt(self, error: MustStop) -> None:
        self.stop()


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
