r"""Disclosures: one small JSON file that proves, offline, some fields of a fact and hides the rest.

    {
      "disclosure": "clearway-disclosure/1",
      "index": 12,
      "fields": [
        {"name": "type", "value": "\"declaration.accepted/1\"", "salt": "<base64>"},
        {"name": "subject", "commitment": "<base64>"},
        ...
        {"name": "/declaration/items/0/hs", "value": "\"080390\"", "salt": "<base64>"}
      ],
      "path": ["<base64>", ...],
      "checkpoint": "<signed note>"
    }

All fields are named, in order (`fields.py`); each is either shown, with its value and salt, or kept
back, with its commitment alone. The type is always shown, since without it no name means anything.
Whoever verifies gets nothing but what is proved: the fields shown, and the names of the others.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from clearway.errors import InputError, MalformedMessage, NotFound, TooLarge, VerificationError
from clearway.ledger import commitment, fields, proofs
from clearway.ledger.checkpoint import Checkpoint
from clearway.ledger.fact import BY_FIELD, Fact
from clearway.ledger.fields import HEADER, MAX_DEPTH, MAX_FIELDS, SALT_SIZE
from clearway.ledger.merkle import HASH_SIZE, hash_leaf
from clearway.ledger.note import Verifier
from clearway.ledger.quorum import Quorum
from clearway.ledger.receipt import Receipt

FORM = "clearway-disclosure/1"
MAX_SIZE = 32 * 1024 * 1024
MAX_PATH = 63


@dataclass(frozen=True, slots=True)
class Shown:
    """A field with its value: JSON text, exactly as committed, and its salt of 32 bytes."""

    name: str
    value: bytes
    salt: bytes

    @property
    def commitment(self) -> bytes:
        """What the leaf holds of it."""
        return fields.commit_field(self.salt, self.value)


@dataclass(frozen=True, slots=True)
class KeptBack:
    """A field of which only the name and the commitment are told."""

    name: str
    commitment: bytes


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The evidence for some fields of one fact.

    Args:
        index: place of its leaf in the log.
        fields: all of them, in order.
        path: inclusion proof towards the checkpoint's root.
        note: the signed checkpoint.
    """

    index: int
    fields: tuple[Shown | KeptBack, ...]
    path: tuple[bytes, ...]
    note: str

    def marshal(self) -> bytes:
        """Return the file."""
        wire = {
            "disclosure": FORM,
            "index": self.index,
            "fields": [_to_wire(field) for field in self.fields],
            "path": [_to_base64(hash_) for hash_ in self.path],
            "checkpoint": self.note,
        }
        return msgspec.json.format(msgspec.json.encode(wire), indent=2) + b"\n"


@dataclass(frozen=True, slots=True)
class Proved:
    """What a disclosure proves; only this may be relied upon.

    Args:
        seq: the fact's place in the log.
        type: of the fact; it tells what the names mean.
        fields: by name, each value as JSON text, exactly as committed.
        kept_back: names of the fields that were not shown.
        checkpoint: the signed head under which the fact stands.
        signed_by: names of the known keys that signed the head, the log's own among them.
    """

    seq: int
    type: str
    fields: Mapping[str, str]
    kept_back: tuple[str, ...]
    checkpoint: Checkpoint
    signed_by: tuple[str, ...]


class _Field(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    value: str | None = None
    salt: str | None = None
    commitment: str | None = None


class _Wire(msgspec.Struct, forbid_unknown_fields=True):
    disclosure: str
    index: int
    fields: list[_Field]
    path: list[str]
    checkpoint: str


_decoder = msgspec.json.Decoder(_Wire)
_MOST_NAMED = 20  # fields in an error message


def disclose(
    fact: Fact, salt: bytes, asked: Iterable[str], path: Sequence[bytes], signed: str
) -> Disclosure:
    """Return the proof of the fields asked for, and of no other but the type.

    Args:
        asked: names of the header, or JSON pointers; one to an object or array that was cut shows
            all fields in it.
        path: inclusion proof of `fact.seq` in the tree of the checkpoint.
        signed: note of that checkpoint.

    Raises: InputError: the fact's type does not commit by field, or it has no such field. NotFound:
    its content was erased.
    """
    if not salt:
        raise NotFound(f"The content of fact {fact.seq} was erased; nothing of it can be shown")
    if fact.form != BY_FIELD:
        raise InputError(f"{fact.type} is committed to as a whole: give its receipt instead")
    cut = commitment.fields_of(fact)
    chosen = {HEADER[0]}.union(*(_matching(name, cut.names) for name in asked))
    salts = fields.field_salts(salt, len(cut.names))
    commitments = fields.commit_fields(cut.values, salt)
    told = tuple(
        Shown(name, value, salts[place * SALT_SIZE : (place + 1) * SALT_SIZE])
        if name in chosen
        else KeptBack(name, commitments[place])
        for place, (name, value) in enumerate(zip(cut.names, cut.values, strict=True))
    )
    return Disclosure(fact.seq, told, tuple(path), signed)


def of_receipt(receipt: Receipt, asked: Iterable[str]) -> Disclosure:
    """Return the disclosure that whoever holds a receipt can make of it, without the node.

    Raises: VerificationError: the receipt's envelope is not in form. Else as `disclose`.
    """
    fact = commitment.read_envelope(receipt.envelope.encode(), receipt.index)
    return disclose(fact, receipt.salt, asked, receipt.path, receipt.note)


def _matching(asked: str, names: Sequence[str]) -> set[str]:
    """Return the field of this name, or those inside it."""
    found = {name for name in names if name == asked or name.startswith(asked + "/")}
    if asked and found:
        return found
    holder = next((name for name in names if name and asked.startswith(name + "/")), None)
    hint = f"; it lies in the field {holder!r}, which can only be shown whole" if holder else ""
    raise InputError(
        f"The fact has no field {asked[:200]!r}{hint or _outermost(names)}", field=asked[:200]
    )


def _outermost(names: Sequence[str]) -> str:
    """Return what the outermost fields are, for somebody who asked for none of them."""
    known = list(dict.fromkeys("/" + name.split("/")[1] for name in names if "/" in name))
    return f"; it has: {', '.join(known[:_MOST_NAMED])}" if known else ""


def parse(data: bytes) -> Disclosure:
    """Read a disclosure file; nothing in it is verified yet.

    Raises:
        TooLarge: over 32 MB.
        MalformedMessage: not of the form above, unknown or double members included.
    """
    if len(data) > MAX_SIZE:
        raise TooLarge(f"A disclosure has at most {MAX_SIZE} bytes; this file has {len(data)}")
    try:
        wire = _decoder.decode(data)
        json.loads(data, object_pairs_hook=_refuse_doubles)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise MalformedMessage(f"This is not a disclosure: {error}") from error
    if wire.disclosure != FORM:
        raise MalformedMessage(f"Only the form {FORM!r} can be read, not {wire.disclosure[:40]!r}")
    if not 0 <= wire.index <= proofs.MAX_SIZE:
        raise MalformedMessage(f"The disclosure's index is outside 0 to {proofs.MAX_SIZE}")
    if len(wire.path) > MAX_PATH or len(wire.fields) > MAX_FIELDS + len(HEADER):
        raise MalformedMessage("The disclosure has a longer path or more fields than any fact")
    path = tuple(_hash_of("path", text) for text in wire.path)
    return Disclosure(wire.index, tuple(map(_from_wire, wire.fields)), path, wire.checkpoint)


def verify(disclosure: Disclosure, trust: Quorum | Iterable[Verifier]) -> Proved:
    """Return what the disclosure proves: pure, with no database and no network.

    Args:
        trust: a policy that must be met, or keys known to be right, the log's own among them.

    Raises: VerificationError: naming what does not hold.
    """
    quorum = trust if isinstance(trust, Quorum) else Quorum.of(trust)
    judged = quorum.judge(disclosure.note)
    head = judged.checkpoint
    if not (judged.log_signed and judged.satisfied):
        raise VerificationError(
            f"The checkpoint of {head.origin!r} is not signed by that log itself and by the "
            "witnesses that the policy asks for"
        )
    leaf, shown = leaf_of(disclosure), shown_by(disclosure)
    proofs.verify_inclusion(disclosure.index, head.size, leaf, disclosure.path, head.root)
    return Proved(
        disclosure.index,
        str(json.loads(shown[HEADER[0]])),
        shown,
        tuple(field.name for field in disclosure.fields if field.name not in shown),
        head,
        tuple(dict.fromkeys(one.name for one in judged.signatures)),
    )


def leaf_of(disclosure: Disclosure) -> bytes:
    """Return the hash of the leaf to which all fields lead, shown and kept back.

    Raises: VerificationError: they are not named as those of a fact.
    """
    names = [field.name for field in disclosure.fields]
    _require_outline(names)
    together = fields.together(names, [field.commitment for field in disclosure.fields])
    return hash_leaf(commitment.entry(together))


def shown_by(disclosure: Disclosure) -> dict[str, str]:
    """Return the fields shown, by name, as JSON texts; they count once `leaf_of` is proved.

    Raises: VerificationError: one is not JSON, or the fact's type is not among them.
    """
    shown = {f.name: _json_of(f) for f in disclosure.fields if isinstance(f, Shown)}
    if HEADER[0] not in shown:
        raise VerificationError("The disclosure does not show the fact's type")
    return shown


def _require_outline(names: Sequence[str]) -> None:
    """Refuse names that no fact has: two for one place would let a log tell two stories."""
    body = names[len(HEADER) :]
    known = set(body)
    if tuple(names[: len(HEADER)]) != HEADER or len(known) != len(body):
        raise _misnamed()
    for name in body:
        whole = not name and len(body) == 1
        if "\n" in name or not (whole or name.startswith("/")) or name.count("/") > MAX_DEPTH:
            raise _misnamed()
        above = name.rpartition("/")[0]
        while above:
            if above in known:
                raise _misnamed()
            above = above.rpartition("/")[0]


def _misnamed() -> VerificationError:
    return VerificationError("The disclosure's fields are not named as those of a fact")


def _json_of(field: Shown) -> str:
    try:
        text = field.value.decode()
        msgspec.json.decode(field.value)
    except (UnicodeError, msgspec.MsgspecError) as error:
        raise VerificationError(f"The value of {field.name!r} is not JSON") from error
    return text


def _to_wire(field: Shown | KeptBack) -> dict[str, str]:
    if isinstance(field, KeptBack):
        return {"name": field.name, "commitment": _to_base64(field.commitment)}
    return {"name": field.name, "value": field.value.decode(), "salt": _to_base64(field.salt)}


def _from_wire(wire: _Field) -> Shown | KeptBack:
    match wire:
        case _Field(value=str(value), salt=str(salt), commitment=None):
            return Shown(wire.name, _encoded(value), _hash_of("salt", salt))
        case _Field(value=None, salt=None, commitment=str(hidden)):
            return KeptBack(wire.name, _hash_of("commitment", hidden))
    raise MalformedMessage("A field has either a value and its salt, or its commitment alone")


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise MalformedMessage("A value of the disclosure is not valid Unicode") from error


def _refuse_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members


def _hash_of(name: str, text: str) -> bytes:
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise MalformedMessage(f"The disclosure's {name} is not base64") from error
    if len(value) != HASH_SIZE or _to_base64(value) != text:
        raise MalformedMessage(f"The disclosure's {name} is not the base64 of 32 bytes")
    return value


def _to_base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
