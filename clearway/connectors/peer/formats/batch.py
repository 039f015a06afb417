"""The batch as bytes: MessagePack, read into one strict shape.

    [ "clearway-peer-batch/1", head, checkpoint, [hash, ...], [hash, ...], sealed ]

and inside the seal

    [ [seq, envelope, salt, opened], ... ]

Hashes are 32 raw bytes. MessagePack, and not JSON, because an envelope is JSON already: escaped
once more and in base64 it would be half as long again.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from clearway.connectors.peer.formats.head import BATCH
from clearway.connectors.peer.model import (
    MOST_BATCH,
    MOST_CONTENT,
    MOST_FACTS,
    MOST_HASHES,
    MOST_NOTE,
    Batch,
    Item,
)
from clearway.errors import MalformedMessage, TooLarge
from clearway.ledger.merkle import HASH_SIZE

COSIGNED = "clearway-peer-cosigned/1"
MEDIA_TYPE = "application/vnd.clearway.peer-batch"


class _Wire(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    form: str
    head: str
    checkpoint: str
    consistency: list[bytes]
    proof: list[bytes]
    sealed: bytes


class _Item(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    seq: int
    envelope: bytes
    salt: bytes
    opened: bytes


class _Cosigned(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    form: str
    note: str
    consistency: list[bytes]


_encoder = msgspec.msgpack.Encoder()
_batch = msgspec.msgpack.Decoder(_Wire)
_cosigned = msgspec.msgpack.Decoder(_Cosigned)
_items = msgspec.msgpack.Decoder(list[_Item])


def emit(batch: Batch) -> bytes:
    """Return the bytes of a batch."""
    return _encoder.encode(
        _Wire(
            BATCH,
            batch.head,
            batch.checkpoint,
            list(batch.consistency),
            list(batch.proof),
            batch.sealed,
        )
    )


def parse(data: bytes) -> Batch:
    """Read a batch; nothing in it is verified yet.

    Raises: TooLarge: over a limit of `model`. MalformedMessage: not of the form above.
    """
    if len(data) > MOST_BATCH:
        raise TooLarge(f"A batch has at most {MOST_BATCH} bytes; this one has {len(data)}")
    try:
        wire = _batch.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedMessage(f"This is not a batch: {error}") from error
    if wire.form != BATCH:
        raise MalformedMessage(f"This batch is of the form {wire.form[:40]!r}, not {BATCH!r}")
    if len(wire.head) > MOST_NOTE or len(wire.checkpoint) > MOST_NOTE:
        raise TooLarge(f"A signed text of the exchange has at most {MOST_NOTE} characters")
    return Batch(
        wire.head,
        wire.checkpoint,
        _hashes("consistency proof", wire.consistency, 128),
        _hashes("proof", wire.proof, MOST_HASHES),
        wire.sealed,
    )


def emit_items(items: Iterable[Item]) -> bytes:
    """Return the bytes that are sealed."""
    return _encoder.encode(
        [_Item(item.seq, item.envelope, item.salt, item.opened) for item in items]
    )


def parse_items(data: bytes) -> list[Item]:
    """Read what was sealed. Raises: TooLarge. MalformedMessage: not of the form above."""
    if len(data) > MOST_CONTENT:
        raise TooLarge(f"The content of a batch has at most {MOST_CONTENT} bytes")
    try:
        items = _items.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedMessage(f"The content of a batch cannot be read: {error}") from error
    if len(items) > MOST_FACTS:
        raise TooLarge(f"A batch has at most {MOST_FACTS} facts; this one has {len(items)}")
    return [Item(item.seq, item.envelope, item.salt, item.opened) for item in items]


def emit_cosigned(note: str, consistency: Iterable[bytes]) -> bytes:
    """Return the bytes of a checkpoint with the proof that leads to the one that a taker holds."""
    return _encoder.encode(_Cosigned(COSIGNED, note, list(consistency)))


def parse_cosigned(data: bytes) -> tuple[str, tuple[bytes, ...]]:
    """Read a checkpoint and its proof; nothing is verified yet. Raises: as `parse`."""
    if len(data) > 2 * MOST_NOTE:
        raise TooLarge(f"A cosigned checkpoint has at most {2 * MOST_NOTE} bytes")
    try:
        wire = _cosigned.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedMessage(f"This is not a cosigned checkpoint: {error}") from error
    if wire.form != COSIGNED or len(wire.note) > MOST_NOTE:
        raise MalformedMessage(f"This is not of the form {COSIGNED!r}, or too long")
    return wire.note, _hashes("consistency proof", wire.consistency, 128)


def _hashes(name: str, values: list[bytes], most: int) -> tuple[bytes, ...]:
    if len(values) > most:
        raise TooLarge(f"The {name} of a batch has at most {most} hashes, not {len(values)}")
    for value in values:
        if len(value) != HASH_SIZE:
            raise MalformedMessage(f"A hash of the {name} has {len(value)} bytes, not {HASH_SIZE}")
    return tuple(values)
