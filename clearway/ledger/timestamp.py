"""RFC 3161 time stamps of checkpoints: that this root existed at this time, by someone else's word.

    asked = ask(note)                              write asked as a .tsq, or post it
    answer = post("https://tsa.example/", asked)   the .tsr
    verify(note, answer, roots, asked=asked)

What is stamped is the checkpoint's TEXT, without its signatures, so that cosignatures added later
do not undo the stamp; `openssl ts -verify -data` over these lines says the same. Trust comes from
root certificates that the verifier has from elsewhere; none is taken from the answer. An answer in
which several certificates stand out of DER's order is refused by the library: choose an authority
that sends its own certificate alone, or in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import rfc3161_client
from cryptography import x509

from clearway.errors import InputError, MalformedMessage, TooLarge, TryLater, VerificationError
from clearway.ledger.note import split_note

MAX_SIZE = 64 * 1024
_SECONDS = 30.0
_QUERY = "application/timestamp-query"


@dataclass(frozen=True, slots=True)
class Stamped:
    """What a time stamp proves.

    Args:
        at: the authority's time, aware UTC.
        serial: number that the authority gave it.
        policy: object identifier of the authority's policy.
    """

    at: datetime
    serial: str
    policy: str


def ask(note: str) -> bytes:
    """Return the request (DER) for a time stamp of a checkpoint, with a fresh nonce."""
    builder = rfc3161_client.TimestampRequestBuilder().data(_text(note))
    hashed = builder.hash_algorithm(rfc3161_client.HashAlgorithm.SHA256)
    return bytes(hashed.nonce(nonce=True).cert_request(cert_request=True).build().as_bytes())


def post(url: str, asked: bytes, *, seconds: float = _SECONDS) -> bytes:
    """Return a time-stamp authority's answer (RFC 3161, 3.4: over HTTP).

    Raises: InputError: no http(s) address. TryLater: it does not answer, or with something else.
    TooLarge: over 64 kB.
    """
    import httpx

    if not url.startswith(("http://", "https://")):
        raise InputError(f"{url[:200]!r} is no http(s) address of a time-stamp authority")
    try:
        with (
            httpx.Client(follow_redirects=False, trust_env=False, timeout=seconds) as client,
            client.stream("POST", url, content=asked, headers={"Content-Type": _QUERY}) as answer,
        ):
            if answer.status_code != 200:
                raise TryLater(f"The time-stamp authority answers with {answer.status_code}")
            return _bounded(answer.iter_raw())
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise TryLater(f"The time-stamp authority does not answer: {error}") from error


def verify(
    note: str, answer: bytes, roots: Sequence[x509.Certificate], *, asked: bytes | None = None
) -> Stamped:
    """Return what an authority's answer proves about a checkpoint: offline.

    Args:
        note: signed checkpoint; its own signature is another question (`quorum.judge`).
        roots: certificates of authorities that the verifier trusts.
        asked: the request; then the answer must bear its nonce.

    Raises: VerificationError: it does not hold, or is no answer. TooLarge: over 64 kB.
    """
    if not roots:
        raise VerificationError("A time stamp is verified under a root certificate; none is given")
    parsed = _parse(answer)
    try:
        builder = rfc3161_client.VerifierBuilder(roots=list(roots), nonce=_nonce(asked))
        builder.build().verify_message(parsed, _text(note))
        info = parsed.tst_info
        return Stamped(info.gen_time, str(info.serial_number), info.policy.dotted_string)
    except (rfc3161_client.VerificationError, ValueError, x509.ExtensionNotFound) as error:
        raise VerificationError(f"The time stamp does not hold: {error}") from error


def read_roots(pem: bytes) -> list[x509.Certificate]:
    """Return the certificates of a PEM file. Raises: MalformedMessage: it holds none."""
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise MalformedMessage("This is no PEM file of root certificates") from error


def _parse(answer: bytes) -> Any:
    if len(answer) > MAX_SIZE:
        raise TooLarge(f"A time stamp has at most {MAX_SIZE} bytes, not {len(answer)}")
    try:
        parsed = rfc3161_client.decode_timestamp_response(answer)
        if parsed.status != rfc3161_client.PKIStatus.GRANTED.value:
            raise VerificationError(f"The authority refused (status {parsed.status})")
    except ValueError as error:
        raise VerificationError("This is no answer of a time-stamp authority") from error
    return parsed


def _nonce(asked: bytes | None) -> int | None:
    if asked is None:
        return None
    if len(asked) > MAX_SIZE:
        raise TooLarge(f"A request for a time stamp has at most {MAX_SIZE} bytes")
    try:
        # The library reads requests, but offers it under no public name (1.0).
        nonce = rfc3161_client._rust.parse_timestamp_request(asked).nonce
    except ValueError as error:
        raise MalformedMessage("This is no request for a time stamp") from error
    if nonce is None:
        raise MalformedMessage("The request for the time stamp bears no nonce")
    return int(nonce)


def _bounded(chunks: Any) -> bytes:
    taken = bytearray()
    for chunk in chunks:
        taken += chunk
        if len(taken) > MAX_SIZE:
            raise TooLarge(f"A time stamp has at most {MAX_SIZE} bytes")
    return bytes(taken)


def _text(note: str) -> bytes:
    return split_note(note)[0].encode()
