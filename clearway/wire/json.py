"""JSON from strangers (RFC 8259, and I-JSON's unique names): limits before meaning.

Refused: bytes that are not UTF-8, the same name twice in one object, NaN and Infinity, numbers of
more digits than anyone needs, lone surrogates, deep nesting, many values. Numbers with a fraction
or exponent come back as `Decimal`, exactly as written; whole numbers as `int`.

    json.parse(b'{"mass": 0.1}')    # {"mass": Decimal("0.1")}
"""

from __future__ import annotations

import codecs
import json
import re
from collections import Counter
from decimal import Decimal
from itertools import accumulate
from typing import Any, NoReturn

from clearway.errors import MalformedMessage, TooLarge
from clearway.wire.limits import STANDARD, Limits, decode_utf8, require_size

# A string, or the rest of the text when a string never ends: so the scan is linear.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_STRUCTURE = bytes(set(range(256)) - set(b"[]{},"))
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1, ord(","): 0}
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
# Decimal would take an exponent of 18 digits, and whoever turned it to an int would be lost.
_LARGEST_EXPONENT = 999


def parse(data: bytes, *, limits: Limits = STANDARD) -> Any:
    """Return the value of a JSON text.

    Raises:
        MalformedMessage: not JSON, not UTF-8, or a name stands twice; names the line.
        TooLarge: over one of `limits`.
    """
    require_size(data, limits)
    bare = data.removeprefix(codecs.BOM_UTF8)
    text = decode_utf8(bare)
    _require_shape(bare, limits)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=Decimal,
        )
    except json.JSONDecodeError as error:
        raise MalformedMessage(
            f"Line {error.lineno:,}, column {error.colno:,}: this is not JSON: {error.msg}",
            line=error.lineno,
            column=error.colno,
        ) from error
    if _SURROGATE.search(bare):
        _refuse_lone_surrogates(value)
    return value


def _require_shape(data: bytes, limits: Limits) -> None:
    """Count nesting, values and digits in what stands outside the strings."""
    outside = _outside_strings(data)
    structure = outside.translate(None, _NOT_STRUCTURE)
    if max(accumulate(map(_STEP.__getitem__, structure)), default=0) > limits.depth:
        raise TooLarge(f"The JSON is nested more than {limits.depth} levels deep", limit="depth")
    if len(structure) > 2 * limits.nodes:
        raise TooLarge(f"The JSON has more than {limits.nodes:,} values", limit="nodes")
    if re.search(rb"[0-9]{%d}" % (limits.digits + 1), outside):
        raise TooLarge(f"A number has more than {limits.digits} digits", limit="digits")
    for exponent in re.findall(rb"[0-9][eE][+-]?([0-9]+)", outside):
        if int(exponent) > _LARGEST_EXPONENT:
            raise TooLarge(f"A number has an exponent above {_LARGEST_EXPONENT}", limit="exponent")


def _outside_strings(data: bytes) -> bytes:
    """Return the text without its strings; without escapes every second quote ends one."""
    if b"\\" in data:
        return _STRING.sub(b"", data)
    return b"".join(data.split(b'"')[::2])


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the object. Raises: MalformedMessage: a name stands twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise MalformedMessage(
            f"The name {twice[:80]!r} stands twice in one object; which value is meant is unclear."
            " Keep one of them",
            name=twice[:80],
        )
    return found


def _refuse_constant(constant: str) -> NoReturn:
    raise MalformedMessage(f"{constant} is not a JSON number; leave the field out if it is unknown")


def _refuse_lone_surrogates(value: Any) -> None:
    """Refuse text that no UTF-8 can carry, since it could never be stored or answered."""
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise MalformedMessage(
            "A text holds half of a surrogate pair (\\uD800 to \\uDFFF); write the whole character"
        ) from error
