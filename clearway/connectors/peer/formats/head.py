"""The two texts that are signed: the head of a batch, and the taker's acknowledgement.

clearway-peer-batch/1
origin plant-health.example/xb
taker customs.example/xa
first 40
runs w2 d3 w12 d1
checkpoint 300 CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
rules 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
content 3q2+7w...=

clearway-peer-acknowledgement/1
origin plant-health.example/xb
taker customs.example/xa
settled 58 CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

Both are C2SP signed notes by the key of the log that speaks. Neither can pass for a checkpoint: the
first line of a checkpoint is the origin of its log, its second a number.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence

from clearway.connectors.peer.model import MOST_NOTE, MOST_RUNS, Acknowledgement, Head
from clearway.connectors.peer.span import Kind, Run
from clearway.errors import VerificationError
from clearway.ledger.merkle import HASH_SIZE
from clearway.ledger.note import Signer, Verifier, open_note

BATCH = "clearway-peer-batch/1"
ACKNOWLEDGEMENT = "clearway-peer-acknowledgement/1"

_RUN = re.compile(r"([dwe])([1-9][0-9]{0,18})")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_MOST = 2**63 - 1


def write_head(head: Head) -> str:
    """Return the text of a head, to be signed."""
    runs = " ".join(f"{run.kind.value}{run.count}" for run in head.runs)
    return _text(
        BATCH,
        ("origin", head.origin),
        ("taker", head.taker),
        ("first", str(head.first)),
        ("runs", runs),
        ("checkpoint", f"{head.size} {_base64(head.root)}"),
        ("rules", _base64(head.rules)),
        ("content", _base64(head.content)),
    )


def read_head(text: str) -> Head:
    """Read the text of a signed head: the exact inverse of `write_head`.

    Raises: VerificationError: it is not in its one form.
    """
    values = _values(
        text, BATCH, ("origin", "taker", "first", "runs", "checkpoint", "rules", "content")
    )
    size, root = _sized(values["checkpoint"])
    head = Head(
        values["origin"],
        values["taker"],
        _number(values["first"]),
        tuple(_runs(values["runs"])),
        size,
        root,
        _hash(values["rules"]),
        _hash(values["content"]),
    )
    if head.end > head.size:
        raise VerificationError(f"The batch ends at {head.end}, behind its checkpoint {head.size}")
    return head


def write_acknowledgement(said: Acknowledgement) -> str:
    """Return the text of an acknowledgement, to be signed."""
    return _text(
        ACKNOWLEDGEMENT,
        ("origin", said.origin),
        ("taker", said.taker),
        ("settled", f"{said.size} {_base64(said.root)}"),
    )


def read_acknowledgement(text: str) -> Acknowledgement:
    """Read the text of a signed acknowledgement. Raises: VerificationError: not in form."""
    values = _values(text, ACKNOWLEDGEMENT, ("origin", "taker", "settled"))
    size, root = _sized(values["settled"])
    return Acknowledgement(values["origin"], values["taker"], size, root)


def sign(signer: Signer, text: str) -> str:
    """Return the signed note of a text."""
    return signer.sign(text)


def open_signed(note: str, verifiers: Iterable[Verifier], origin: str) -> str:
    """Return what the log `origin` itself signed.

    Raises: VerificationError: too long, not in form, or not signed by a key in that name.
    """
    if len(note) > MOST_NOTE:
        raise VerificationError(f"A signed text of the exchange has at most {MOST_NOTE} characters")
    opened = open_note(note, [one for one in verifiers if one.name == origin])
    return opened.text


def _text(form: str, *lines: tuple[str, str]) -> str:
    for name, value in lines:
        if not value or "\n" in value:
            raise VerificationError(f"The line {name!r} of {form} is empty or broken")
    return "".join([f"{form}\n", *(f"{name} {value}\n" for name, value in lines)])


def _values(text: str, form: str, names: Sequence[str]) -> dict[str, str]:
    lines = text.split("\n")
    if lines[0] != form or len(lines) != len(names) + 2 or lines[-1]:
        raise VerificationError(f"The signed text is not of the form {form}")
    values: dict[str, str] = {}
    for name, line in zip(names, lines[1:-1], strict=True):
        found, space, value = line.partition(" ")
        if found != name or not space or not value:
            raise VerificationError(f"The signed text lacks its line {name!r}")
        values[name] = value
    return values


def _runs(text: str) -> Iterable[Run]:
    parts = text.split(" ", MOST_RUNS)
    if len(parts) > MOST_RUNS:
        raise VerificationError(f"A batch has at most {MOST_RUNS} runs")
    before = None
    for part in parts:
        found = _RUN.fullmatch(part)
        if found is None or found[1] == before:
            raise VerificationError(f"The run {part[:40]!r} is not a letter d, w or e and a count")
        before = found[1]
        yield Run(Kind(found[1]), _number(found[2]))


def _sized(text: str) -> tuple[int, bytes]:
    size, _, root = text.partition(" ")
    return _number(size), _hash(root)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > _MOST:
        raise VerificationError(f"{text[:40]!r} is not a number from 0 to {_MOST}")
    return int(text)


def _hash(text: str) -> bytes:
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise VerificationError("A hash of the signed text is not base64") from error
    if len(value) != HASH_SIZE or _base64(value) != text:
        raise VerificationError("A hash of the signed text is not the base64 of 32 bytes")
    return value


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
