r"""The fields of a fact, each with a commitment of its own: one can be shown without the rest.

A fact whose body says `FORM = BY_FIELD` is cut into fields by this rule, version 1:
1. The header comes first: `type`, `subject`, `issuer`, `actor`, `occurred_at`, `recorded_at`.
2. Then the body's members in their order, by JSON pointer (RFC 6901): `/mrn`,
   `/declaration/items/0/hs`. Objects and arrays are opened to the fourth level; what lies deeper
   is one field. So is an empty object or array, and an object one of whose names has a control
   character.
3. Where that makes more than 2,048 fields, the body is opened to the third level only, then to the
   second, the first, or not at all.
4. A field's value is its JSON text, byte for byte as stored; nothing is written anew.

    salts       SHAKE-256("clearway-field-salts/1\n" || salt), 32 bytes for each field, in order
    commitment  HMAC-SHA256(the field's salt, its value)
    outline     the names of all fields, one a line, in UTF-8
    together    SHA-256("clearway-fields/1\n" || SHA-256(outline) || commitments, in order)

`together` is the fact's commitment. Each field's salt is a piece of one output of an extendable
function: to show it tells nothing about the others, nor about the salt that all came from. The
outline binds each commitment to one name, so that nobody can hold two values for a field and show
one here and the other there. Whoever is shown a part therefore learns which fields there are,
and how many items a list has, but nothing about what they say.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from clearway.errors import VerificationError

HEADER = ("type", "subject", "issuer", "actor", "occurred_at", "recorded_at")
MAX_DEPTH = 4
MAX_FIELDS = 2_048
SALT_SIZE = 32

_SALTS = b"clearway-field-salts/1\n"
_FIELDS = b"clearway-fields/1\n"
_OBJECT = ord("{")
_CONTAINERS = frozenset(b"{[")
# Of an object whose names are remembered, with all that it holds.
_LONG = 65_536
# HMAC (RFC 2104) of a key of half a block: what the key becomes, and the other half.
_TO_INNER, _TO_OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_INNER, _OUTER = b"\x36" * SALT_SIZE, b"\x5c" * SALT_SIZE

_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_elements = msgspec.json.Decoder(list[msgspec.Raw]).decode
_text = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Fields:
    """All fields of a fact, in order.

    Args:
        names: of the header, then JSON pointers into the body; each once.
        values: JSON texts, as many.
    """

    names: tuple[str, ...]
    values: tuple[bytes, ...]


def split(body: bytes) -> tuple[list[str], list[bytes]]:
    """Return the JSON pointers and the exact texts of a body's fields.

    Raises: VerificationError: it is not JSON, or its members are not written without spaces and
    each once, so that its fields would not be all that it says.
    """
    for depth in range(MAX_DEPTH, 0, -1):
        names: list[str] = []
        values: list[bytes] = []
        try:
            if body[:1] not in (b"{", b"[") or len(body) == 2:
                break
            _open(body, "", depth, names, values)
        except msgspec.MsgspecError as error:
            raise VerificationError(f"The body of a fact is not JSON: {error}") from error
        if len(names) <= MAX_FIELDS:
            return names, values
    return [""], [body]


def _open(text: bytes, name: str, depth: int, names: list[str], values: list[bytes]) -> None:
    """Add the fields of an object or array that is not empty; stop behind the most there may be."""
    steps, inner = _object(text) if text[0] == _OBJECT else _array(text)
    if not steps:
        names.append(name)
        values.append(text)
        return
    for step, value in zip(steps, inner, strict=True):
        if depth > 1 and value[0] in _CONTAINERS and len(value) > 2 and len(names) <= MAX_FIELDS:
            _open(value, name + step, depth - 1, names, values)
        else:
            names.append(name + step)
            values.append(value)


def _object(text: bytes) -> tuple[Sequence[str], list[bytes]]:
    """Return the members of an object; none if their names cannot stand in an outline."""
    members = _members(text)
    values = list(map(bytes, members.values()))
    keys = tuple(members)
    # The same shapes come again and again; a stranger's long names are not to be remembered.
    known = len(text) < _LONG
    steps, size = _steps(keys) if known else _steps.__wrapped__(keys)
    _require_whole(text, size + sum(map(len, values)))
    return steps, values


def _array(text: bytes) -> tuple[Sequence[str], list[bytes]]:
    """Return the elements of an array."""
    values = list(map(bytes, _elements(text)))
    _require_whole(text, 1 + len(values) + sum(map(len, values)))
    return [f"/{place}" for place in range(len(values))], values


@lru_cache(maxsize=1_024)
def _steps(keys: tuple[str, ...]) -> tuple[Sequence[str], int]:
    """Return names as steps of pointers, and how many bytes they take with all marks around them.

    There are no steps where a name has a control character: it would break the outline.
    """
    size = 1 + sum(len(_text(key)) + 2 for key in keys)
    if any(character < " " for key in keys for character in key):
        return (), size
    return tuple("/" + key.replace("~", "~0").replace("/", "~1") for key in keys), size


def _require_whole(text: bytes, size: int) -> None:
    """Refuse a value with spaces, double members or needless escapes: all of them are longer."""
    if len(text) != size:
        raise VerificationError(
            "The body of a fact is not in its one form: spaces, a member twice, or needless escapes"
        )


def field_salts(salt: bytes, count: int) -> bytes:
    """Return the salts of `count` fields, end to end. Raises: VerificationError: wrong length."""
    if len(salt) != SALT_SIZE:
        raise VerificationError(f"A salt has {SALT_SIZE} bytes, not {len(salt)}")
    return hashlib.shake_256(_SALTS + salt).digest(SALT_SIZE * count)


def commit_field(salt: bytes, value: bytes) -> bytes:
    """Return the commitment of one field, 32 bytes."""
    return hmac.digest(salt, value, "sha256")


def commit_fields(values: Sequence[bytes], salt: bytes) -> list[bytes]:
    """Return the commitment of each field, in order, as `commit_field` would.

    The keys of all are padded at once: half the time of an HMAC each.
    """
    salts = field_salts(salt, len(values))
    inner, outer = salts.translate(_TO_INNER), salts.translate(_TO_OUTER)
    sha256 = hashlib.sha256
    return [
        sha256(
            outer[at : at + SALT_SIZE]
            + _OUTER
            + sha256(inner[at : at + SALT_SIZE] + _INNER + value).digest()
        ).digest()
        for at, value in zip(range(0, len(salts), SALT_SIZE), values, strict=True)
    ]


def together(names: Sequence[str], commitments: Sequence[bytes]) -> bytes:
    """Return the one commitment of a fact whose fields have these names and commitments."""
    outline = hashlib.sha256("\n".join(names).encode()).digest()
    return hashlib.sha256(b"".join((_FIELDS, outline, *commitments))).digest()
