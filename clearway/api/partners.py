"""The doors that only partner agencies reach: mutual TLS, identity from the certificate alone.

The listener puts the certificate of the connection into the scope as the ASGI TLS extension names
it; a header can say what it likes. The trust store decides who may speak TLS with us, the table of
agencies decides at each request whose certificate it is: who left is refused on an open connection.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request

from clearway import __version__
from clearway.api.problems import install
from clearway.connectors.peer.model import Partner
from clearway.errors import NotAuthenticated, Refused
from clearway.node.partnership import Partnership


def build_partner_api(partnership: Partnership, routers: tuple[APIRouter, ...]) -> FastAPI:
    """Return the application of the partners' listener: these doors and no others."""
    app = FastAPI(
        title="Clearway, for partner agencies",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.node = partnership.node
    app.state.partnership = partnership
    app.state.busy = set()
    install(app)
    for router in routers:
        app.include_router(router)
    return app


def partnership_of(request: Request) -> Partnership:
    """Return the partnership behind this listener. Raises: the reason why the node stopped."""
    found: Partnership = request.app.state.partnership
    if found.node.failure is not None:
        raise found.node.failure
    return found


def certificate_of(scope: Any) -> bytes:
    """Return the caller's certificate (DER) as TLS proved it.

    Raises: NotAuthenticated: there is none: this is no connection of the partners' listener.
    """
    chain = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain") or []
    if not chain:
        raise NotAuthenticated("Partners come in by mutual TLS, each with its own certificate")
    return ssl.PEM_cert_to_DER_cert(chain[0])


def partner_of(
    request: Request, partnership: Annotated[Partnership, Depends(partnership_of)]
) -> Partner:
    """Return which agency calls. Raises: NotAuthenticated, Refused: none that takes part."""
    partner = partnership.partner_by_certificate(certificate_of(request.scope))
    if partner is None:
        raise Refused("This certificate belongs to no agency that takes part here")
    return partner


Find = Callable[[Request], Partner]
ThePartnership = Annotated[Partnership, Depends(partnership_of)]
ThePartner = Annotated[Partner, Depends(partner_of)]
