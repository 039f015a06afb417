"""A reader of CBOR (RFC 8949) for strangers' bytes: only what COSE needs, every limit stated.

Taken: integers, byte and text strings, arrays, maps, true, false, null, and tags where the caller
names them. Refused: indefinite lengths, floats and other simple values, unknown tags, a key twice
in a map, keys other than integers and text, bytes after the end, and depth or items over the
limits. Integers need not be in their shortest form: COSE does not ask it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from clearway.errors import MalformedMessage

MAX_DEPTH = 16
MAX_ITEMS = 4096

_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG, _SIMPLE = range(8)
_VALUES = {20: False, 21: True, 22: None}


@dataclass(frozen=True, slots=True)
class Tagged:
    """A value with its tag."""

    tag: int
    value: Any


def read(data: bytes, tags: Collection[int] = ()) -> Any:
    """Return the one value that these bytes are.

    Args:
        data: of bounded length; the caller sees to that.
        tags: that may occur; they come back as `Tagged`.

    Raises: MalformedMessage: not CBOR, or outside the limits above.
    """
    reader = _Reader(data, frozenset(tags))
    value = reader.item(0)
    if reader.place != len(data):
        raise MalformedMessage(f"CBOR: {len(data) - reader.place} bytes follow after the end")
    return value


class _Reader:
    def __init__(self, data: bytes, tags: frozenset[int]) -> None:
        self.data = data
        self.tags = tags
        self.place = 0
        self.items = 0

    def item(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise MalformedMessage(f"CBOR: nested deeper than {MAX_DEPTH}")
        self.items += 1
        if self.items > MAX_ITEMS:
            raise MalformedMessage(f"CBOR: over {MAX_ITEMS} items")
        kind, number = self._head()
        if kind == _UNSIGNED:
            return number
        if kind == _NEGATIVE:
            return -1 - number
        if kind in (_BYTES, _TEXT):
            return self._string(kind, number)
        return self._nested(kind, number, depth + 1)

    def _nested(self, kind: int, number: int, depth: int) -> Any:
        if kind == _ARRAY:
            self._require_items(number)
            return [self.item(depth) for _ in range(number)]
        if kind == _MAP:
            return self._map(number, depth)
        if kind == _TAG:
            if number not in self.tags:
                raise MalformedMessage(f"CBOR: tag {number} has no place here")
            return Tagged(number, self.item(depth))
        return _VALUES[number]

    def _head(self) -> tuple[int, int]:
        first = self._take(1)[0]
        kind, short = first >> 5, first & 31
        if kind == _SIMPLE and short not in _VALUES:
            raise MalformedMessage("CBOR: floats, simple values and breaks have no place here")
        if short < 24:
            return kind, short
        if short > 27:
            raise MalformedMessage("CBOR: indefinite lengths are not taken")
        return kind, int.from_bytes(self._take(1 << (short - 24)), "big")

    def _string(self, kind: int, size: int) -> bytes | str:
        value = self._take(size)
        if kind == _BYTES:
            return value
        try:
            return value.decode()
        except UnicodeDecodeError as error:
            raise MalformedMessage("CBOR: a text is not UTF-8") from error

    def _map(self, number: int, depth: int) -> dict[int | str, Any]:
        self._require_items(2 * number)
        members: dict[int | str, Any] = {}
        for _ in range(number):
            key = self.item(depth)
            if type(key) not in (int, str):
                raise MalformedMessage("CBOR: the key of a map is neither integer nor text")
            if key in members:
                raise MalformedMessage(f"CBOR: the key {key!r:.40} occurs twice in a map")
            members[key] = self.item(depth)
        return members

    def _require_items(self, number: int) -> None:
        if number > MAX_ITEMS:
            raise MalformedMessage(f"CBOR: over {MAX_ITEMS} items")

    def _take(self, size: int) -> bytes:
        value = self.data[self.place : self.place + size]
        if len(value) != size:
            raise MalformedMessage("CBOR: the bytes end too early")
        self.place += size
        return value
