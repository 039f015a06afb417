"""What is around the readings of a signed batch: who, which numbers, what came before. Pure.

    18([<<{1: -8, 4: h'04baeb2a1ff9743f'}>>, {}, <<payload>>, h'... 64 bytes'])

    payload = [1, "reefer-0817", "CSQU3054383", "2026-02-14a",   form, device, container, boot_id
               2304, 50, h'... 32 bytes', <<columns>>]           first seq, count, previous digest

Reading it does not read the columns, so a store finds a batch's place in its chain cheaply.
`formats/signed.py` reads and writes the whole; docs/design/device.md is the specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import cbor2

from clearway.coldchain.chain import NOTHING, Link
from clearway.coldchain.intake import LARGEST_SEQ, MOST_READINGS
from clearway.errors import MalformedMessage, TooLarge
from clearway.ledger import cbor, cose

FORM = 1
MAX_SIZE = 64 * 1024
"""A thousand readings of a unit with eight probes take at most about 40 KiB."""

KEY_ID_SIZE = 8
_DIGEST_SIZE = len(NOTHING)
_ALGORITHMS = (cose.EDDSA, cose.ED25519, cose.ES256)
_SIGNATURE_SIZE = 64
_LONGEST_NAME = 64


@dataclass(frozen=True, slots=True)
class Envelope:
    """A signed batch whose columns were not read; nothing in it is verified.

    Args:
        device, container, boot_id: as the payload has them.
        first_seq, count: numbers of the readings, without a gap.
        previous: digest of the batch before, `chain.NOTHING` for none.
        columns: the readings, for `formats.deltas`.
        digest: of this batch: SHA-256 of the payload.
        key_id: which key is said to have signed; a hint, no proof.
        message: as `cose.read_sign1` gave it.
    """

    device: str
    container: str
    boot_id: str
    first_seq: int
    count: int
    previous: bytes
    columns: bytes
    digest: bytes
    key_id: bytes
    message: cose.Sign1

    @property
    def link(self) -> Link:
        """The batch as a link of its device's chain."""
        last = self.first_seq + self.count - 1
        return Link(self.boot_id, self.first_seq, last, self.previous, self.digest, self.key_id)


def read(data: bytes) -> Envelope:
    """Read what is around the readings. Every size is bounded before anything is computed.

    Raises: TooLarge: over `MAX_SIZE`, or over a thousand readings. MalformedMessage: not of this
    form.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(
            f"A signed batch has at most {MAX_SIZE:,} bytes; this one has {len(data):,}. Send it"
            " in parts",
            limit="size_bytes",
        )
    message = cose.read_sign1(data)
    key_id = _key_id(message)
    if message.unprotected or not message.payload or len(message.signature) != _SIGNATURE_SIZE:
        raise MalformedMessage(
            "A signed batch has no unprotected header, a payload inside, and a signature of"
            f" {_SIGNATURE_SIZE} bytes"
        )
    return _read_payload(message, message.payload, key_id)


def write_payload(
    device: str,
    container: str,
    boot_id: str,
    first_seq: int,
    count: int,
    previous: bytes,
    columns: bytes,
) -> bytes:
    """Return what a device signs, in its one form."""
    return cbor2.dumps([FORM, device, str(container), boot_id, first_seq, count, previous, columns])


def _key_id(message: cose.Sign1) -> bytes:
    header = message.header
    if header.keys() != {cose.ALG, cose.KID} or header[cose.ALG] not in _ALGORITHMS:
        raise MalformedMessage(
            "The protected header of a signed batch has the algorithm (1: -8, -19 or -7) and the"
            " key id (4), nothing else"
        )
    key_id = header[cose.KID]
    if not isinstance(key_id, bytes) or len(key_id) != KEY_ID_SIZE:
        raise MalformedMessage(f"The key id (4) of a signed batch has {KEY_ID_SIZE} bytes")
    return key_id


def _read_payload(message: cose.Sign1, payload: bytes, key_id: bytes) -> Envelope:
    match cbor.read(payload):
        case [
            int(form),
            str(device),
            str(container),
            str(boot_id),
            int(first),
            int(count),
            bytes(previous),
            bytes(columns),
        ] if form == FORM and len(previous) == _DIGEST_SIZE:
            _require_numbers(first, count)
            if max(map(len, (device, container, boot_id))) > _LONGEST_NAME:
                raise MalformedMessage(f"A name in a batch has at most {_LONGEST_NAME} characters")
            parts = device, container, boot_id, first, count, previous, columns
            if write_payload(*parts) != payload:
                raise MalformedMessage("The payload is not in its shortest form (RFC 8949, 4.2.1)")
            return Envelope(*parts, sha256(payload).digest(), key_id, message)
    raise MalformedMessage(
        f"The payload of a signed batch is [{FORM}, device, container, boot_id, first seq, count,"
        f" previous digest of {_DIGEST_SIZE} bytes, columns]"
    )


def _require_numbers(first: int, count: int) -> None:
    if isinstance(first, bool) or isinstance(count, bool) or count < 1:
        raise MalformedMessage("The first seq and the count of a batch are whole numbers")
    if count > MOST_READINGS:
        raise TooLarge(f"A batch has at most {MOST_READINGS:,} readings, not {count}")
    if not 0 <= first <= LARGEST_SEQ - count:
        raise MalformedMessage(f"The numbers of readings lie between 0 and {LARGEST_SEQ}")
