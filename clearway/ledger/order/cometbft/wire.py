"""The wire format of protocol buffers, as far as ABCI needs it: pure, bounded, strict.

A message is described by its fields; `decode` gives a dict with a default for each absent field
(proto3), `encode` leaves defaults out. Fields that the description does not name are passed over,
so a newer engine may say more than we know. Groups (wire types 3 and 4) are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clearway.errors import MalformedMessage

Kind = Literal["int", "bytes", "text", "message"]
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MASK = (1 << 64) - 1
_SIGN = 1 << 63
_DEFAULTS: dict[str, Any] = {"int": 0, "bytes": b"", "text": "", "message": None}


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Args:
        kind: `int` is any of the varint types; 64 bits, signed.
        of: description of the inner message, for the kind `message`.
    """

    number: int
    kind: Kind
    many: bool = False
    of: Message | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message: its fields by name."""

    name: str
    fields: Mapping[str, Field]


def encode(message: Message, values: Mapping[str, Any]) -> bytes:
    """Return the bytes of a message, fields in the order of their description."""
    parts: list[bytes] = []
    for name, field in message.fields.items():
        value = values.get(name)
        if field.many:
            parts += [_encode_field(field, each) for each in value or ()]
        elif value is not None and (field.kind == "message" or value != _DEFAULTS[field.kind]):
            parts.append(_encode_field(field, value))
    return b"".join(parts)


def decode(message: Message, data: bytes) -> dict[str, Any]:
    """Return the fields of a message. Raises: MalformedMessage: not in form."""
    values: dict[str, Any] = {
        name: [] if field.many else _DEFAULTS[field.kind] for name, field in message.fields.items()
    }
    known = {field.number: (name, field) for name, field in message.fields.items()}
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        value, at = _read_value(data, at, tag & 7)
        name, field = known.get(tag >> 3, ("", None))
        if field is None:
            continue
        decoded = _decode_field(message, name, field, value)
        if field.many:
            values[name] += decoded if type(decoded) is list else [decoded]
        else:
            values[name] = decoded
    return values


def varint(value: int) -> bytes:
    """Return an integer of 64 bits; a negative one in two's complement."""
    value &= _MASK
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """Return the unsigned integer at a place and the place behind it."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            if value > _MASK:
                break
            return value, at
    raise MalformedMessage(f"The integer at byte {at} ends early or has over 64 bits")


def _read_value(data: bytes, at: int, kind: int) -> tuple[int | bytes, int]:
    if kind == _VARINT:
        return read_varint(data, at)
    size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
    if kind == _BYTES:
        size, at = read_varint(data, at)
    if size is None:
        raise MalformedMessage(f"Wire type {kind} is not taken")
    if size > len(data) - at:
        raise MalformedMessage(f"A field of {size} bytes ends after {len(data) - at}")
    return data[at : at + size], at + size


def _decode_field(message: Message, name: str, field: Field, value: int | bytes) -> Any:
    if field.kind == "int":
        return _signed(value) if isinstance(value, int) else _packed(message, name, field, value)
    if not isinstance(value, bytes):
        raise MalformedMessage(f"The field {name} of {message.name} is a number")
    if field.kind == "bytes":
        return value
    if field.kind == "text":
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise MalformedMessage(f"The field {name} of {message.name} is not UTF-8") from error
    return decode(_inner(field), value)


def _packed(message: Message, name: str, field: Field, value: bytes) -> list[int]:
    if not field.many:
        raise MalformedMessage(f"The field {name} of {message.name} is not a number")
    numbers, at = [], 0
    while at < len(value):
        number, at = read_varint(value, at)
        numbers.append(_signed(number))
    return numbers


def _encode_field(field: Field, value: Any) -> bytes:
    if field.kind == "int":
        return varint(field.number << 3) + varint(value)
    if field.kind == "message":
        value = encode(_inner(field), value)
    elif field.kind == "text":
        value = value.encode()
    content = bytes(value)
    return varint(field.number << 3 | _BYTES) + varint(len(content)) + content


def _inner(field: Field) -> Message:
    if field.of is None:
        raise MalformedMessage(f"Field {field.number} has no description of its message")
    return field.of


def _signed(value: int) -> int:
    return value - (1 << 64) if value & _SIGN else value
