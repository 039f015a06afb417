"""The hub's door: an ASGI application for a listener with mutual TLS.

The caller is known by the certificate that TLS proved, from the scope's `tls` extension; a header
could be forged. Order: who is it, how much may it do, how large is the body, then the XML. Every
refusal is a SOAP fault with a sentence. The answer to a change leaves after its durable commit.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, Final

import structlog

from clearway.connectors.ippc_hub.bounds import Bounds
from clearway.connectors.ippc_hub.directory import Member
from clearway.connectors.ippc_hub.formats import soap, wsdl
from clearway.connectors.ippc_hub.service import Service
from clearway.errors import (
    ClearwayError,
    InputError,
    MustStop,
    NotAuthenticated,
    NotFound,
    Refused,
    TooLarge,
    TryLater,
)
from clearway.wire.limits import Limits

PATH: Final = "/hub/DeliveryService"
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
logger = structlog.get_logger()

# Escaped XML and the envelope around a content of the largest size.
_ROOM: Final = 1 << 20
_FAULTS: Final[tuple[type[ClearwayError], ...]] = (
    InputError,
    NotFound,
    Refused,
    NotAuthenticated,
)


class HubServer:
    """Use as `app` of an ASGI server whose protocol hands on client certificates.

    Args:
        address: under which countries reach it, for the WSDL: https://host:port.
    """

    def __init__(self, service: Service, address: str) -> None:
        self._service = service
        self._wsdl = wsdl.emit(address.rstrip("/") + PATH)
        self._bounds = Bounds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        try:
            member = self._caller(scope)
            if scope["path"].rstrip("/") != PATH:
                raise NotFound(f"The service is at {PATH}")
            if scope["method"] == "GET":
                await _reply(send, 200, self._wsdl)
                return
            answer = await self._operate(member, scope, receive)
            await _reply(send, 200, answer)
        except ClearwayError as error:
            await _refuse(send, error)

    def _caller(self, scope: Scope) -> Member:
        chain = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain", ())
        if not chain:
            raise NotAuthenticated("Show the TLS client certificate of your authority")
        shown = _fingerprint(chain[0])
        member = self._service.directory.of_certificate(shown)
        if member is None:
            raise Refused(
                f"The certificate with the SHA-256 {shown} is no member's; ask the hub's operator"
                " to enrol it"
            )
        self._bounds.require(member, self._service.clock().timestamp())
        return member

    async def _operate(self, member: Member, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        most = member.content_bytes * 2 + _ROOM
        if scope["method"] != "POST":
            raise InputError("Call an operation with POST; GET gives the WSDL")
        body = await _read(headers.get(b"content-length"), receive, most)
        limits = Limits(most, soap.LIMITS.depth, soap.LIMITS.nodes, soap.LIMITS.attributes)
        action = headers.get(b"soapaction", b"").decode("latin-1")
        operation, value = soap.parse_request(body, action, limits)
        given = await self._service.answer(member, operation.name, value)
        return soap.emit_response(operation, given)


@lru_cache(maxsize=4_096)
def _fingerprint(pem: str) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


async def _read(announced: bytes | None, receive: Receive, most: int) -> bytes:
    """Return the body. Raises: TooLarge: announced or sent beyond `most`; nothing more is read."""
    if announced is not None and (not announced.isdigit() or int(announced[:12]) > most):
        raise TooLarge(f"The message has over {most:,} bytes", limit="size_bytes")
    taken = bytearray()
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise InputError("The connection ended within the message")
        taken += event.get("body", b"")
        if len(taken) > most:
            raise TooLarge(f"The message has over {most:,} bytes", limit="size_bytes")
        if not event.get("more_body", False):
            return bytes(taken)


async def _refuse(send: Send, error: ClearwayError) -> None:
    """Answer with a fault; storage errors are told without their insides."""
    detail = error.detail
    if isinstance(error, MustStop):
        logger.critical("hub_must_stop", detail=detail)
        detail = "The hub cannot store anything now; send it again later"
    code = "MustUnderstand" if isinstance(error, soap.NotUnderstood) else ""
    fault = soap.emit_fault(detail, is_callers=isinstance(error, _FAULTS), code=code)
    more = []
    if isinstance(error, TryLater):
        more.append((b"retry-after", str(error.retry_after_s).encode()))
    if isinstance(error, TooLarge):
        more.append((b"connection", b"close"))  # what is left of the body is not read
    await _reply(send, _status(error), fault, more)


def _status(error: ClearwayError) -> int:
    """Return 500, as SOAP 1.1 asks of a fault, but where HTTP itself must say it."""
    if isinstance(error, TryLater | MustStop):
        return 503
    if isinstance(error, TooLarge | NotAuthenticated | Refused):
        return error.status
    return 500


async def _reply(
    send: Send, status: int, body: bytes, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [
        (b"content-type", b"text/xml; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *(more or ()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
