"""Signing and verifying a webhook in the way of Standard Webhooks (symmetric, `v1`).

    webhook-id: msg_...
    webhook-timestamp: 1772452800
    webhook-signature: v1,<base64 of HMAC-SHA256(secret, "<id>.<timestamp>.<body>")>

Several signatures stand apart by blanks; a receiver accepts one that fits. The id is the same at
each attempt and names the message; the timestamp is that of the attempt.

Source: Standard Webhooks specification 1.0, sections on headers and signature scheme.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from clearway.errors import InputError, MalformedMessage

PREFIX = "whsec_"
TOLERANCE = timedelta(minutes=5)
LARGEST_HEADER = 4_096

_CONTEXT = b"clearway-webhook/1\n"


class WrongSignature(InputError):
    """A webhook that nobody who knows the secret signed, or that is too old to be taken."""

    code = "wrong_webhook_signature"
    title = "The webhook is not what it claims"
    status = 401


def secret_of(key: bytes, address: str, generation: int) -> bytes:
    """Return the secret of an address: 32 bytes, derived from the node's key, never stored.

    Args:
        key: of the node, 32 bytes.
        generation: counts how often it was made anew.
    """
    return hmac.digest(key, _CONTEXT + f"{address}\n{generation}".encode(), "sha256")


def shown(secret: bytes) -> str:
    """Return a secret as its receiver gets it."""
    return PREFIX + base64.b64encode(secret).decode()


def read_secret(text: str) -> bytes:
    """Return the bytes of a secret. Raises: MalformedMessage: it is none."""
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise MalformedMessage("a webhook secret is whsec_ and base64") from error


def headers(id: str, at: datetime, body: bytes, secrets: Iterable[bytes]) -> dict[str, str]:
    """Return the headers of one attempt.

    Args:
        at: of the attempt, aware UTC.
        secrets: that sign it, the newest first.
    """
    stamp = str(int(at.timestamp()))
    signed = f"{id}.{stamp}.".encode() + body
    return {
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_sign(signed, secret) for secret in secrets),
    }


def verify(given: Mapping[str, str], body: bytes, secret: bytes, now: datetime) -> str:
    """Return the id of a webhook that was signed with a secret a short while ago.

    For whoever receives one; the headers' names are in small letters.

    Raises: WrongSignature: a header is missing, it is too old or too new, or nothing fits.
    """
    try:
        id, stamp = given["webhook-id"], given["webhook-timestamp"]
        signatures = given["webhook-signature"]
    except KeyError as error:
        raise WrongSignature(f"the header {error.args[0]} is missing") from error
    if len(signatures) > LARGEST_HEADER or not (stamp.isascii() and stamp.isdigit()):
        raise WrongSignature("webhook-timestamp must be whole seconds since 1970")
    if abs(now.timestamp() - int(stamp[:12])) > TOLERANCE.total_seconds():
        raise WrongSignature(f"webhook-timestamp {stamp[:12]} is not within {TOLERANCE} of now")
    expected = _sign(f"{id}.{stamp}.".encode() + body, secret).encode()
    fits = [hmac.compare_digest(one.encode(), expected) for one in signatures.split(" ")]
    if not any(fits):
        raise WrongSignature("no signature fits; look whether the secret was made anew")
    return id


def _sign(signed: bytes, secret: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(secret, signed, sha256).digest()).decode()
